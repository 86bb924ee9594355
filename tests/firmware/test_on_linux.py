"""Linux as a pod's board: settings, identity, files that outlive a kill, a clock that admits doubt, bus and client."""

import errno
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from adafruit_bus_device.i2c_device import I2CDevice

from strideload.pod import unit
from strideload.simulate.i2c_dev import i2c_dev
from strideload.simulate.live import main_py
from strideload_pod.boards import on_linux
from strideload_pod.boards.on_linux import (
    Board,
    BoardError,
    Clock,
    Files,
    PahoClient,
    SmbusI2C,
    find_uid,
    is_synchronised,
    read_settings,
)
from strideload_pod.log import CAPACITY_LEAST, Log
from strideload_pod.page import ANCHOR_NTP, ANCHOR_OPERATOR, KIND_ALIVE, PAGE_SIZE, STREAM_STEPS, Page
from support.certificates import make_certificate
from support.gpio import Kernel
from support.mosquitto import HOST
from support.ports import free_port
from support.waiting import PATIENCE_S, until

POD = bytes.fromhex("0102030405060708")
SOON_S = 25.0  # what is done at once takes no longer, however busy the computer is
FOR_EVER_MS = 3_600_000  # no test lasts so long: what waits in vain does not return


@pytest.fixture(autouse=True)
def former_signal_handlers():
    """A board takes SIGTERM and SIGINT; they are given back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


# Settings and identity


def test_settings_are_flat_keys(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('STRIDELOAD_BROKER_HOST = "pi.local"\nSTRIDELOAD_I2C_BUS = 3\n')
    assert read_settings(file) == {"STRIDELOAD_BROKER_HOST": "pi.local", "STRIDELOAD_I2C_BUS": 3}
    assert read_settings(tmp_path / "none.toml") == {}


@pytest.mark.parametrize("content", [b"A = ", b"[table]\nb = 1", b"a = 1.5", b"a = [1]", b'a = "\xff"'])
def test_settings_that_cannot_be_read_are_named(tmp_path, content):
    file = tmp_path / "settings.toml"
    file.write_bytes(content)
    with pytest.raises(BoardError, match=r"settings\.toml"):
        read_settings(file)


def write(folder, text):
    (folder / "settings.toml").write_text('STRIDELOAD_POD_ID = "0102030405060708"\n' + text)


def in_place_of_the_log(folder):
    (folder / "log").write_text("a file")


@pytest.mark.parametrize(
    ("prepare", "says", "code"),
    [
        (lambda folder: write(folder, "A = \n"), "settings.toml cannot be read", 78),
        (lambda folder: write(folder, 'STRIDELOAD_POD_ID = "1"\n'), "settings.toml", 78),
        (lambda folder: write(folder, 'STRIDELOAD_INT1_LINE = "17"\n'), "STRIDELOAD_INT1_LINE is like", 78),
        (lambda folder: write(folder, "STRIDELOAD_I2C_BUS = 99\n"), "/dev/i2c-99", 1),
        (in_place_of_the_log, "log", 1),
    ],
    ids=["no TOML", "a key twice", "no line", "no bus", "no folder"],
)
def test_what_makes_no_pod_is_said_in_a_line(tmp_path, prepare, says, code):
    """With a code by which its unit is not started over and over, where that would mend nothing."""
    prepare(tmp_path)
    done = start_main(tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("strideload pod: ")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) <= 2  # a TOML error may quote a line
    assert "Traceback" not in done.stderr


def test_what_another_program_holds_is_tried_again(tmp_path):
    """A pod that runs there already, as from a terminal: its unit starts this one when that has ended."""
    write(tmp_path, "")
    with on_linux.hold(tmp_path / on_linux.LOCK_NAME):
        done = start_main(tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"strideload pod: a pod runs in {tmp_path} already\n"


def test_a_setting_that_no_pod_has_is_said_in_a_line(tmp_path):
    write(tmp_path, "STRIDELOAD_ODR_HZ = 500\n")
    bus = "from strideload.simulate.i2c_dev import i2c_dev\nimport runpy, sys\nwith i2c_dev({}):\n"
    done = start_main(tmp_path, "-c", f"{bus}    runpy.run_path({str(main_py())!r}, run_name='__main__')")
    assert done.returncode == 78
    assert done.stderr.startswith("strideload pod: STRIDELOAD_ODR_HZ is one of")
    assert len(done.stderr.splitlines()) == 1
    made = unit.write(tmp_path).read_text()
    assert f"RestartPreventExitStatus={done.returncode}\n" in made


def start_main(folder, *words):
    command = [sys.executable, *(words or (str(main_py()),))]
    environment = {**os.environ, "STRIDELOAD_POD_DIR": str(folder)}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


@pytest.fixture
def no_identity(tmp_path, monkeypatch):
    """A computer without serial number and machine id; the test may write them."""
    monkeypatch.setattr(on_linux, "SERIAL_FILE", tmp_path / "serial-number")
    monkeypatch.setattr(on_linux, "MACHINE_ID_FILE", tmp_path / "machine-id")
    return tmp_path


def test_the_given_id_goes_before_all(no_identity):
    (no_identity / "serial-number").write_bytes(b"10000000abcdef01\0")
    assert find_uid({"STRIDELOAD_POD_ID": "0102030405060708"}) == (POD, "settings")


@pytest.mark.parametrize(
    "given", ["", "01", "01020304050607zz", "010203040506070809", "01 02 03 04 05 06", 5]
)
def test_a_given_id_that_is_none_is_refused(given):
    with pytest.raises(BoardError, match="16 hex digits"):
        find_uid({"STRIDELOAD_POD_ID": given})


def test_a_raspberry_pi_is_known_by_its_serial_number(no_identity):
    (no_identity / "serial-number").write_bytes(b"10000000abcdef01\0")
    (no_identity / "machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    assert find_uid({}) == (bytes.fromhex("10000000abcdef01"), "serial number")


@pytest.mark.parametrize("serial", [None, b"", b"To be filled by O.E.M.\0"])
def test_another_computer_by_a_hash_of_its_machine_id(no_identity, serial):
    """Always the same one, and the machine id itself is not shown."""
    if serial is not None:
        (no_identity / "serial-number").write_bytes(serial)
    (no_identity / "machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    uid, source = find_uid({})
    assert (source, len(uid)) == ("machine id", 8)
    assert uid == find_uid({})[0]
    assert uid.hex() not in "0123456789abcdef0123456789abcdef"


def test_a_computer_without_identity_asks_for_one(no_identity):
    (no_identity / "machine-id").write_text("\n")
    with pytest.raises(BoardError, match="STRIDELOAD_POD_ID"):
        find_uid({})


# Files


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "/a"])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path, name):
    files = Files(tmp_path / "log")
    for refused in (lambda: files.open(name, "wb"), lambda: files.remove(name)):
        with pytest.raises(OSError, match="plain name"):
            refused()


def test_folders_are_no_files(tmp_path):
    files = Files(tmp_path)
    (tmp_path / "folder").mkdir()
    files.open("b", "wb").close()
    files.open("a", "ab").close()
    assert files.names() == ["a", "b"]


def test_what_is_synced_is_forced_to_the_disk_with_its_name(tmp_path, monkeypatch):
    """The folder is forced when a file appears or goes, the file on sync, after its bytes were written."""
    forced = []
    fsync = os.fsync

    def watched(descriptor):
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        forced.append((os.path.basename(path), os.path.getsize(path) if os.path.isfile(path) else None))
        fsync(descriptor)

    files = Files(tmp_path / "log")
    monkeypatch.setattr(os, "fsync", watched)
    with files.open("a", "ab") as file:
        file.write(b"x" * 512)
        files.sync(file)
    with files.open("a", "ab") as file:
        file.write(b"y")
        files.sync(file)
    files.remove("a")
    assert forced == [("log", None), ("a", 512), ("a", 513), ("log", None)]


WRITER = """
    import sys
    from strideload_pod.boards.on_linux import Files
    from strideload_pod.log import Log
    from strideload_pod.page import KIND_ALIVE, Page

    pod = bytes.fromhex("0102030405060708")
    log = Log(Files(sys.argv[1]), pod, 4096, lambda: 1)
    page = Page(pod)
    while True:
        page.open(KIND_ALIVE, 0)
        page.add(log.boot, 0, 0, 0)
        print(log.append(page, 0, 0), flush=True)
