"""The client over the real adafruit_minimqtt and CircuitPython's sockets, against a real Mosquitto and hostile ones."""

import errno
import socket
import threading
import time
from contextlib import closing, contextmanager

import pytest
import sqlalchemy as sa
from adafruit_minimqtt import adafruit_minimqtt

from collect.fake_broker import FakeBroker
from collect.pod import publish_packet
from collect.talker import Talker, until
from strideload.collect.address import Address
from strideload.collect.collector import Collector
from strideload.protocol.messages import read_state
from strideload.store import open_store
from strideload_pod import lent
from strideload_pod.log import CAPACITY_LEAST, Log
from strideload_pod.page import KIND_ALIVE, STREAM_STEPS, Page
from strideload_pod.sync import Sync
from support.certificates import make_certificate
from support.circuitpython import Machine
from support.mosquitto import HOST, free_port

WIFI = {"STRIDELOAD_WIFI_SSID": "home", "STRIDELOAD_WIFI_PASSWORD": "long enough"}
SPEED = 40  # the machine's seconds in one of ours
PATIENCE_S = 15.0
CLIENT = Machine().load("strideload_pod/boards/minimqtt.py")


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


@pytest.fixture
def machine_of(monkeypatch):
    """machine_of(port, **settings) -> a machine in reach of its network, with a broker at `port`."""

    def make(port, speed=1, files=None, **settings):
        machine = Machine(
            settings={**WIFI, "STRIDELOAD_BROKER_HOST": HOST, "STRIDELOAD_BROKER_PORT": port, **settings},
            real=True,
            speed=speed,
        )
        for name, data in (files or {}).items():
            machine.drive.root.write(name, data)
        machine.access_points = {"home": "long enough"}
        monkeypatch.setattr(adafruit_minimqtt, "ticks_ms", machine.ticks_ms)
        return machine.boot()

    return make


@pytest.fixture
def client_of(machine_of):
    """client_of(port, **options) -> (client, machine); closed with the test."""
    clients = []

    def make(port, **options):
        machine = machine_of(port, **options)
        clients.append(machine.board().client())
        return clients[-1], machine

    yield make
    for client in clients:
        client.close()


def connect(client):
    client.connect("test/online", b"0")
    assert client.connected
    return client


def forever(action, *_before):
    """Until it raises."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        action()


def drain(client, count):
    """The next `count` messages."""
    found = []
    wait_for(lambda: found.extend(m for m in [client.poll(5)] if m) or len(found) >= count)
    return found


# A good line


def test_messages_come_in_order_and_whole(mosquitto, client_of):
    client = connect(client_of(mosquitto.port)[0])
    client.subscribe("test/#")
    payloads = [bytes([i]) * 1000 for i in range(20)]
    for payload in payloads:
        client.publish("test/a", memoryview(payload), 1, False)
        assert drain(client, 1) == [("test/a", payload)]


def test_as_much_as_a_message_of_pages_goes_out(mosquitto, client_of):
    """Sixteen pages, which the network takes in several pieces."""
    payload = bytes(range(256)) * 32
    with Talker(Address(HOST, mosquitto.port), ("test/a",)) as watcher:
        connect(client_of(mosquitto.port)[0]).publish("test/a", memoryview(payload), 1, False)
        until(lambda: watcher.heard == [("test/a", payload)])


@pytest.mark.parametrize("timeout_ms", [0, 50])
def test_poll_waits_no_longer_than_it_is_told(mosquitto, client_of, timeout_ms):
    """#241 of the library: its own loop waits for a second at least."""
    client = connect(client_of(mosquitto.port)[0])
    waited_s = []
    for _ in range(3):  # a computer that is busy may be late now and then
        began = time.monotonic()
        assert client.poll(timeout_ms) is None
        waited_s.append(time.monotonic() - began)
    assert (
        max(0, timeout_ms - 2) / 1000 <= min(waited_s) < timeout_ms / 1000 + 0.7
    )  # its clock counts whole ms


def test_connecting_blocks_and_says_so(mosquitto, client_of):
    """So the pod does not connect in a session."""
    assert client_of(mosquitto.port)[0].blocks


@pytest.mark.parametrize("call", ["publish", "subscribe", "poll"])
def test_without_a_connection_every_call_is_an_oserror(client_of, call):
    client, _ = client_of(free_port())
    arguments = {"publish": ("a", b"", 1, False), "subscribe": ("a",), "poll": (0,)}[call]
    with pytest.raises(OSError, match="not connected"):
        getattr(client, call)(*arguments)


