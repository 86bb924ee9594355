"""The MicroPython board's way to the broker: its own sockets and TLS, against a real Mosquitto and against bad ones."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from strideload.collect.certificates import ensure_certificates
from strideload_pod.boards import mqtt, ntp
from support import tools
from support.micropython_unix import Flash
from support.mosquitto import HOST, Mosquitto
from support.ports import free_port
from support.waiting import PATIENCE_S, until

TOLD = (tools.MICROPYTHON_DIR / "told.py").read_text()
PATIENCE_MS = round(1000 * PATIENCE_S)
HASTY_MS = 1500  # of patience with a broker that owes an answer, instead of ten seconds
BUSY_MS = 10_000  # for which a busy computer may keep a process from running
WIFI = 'STRIDELOAD_WIFI_SSID = "home"\nSTRIDELOAD_WIFI_PASSWORD = "sesame"\n'


class Client:
    """The client of a board in another process. OSError as it raises there."""

    def __init__(self, flash: Flash, **environment: str) -> None:
        self.flash = flash
        self.process = flash.start(TOLD, **environment)

    def __call__(self, name: str, *words: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([name, *words]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        while line.startswith(
            "Warning: exception chaining"
        ):  # said by MicroPython for Unix, at each `raise ... from`
            line = self.process.stdout.readline()
        if not line.startswith("{"):
            self.process.kill()
            raise AssertionError(line + self.process.stdout.read())
        answer = json.loads(line)
        if "raised" in answer:
            raise OSError(answer["raised"])
        return answer["gave"]

    def connect(self) -> "Client":
        self("connect")
        assert self("look", PATIENCE_MS)
        return self

    def subscribe(self, topic: str) -> None:
        """Returns once the broker has heard of it: what others say from then on comes."""
        self("subscribe", topic)
        own = topic.replace("#", "own")
        self("publish", own, b"own".hex(), 1)
        assert self("poll", PATIENCE_MS) == [own, b"own".hex()]


@pytest.fixture
def client_of(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """client_of(port, SETTING=value, ...) -> a client of the broker at that port, ended with the test."""
    clients: list[Client] = []

    def make(
        port: int, wifi: str = WIFI, environment: dict[str, str] | None = None, **settings: object
    ) -> Client:
        lines = [f"STRIDELOAD_{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        lines.append(f"STRIDELOAD_BROKER_PORT = {port}\n")
        if "BROKER_HOST" not in settings:
            lines.append(f'STRIDELOAD_BROKER_HOST = "{HOST}"\n')
        flash = Flash(tmp_path / f"flash{len(clients)}", settings="".join(lines) + wifi)
        clients.append(Client(flash, UNIQUE_ID=f"{len(clients):016x}", **(environment or {})))
        return clients[-1]

    yield make
    for client in clients:
        client.process.kill()
        client.process.communicate()


def refusal(client: Client) -> str:
    """Why connecting failed."""
    client("connect")
    with pytest.raises(OSError, match=r".") as caught:
        client("look", PATIENCE_MS)
    return str(caught.value)


# A real broker


def test_messages_come_in_order_and_whole(mosquitto: Mosquitto, client_of: Callable[..., Client]) -> None:
    """As long as the host's are. (Pages on their way out are what test_life_on_micropython.py is about.)"""
    sender, client = client_of(mosquitto.port).connect(), client_of(mosquitto.port).connect()
    client.subscribe("test/#")
    sent = [bytes([i]) * 1000 for i in range(10)]
    for payload in sent:
        sender("publish", "test/a", payload.hex(), 1)
    sender("publish", "test/a", b"end".hex(), 1)
    sender("close")
    received = [client("poll", PATIENCE_MS) for _ in range(len(sent) + 1)]
    assert received == [["test/a", payload.hex()] for payload in [*sent, b"end"]]