"""


def test_a_killed_pod_process_loses_no_page_that_was_written(tmp_path):
    """kill -9 in mid-write, four boots on one folder: every number that was told is there, and none is told twice."""
    told = []
    for boot in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(5 + 7 * boot):
            told.append(int(process.stdout.readline()))
        process.kill()
        told += [
            int(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith(b"\n")
        ]
        process.wait()
        process.stdout.close()
    log = Log(Files(tmp_path), POD, 4096, lambda: 2)
    buffer = bytearray(PAGE_SIZE)
    assert log.boot == 5
    assert len(set(told)) == len(told)
    assert set(told) <= set(range(log.next(STREAM_STEPS)))
    assert all(log.read(STREAM_STEPS, number, buffer) for number in range(log.next(STREAM_STEPS)))


FILLER = """
    import sys
    from pathlib import Path
    from strideload_pod.boards.on_linux import Files
    from strideload_pod.log import Log, LogFailed, LogFull
    from strideload_pod.page import KIND_ALIVE, PAGE_SIZE, STREAM_STEPS, Page

    folder, limit = Path(sys.argv[1]), int(sys.argv[2])
    if limit:
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    else:
        (folder / "filler").write_bytes(bytes(4096))
    pod = bytes.fromhex("0102030405060708")
    log = Log(Files(folder), pod, 4096, lambda: 1)
    page = Page(pod)

    def append():
        page.open(KIND_ALIVE, 0)
        page.add(log.next(STREAM_STEPS), 0, 0, 0)
        return log.append(page, 0, 0)

    told, refused = [], 0
    while refused < 3:
        try:
            told.append(append())
        except LogFailed if limit else LogFull:
            refused += 1
            if limit and refused == 2:
                resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.RLIM_INFINITY))
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    else:
        (folder / "filler").unlink()
    told += [append() for _ in range(4)]
    buffer = bytearray(PAGE_SIZE)
    assert told == list(range(len(told))), told
    for boot in (log, Log(Files(folder), pod, 4096, lambda: 2)):
        assert boot.next(STREAM_STEPS) == len(told)
        assert all(boot.read(STREAM_STEPS, number, buffer) for number in told)