def test_without_network_or_broker_there_is_no_client():
    for settings in ({}, WIFI, {"STRIDELOAD_BROKER_HOST": "pi"}):
        assert Machine(settings={"STRIDELOAD_ODR_HZ": 104, **settings}).boot().board().client() is None


def test_goodbye_lets_wifi_sleep_and_publishes_no_will(mosquitto, client_of):
    watcher = connect(client_of(mosquitto.port)[0])
    watcher.subscribe("pod/online")
    client, machine = client_of(mosquitto.port)
    client._client_id = "other"
    client.connect("pod/online", b"0")
    client.publish("pod/online", b"1", 1, True)
    assert drain(watcher, 1) == [("pod/online", b"1")]
    client.close()
    assert (client.connected, machine.radio.enabled, machine.radio.sockets) == (False, False, [])
    assert watcher.poll(100) is None


def test_a_line_that_breaks_publishes_the_will(mosquitto, client_of):
    watcher = connect(client_of(mosquitto.port)[0])
    watcher.subscribe("pod/online")
    client, machine = client_of(mosquitto.port)
    client._client_id = "other"
    client.connect("pod/online", b"0")
    machine.access_points = {}
    with pytest.raises(OSError, match="network is gone"):
        client.poll(0)
    assert drain(watcher, 1) == [("pod/online", b"0")]


def test_nothing_follows_on_a_message_that_ctrl_c_broke_off(mosquitto, client_of):
    watcher = connect(client_of(mosquitto.port)[0])
    watcher.subscribe("pod/#")
    client, machine = client_of(mosquitto.port)
    client._client_id = "other"
    client.connect("pod/online", b"0")
    line = client._sockets.line
    send = line._try

    def send_some(call, data):
        line._try = send
        send(call, data[:8])
        raise KeyboardInterrupt

    line._try = send_some
    with pytest.raises(KeyboardInterrupt):
        client.publish("pod/pages", bytes(64), 1, False)
    with pytest.raises(OSError, match="not connected"):
        client.publish("pod/online", b"gone", 1, True)
    client.close()
    assert machine.radio.sockets == []
    assert drain(watcher, 1) == [("pod/online", b"0")]


# Bad ones


def refusal(client):
    with pytest.raises(OSError, match=r".") as caught:
        client.connect("test/online", b"0")
    assert not client.connected
    return str(caught.value)


def test_no_broker_is_an_oserror(client_of):
    client, machine = client_of(free_port())
    for _ in range(20):  # #242 of the library: not one socket is left, and a board has eight
        refusal(client)
        assert machine.radio.sockets == []


def test_a_wrong_password_is_said(start_mosquitto, client_of):
    broker = start_mosquitto(users={"pod": "secret", "four": "1234"})
    assert connect(
        client_of(broker.port, STRIDELOAD_BROKER_USER="pod", STRIDELOAD_BROKER_PASSWORD="secret")[0]
    )
    # A password of digits is a number in settings.toml.
    assert connect(client_of(broker.port, STRIDELOAD_BROKER_USER="four", STRIDELOAD_BROKER_PASSWORD=1234)[0])
    for login in ({}, {"STRIDELOAD_BROKER_USER": "pod", "STRIDELOAD_BROKER_PASSWORD": "guess"}):
        client, machine = client_of(broker.port, **login)
        assert "Refused" in refusal(client)
        assert machine.radio.sockets == []


@pytest.mark.parametrize(
    ("access_points", "why"),
    [({}, "ssid"), ({"home": "another one"}, "Authentication"), ({"home2": ""}, "ssid")],
)
def test_no_network_is_an_oserror_and_one_later_will_do(mosquitto, client_of, access_points, why):
    client, machine = client_of(mosquitto.port)
    there, machine.access_points = machine.access_points, access_points
    assert why in refusal(client)
    machine.access_points = there
    connect(client)


def test_a_killed_broker_is_noticed_and_left(mosquitto, client_of):
    client = connect(client_of(mosquitto.port)[0])
    mosquitto.kill()
    with pytest.raises(OSError, match=r"hung up|reset"):
        client.poll(5000)
    assert not client.connected
    mosquitto.start()
    connect(client)