def test_memory_does_not_grow(mosquitto: Mosquitto, client_of: Callable[..., Client]) -> None:
    """Nor by what is longer than any message of the host: it is counted, and the next one comes."""
    client = client_of(mosquitto.port).connect()
    client("subscribe", "test/#")

    def go_round() -> int:
        for size in (10, 30_000, 10):
            client("publish", "test/a", (b"x" * size).hex(), 1)
        assert [client("poll", PATIENCE_MS) for _ in range(2)] == [["test/a", "78" * 10]] * 2
        return client("memory")

    go_round()
    before = go_round()
    for _ in range(3):
        after = go_round()
    assert client("too_long") == 5
    assert after - before < 1000


def test_user_and_password(
    start_mosquitto: Callable[..., Mosquitto], client_of: Callable[..., Client]
) -> None:
    broker = start_mosquitto(users={"pod": "secret"})
    client_of(broker.port, BROKER_USER="pod", BROKER_PASSWORD="secret").connect()
    assert "not authorised" in refusal(client_of(broker.port, BROKER_USER="pod", BROKER_PASSWORD="guess"))
    assert "not authorised" in refusal(client_of(broker.port))


def test_tls_by_the_houses_own_authority_and_no_other(
    tmp_path: Path, start_mosquitto: Callable[..., Mosquitto], client_of: Callable[..., Client]
) -> None:
    """The certificates are those of `up --lan`: by name and by address, and refused where the name is another."""
    for name in ("house", "stranger"):
        (tmp_path / name).mkdir()
        ensure_certificates(tmp_path / name, frozenset({"localhost", HOST}))
    house = tmp_path / "house"
    broker = start_mosquitto(
        users={"pod": "secret"}, config=f"certfile {house / 'server.pem'}\nkeyfile {house / 'server.key'}"
    )

    def client(ca: str, **settings: object) -> Client:
        known = {"BROKER_USER": "pod", "BROKER_PASSWORD": "secret", "NTP_HOST": "", **settings}
        made = client_of(broker.port, BROKER_CA_FILE="ca.pem", **known)
        (made.flash.folder / "ca.pem").write_bytes((tmp_path / ca / "ca.pem").read_bytes())
        return made

    for host in ("localhost", HOST):
        good = client("house", BROKER_HOST=host).connect()
        good("subscribe", "test/a")
        good("publish", "test/a", (b"x" * 1000).hex(), 1)
        assert good("poll", PATIENCE_MS) == ["test/a", "78" * 1000]
        assert good("blocks") is True
    assert refusal(client("stranger"))
    assert refusal(client("house", BROKER_HOST="ip6-localhost.invalid"))
    assert "not authorised" in refusal(client("house", BROKER_PASSWORD="guess"))
    made = client("house")
    (made.flash.folder / "ca.pem").write_text("none")
    assert "no certificate" in refusal(made)
    made("close")
    (made.flash.folder / "ca.pem").unlink()
    assert refusal(made)


def test_a_certificate_of_another_name_is_refused(
    tmp_path: Path, start_mosquitto: Callable[..., Mosquitto], client_of: Callable[..., Client]
) -> None:
    ensure_certificates(tmp_path, frozenset({"other.local"}))
    config = f"certfile {tmp_path / 'server.pem'}\nkeyfile {tmp_path / 'server.key'}"
    client = client_of(start_mosquitto(config=config).port, BROKER_CA_FILE="ca.pem", NTP_HOST="")
    (client.flash.folder / "ca.pem").write_bytes((tmp_path / "ca.pem").read_bytes())
    assert "does not match" in refusal(client)


def test_the_will_is_published_when_the_board_dies(
    mosquitto: Mosquitto, client_of: Callable[..., Client]
) -> None:
    watcher, dying = client_of(mosquitto.port).connect(), client_of(mosquitto.port).connect()
    watcher.subscribe("test/online")
    dying("publish", "test/online", b"1".hex(), 1)
    assert watcher("poll", PATIENCE_MS) == ["test/online", b"1".hex()]
    dying.process.kill()
    assert watcher("poll", PATIENCE_MS) == ["test/online", b"0".hex()]


def test_a_killed_broker_is_noticed_and_connected_to_again(
    mosquitto: Mosquitto, client_of: Callable[..., Client]
) -> None:
    client = client_of(mosquitto.port).connect()
    mosquitto.kill()
    with pytest.raises(OSError, match=r"."):
        client("poll", PATIENCE_MS)
    client("close")
    assert client("connected") is False
    mosquitto.start()
    client.connect()