"""


def run_filler(folder, limit):
    command = [sys.executable, "-c", textwrap.dedent(FILLER), str(folder), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("limit", [300, 1300, 1535])
def test_a_write_cut_short_ends_nothing_and_spoils_nothing(tmp_path, limit):
    """The kernel takes a part of a page and refuses the rest: LogFailed, and every number that was told is there."""
    run_filler(tmp_path, limit)


def test_a_full_disk_ends_nothing_and_spoils_nothing(tmp_path):
    """On a real disk of 16 kB: LogFull, and every number that was told is there."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk is not permitted here")
    try:
        run_filler(tmp_path, 0)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


# Clock


def test_ticks_go_on_and_begin_near_zero():
    began = time.monotonic()
    clock = Clock()
    first = clock.ticks_ms()
    assert 0 <= first <= (time.monotonic() - began) * 1000
    clock.sleep_ms(3)
    assert clock.ticks_ms() >= first + 3


@pytest.mark.parametrize(
    ("state", "known"), [(0, True), (1, True), (2, True), (3, True), (4, True), (5, False), (-1, False)]
)
def test_utc_is_known_only_while_the_kernel_vouches_for_it(monkeypatch, state, known):
    """adjtimex: TIME_OK and the leap second states are right, TIME_ERROR is not, nor is a refusal."""

    class Libc:
        def adjtimex(self, timex):
            assert timex.raw == bytes(len(timex))  # asks only
            return state

    monkeypatch.setattr(on_linux.ctypes, "CDLL", lambda _name: Libc())
    assert is_synchronised() == known
    utc_ms = Clock().utc_ms()
    assert (utc_ms is not None) == known
    assert utc_ms is None or abs(utc_ms - time.time() * 1000) < 1000 * PATIENCE_S