def test_a_hanging_broker_is_a_dead_line_in_bounds(mosquitto, client_of):
    """It takes bytes until the network is full, and no call waits longer than its limit."""
    client, machine = client_of(mosquitto.port, speed=SPEED)
    connect(client)
    mosquitto.pause()
    took_ms = []

    def publish():
        began_ms = machine.clock_us() // 1000
        try:
            client.publish("test/a", bytes(8192), 1, False)
        finally:
            took_ms.append(machine.clock_us() // 1000 - began_ms)

    with pytest.raises(OSError, match="takes nothing") as caught:
        forever(publish)
    assert caught.value.errno == errno.ETIMEDOUT
    assert max(took_ms) < CLIENT["SEND_MS"] + 2000
    mosquitto.resume()


def test_a_silent_broker_is_a_dead_line_in_bounds(mosquitto, client_of):
    """Half open: nothing is sent to it, and nothing comes."""
    client, machine = client_of(mosquitto.port, speed=SPEED)
    connect(client)
    mosquitto.pause()
    began_ms = machine.clock_us() // 1000
    with pytest.raises(OSError, match="says nothing"):
        forever(lambda: client.poll(100))
    waited_ms = machine.clock_us() // 1000 - began_ms
    assert waited_ms < CLIENT["PING_EVERY_MS"] + CLIENT["PING_ANSWER_MS"] + 5000
    mosquitto.resume()


def test_a_quiet_line_stays(mosquitto, client_of):
    """Pings keep it, past the broker's patience."""
    client, machine = client_of(mosquitto.port, speed=SPEED)
    connect(client)
    client.subscribe("test/a")
    until_us = machine.clock_us() + 100_000_000
    while machine.clock_us() < until_us:
        assert client.poll(1000) is None
    client.publish("test/a", b"still there", 0, False)
    assert drain(client, 1) == [("test/a", b"still there")]


@contextmanager
def listener(talk=lambda line: None):
    """A port that accepts, and then `talk`s. -> its port"""
    server = socket.create_server((HOST, 0))
    lines = []

    def serve():
        try:
            while True:
                line, _ = server.accept()
                lines.append(line)
                talk(line)
        except OSError:
            pass  # closed, by the test or by the pod

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for line in lines:
            line.close()
        thread.join(PATIENCE_S)


def endless(packet):
    def talk(line):
        while True:
            line.sendall(packet)

    return talk


HOSTILE = {
    "accepts and never answers": lambda line: None,
    "hangs up at once": lambda line: line.close(),
    "half an answer": lambda line: line.sendall(b"\x20\x02\x00"),
    "half an answer, then gone": lambda line: (line.sendall(b"\x20\x02"), line.close()),
    "an unknown refusal": lambda line: line.sendall(b"\x20\x02\x00\x77"),
    "a CONNACK too long": lambda line: line.sendall(b"\x20\x03\x00\x00\x00"),
    "another packet": lambda line: line.sendall(b"\x90\x03\x00\x01\x00"),
    "no length at all": lambda line: line.sendall(b"\x20\xff\xff\xff\xff\xff"),
    "a web server": lambda line: line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20),
    "pings without end": endless(b"\xd0\x00" * 100),
    "messages without end": endless(publish_packet(b"a", b"b") * 100),
    "a message of 200 MB": endless(b"\x30\x80\x80\x80\x60" + bytes(1000)),
}


