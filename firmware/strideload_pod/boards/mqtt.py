"""The pod's side of MQTT 3.1.1 over a socket that never blocks: what `sync.py` needs of it, and no more.

umqtt.simple was looked at first. It reads whatever length a packet claims into memory, blocks while it connects,
greets, subscribes and waits for a PUBACK, and the Pico W's MicroPython does not bring it along; mqtt_as takes 16 KB.
Here a line has one buffer of PACKET_LIMIT bytes, a longer message is read past and counted, and every wait has an end.
Messages of QoS 1 go out once: the pod sends its pages again until its host has acknowledged them, so a PUBACK only
shows that the broker is alive.
"""

import errno

PACKET_LIMIT = 1200  # bytes of a packet that comes in: the greatest message of the host, settings, has 1024
KEEPALIVE_S = 30
PING_MS = 15_000  # so long after the last packet either way the broker is asked whether it is there
ANSWER_MS = 10_000  # a broker that owes an answer and says nothing for so long is not there
JOINED_LIMIT = 1024  # up to here a message goes to the network in one piece with its head, copied
SEND_MS = 2_000  # so long a packet may take to be handed to the network
GOODBYE_MS = 1_000  # what `hang_up` waits for the last messages to be confirmed
LOOK_MS = 5  # between two looks at a socket that has nothing
LOOK_READS = 16  # most packets, or pieces of one that is too long, in one look: a flood does not keep the pod
# The pod sends a few messages ahead; a broker that has left so many unconfirmed is not there.
UNCONFIRMED_LIMIT = 16

_CONNECT = 0x10
_CONNACK = 0x20
_PUBLISH = 0x30
_PUBACK = 0x40
_SUBSCRIBE = 0x82
_SUBACK = 0x90
_PINGREQ = 0xC0
_PINGRESP = 0xD0
_DISCONNECT = 0xE0

_REFUSALS = (
    "accepted",
    "the broker does not speak MQTT 3.1.1",
    "the broker refuses this client id",
    "the broker is not available",
    "user or password is wrong",
    "not authorised",
)