def test_a_system_without_adjtimex_knows_no_utc(monkeypatch):
    monkeypatch.setattr(on_linux.ctypes, "CDLL", lambda _name: object())
    assert Clock().utc_ms() is None
    assert Clock().utc_source == ANCHOR_NTP


def test_the_operator_may_vouch_for_the_clock(monkeypatch):
    monkeypatch.setattr(on_linux, "is_synchronised", lambda: False)
    clock = Clock(trusted=True)
    assert clock.utc_ms() is not None
    assert clock.utc_source == ANCHOR_OPERATOR


# Bus


class Register:
    """A device whose one pointer goes up as it is read."""

    def __init__(self):
        self.memory = bytearray(range(256))
        self.at = 0

    def write(self, data):
        if data:
            self.at = data[0]
            self.memory[self.at : self.at + len(data) - 1] = data[1:]

    def read(self, count):
        data = bytes(self.memory[(self.at + i) % 256] for i in range(count))
        self.at += count
        return data


@pytest.fixture
def bus():
    with i2c_dev({0x6A: Register()}):
        bus = SmbusI2C(1)
        yield bus
        bus.deinit()


def test_adafruits_bus_device_runs_on_smbus(bus):
    """Probe, write, read, and write-then-read with one buffer for both, through the real smbus2."""
    device = I2CDevice(bus, 0x6A)
    buffer = bytearray([0x10, 0xAA, 0xBB])
    with device as i2c:
        i2c.write(buffer)
        buffer[0] = 0x10
        i2c.write_then_readinto(buffer, buffer, out_end=1, in_start=1)
        assert bytes(buffer) == b"\x10\xaa\xbb"
        i2c.readinto(buffer, end=2)
        assert bytes(buffer) == b"\x12\x13\xbb"


def test_a_whole_fifo_is_read_in_one_transaction(bus):
    buffer = bytearray(3584)
    assert bus.try_lock()
    bus.writeto_then_readfrom(0x6A, b"\x00", buffer)
    bus.unlock()
    assert bytes(buffer) == bytes(range(256)) * 14


def test_nobody_at_an_address_is_an_error(bus):
    with pytest.raises(ValueError, match="0x10"):
        I2CDevice(bus, 0x10)
    bus.try_lock()
    with pytest.raises(OSError, match=r"."):
        bus.writeto(0x10, b"\x00")


def test_the_bus_is_used_with_its_lock_only(bus):
    for use in (lambda: bus.writeto(0x6A, b""), lambda: bus.readfrom_into(0x6A, bytearray(1)), bus.unlock):
        with pytest.raises(RuntimeError, match="locked"):
            use()
    assert [bus.try_lock(), bus.try_lock()] == [True, False]


# Client


@pytest.fixture
def client_of():
    """client_of(port, **options) -> a client that is closed with the test."""
    clients = []

    def make(port, **options):
        clients.append(PahoClient(HOST, port, **{"client_id": f"test-{len(clients)}", **options}))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def connect(client):
    client.connect("test/online", b"0")
    until(lambda: client.connected or client.poll(0))
    return client


