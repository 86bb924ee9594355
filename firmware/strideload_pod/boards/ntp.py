"""The time from a server by SNTP, asked once and for a bounded time. [RFC 5905]"""

import errno
import socket
import struct
from os import urandom

PORT = 123
SIZE = 48
WAIT_MS = 250
LOOK_MS = 5

_CLIENT = 0x23  # version 4, mode 3
_SERVER = 4
_UNSYNCHRONISED = 3
_1970_S = 2_208_988_800  # from 1900, where NTP begins to count
_ERA_S = 2**32  # and from here, in 2036, it begins anew


def ask(host, clock):
    """UTC in ms now, waited for up to WAIT_MS; None: no answer, or no good one. OSError: no such host, no route.

    `clock` has ticks_ms and sleep_ms. Right to half of the time that the answer took, 125 ms at most.
    """
    address = socket.getaddrinfo(host, PORT)[0][-1]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        nonce = urandom(8)
        sent_ms = clock.ticks_ms()
        sock.sendto(bytes((_CLIENT,)) + bytes(SIZE - 9) + nonce, address)
        while clock.ticks_ms() - sent_ms < WAIT_MS:
            try:
                answer = sock.recv(SIZE)
            except OSError as error:
                if error.args[0] != errno.EAGAIN:
                    raise
                clock.sleep_ms(LOOK_MS)
                continue
            utc_ms = read_answer(answer, nonce)
            if utc_ms is not None:
                return utc_ms + (clock.ticks_ms() - sent_ms) // 2
        return None
    finally:
        sock.close()


def read_answer(answer, nonce):
    """UTC in ms that a server answered to `nonce`; None when it is no such, or the server has no time itself."""
    if len(answer) < SIZE or bytes(answer[24:32]) != nonce:
        return None
    is_synchronised = answer[0] >> 6 != _UNSYNCHRONISED and 1 <= answer[1] <= 15
    if answer[0] & 7 != _SERVER or not is_synchronised:
        return None
    seconds, fraction = struct.unpack("!II", answer[40:48])
    if seconds < _ERA_S // 2:
        seconds += _ERA_S
    return (seconds - _1970_S) * 1000 + (fraction * 1000 >> 32)
