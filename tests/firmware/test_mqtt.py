"""The pod's own MQTT over a socket that never blocks: packets cut everywhere, and what is no MQTT ends the line."""

import errno

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload_pod.boards import mqtt
from strideload_pod.boards.mqtt import Line

CONNACK = b"\x20\x02\x00\x00"
PINGRESP = b"\xd0\x00"
PUBACK = b"\x40\x02\x00\x01"
SUBACK = b"\x90\x03\x00\x01\x00"


def message(topic: bytes, payload: bytes, kind: int = 0x30) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + payload
    return bytes([kind]) + mqtt._length(len(body)) + body


class StillClock:
    """Moves only while somebody sleeps."""

    def __init__(self):
        self.now_ms = 0

    def ticks_ms(self):
        return self.now_ms

    def sleep_ms(self, ms):
        self.now_ms += ms


class Socket:
    """A socket that does not block. `come` is what the broker sends, in the pieces that arrive; b"": it hung up.

    `takes`: bytes that each write takes, None: it would have to wait.
    """

    def __init__(self, *come):
        self.come = list(come)
        self.sent = bytearray()
        self.takes = 1 << 20
        self.refuses = None
        self.closed = False

    def readinto(self, buffer):
        if not self.come:
            return None
        if self.come[0] == b"":
            return 0
        piece = self.come.pop(0)
        buffer[: len(piece)] = piece[: len(buffer)]
        count = min(len(piece), len(buffer))
        if count < len(piece):
            self.come.insert(0, piece[count:])
        return count

    def write(self, data):
        if self.refuses is not None:
            raise self.refuses
        if self.takes is None:
            return None
        self.sent += data[: self.takes]
        return min(len(data), self.takes)

    def close(self):
        self.closed = True


def line(*come):
    """A line that was greeted, and its socket and clock."""
    sock, clock = Socket(CONNACK), StillClock()
    made = Line(sock, clock)
    made.greet("pod", None, None, "online", b"0")
    assert made.poll(0) is None
    assert made.is_up
    sock.sent.clear()
    sock.come = list(come)
    return made, sock, clock


def polled(made, count=50):
    """All messages of so many looks."""
    return [found for _ in range(count) if (found := made.poll(0))]


# What goes out


def test_the_greeting_is_that_of_mqtt_3_1_1():
    sock = Socket()
    Line(sock, StillClock()).greet("pod", "runner", "secret", "p/online", b"0")
    assert bytes(sock.sent) == (
        b"\x10\x2c\x00\x04MQTT\x04\xee\x00\x1e\x00\x03pod\x00\x08p/online\x00\x010\x00\x06runner\x00\x06secret"
    )


@pytest.mark.parametrize(
    ("qos", "retain", "begins"),
    [(0, False, b"\x30\x06\x00\x01txyz"), (1, True, b"\x33\x08\x00\x01t\x00\x01xyz")],
)
def test_a_message_is_one_packet(qos, retain, begins):
    made, sock, _ = line()
    made.publish("t", memoryview(b"xyz"), qos, retain)
    assert bytes(sock.sent) == begins


@pytest.mark.parametrize(
    ("size", "length"),
    [(0, b"\x00"), (127, b"\x7f"), (128, b"\x80\x01"), (16_383, b"\xff\x7f"), (16_384, b"\x80\x80\x01")],
)
def test_lengths_have_seven_bits_a_byte(size, length):
    assert mqtt._length(size) == length


def test_a_packet_goes_out_whole_however_little_the_network_takes():
    made, sock, _ = line()
    sock.takes = 3
    for size in (200, mqtt.JOINED_LIMIT + 1):
        sock.sent.clear()
        made.publish("t", memoryview(bytes(size)), 0, False)
        assert bytes(sock.sent) == message(b"t", bytes(size))


def test_a_network_that_takes_nothing_is_a_dead_line_in_bounds():
    made, sock, clock = line()
    sock.takes = None
    with pytest.raises(OSError, match="takes nothing") as caught:
        made.publish("t", b"x", 0, False)
    assert caught.value.errno == errno.ETIMEDOUT
    assert clock.now_ms <= mqtt.SEND_MS + mqtt.LOOK_MS