def refusal(client):
    """Why the line ended, from the OSError that poll raises."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            client.poll(10)
        except OSError as error:
            return str(error)
    raise AssertionError("the line did not end")


@pytest.fixture
def paho_threads():
    """Those of paho that this test began and that live."""
    before = set(threading.enumerate())
    return lambda: [
        thread for thread in set(threading.enumerate()) - before if thread.name.startswith("paho")
    ]


def test_messages_come_in_order_and_whole(mosquitto, client_of):
    client = connect(client_of(mosquitto.port))
    client.subscribe("test/#")
    payloads = [bytes([i]) * 1000 for i in range(10)]
    for payload in payloads:
        client.publish("test/a", memoryview(payload), 1, False)
    received = []
    until(lambda: received.append(client.poll(10)) or len([m for m in received if m]) == 10)
    assert [message for message in received if message] == [("test/a", payload) for payload in payloads]


def test_poll_waits_no_longer_than_it_is_told(mosquitto, client_of):
    client = connect(client_of(mosquitto.port))
    assert client.poll(0) is None
    began = time.monotonic()
    assert client.poll(50) is None
    assert 0.05 <= time.monotonic() - began < SOON_S


@pytest.mark.parametrize("call", ["publish", "subscribe", "poll"])
def test_without_a_connection_every_call_is_an_oserror(client_of, call):
    client = client_of(free_port())
    arguments = {"publish": ("a", b"", 1, False), "subscribe": ("a",), "poll": (0,)}[call]
    with pytest.raises(OSError, match="not connected"):
        getattr(client, call)(*arguments)


def test_connecting_waits_for_nobody(client_of):
    """A broker that accepts the line and says nothing would keep it for ever."""
    with socket.create_server((HOST, 0)) as silent:
        client = client_of(silent.getsockname()[1])
        client.connect("test/online", b"0")
        assert not client.connected


def test_no_broker_is_an_oserror_and_nobody_tries_on(client_of, paho_threads):
    client = client_of(free_port())
    client.connect("test/online", b"0")
    assert "no broker answers" in refusal(client)
    assert not client.connected
    until(lambda: not paho_threads())


def test_a_wrong_password_is_said(start_mosquitto, client_of):
    broker = start_mosquitto(users={"pod": "secret"})
    assert connect(client_of(broker.port, user="pod", password="secret")).connected
    for login in ({}, {"user": "pod", "password": "guess"}):
        client = client_of(broker.port, **login)
        client.connect("test/online", b"0")
        assert "uthori" in refusal(client)


def test_a_killed_broker_is_noticed_and_left(mosquitto, client_of, paho_threads):
    client = connect(client_of(mosquitto.port))
    mosquitto.kill()
    refusal(client)
    assert not client.connected
    client.close()
    until(lambda: not paho_threads())
    mosquitto.start()
    assert connect(client).connected


def test_a_hanging_broker_is_a_dead_line_in_bounds(mosquitto, client_of, paho_threads):
    """It takes bytes and confirms nothing: after a bounded number of messages an OSError, and close does not hang."""
    client = connect(client_of(mosquitto.port))
    mosquitto.pause()
    for _ in range(on_linux.UNCONFIRMED_LIMIT):
        client.publish("test/a", b"x", 1, False)
    with pytest.raises(OSError, match="confirms nothing") as caught:
        client.publish("test/a", b"x", 1, False)
    assert caught.value.errno == errno.ETIMEDOUT
    began = time.monotonic()
    client.close()
    assert time.monotonic() - began < SOON_S
    mosquitto.resume()
    until(lambda: not paho_threads())


def test_the_will_is_published_when_the_process_dies(mosquitto, client_of):
    """kill -9 of a client's process: the broker says offline, retained."""
    watcher = connect(client_of(mosquitto.port))
    watcher.subscribe("test/online")
    script = f"""
        import time
        from strideload_pod.boards.on_linux import PahoClient
        client = PahoClient("{HOST}", {mosquitto.port}, client_id="dying")
        client.connect("test/online", b"0")
        while not client.connected:
            time.sleep(0.01)
        client.publish("test/online", b"1", 1, True)
        time.sleep(600)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)])
    try:
        seen = []
        until(lambda: seen.append(watcher.poll(10)) or ("test/online", b"1") in seen)
    finally:
        process.kill()
        process.wait()
    until(lambda: seen.append(watcher.poll(10)) or ("test/online", b"0") in seen)


def test_tls_with_the_right_authority_only(tmp_path, start_mosquitto, client_of):
    for name in ("right", "wrong"):
        (tmp_path / name).mkdir()
        make_certificate(tmp_path / name)
    right = tmp_path / "right"
    broker = start_mosquitto(config=f"certfile {right / 'ca.pem'}\nkeyfile {right / 'key.pem'}")
    assert connect(client_of(broker.port, ca_file=str(right / "ca.pem"))).connected
    stranger = client_of(broker.port, ca_file=str(tmp_path / "wrong" / "ca.pem"))
    stranger.connect("test/online", b"0")
    assert refusal(stranger)
    with pytest.raises(OSError, match=r"."):
        client_of(broker.port, ca_file=str(tmp_path / "none.pem")).connect("test/online", b"0")


# The board


def write_settings(folder, **settings):
    lines = [f'STRIDELOAD_{name} = "{value}"' for name, value in settings.items()]
    (folder / "settings.toml").write_text("\n".join(lines))


def test_a_board_is_what_its_folder_says(tmp_path, mosquitto):
    (tmp_path / "settings.toml").write_text(
        'STRIDELOAD_POD_ID = "0102030405060708"\nSTRIDELOAD_CLOCK_TRUSTED = 1\n'
        f'STRIDELOAD_BROKER_HOST = "{HOST}"\nSTRIDELOAD_BROKER_PORT = {mosquitto.port}\n'
    )
    board = Board(tmp_path)
    log = Log(board.files, board.uid, CAPACITY_LEAST, board.random_u32)
    page = Page(board.uid)
    page.open(KIND_ALIVE, 0)
    log.append(page, 0, board.clock.ticks_ms())
    client = board.client()
    assert client is not None
    assert (board.uid, board.uid_source, board.battery_mv()) == (POD, "settings", None)
    assert board.clock.utc_ms() is not None
    assert connect(client).connected
    assert (tmp_path / "log" / "0-00000000.seg").stat().st_size == PAGE_SIZE
    client.close()


def test_a_board_without_a_broker_has_no_client(tmp_path, monkeypatch):
    """And its folder may come from the environment."""
    write_settings(tmp_path, POD_ID="0102030405060708")
    monkeypatch.setenv("STRIDELOAD_POD_DIR", str(tmp_path))
    assert Board().client() is None
    assert Board().folder == tmp_path


def test_a_board_without_its_bus_says_so(tmp_path):
    write_settings(tmp_path, POD_ID="0102030405060708")
    with i2c_dev({}, number=7), pytest.raises(OSError, match="i2c-1"):
        _ = Board(tmp_path).i2c


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_board(tmp_path, number):
    write_settings(tmp_path, POD_ID="0102030405060708")
    board = Board(tmp_path)
    assert not board.stopping()
    signal.raise_signal(number)
    assert board.stopping()


def test_a_board_in_a_thread_is_stopped_by_hand(tmp_path):
    """It leaves the process's signals alone."""
    write_settings(tmp_path, POD_ID="0102030405060708")
    before = signal.getsignal(signal.SIGTERM)
    boards = []
    thread = threading.Thread(target=lambda: boards.append(Board(tmp_path)))
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before
    boards[0].stop()
    assert boards[0].stopping()