def test_a_hanging_broker_is_a_dead_line_in_bounds(
    mosquitto: Mosquitto, client_of: Callable[..., Client]
) -> None:
    """It takes bytes and confirms nothing. What it does not take any more ends the line, and closing does not hang."""
    client = client_of(mosquitto.port).connect()
    mosquitto.pause()
    client("have_patience", HASTY_MS)
    page = bytes(512).hex()
    for _ in range(mqtt.UNCONFIRMED_LIMIT):
        client("publish", "test/a", page, 1)
    with pytest.raises(OSError, match="confirms nothing"):
        client("publish", "test/a", page, 1)
    assert client("takes", "close") < mqtt.GOODBYE_MS + mqtt.SEND_MS + BUSY_MS
    client("connect")
    with pytest.raises(OSError, match="does not answer"):
        client("look", PATIENCE_MS)
    mosquitto.resume()


def test_without_a_connection_every_call_is_an_oserror(client_of: Callable[..., Client]) -> None:
    client = client_of(free_port())
    for words in (["publish", "a", "", 1], ["subscribe", "a"], ["poll", 0]):
        with pytest.raises(OSError, match="not connected"):
            client(*words)
    assert client("connected") is False
    client("close")


def test_no_broker_is_an_oserror(client_of: Callable[..., Client]) -> None:
    client = client_of(free_port())
    assert refusal(client)
    client("close")
    assert refusal(client)


# Bad brokers


@pytest.fixture
def bad_broker() -> Iterator[Callable[[bytes], int]]:
    """bad_broker(answer) -> a port at which somebody answers each connection so, and then holds it open."""
    listeners: list[socket.socket] = []

    def start(answer: bytes) -> int:
        listener = socket.create_server((HOST, 0))
        listeners.append(listener)
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return  # closed
                line.recv(1000)
                line.sendall(answer)
                held.append(line)

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not MQTT"),
        (b"\x20\x02\x00\x05", "not authorised"),
        (b"\x20\xff\xff\xff\x7f", "not MQTT"),
    ],
)
def test_who_is_no_broker_is_left(
    client_of: Callable[..., Client], bad_broker: Callable[[bytes], int], answer: bytes, why: str
) -> None:
    assert why in refusal(client_of(bad_broker(answer)))


def test_a_broker_that_accepts_and_never_answers_is_left_in_bounds(
    client_of: Callable[..., Client], bad_broker: Callable[[bytes], int]
) -> None:
    client = client_of(bad_broker(b""))
    client("have_patience", HASTY_MS)
    assert "does not answer" in refusal(client)
    client("close")


# Wi-Fi


def test_wi_fi_that_drops_is_a_dead_line_and_comes_back(
    mosquitto: Mosquitto, client_of: Callable[..., Client]
) -> None:
    client = client_of(mosquitto.port).connect()
    dropped = client.flash.folder / "no-wifi"
    dropped.touch()
    for words in (["poll", 0], ["publish", "a", "", 1], ["connected"]):
        with pytest.raises(OSError, match="Wi-Fi is gone"):
            client(*words)
    client("close")
    client("connect")
    assert client("look", 100) is False
    dropped.unlink()
    assert client("look", PATIENCE_MS)


def test_closing_turns_wi_fi_off_and_connecting_on(
    mosquitto: Mosquitto, client_of: Callable[..., Client]
) -> None:
    client = client_of(mosquitto.port)
    assert client("wifi") == []
    client.connect()
    client("close")
    client("close")
    client.connect()
    assert client("wifi") == ["on", "connect", "off", "on", "connect"]


def test_a_wrong_wi_fi_password_never_joins(mosquitto: Mosquitto, client_of: Callable[..., Client]) -> None:
    client = client_of(mosquitto.port, wifi=WIFI.replace("sesame", "guess"))
    client("connect")
    assert client("look", 150) is False