@pytest.mark.parametrize("talk", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_broker_is_an_oserror_in_bounds(client_of, talk):
    with listener(talk) as port:
        client, machine = client_of(port, speed=SPEED)
        began_ms = machine.clock_us() // 1000
        refusal(client)
        assert machine.clock_us() // 1000 - began_ms < 20_000
        assert machine.radio.sockets == []


def test_a_broker_that_cannot_be_reached_is_an_oserror(client_of):
    client, machine = client_of(free_port())
    machine.unreachable.add(HOST)
    refusal(client)


def test_a_refused_subscription_is_an_oserror(client_of):
    with FakeBroker(b"", granted=0x80) as broker, closing(client_of(broker.address.port)[0]) as client:
        connect(client)
        with pytest.raises(OSError, match="SUBACK"):
            client.subscribe("test/a")
        assert not client.connected


MESSAGE = publish_packet(b"test/a", b"whole")
ODD = {
    "too large": publish_packet(b"test/a", bytes(5000)),
    "as large as the limit": publish_packet(b"test/a", bytes(CLIENT["INCOMING_LIMIT"] - 11)),
    "one byte over it": publish_packet(b"test/a", bytes(CLIENT["INCOMING_LIMIT"] - 10)),
    "10 MB": publish_packet(b"test/a", bytes(10_000_000)),
    "an answer to nothing": b"\x40\x02\x00\x01",
    "an answer that holds a message": b"\x40\x07" + publish_packet(b"x", b"no"),
    "an empty message": publish_packet(b"test/b", b""),
    "no UTF-8": publish_packet(b"test/b", b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("packet", ODD.values(), ids=ODD.keys())
def test_an_odd_packet_does_no_harm(client_of, packet):
    """The next message is heard, and what is too large is counted."""
    with FakeBroker(packet + MESSAGE) as broker, closing(client_of(broker.address.port)[0]) as client:
        connect(client)
        client.subscribe("test/#")
        heard = []
        wait_for(lambda: heard.append(client.poll(5)) or ("test/a", b"whole") in heard)
        assert ("x", b"no") not in heard
        assert client.passed_over == (len(packet) > CLIENT["INCOMING_LIMIT"])


MALFORMED = {
    "topic longer than the packet": b"\x30\x05\x00\x09abc",
    "topic that is no text": publish_packet(b"\xff\xfe", b""),
    "QoS 2": b"\x34\x07\x00\x01a\x00\x01bc",
    "QoS 1 without its number": b"\x32\x03\x00\x01a",
    "no length": b"\x30\xff\xff\xff\xff\xff",
    "an empty packet": b"\x30\x00",
}


@pytest.mark.parametrize("packet", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_packet_is_a_dead_line_at_once(client_of, packet):
    with FakeBroker(packet) as broker, closing(client_of(broker.address.port)[0]) as client:
        connect(client)

        with pytest.raises(OSError, match=r"."):
            forever(lambda: client.poll(5), client.subscribe("test/#"))
        assert not client.connected


def test_a_packet_that_comes_byte_by_byte_keeps_nobody_waiting(client_of):
    """Poll returns while the rest is on its way."""
    go = threading.Event()

    def talk(line):
        line.recv(1000)
        line.sendall(b"\x20\x02\x00\x00")
        for byte in MESSAGE:
            go.wait(PATIENCE_S)
            go.clear()
            line.sendall(bytes([byte]))

    with listener(talk) as port:
        client = connect(client_of(port)[0])
        for _ in range(len(MESSAGE) - 1):
            go.set()
            began = time.monotonic()
            assert client.poll(0) is None
            assert time.monotonic() - began < 0.7
            wait_for(lambda: not go.is_set())
        go.set()
        assert drain(client, 1) == [("test/a", b"whole")]


# TLS


def test_tls_with_the_right_authority_and_name_only(tmp_path, start_mosquitto, client_of):
    for name in ("right", "wrong"):
        (tmp_path / name).mkdir()
        make_certificate(tmp_path / name, "pi.local")
    right = tmp_path / "right"
    broker = start_mosquitto(config=f"certfile {right / 'ca.pem'}\nkeyfile {right / 'key.pem'}")
    good = {"STRIDELOAD_BROKER_CA_FILE": "ca.pem", "STRIDELOAD_BROKER_NAME": "pi.local"}

    def client(authority, **settings):
        files = {"ca.pem": (tmp_path / authority / "ca.pem").read_bytes()}
        return client_of(broker.port, files=files, **settings)[0]

    for _ in range(2):
        connected = connect(client("right", **good))
        connected.subscribe("test/a")
        connected.publish("test/a", bytes(16 * 512)[:1000], 1, False)
        assert drain(connected, 1) == [("test/a", bytes(1000))]
    assert "VERIFY" in refusal(client("wrong", **good)).upper()
    assert refusal(client("right", **{**good, "STRIDELOAD_BROKER_NAME": "other.local"}))
    # mbedTLS compares no addresses: without the name the line is refused, not trusted.
    assert refusal(client("right", STRIDELOAD_BROKER_CA_FILE="ca.pem"))


@pytest.mark.parametrize("files", [{}, {"ca.pem": b""}, {"ca.pem": b"no certificate"}])
def test_an_authority_that_is_none_is_refused(mosquitto, client_of, files):
    """An empty one would mean to verify nothing."""
    client, _ = client_of(mosquitto.port, files=files, STRIDELOAD_BROKER_CA_FILE="ca.pem")
    refusal(client)


# With the host


class Pages:
    """A pod's log on the machine's drive with its sync, and pages put into it."""

    def __init__(self, machine, store_id):
        self.machine = machine
        self.board = machine.board()
        self.log = Log(self.board.files, self.board.uid, CAPACITY_LEAST * 4, self.board.random_u32)
        if self.log.store != store_id:
            self.log.pair(store_id)
        self.client = self.board.client()
        self.sync = Sync(self.log, self.client, lambda: {"recording": True}, self.board.random_u32)
        self.page = Page(self.board.uid)

    def is_off(self):
        return not self.client.connected

    def add(self, count):
        for _ in range(count):
            self.page.fields["boot"] = self.log.boot
            self.page.open(KIND_ALIVE, 0)
            self.page.add(self.log.next(STREAM_STEPS), 0, 0, 0)
            self.log.append(self.page, 0, 0)
        return self

    def step_until(self, condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, self.sync.counters
            self.sync.step(self.board.clock.ticks_ms())
            self.board.wait(20)

    def written(self):
        buffer = bytearray(512)
        found = {}
        for number in range(self.log.oldest(STREAM_STEPS), self.log.next(STREAM_STEPS)):
            assert self.log.read(STREAM_STEPS, number, buffer)
            found[number] = bytes(buffer)
        return found


@pytest.fixture
def host(tmp_path, mosquitto):
    """A store, filled by a collector at the broker."""
    with open_store(tmp_path / "pages.db") as store:
        collector = Collector(store, Address(mosquitto.host, mosquitto.port))
        collector.start()
        yield store
        collector.stop()


def stored(store):
    with store.engine.connect() as connection:
        return dict(connection.execute(sa.text("SELECT number, bytes FROM pages")).all())


def test_pages_are_sent_and_acknowledged(mosquitto, host, machine_of):
    store = host
    pages = Pages(machine_of(mosquitto.port), store.store_id).add(200)
    pages.step_until(lambda: pages.sync.drained)
    assert stored(store) == pages.written()
    assert not any(pages.sync.counters.values()), pages.sync.counters
    pages.sync.close()


def test_nothing_is_missing_or_double_whatever_breaks(mosquitto, host, machine_of):
    """The broker is killed, hangs, the network goes, the battery is pulled: in the end each page is there once."""
    store = host
    machine = machine_of(mosquitto.port, speed=SPEED)
    pages = Pages(machine, store.store_id).add(100)
    for fault in ("kill", "hang", "network", "battery", "network", "kill"):
        some = len(stored(store)) + 10
        pages.add(60)
        pages.step_until(lambda wanted=some: len(stored(store)) >= wanted)
        if fault == "kill":
            mosquitto.kill()
            pages.step_until(pages.is_off)
            mosquitto.start()
        elif fault == "hang":
            mosquitto.pause()
            pages.step_until(pages.is_off)
            mosquitto.resume()
        elif fault == "network":
            machine.access_points = {}
            pages.step_until(lambda: machine.radio.joins > 3)
            machine.access_points = {"home": "long enough"}
        else:
            machine.drive.root.cut_power()
            for found in list(machine.radio.sockets):
                found.close()
            pages = Pages(machine.boot(), store.store_id)
    pages.step_until(lambda: pages.sync.drained)
    assert stored(store) == pages.written()
    assert list(stored(store)) == list(range(pages.log.next(STREAM_STEPS)))
    pages.sync.close()


def test_a_pod_whose_drive_is_lent_brings_home_what_is_on_it(mosquitto, host, machine_of):
    """The host has every page and hears that nothing is recorded; not a byte of the drive changes."""
    store = host
    machine = machine_of(mosquitto.port, speed=10, STRIDELOAD_STORE=store.store_id)
    written = Pages(machine, store.store_id).add(100).written()
    machine.set_level("GP15", False)
    machine.boot()
    before = {name: bytes(data) for name, data in machine.drive.root.content.items()}
    board = machine.board()
    assert board.read_only
    board.stopping = lambda: len(stored(store)) == 100
    state = f"strideload/pod/{board.uid.hex()}/state"
    with Talker(Address(HOST, mosquitto.port), (state,)) as watcher:
        lent.run(board)
        until(lambda: watcher.heard)
    assert read_state(watcher.heard[-1][1]).recording is False
    assert stored(store) == written
    assert {name: bytes(data) for name, data in machine.drive.root.content.items()} == before
    assert machine.radio.sockets == []
