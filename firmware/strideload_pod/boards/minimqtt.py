"""The pod's MQTT client over adafruit_minimqtt 8.1 and CircuitPython's sockets, with none of the library's waiting.

The library reads its socket until a packet is whole, for up to `recv_timeout`, while the chip's FIFO runs over. So
`Line` stands between the two: it hands over a packet only when all of it is there, has one deadline for all that a call
sends, and passes over what is larger than anything that a pod is sent. What else the library would do to a pod:

- QoS 1 waits for the broker's confirmation and sends nothing again; QoS 2 is taken and not carried out. All goes out
  at QoS 0, and `qos` is not heard: a page waits for the host's own acknowledgement, and is sent again without it.
- `loop` sends pings and waits for the answer: here they are sent between, and a silent broker is a dead line.
- A connection that fails half-way keeps its socket: `close` closes every socket that was opened.
"""

import errno

from adafruit_connection_manager import connection_manager_close_all
from adafruit_minimqtt.adafruit_minimqtt import MQTT

INCOMING_LIMIT = 1536  # bytes of a packet: settings of 1024, their topic, and room; more is no pod's
INBOX_LIMIT = 8
READS_A_CALL = 16  # so that a flood does not keep the pod

WIFI_S = 10
CONNECT_S = 5  # for TCP, and for each answer in TLS
ANSWER_MS = 5_000  # to CONNECT and SUBSCRIBE
SEND_MS = 2_000  # for one message
GOODBYE_MS = 500
KEEPALIVE_S = 60  # the broker takes half as long again
PING_EVERY_MS = 20_000
PING_ANSWER_MS = 10_000
NEVER_S = 65_535  # the library's own pings
POLL_MS = 5

# MQTT 3.1.1, 2.2 and 3.12
PUBLISH = 0x30
PINGREQ = b"\xc0\x00"


class Network:
    """The Wi-Fi of a board: joined to connect, switched off to rest. One for each radio, as its pool of sockets."""

    def __init__(self, radio, name, password):
        self._radio = radio
        self._name = name
        self._password = password
        self._pool = None

    @property
    def is_joined(self):
        return self._radio.connected

    def join(self):
        """OSError (ConnectionError): no such network, or not with this password. Takes up to WIFI_S."""
        self._radio.enabled = True
        if not self._radio.connected:
            self._radio.connect(self._name, self._password, timeout=WIFI_S)

    def leave(self):
        self._radio.enabled = False

    def sockets(self):
        """socketpool.SocketPool of the radio."""
        if self._pool is None:
            import socketpool

            self._pool = socketpool.SocketPool(self._radio)
        return self._pool