class Line:
    """One connection. `sock`: connected or connecting, not blocking, `write` and `readinto` give None when they would
    have to wait. `clock` has ticks_ms, which does not wrap, and sleep_ms.

    OSError of any call: the line is dead. `too_long`: messages longer than PACKET_LIMIT, which are not passed on.
    """

    def __init__(self, sock, clock):
        self.is_up = False
        self.too_long = 0
        self._sock = sock
        self._clock = clock
        self._buffer = bytearray(PACKET_LIMIT)
        self._view = memoryview(self._buffer)
        self._got = 0  # bytes of the next packet that are in the buffer
        self._head = 0  # and how many of them are its kind and length
        self._skip = 0  # bytes still to come of a message that is too long
        self._packet_id = 0
        self._unconfirmed = 0
        self._owed_ms = None  # since when the broker owes an answer
        self._sent_ms = self._heard_ms = clock.ticks_ms()

    def greet(self, client_id, user, password, will_topic, will_payload):
        """Send CONNECT; `poll` meets the answer, and `is_up` then. The will is retained. OSError."""
        flags = 0x02 | 0x04 | 0x08 | 0x20  # clean session; will, QoS 1, retained
        parts = [_text(client_id), _text(will_topic), _text(will_payload)]
        if user:
            flags |= 0x80
            parts.append(_text(user))
            if password:
                flags |= 0x40
                parts.append(_text(password))
        body = b"\x00\x04MQTT\x04" + bytes((flags, KEEPALIVE_S >> 8, KEEPALIVE_S & 0xFF)) + b"".join(parts)
        self._expect_answer()
        self._send(_CONNECT, body)

    def publish(self, topic, payload, qos, retain):
        """Hand a message to the network. OSError: the broker has left too many unconfirmed."""
        head = _text(topic)
        if qos:
            if self._unconfirmed >= UNCONFIRMED_LIMIT:
                raise OSError(errno.ETIMEDOUT, "the broker confirms nothing")
            head += self._next_id()
            self._unconfirmed += 1
            self._expect_answer()
        self._send(_PUBLISH | (qos << 1) | (1 if retain else 0), head, payload)

    def subscribe(self, topic):
        """Ask for messages of a topic, at QoS 0: the host says again what was not heard. OSError."""
        self._expect_answer()
        self._send(_SUBSCRIBE, self._next_id() + _text(topic) + b"\x00")

    def poll(self, timeout_ms):
        """(topic, payload) of the next message, waited for up to `timeout_ms`; None. OSError."""
        deadline_ms = self._clock.ticks_ms() + timeout_ms
        while True:
            message = self._take()
            now_ms = self._clock.ticks_ms()
            if message is not None or now_ms >= deadline_ms:
                return message
            self._clock.sleep_ms(min(LOOK_MS, deadline_ms - now_ms))

    def hang_up(self):
        """Close the socket: politely while the line is up, for at most GOODBYE_MS and what one packet may take."""
        try:
            if self.is_up:
                deadline_ms = self._clock.ticks_ms() + GOODBYE_MS
                while self._unconfirmed and self._clock.ticks_ms() < deadline_ms:
                    self.poll(LOOK_MS)
                self._send(_DISCONNECT, b"")
        except OSError:
            pass  # it is dead already
        self.is_up = False
        try:
            self._sock.close()
        except OSError:
            pass

    # Out

    def _next_id(self):
        self._packet_id = self._packet_id % 0xFFFF + 1
        return bytes((self._packet_id >> 8, self._packet_id & 0xFF))

    def _expect_answer(self):
        if self._owed_ms is None:
            self._owed_ms = self._clock.ticks_ms()

    def _send(self, kind, head, payload=b""):
        """Hand a packet to the network in at most SEND_MS; a broken-off packet is the end of the line. OSError."""
        deadline_ms = self._clock.ticks_ms() + SEND_MS
        was_up, self.is_up = self.is_up, False
        packet = bytes((kind,)) + _length(len(head) + len(payload)) + head
        if len(payload) <= JOINED_LIMIT:
            packet += bytes(payload)
            payload = b""
        self._write(packet, deadline_ms)
        self._write(payload, deadline_ms)
        self.is_up = was_up
        self._sent_ms = self._clock.ticks_ms()

    def _write(self, data, deadline_ms):
        view = memoryview(data)
        at = 0
        while at < len(view):
            try:
                written = self._sock.write(view[at:])
            except OSError as error:
                # Still connecting: some ports say so here.
                if error.args[0] not in (errno.EAGAIN, errno.EINPROGRESS):
                    raise
                written = None
            if written is not None:
                at += written
            elif self._clock.ticks_ms() >= deadline_ms:
                raise OSError(errno.ETIMEDOUT, "the network takes nothing")
            else:
                self._clock.sleep_ms(LOOK_MS)

    # In

    def _take(self):
        """The next message that is there, whatever else is answered on the way; None. OSError."""
        for _ in range(LOOK_READS):
            size = self._read_packet()
            if size == 0:
                break
            message = self._handle(size)
            self._got = 0
            # Whatever it said: the broker is there.
            self._heard_ms = self._clock.ticks_ms()
            self._owed_ms = self._heard_ms if self._unconfirmed else None
            if message is not None:
                return message
        self._keep_alive()
        return None

    def _keep_alive(self):
        now_ms = self._clock.ticks_ms()
        if self._owed_ms is not None and now_ms - self._owed_ms >= ANSWER_MS:
            raise OSError(errno.ETIMEDOUT, "the broker does not answer")
        if self.is_up and self._owed_ms is None and now_ms - min(self._sent_ms, self._heard_ms) >= PING_MS:
            self._expect_answer()
            self._send(_PINGREQ, b"")

    def _fill(self, end):
        """Read until the buffer has `end` bytes of the packet. -> False while it has not. OSError: the line ended."""
        while self._got < end:
            count = self._sock.readinto(self._view[self._got : end])
            if count is None:
                return False
            if count == 0:
                raise OSError(errno.ECONNRESET, "the broker hung up")
            self._got += count
        return True

    def _read_packet(self):
        """Bytes of the whole packet that stands in the buffer; 0: it is not there yet. OSError."""
        if not self._pass_over() or not self._fill(2):
            return 0
        if not self.is_up and self._buffer[0] != _CONNACK:
            raise _malformed("no greeting")
        size = 0
        at = 1
        while True:
            byte = self._buffer[at]
            size |= (byte & 0x7F) << 7 * (at - 1)
            at += 1
            if byte < 0x80:
                break
            if at > 4:
                raise _malformed("a length of five bytes")
            if not self._fill(at + 1):
                return 0
        self._head = at
        if at + size <= PACKET_LIMIT:
            return at + size if self._fill(at + size) else 0
        if self._buffer[0] & 0xF0 != _PUBLISH:
            raise _malformed("%d bytes" % size)
        self.too_long += 1
        self._skip = size
        self._got = 0
        return 0  # the next look reads past it

    def _pass_over(self):
        """Read past a message that is too long. -> False while it has not ended."""
        for _ in range(LOOK_READS):
            if self._skip == 0:
                return True
            self._fill(min(self._skip, PACKET_LIMIT))
            count, self._got = self._got, 0
            self._skip -= count
            if count == 0:
                break
        return False

    def _handle(self, size):
        """Take in the packet that stands in the buffer. -> (topic, payload) of a message. OSError: it is no such."""
        buffer = self._buffer
        kind = buffer[0]
        if not self.is_up:
            if size != 4:
                raise _malformed("a greeting of %d bytes" % size)
            if buffer[3]:
                raise OSError(errno.EACCES, _REFUSALS[buffer[3]] if buffer[3] < 6 else "the broker refuses")
            self.is_up = True
        elif kind & 0xF6 == _PUBLISH:  # whatever its RETAIN and DUP; QoS 0, as it was asked for
            return self._read_message(size)
        elif kind == _PUBACK and size == 4:
            if self._unconfirmed == 0:
                raise _malformed("a confirmation of nothing")
            self._unconfirmed -= 1
        elif kind == _SUBACK and size == 5:
            if buffer[4] & 0x80:
                raise OSError(errno.EACCES, "the broker refuses a subscription")
        elif kind != _PINGRESP or size != 2:
            raise _malformed("kind 0x%02x" % kind)
        return None

    def _read_message(self, size):
        buffer = self._buffer
        at = self._head
        start = at + 2
        end = start + (buffer[at] << 8 | buffer[at + 1])
        if start > size or end > size:
            raise _malformed("a topic that does not end")
        try:
            topic = str(self._view[start:end], "utf-8")
        except ValueError as error:  # a UnicodeError is one
            raise _malformed("a topic that is no text") from error
        return topic, bytes(self._view[end:size])


def _text(text):
    data = text.encode() if isinstance(text, str) else text
    return bytes((len(data) >> 8, len(data) & 0xFF)) + data


def _length(size):
    """The remaining length of a packet, 7 bits a byte, the lowest first."""
    data = bytearray()
    while size > 0x7F:
        data.append(size & 0x7F | 0x80)
        size >>= 7
    data.append(size)
    return bytes(data)


def _malformed(what):
    return OSError(errno.EIO, "not MQTT: " + what)