# Lines

INT1, BUTTON, LAMP, MOTOR = 17, 27, 22, 23
LINES = {
    "INT1_LINE": f"/dev/gpiochip0:{INT1}",
    "BUTTON_LINE": f"/dev/gpiochip0:{BUTTON}",
    "LAMP_LINE": f"/dev/gpiochip0:{LAMP}",
    "MOTOR_LINE": f"/dev/gpiochip0:{MOTOR}",
}


@pytest.fixture
def gpio():
    with Kernel({"/dev/gpiochip0": 54}).installed() as kernel:
        yield kernel


@pytest.fixture
def wired(tmp_path, gpio):
    """A board with all its lines."""
    write_settings(tmp_path, POD_ID="0102030405060708", **LINES)
    return Board(tmp_path)


def later(seconds, action):
    timer = threading.Timer(seconds, action)
    timer.start()
    return timer


def took(call):
    """How long it took, in s."""
    began = time.monotonic()
    call()
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("17", "like /dev/gpiochip0:17"),
        ("/dev/gpiochip0", "like /dev/gpiochip0:17"),
        ("/dev/gpiochip0:GPIO17", "like /dev/gpiochip0:17"),
        ("/dev/gpiochip9:17", "No such file"),
        ("/dev/gpiochip0:54", "out"),
        ("/dev/gpiochip0:5", "busy"),
    ],
)
@pytest.mark.parametrize("setting", LINES)
def test_a_line_that_cannot_be_had_is_named(tmp_path, gpio, setting, value, why):
    gpio.in_use.add(5)
    write_settings(tmp_path, POD_ID="0102030405060708", **{setting: value})
    with pytest.raises(BoardError, match=why) as caught:
        Board(tmp_path)
    assert setting in str(caught.value)