class Client:
    """The pod's small MQTT client. OSError of any call: the line is dead; `close` and connect anew.

    `clock` has ticks_ms and sleep_ms. `ca_file`: path of the PEM file of the authority; None: no TLS. `tls_name`: what
    the broker's certificate calls it.
    """

    blocks = True

    def __init__(self, network, clock, host, port, client_id, user, password, ca_file, tls_name):
        self._network = network
        self._clock = clock
        self._host = host
        self._port = port
        self._client_id = client_id
        self._user = user
        self._password = password
        self._ca_file = ca_file
        self._sockets = Sockets(network, clock, tls_name)
        self._mqtt = None
        self._inbox = []
        self._pinged_ms = 0
        self._asked_ms = None  # when a ping went out that nothing has followed yet

    @property
    def passed_over(self):
        """Messages that were too large, or too many at once."""
        return self._sockets.passed_over

    @property
    def connected(self):
        return self._mqtt is not None and self._mqtt.is_connected() and self._network.is_joined

    def connect(self, will_topic, will_payload):
        """Join the network and greet the broker, which publishes the will, retained, when the line breaks. OSError."""
        self.close()
        try:
            self._network.join()
            if self._ca_file:
                self._sockets.trust(self._ca_file)
            self._sockets.allow(ANSWER_MS)
            self._mqtt = mqtt = self._new_mqtt()
            mqtt.will_set(will_topic, will_payload, True, 1)
            mqtt.connect()
        except Exception as error:
            self._give_up()
            raise as_oserror(error) from error
        mqtt.keep_alive = NEVER_S
        self._pinged_ms = self._clock.ticks_ms()
        self._asked_ms = None

    def _new_mqtt(self):
        mqtt = MQTT(
            broker=self._host,
            port=self._port,
            username=self._user,
            password=self._password if self._user else None,
            client_id=self._client_id,
            is_ssl=bool(self._ca_file),
            keep_alive=KEEPALIVE_S,
            recv_timeout=CONNECT_S,
            socket_timeout=0,  # `Line` has the deadlines
            connect_retries=1,
            socket_pool=self._sockets,
            ssl_context=self._sockets,
            use_binary_mode=True,
        )
        mqtt.on_message = self._take
        return mqtt

    def subscribe(self, topic):
        self._call(ANSWER_MS, lambda mqtt: mqtt.subscribe(topic, 0))

    def publish(self, topic, payload, qos, retain):
        """Hand a message to the network, in SEND_MS at most."""
        self._call(SEND_MS, lambda mqtt: mqtt.publish(topic, bytes(payload), retain, 0))

    def poll(self, timeout_ms):
        """The next message, waited for up to `timeout_ms`."""
        until_ms = self._clock.ticks_ms() + timeout_ms
        while True:
            self._call(SEND_MS, self._receive)
            if self._inbox:
                return self._inbox.pop(0)
            left_ms = until_ms - self._clock.ticks_ms()
            if left_ms <= 0:
                return None
            self._clock.sleep_ms(min(left_ms, POLL_MS))

    def close(self):
        """Hang up, politely while the line is up, and let Wi-Fi sleep."""
        mqtt = self._mqtt
        if mqtt is not None and self.connected:
            self._sockets.allow(GOODBYE_MS)
            try:
                mqtt.disconnect()
            except Exception:  # noqa: BLE001 - it is closed all the same
                pass
        self._give_up()
        self._network.leave()

    def _give_up(self):
        """No goodbye: the broker is to publish the will."""
        self._mqtt = None
        self._inbox = []
        self._sockets.close()

    def _call(self, limit_ms, call):
        """Run `call` with the library's client, within `limit_ms`. OSError."""
        if self._mqtt is None:
            raise OSError(errno.ENOTCONN, "not connected")
        try:
            if not self._network.is_joined:
                raise OSError(errno.ENOTCONN, "the network is gone")
            self._sockets.allow(limit_ms)
            call(self._mqtt)
        except KeyboardInterrupt:
            self._give_up()  # what was sent may end in mid-packet
            raise
        except Exception as error:
            self._give_up()
            raise as_oserror(error) from error

    def _receive(self, mqtt):
        line = self._sockets.line
        for _ in range(READS_A_CALL):
            if self._inbox or not line.next_packet():
                break
            if line.kind == PUBLISH:  # of what else comes, the library reads no more than the first byte
                self._sockets.allow(0)  # all of it is here
                mqtt.loop(0)
                self._sockets.allow(SEND_MS)
        self._watch(line)

    def _watch(self, line):
        """Ping, and find the line dead when nothing at all follows."""
        now_ms = self._clock.ticks_ms()
        if line.take_heard():
            self._asked_ms = None
        if self._asked_ms is not None and now_ms - self._asked_ms >= PING_ANSWER_MS:
            raise OSError(errno.ETIMEDOUT, "the broker says nothing")
        if now_ms - self._pinged_ms >= PING_EVERY_MS:
            line.send(PINGREQ)
            self._pinged_ms = now_ms
            if self._asked_ms is None:
                self._asked_ms = now_ms

    def _take(self, _client, topic, payload):
        if len(self._inbox) < INBOX_LIMIT:
            self._inbox.append((topic, bytes(payload)))
        else:
            self._sockets.passed_over += 1


def as_oserror(error):
    """Whatever a socket, TLS or the library raised, as the one error that the pod knows."""
    if isinstance(error, OSError):
        return error
    cause = error.__cause__ if hasattr(error, "__cause__") else None
    return OSError(errno.EIO, "%s: %s" % (type(error).__name__, cause or error))


def tls_context(ca_file):
    """A context that trusts the one authority in a PEM file. OSError: no such file, or no certificate in it."""
    import ssl

    with open(ca_file, "r") as file:
        authority = file.read()
    if "BEGIN CERTIFICATE" not in authority:
        # CircuitPython takes an empty text for "verify nothing".
        raise OSError(errno.EINVAL, "no certificate in %s" % ca_file)
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=authority)
    return context