def test_a_socket_that_still_connects_is_waited_for():
    made, sock, _ = line()
    sock.refuses = OSError(errno.EINPROGRESS, "")
    with pytest.raises(OSError, match="takes nothing"):
        made.publish("t", b"x", 0, False)
    sock.refuses = OSError(errno.ECONNRESET, "gone")
    with pytest.raises(OSError, match=r".") as caught:
        made.publish("t", b"x", 0, False)
    assert caught.value.errno == errno.ECONNRESET


# What comes in


WHOLE = CONNACK + message(b"a/b", b"first") + PINGRESP + message(b"c", b"", 0x39) + message(b"d", b"x" * 300)
EXPECTED = [("a/b", b"first"), ("c", b""), ("d", b"x" * 300)]


def greeted(*come):
    made = Line(Socket(*come), StillClock())
    made.greet("pod", None, None, "online", b"0")
    return made


@pytest.mark.parametrize("cut", range(1, len(WHOLE)))
def test_packets_are_found_wherever_they_are_cut(cut):
    assert polled(greeted(WHOLE[:cut], WHOLE[cut:])) == EXPECTED


def test_packets_are_found_byte_by_byte():
    assert polled(greeted(*(bytes([byte]) for byte in WHOLE)), 400) == EXPECTED


def test_a_length_may_be_written_longer_than_it_needs():
    made, _, _ = line(b"\x30\x86\x80\x00" + b"\x00\x01txyz")
    assert made.poll(0) == ("t", b"xyz")


@pytest.mark.parametrize("size", [mqtt.PACKET_LIMIT, mqtt.PACKET_LIMIT + 1])
def test_the_longest_message_is_passed_on_and_one_past_it_is_counted(size):
    payload = bytes(size - 3 - 3)
    made, _, _ = line(message(b"t", payload), message(b"u", b"next"))
    found = polled(made)
    longest = size == mqtt.PACKET_LIMIT
    assert found == ([("t", payload)] if longest else []) + [("u", b"next")]
    assert made.too_long == (0 if longest else 1)


def test_a_flood_does_not_keep_the_pod():
    """A message of a quarter of a gigabyte is read past a few kilobytes a look."""
    made, sock, _ = line(b"\x30\xff\xff\xff\x7f", *[bytes(mqtt.PACKET_LIMIT)] * 1000)
    assert made.poll(0) is None
    made.poll(0)
    assert len(sock.come) >= 1000 - 3 * mqtt.LOOK_READS
    assert len(made._buffer) == mqtt.PACKET_LIMIT


NOT_MQTT = {
    "a length of five bytes": b"\x30\x80\x80\x80\x80\x01",
    "a topic that does not end": b"\x30\x03\x00\x09t",
    "no topic": b"\x30\x01\x00",
    "a topic that is no text": message(b"\xff\xfe", b""),
    "a second greeting": CONNACK,
    "a confirmation of nothing": PUBACK,
    "a confirmation of another size": b"\x40\x03\x00\x01\x00",
    "QoS 1, which nobody asked for": message(b"t", b"\x00\x01x", 0x32),
    "a packet of a client": b"\xc0\x00",
    "kind 0": b"\x00\x00",
    "a subscription refused": b"\x90\x03\x00\x01\x80",
    "a long packet that is no message": b"\x90\xff\x7f",
    "it hung up": b"",
}


@pytest.mark.parametrize("come", NOT_MQTT.values(), ids=NOT_MQTT)
def test_what_is_not_mqtt_is_the_end_of_the_line(come):
    made, _, _ = line(come)
    with pytest.raises(OSError, match=r"."):
        polled(made)


@given(st.binary(max_size=200), st.integers(1, 50))
@settings(max_examples=200)
def test_any_bytes_are_messages_or_the_end_of_the_line(data, piece):
    made, _, _ = line(*[data[at : at + piece] for at in range(0, len(data), piece)])
    try:
        for topic, payload in polled(made):
            assert isinstance(topic, str)
            assert isinstance(payload, bytes)
    except OSError:
        pass


@pytest.mark.parametrize(
    ("code", "why"), [(4, "user or password"), (5, "not authorised"), (1, "3.1.1"), (77, "refuses")]
)
def test_a_refusal_is_said(code, why):
    made = greeted(bytes([0x20, 2, 0, code]))
    with pytest.raises(OSError, match=why):
        made.poll(0)
    assert not made.is_up


# Time


def test_poll_waits_as_long_as_it_is_told():
    made, _, clock = line()
    assert made.poll(0) is None
    assert clock.now_ms == 0
    assert made.poll(63) is None
    assert clock.now_ms == 63