def test_a_line_is_used_once(tmp_path, gpio):
    write_settings(tmp_path, POD_ID="0102030405060708", **{**LINES, "LAMP_LINE": LINES["INT1_LINE"]})
    with pytest.raises(on_linux.BoardBusy, match="busy"):
        Board(tmp_path)


def test_without_gpiod_the_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gpiod", None)
    write_settings(tmp_path, POD_ID="0102030405060708")
    Board(tmp_path)
    for setting, value in LINES.items():
        write_settings(tmp_path, POD_ID="0102030405060708", **{setting: value})
        with pytest.raises(BoardError, match="gpiod"):
            Board(tmp_path)


def test_waiting_ends_at_the_watermark(wired, gpio):
    later(0.05, lambda: gpio.set_level(INT1, True))
    wired.wait(FOR_EVER_MS)
    assert gpio.level(INT1)


def test_a_wait_that_is_not_to_ask_int1_takes_its_time(wired, gpio):
    gpio.set_level(INT1, True)
    assert took(lambda: wired.wait(60, False)) >= 0.06
    wired.wait(FOR_EVER_MS)


def test_an_edge_that_was_lost_stalls_nothing(wired, gpio):
    """The level is read again before each wait: a FIFO that filled up unseen is drained at once."""
    gpio.loses_edges = True
    gpio.set_level(INT1, True)
    wired.wait(FOR_EVER_MS)


def test_a_pulse_ends_the_wait_and_an_old_one_does_not(wired, gpio):
    gpio.set_level(INT1, True)
    gpio.set_level(INT1, False)
    assert took(lambda: wired.wait(60)) >= 0.06
    is_awake = threading.Event()

    def pulse():  # again and again, so that one falls into the sleep
        while not is_awake.wait(0.02):
            gpio.set_level(INT1, True)
            gpio.set_level(INT1, False)

    pulses = threading.Thread(target=pulse)
    pulses.start()
    try:
        assert wired.sleep(FOR_EVER_MS) == "motion"
    finally:
        is_awake.set()
        pulses.join()


def test_without_lines_waiting_takes_its_time(tmp_path):
    write_settings(tmp_path, POD_ID="0102030405060708")
    board = Board(tmp_path)
    assert took(lambda: board.wait(60)) >= 0.06
    board.light(True)
    assert not board.buzz(100)
    assert board.pressed_ms() is None
    assert board.woken == "power"


def test_a_pod_that_nothing_could_wake_does_not_sleep(tmp_path):
    write_settings(tmp_path, POD_ID="0102030405060708")
    assert Board(tmp_path).sleep(FOR_EVER_MS) == "motion"


