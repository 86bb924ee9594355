"""The way to the broker on MicroPython: Wi-Fi, perhaps the time, perhaps TLS, and MQTT. Each is begun and looked at."""

import errno
import gc
import select
import socket
from binascii import a2b_base64

import network

from strideload_pod.boards.mqtt import Line

NTP_TRIES = 3

PEM_BEGIN = "-----BEGIN CERTIFICATE-----"
PEM_END = "-----END CERTIFICATE-----"

_OFF, _JOINING, _REACHING, _GREETING = range(4)


class WlanClient:
    """The pod's small MQTT client. `connect` begins, and each look at `connected` goes on: Wi-Fi joins, a time server
    is asked, the broker is reached and greeted. OSError of any call: the line is dead; `close`, which also turns Wi-Fi
    off, and connect anew.

    `blocks`: connecting may keep the program for seconds, where a name is looked up or TLS computes, or for some tenths
    where a Pico loads its Wi-Fi chip; ntp.WAIT_MS a try where the time is asked. Once connected, a call waits for
    mqtt.SEND_MS at most.
    """

    message_pages = 4  # 2 KB

    def __init__(self, board, host, port, client_id, ca_path, port_blocks):
        setting = board.settings.get
        self._clock = board.clock
        self._host = host
        self._port = port
        self._client_id = client_id
        self._ca_path = ca_path
        self._ssid = setting("STRIDELOAD_WIFI_SSID")
        self._key = setting("STRIDELOAD_WIFI_PASSWORD")
        self._user = setting("STRIDELOAD_BROKER_USER")
        self._password = setting("STRIDELOAD_BROKER_PASSWORD")
        # A certificate's dates are checked by a clock that a Pico has not before someone tells it.
        self._ntp_host = setting("STRIDELOAD_NTP_HOST", "pool.ntp.org" if ca_path else "")
        self.blocks = bool(port_blocks or ca_path or self._ntp_host) or not is_address(host)
        self._wlan = network.WLAN(network.STA_IF)
        self._phase = _OFF
        self._will = ("", b"")
        self._ntp_tries = 0
        self._socket = None
        self._poller = select.poll()
        self._line = None

    @property
    def too_long(self):
        """Messages of this connection that were longer than any of the host's, and were not passed on."""
        return 0 if self._line is None else self._line.too_long

    @property
    def connected(self):
        """True while the line is up. Goes on with connecting before. OSError: it failed, or the line is dead."""
        if self._phase == _OFF:
            return False
        try:
            if self._phase == _JOINING:
                self._join()
            else:
                self._need_wlan()
            if self._phase == _REACHING:
                self._reach()
            if self._line is None:
                return False
            if not self._line.is_up:
                self._line.poll(0)
            return self._line.is_up
        except ValueError as error:  # what MicroPython says of a certificate that it does not trust
            raise OSError(errno.EACCES, str(error).strip()) from error
        except MemoryError as error:
            gc.collect()
            raise OSError(errno.ENOMEM, "no memory for a connection") from error

    def connect(self, will_topic, will_payload):
        """Begin to connect; the broker publishes the will, retained, when the line breaks. OSError: no Wi-Fi."""
        self.close()
        gc.collect()
        self._will = (will_topic, will_payload)
        self._ntp_tries = NTP_TRIES if self._ntp_host and self._clock.utc_ms() is None else 0
        self._phase = _JOINING
        try:
            self._wlan.active(True)
            self._wlan.connect(self._ssid, self._key)
        except RuntimeError as error:  # what ESP32 says of some faults
            raise OSError(errno.EIO, str(error)) from error

    def publish(self, topic, payload, qos, retain):
        self._living().publish(topic, payload, qos, retain)

    def subscribe(self, topic):
        self._living().subscribe(topic)

    def poll(self, timeout_ms):
        """(topic, payload) of the next message, waited for up to `timeout_ms`; None. OSError."""
        return self._living().poll(timeout_ms)

    def close(self):
        """Hang up, politely while the line is up, and turn Wi-Fi off."""
        line, self._line = self._line, None
        if line is not None:
            line.hang_up()
        elif self._socket is not None:
            self._socket.close()
        self._socket = None
        if self._phase != _OFF:
            # Not deinit(), which takes the last 0.7 mA from a Pico W's chip and has hung it (micropython #17621).
            for turn_off in (self._wlan.disconnect, lambda: self._wlan.active(False)):
                try:
                    turn_off()
                except (OSError, RuntimeError):
                    pass  # it was not on
        self._phase = _OFF

    def _living(self):
        if self._line is None or not self._line.is_up:
            raise OSError(errno.ENOTCONN, "not connected")
        self._need_wlan()
        return self._line

    def _need_wlan(self):
        if not self._wlan.isconnected():
            raise OSError(errno.ENOTCONN, "Wi-Fi is gone")

    # Connecting

    def _join(self):
        if not self._wlan.isconnected():
            return
        if self._ntp_tries:
            self._ntp_tries -= 1
            if self._ask_time():
                self._ntp_tries = 0
            if self._ntp_tries:
                return
        family, _, _, _, address = socket.getaddrinfo(self._host, self._port)[0]
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._poller = select.poll()  # the former one may still watch a socket that was closed
        self._poller.register(self._socket, select.POLLOUT)
        self._phase = _REACHING
        try:
            self._socket.connect(address)
        except OSError as error:
            if error.args[0] != errno.EINPROGRESS:
                raise

    def _reach(self):
        for _, event, *_ in self._poller.poll(0):
            if event & (select.POLLERR | select.POLLHUP):
                raise OSError(errno.ECONNREFUSED, "no broker answers")
            self._poller.unregister(self._socket)
            if self._ca_path:
                self._socket = secured(self._socket, self._host, self._ca_path)
            self._line = Line(self._socket, self._clock)
            self._phase = _GREETING
            self._line.greet(self._client_id, self._user, self._password, *self._will)

    def _ask_time(self):
        """Ask the time server once and set the clock. False: no answer that can be relied on."""
        from strideload_pod.boards import ntp

        try:
            told = ntp.ask(self._ntp_host, self._clock)
        except OSError:
            return False  # no such name, no route: the broker may be there all the same
        if told is not None:
            self._clock.set_utc(told)
        return told is not None


def is_address(host):
    """True for four numbers with dots: nothing has to be looked up."""
    parts = host.split(".")
    return len(parts) == 4 and all(part.isdigit() for part in parts)


def secured(sock, host, ca_path):
    """TLS over a socket, its handshake made as bytes come and go. The broker has to be `host`, by a certificate of one
    of the authorities in a PEM file. OSError.
    """
    try:
        import tls
    except ImportError:  # before 1.23
        import ssl as tls
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED  # pyright: ignore[reportAttributeAccessIssue]
    for certificate in read_certificates(ca_path):
        context.load_verify_locations(certificate)
    return context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)


def read_certificates(path):
    """The certificates of a PEM file, in DER, which all ports read. OSError: none in it."""
    found = []
    lines = None
    with open(path) as file:
        for line in file:
            line = line.strip()
            if line == PEM_BEGIN:
                lines = []
            elif line == PEM_END and lines is not None:
                found.append(a2b_base64("".join(lines)))
                lines = None
            elif lines is not None:
                lines.append(line)
    if not found:
        raise OSError(errno.EINVAL, "%s has no certificate" % path)
    return found