class Sockets:
    """What the library takes for a pool of sockets and for a TLS context: one `Line` at a time, no socket forgotten."""

    def __init__(self, network, clock, tls_name):
        self.passed_over = 0
        self._network = network
        self._clock = clock
        self._tls_name = tls_name
        self._tls = None
        self._line = None
        self._until_ms = 0
        self._buffer = bytearray(INCOMING_LIMIT)

    @property
    def line(self):
        """The line that is open. OSError: there is none."""
        if self._line is None:
            raise OSError(errno.ENOTCONN, "not connected")
        return self._line

    def trust(self, ca_file):
        """Lines are TLS from now on. OSError."""
        if self._tls is None:
            self._tls = tls_context(ca_file)

    @property
    def SOCK_STREAM(self):
        return self._network.sockets().SOCK_STREAM

    def getaddrinfo(self, host, port, family=0, type=0, proto=0, flags=0):
        return self._network.sockets().getaddrinfo(host, port, family, type)

    def socket(self, family, type):
        self._line = Line(self, self._network.sockets().socket(family, type), self._buffer)
        return self._line

    def wrap_socket(self, line, server_hostname):
        line.wrap(self._tls, self._tls_name)
        return line

    def allow(self, ms):
        """What is done from now on has so long."""
        self._until_ms = self._clock.ticks_ms() + ms

    def has_time(self):
        return self._clock.ticks_ms() < self._until_ms

    def pause(self):
        """Wait a moment. False: the time is over."""
        if not self.has_time():
            return False
        self._clock.sleep_ms(POLL_MS)
        return True

    def close(self):
        try:
            connection_manager_close_all(self)
        except RuntimeError:
            pass  # the library has not heard of this pool yet
        if self._line is not None:
            self._line.close()
            self._line = None


class Line:
    """A socket that is read in whole packets, as far as `sockets` allows time. OSError: it is dead, or time is over."""

    def __init__(self, sockets, socket, buffer):
        self._sockets = sockets
        self._socket = socket
        self._buffer = buffer
        self._view = memoryview(buffer)
        self._filled = 0
        self._at = 0  # what of the first packet the library has not read yet
        self._end = 0
        self._skip = 0  # bytes still to come of a packet that is passed over
        self._heard = False

    # What the library calls

    def settimeout(self, seconds):
        """The library's idea of it is not asked for."""

    def connect(self, address):
        self._socket.settimeout(CONNECT_S)
        self._socket.connect(address)
        self._socket.settimeout(0)
        self._sockets.allow(ANSWER_MS)

    def send(self, data):
        """All of `data`."""
        view = memoryview(data)
        sent = 0
        while sent < len(view):
            taken = self._try(self._socket.send, view[sent:])
            sent += taken or 0
            if not taken and not self._sockets.pause():
                raise OSError(errno.ETIMEDOUT, "the broker takes nothing")
        return sent

    def recv_into(self, buffer, size):
        """Up to `size` bytes of one packet. OSError EAGAIN: there is none in time, or no more of it."""
        if size == 0:
            return 0
        while self._at == self._end and not (self._sockets.has_time() and self.next_packet()):
            if not self._sockets.pause():
                raise OSError(errno.EAGAIN, "no packet")
        n = min(size, self._end - self._at)
        buffer[:n] = self._view[self._at : self._at + n]
        self._at += n
        return n

    def close(self):
        self._socket.close()

    # What the client calls

    def wrap(self, context, name):
        self._socket = context.wrap_socket(self._socket, server_hostname=name)

    @property
    def kind(self):
        """Type of the packet that is here."""
        return self._buffer[0] & 0xF0

    def take_heard(self):
        """True when anything came since the last call."""
        heard, self._heard = self._heard, False
        return heard

    def next_packet(self):
        """Go on to the next whole packet; what is left of the former is dropped. False: there is none yet. OSError."""
        self._drop(self._end)
        for _ in range(READS_A_CALL):
            size = self._packet_size()
            if size > INCOMING_LIMIT:
                self._sockets.passed_over += 1
                self._skip = size - self._filled
                self._filled = 0
            elif 0 < size <= self._filled:
                self._end = size
                return True
            if not self._read():
                break
        return False

    def _packet_size(self):
        """Size of the first packet with its header; 0: not known yet. OSError: this is no MQTT."""
        size = 0
        for i in range(1, min(self._filled, 5)):
            size |= (self._buffer[i] & 0x7F) << 7 * (i - 1)
            if not self._buffer[i] & 0x80:
                return 1 + i + size
        if self._filled >= 5:
            raise OSError(errno.EIO, "no MQTT packet")
        return 0

    def _read(self):
        """Take in what has come. -> True if something has. OSError: the broker hung up."""
        n = self._try(self._socket.recv_into, self._view[self._filled :])
        if n is None:
            return False
        if n == 0:
            raise OSError(errno.ECONNRESET, "the broker hung up")
        self._heard = True
        self._filled += n
        if self._skip:
            passed = min(self._skip, n)
            self._skip -= passed
            self._drop(passed)
        return True

    def _drop(self, n):
        rest = self._filled - n
        if n and rest:
            self._buffer[:rest] = self._buffer[n : self._filled]
        self._filled = rest
        self._at = self._end = 0

    def _try(self, call, data):
        """None: not now."""
        try:
            return call(data)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ETIMEDOUT):
                raise
            return None