def test_beginning_to_connect_waits_for_nobody(client_of: Callable[..., Client]) -> None:
    """Neither for Wi-Fi nor for a broker behind it that answers nobody."""
    client = client_of(free_port(), BROKER_HOST="192.0.2.1")
    assert client("takes", "connect") < BUSY_MS
    looks_ms = [client("takes", "connected") for _ in range(20)]
    assert max(looks_ms) < BUSY_MS
    assert sorted(looks_ms)[10] < 200


# Time


@pytest.fixture
def time_server() -> Iterator[Callable[..., int]]:
    """time_server(make) -> a port at which a time server says `make(request)`, or nothing where that is None."""
    servers: list[socket.socket] = []

    def start(make: Callable[[bytes], bytes | None]) -> int:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((HOST, 0))
        servers.append(server)

        def serve() -> None:
            while True:
                try:
                    request, address = server.recvfrom(100)
                except OSError:
                    return  # closed
                answer = make(request)
                if answer is not None:
                    server.sendto(answer, address)

        threading.Thread(target=serve, daemon=True).start()
        return server.getsockname()[1]

    yield start
    for server in servers:
        server.close()


def time_answer(request: bytes, utc_ms: int, first: int = 0x24, stratum: int = 2) -> bytes:
    """What a server of `stratum` says at `utc_ms`. `first`: leap indicator, version, mode."""
    seconds, ms = divmod(utc_ms, 1000)
    said = struct.pack("!II", (seconds + 2_208_988_800) % 2**32, (ms << 32) // 1000 + 1)
    return bytes([first, stratum]) + bytes(22) + request[40:48] + bytes(8) + said


def test_the_time_is_asked_before_the_broker_and_set(
    mosquitto: Mosquitto, client_of: Callable[..., Client], time_server: Callable[..., int]
) -> None:
    """The machine's own clock as well: a Pico checks a certificate's dates by it."""
    port = time_server(lambda request: time_answer(request, 1_772_600_000_250))
    environment = {"NTP_PORT": str(port), "NTP_WAIT_MS": str(PATIENCE_MS)}
    client = client_of(mosquitto.port, NTP_HOST=HOST, environment=environment).connect()
    assert 1_772_600_000_250 <= client("utc_ms") < 1_772_600_000_250 + 2 * PATIENCE_MS
    assert client("clock")[0][:6] == [2026, 3, 4, 2, 4, 53]
    client("close")
    client.connect()
    assert len(client("clock")) == 1  # it is known


def test_a_time_server_that_is_silent_keeps_nobody_from_the_broker(
    mosquitto: Mosquitto, client_of: Callable[..., Client], time_server: Callable[..., int]
) -> None:
    asked: list[bytes] = []
    port = time_server(asked.append)
    client = client_of(mosquitto.port, NTP_HOST=HOST, environment={"NTP_PORT": str(port)}).connect()
    until(lambda: len(asked) == 3)
    assert (client("utc_ms"), client("clock")) == (None, [])
    assert client_of(mosquitto.port, NTP_HOST="nowhere.invalid").connect()("utc_ms") is None


REQUEST = bytes(40) + b"12345678"
ANSWERS = {
    "good": (time_answer(REQUEST, 1_772_600_000_250), 1_772_600_000_250),
    "after 2036": (time_answer(REQUEST, 2_500_000_000_999), 2_500_000_000_999),
    "short": (time_answer(REQUEST, 0)[:47], None),
    "empty": (b"", None),
    "to somebody else": (time_answer(bytes(48), 1_772_600_000_250), None),
    "of a client": (time_answer(REQUEST, 1_772_600_000_250, first=0x23), None),
    "of a server without time": (time_answer(REQUEST, 1_772_600_000_250, first=0xE4), None),
    "kiss of death": (time_answer(REQUEST, 1_772_600_000_250, stratum=0), None),
    "unsynchronised": (time_answer(REQUEST, 1_772_600_000_250, stratum=16), None),
}


@pytest.mark.parametrize(("answer", "utc_ms"), ANSWERS.values(), ids=ANSWERS)
def test_only_a_good_answer_is_the_time(answer: bytes, utc_ms: int | None) -> None:
    assert ntp.read_answer(answer, b"12345678") == utc_ms