@pytest.mark.parametrize("ask", ["greet", "publish", "subscribe"])
def test_a_broker_that_never_answers_is_a_dead_line_in_bounds(ask):
    made, _, clock = line()
    if ask == "greet":
        made = Line(Socket(), clock)
        made.greet("pod", None, None, "online", b"0")
    elif ask == "publish":
        made.publish("t", b"x", 1, False)
    else:
        made.subscribe("t")
    made.poll(mqtt.ANSWER_MS - mqtt.LOOK_MS)
    with pytest.raises(OSError, match="does not answer"):
        made.poll(2 * mqtt.LOOK_MS)
    assert clock.now_ms <= mqtt.ANSWER_MS + mqtt.LOOK_MS


def test_a_quiet_line_is_asked_whether_it_lives():
    made, sock, clock = line()
    clock.now_ms += mqtt.PING_MS
    made.poll(0)
    assert bytes(sock.sent) == b"\xc0\x00"
    sock.come = [PINGRESP]
    made.poll(mqtt.PING_MS - 1)  # alive: no error, and asked no second time yet
    assert bytes(sock.sent) == b"\xc0\x00"
    made.poll(1)
    assert bytes(sock.sent) == b"\xc0\x00\xc0\x00"
    with pytest.raises(OSError, match="does not answer"):
        made.poll(mqtt.ANSWER_MS)


def test_a_line_on_which_only_the_pod_talks_is_asked_as_well():
    """`live` goes out once a second, and needs no answer: a half-open line would swallow it for ever."""
    made, _, clock = line()

    def talk():
        for _ in range(60):
            made.publish("live", b"{}", 0, False)
            assert made.poll(1000) is None

    with pytest.raises(OSError, match="does not answer"):
        talk()
    assert clock.now_ms <= mqtt.PING_MS + mqtt.ANSWER_MS + 1000


def test_a_broker_that_says_anything_is_there():
    """It is slow to confirm, and still sends messages: the line lives."""
    made, sock, clock = line()
    made.publish("t", b"x", 1, False)
    for _ in range(5):
        clock.now_ms += mqtt.ANSWER_MS - 100
        sock.come = [message(b"u", b"still here")]
        assert made.poll(0) == ("u", b"still here")


def test_too_many_unconfirmed_are_a_dead_line():
    made, sock, _ = line()
    for _ in range(mqtt.UNCONFIRMED_LIMIT):
        made.publish("t", b"x", 1, False)
    with pytest.raises(OSError, match="confirms nothing"):
        made.publish("t", b"x", 1, False)
    sock.come = [PUBACK]
    made.poll(0)
    made.publish("t", b"x", 1, False)


def test_packet_ids_go_round_without_zero():
    made, sock, _ = line()
    made._packet_id = 0xFFFE
    made.subscribe("a")
    made.subscribe("b")
    assert bytes(sock.sent) == b"\x82\x06\xff\xff\x00\x01a\x00\x82\x06\x00\x01\x00\x01b\x00"


def test_hanging_up_waits_for_the_last_words_but_not_for_long():
    made, sock, clock = line()
    made.publish("t", b"bye", 1, False)
    sock.come = [PUBACK]
    made.hang_up()
    assert sock.sent.endswith(b"\xe0\x00")
    assert sock.closed
    made, sock, clock = line()
    made.publish("t", b"bye", 1, False)
    made.hang_up()
    assert sock.closed
    assert clock.now_ms <= mqtt.GOODBYE_MS + 2 * mqtt.LOOK_MS


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ECONNRESET)], ids=repr)
def test_nothing_follows_on_a_packet_that_was_broken_off(error):
    """It would be taken for the rest of that packet."""
    made, sock, _ = line()
    sock.takes = 4
    write = sock.write

    def write_once(data):
        sock.refuses = error if sock.sent else None
        return write(data)

    sock.write = write_once
    with pytest.raises(type(error)):
        made.publish("t", b"pages", 1, False)
    sock.write = write
    sock.refuses = None
    assert not made.is_up
    made.hang_up()
    assert (sock.closed, len(sock.sent)) == (True, 4)


def test_a_line_that_was_never_up_is_just_closed():
    sock = Socket()
    Line(sock, StillClock()).hang_up()
    assert (sock.closed, bytes(sock.sent)) == (True, b"")