@pytest.mark.parametrize("call", ["wait", "sleep"])
@pytest.mark.parametrize("lines", [{}, LINES], ids=["bare", "wired"])
def test_a_signal_ends_a_wait_soon(tmp_path, gpio, call, lines):
    write_settings(tmp_path, POD_ID="0102030405060708", **lines)
    board = Board(tmp_path)
    later(0.05, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM))
    found = getattr(board, call)(FOR_EVER_MS)
    assert found in ((None,) if call == "wait" else ("stop",) if lines else ("motion",))
    assert board.stopping() or found == "motion"
    until(board.stopping)


@pytest.mark.parametrize("wakes", ["motion", "button", "time"])
def test_sleep_says_what_ended_it(wired, gpio, wakes):
    if wakes != "time":
        line, level = (INT1, True) if wakes == "motion" else (BUTTON, False)
        later(0.05, lambda: gpio.set_level(line, level))
    assert wired.sleep(100 if wakes == "time" else FOR_EVER_MS) == wakes


def test_a_press_is_told_once_and_how_long_it_was(wired, gpio):
    began = time.monotonic()
    gpio.set_level(BUTTON, False)
    assert took(lambda: wired.wait(60)) >= 0.06
    assert wired.pressed_ms() is None  # not let go yet
    later(0.05, lambda: gpio.set_level(BUTTON, True))
    wired.wait(FOR_EVER_MS)
    assert 100 <= wired.pressed_ms() <= (time.monotonic() - began) * 1000
    assert wired.pressed_ms() is None


def test_a_button_whose_edge_was_lost_is_not_held_for_ever(wired, gpio):
    gpio.set_level(BUTTON, False)
    assert wired.pressed_ms() is None
    gpio.loses_edges = True
    gpio.set_level(BUTTON, True)
    assert wired.pressed_ms() is not None


def test_the_lamp_follows_and_the_motor_stops_by_itself(wired, gpio):
    wired.light(True)
    wired.light(False)
    assert gpio.driven == [(LAMP, False), (MOTOR, False), (LAMP, True), (LAMP, False)]
    assert wired.buzz(round(1000 * PATIENCE_S))
    assert wired.buzz(60)  # once more, before the first is over
    until(lambda: gpio.driven[-1] == (MOTOR, False))
    assert gpio.driven[4:] == [(MOTOR, True), (MOTOR, True), (MOTOR, False)]


def test_a_chip_that_is_pulled_out_ends_nothing(wired, gpio, capsys):
    """It is said once; the pod reads by time from then on."""
    for request in gpio.requests.values():
        request.pull_out()
    for _ in range(2):
        assert took(lambda: wired.wait(60)) >= 0.05
        wired.light(True)
        assert wired.buzz(1)
        assert wired.pressed_ms() is None
    assert wired.sleep(60) == "time"
    assert capsys.readouterr().err.count("is gone") == 4


# A stuck bus, raw pages


def test_the_bus_is_opened_anew_and_stays_the_same_object(tmp_path):
    write_settings(tmp_path, POD_ID="0102030405060708")
    board = Board(tmp_path)
    assert not board.free_bus()
    with i2c_dev({0x6A: Register()}):
        device = I2CDevice(board.i2c, 0x6A)
        assert not board.free_bus()
        buffer = bytearray(2)
        with device as i2c:
            i2c.write_then_readinto(b"\x10", buffer)
        assert bytes(buffer) == b"\x10\x11"
    with i2c_dev({}, number=7):
        assert not board.free_bus()  # the device is gone: the former handle stays, and fails as it did


def test_raw_pages_have_a_folder_of_their_own(tmp_path):
    write_settings(tmp_path, POD_ID="0102030405060708")
    assert Board(tmp_path).raw_files.folder == tmp_path / "raw"
    write_settings(tmp_path, POD_ID="0102030405060708", RAW_DIR=str(tmp_path / "card"))
    assert Board(tmp_path).raw_files.folder == tmp_path / "card"


def test_the_client_does_not_block(client_of):
    assert not client_of(free_port()).blocks
