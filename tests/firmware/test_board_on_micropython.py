"""A Pico's and an ESP32's board on a real MicroPython: its own files and clock, over fakes of the chip's modules.

Each script runs in a process of its own, on a folder that is the board's flash.
"""

import hashlib
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strideload.simulate.chip import Chip
from strideload_pod.page import ANCHOR_NTP
from support.micropython_unix import Flash, chip_server


class Register:
    """A device whose one pointer goes up as it is read."""

    def __init__(self) -> None:
        self.memory = bytearray(range(256))
        self.at = 0

    def write(self, data: bytes) -> None:
        if data:
            self.at = data[0]
            self.memory[self.at : self.at + len(data) - 1] = data[1:]

    def read(self, count: int) -> bytes:
        data = bytes(self.memory[(self.at + i) % 256] for i in range(count))
        self.at += count
        return data


@pytest.fixture
def flash(tmp_path: Path) -> Callable[..., Flash]:
    """flash(port, settings) -> a board's flash."""
    return lambda port="rp2", settings="": Flash(tmp_path / "flash", port, settings)


@pytest.fixture
def chip_port() -> Iterator[str]:
    with chip_server({0x6A: Register()}) as port:
        yield port


PREPARE = """
import machine, time
from machine import Pin
import main
from strideload_pod.boards import on_micropython
from strideload_pod.boards.on_micropython import BoardError

def refused(kind, do):
    try:
        do()
    except kind as error:
        return str(error)
    raise AssertionError("not refused")

"""


def script(text: str) -> str:
    return PREPARE + textwrap.dedent(text)


BOARD = "board = main.open_board()\n"

# Settings and identity


def test_a_board_is_what_its_settings_say(flash: Callable[..., Flash]) -> None:
    printed = flash(settings='STRIDELOAD_ODR_HZ = 416 # slow\nSTRIDELOAD_BROKER_USER = "läufer"\n').run(
        script("""
        board = main.open_board()
        print(board.settings == {"STRIDELOAD_ODR_HZ": 416, "STRIDELOAD_BROKER_USER": "läufer"})
        print(board.uid.hex(), board.woken, board.battery_mv(), board.raw_files, board.client(), board.buzz(5))
        print(len({board.random_u32() for _ in range(20)}) > 18)
        print(board.stopping())
        board.stop()
        print(board.stopping())
        """)
    )
    assert printed.splitlines() == [
        "True",
        "e6614103e7512c2f power None None None False",
        "True",
        "False",
        "True",
    ]


def test_a_board_without_settings_has_none(flash: Callable[..., Flash]) -> None:
    made = flash()
    (made.folder / "settings.toml").unlink()
    assert made.run(script("print(main.open_board().settings)")) == "{}\n"


REFUSED = {
    "no TOML": ("rp2", "A = 1\n[b]", "settings.toml: line 2: a table"),
    "not UTF-8": ("rp2", b"A = '\xff'", "settings.toml"),
    "a pin that is not there": ("rp2", "STRIDELOAD_INT1_PIN = 30", "STRIDELOAD_INT1_PIN: invalid pin"),
    "a pin of another board": ("rp2", 'STRIDELOAD_BUTTON_PIN = "D5"', "STRIDELOAD_BUTTON_PIN: unknown"),
    "no pin at all": ("rp2", "STRIDELOAD_BATTERY_PIN = 5", "STRIDELOAD_BATTERY_PIN: Pin doesn't have ADC"),
    "a lamp as a button": ("rp2", 'STRIDELOAD_BUTTON_PIN = "LED"', "STRIDELOAD_BUTTON_PIN: invalid mode"),
    "a card's pins of two buses": (
        "rp2",
        "STRIDELOAD_SD_SCK_PIN = 18\nSTRIDELOAD_SD_MOSI_PIN = 11\n"
        "STRIDELOAD_SD_MISO_PIN = 16\nSTRIDELOAD_SD_CS_PIN = 17",
        "STRIDELOAD_SD_CS_PIN: bad MOSI pin",
    ),
    "an ESP32's missing pin": ("esp32", "STRIDELOAD_LAMP_PIN = 24", "STRIDELOAD_LAMP_PIN: invalid pin"),
    "an ESP32's pin that cannot wake": ("esp32", "STRIDELOAD_INT1_PIN = 38", "STRIDELOAD_INT1 or BUTTON_PIN"),
}


@pytest.mark.parametrize(("port", "settings", "why"), REFUSED.values(), ids=REFUSED)
def test_what_a_board_cannot_do_is_refused_by_name(
    flash: Callable[..., Flash], port: str, settings: str | bytes, why: str
) -> None:
    made = flash(port)
    (made.folder / "settings.toml").write_bytes(
        settings if isinstance(settings, bytes) else settings.encode()
    )
    assert why in made.run(script("print(refused(BoardError, main.open_board))"))


RESTARTED = """
import machine, main, sys, time
from strideload_pod import pod
from strideload_pod.boards import on_micropython

class Broken:
    def __init__(self, board):
        pass

    def run(self):
        raise ERROR

slept = []
on_micropython.time = type("Time", (), {name: getattr(time, name) for name in dir(time)})
on_micropython.time.sleep_ms = slept.append
pod.Pod = Broken
try:
    main.main()
except machine.Reset:
    print("reset after", slept)
except KeyboardInterrupt:
    print("console", slept)
"""


@pytest.mark.parametrize("error", ["RuntimeError('unforeseen')", "MemoryError()", "KeyboardInterrupt()"])
def test_an_error_that_nobody_foresaw_starts_the_pod_anew(flash: Callable[..., Flash], error: str) -> None:
    """Ten seconds after it was printed; Ctrl-C leaves to the console at once."""
    printed = flash().run(RESTARTED.replace("ERROR", error))
    if "Keyboard" in error:
        assert printed == "console []\n"
    else:
        assert "Traceback" in printed
        assert error.partition("(")[0] in printed
        assert printed.endswith("reset after [10000]\n")


def test_another_chip_is_named(flash: Callable[..., Flash]) -> None:
    made = flash()
    (made.folder / "strideload_pod/boards/port_linux.py").unlink()
    assert "port linux is not known" in made.run(script("print(refused(BoardError, main.open_board))"))


@pytest.mark.parametrize(
    ("machine_id", "uid"),
    [
        ("e6614103e7512c2f", "e6614103e7512c2f"),
        ("f0f5bd010203", "f0f5bdfffe010203"),  # EUI-64 of a MAC
        (
            "00112233445566778899aabb",
            hashlib.sha256(bytes.fromhex("00112233445566778899aabb")).hexdigest()[:16],
        ),
    ],
)
def test_the_id_has_eight_bytes(flash: Callable[..., Flash], machine_id: str, uid: str) -> None:
    """An id of another length goes through SHA-256: no two chips become one."""
    assert flash().run(script("print(main.open_board().uid.hex())"), UNIQUE_ID=machine_id).strip() == uid


# The bus


def test_the_chip_starts_on_the_board(flash: Callable[..., Flash]) -> None:
    """Probe, reset, ranges, and what imu.py reads; Adafruit's driver is not there, nor needed."""
    chip = Chip("LSM6DSO32", _still, lambda: time.monotonic_ns() // 1000)
    with chip_server({0x6A: chip}) as port:
        printed = flash().run(
            script("""
            from strideload_pod.imu import Imu, open_driver
            board = main.open_board()
            imu = Imu(open_driver("LSM6DSO32", board.i2c), board.clock.sleep_ms, "LSM6DSO32", 833, 32, 2000)
            imu.start()
            imu.check()
            print(imu.rate_mhz, imu.temperature())
            """),
            CHIP_PORT=port,
        )
    assert printed == "833375 6400\n"


def _still(t_s: Any) -> Any:
    """The table."""

    return np.tile([0.0, 0.0, 1.0, 0.0, 0.0, 0.0], (len(t_s), 1))


@pytest.mark.parametrize("port", ["rp2", "esp32"])
def test_the_bus_has_busios_surface(flash: Callable[..., Flash], chip_port: str, port: str) -> None:
    """A whole FIFO in one transaction and without a copy; parts, repeated start, one buffer for both; lock and NACK."""
    printed = flash(port).run(
        script("""
        import gc
        i2c = main.open_board().i2c
        for use in (lambda: i2c.writeto(0x6A, b""), lambda: i2c.readfrom_into(0x6A, bytearray(1)), i2c.unlock):
            print(refused(RuntimeError, use))
        print(i2c.try_lock(), i2c.try_lock())
        fifo = bytearray(3584)
        i2c.writeto_then_readfrom(0x6A, b"\\x00", fifo)
        print(fifo == bytes(range(256)) * 14)
        buffer = bytearray(b"\\x10\\xaa\\xbb\\xcc")
        i2c.writeto(0x6A, buffer, end=3)
        i2c.writeto_then_readfrom(0x6A, buffer, buffer, out_end=1, in_start=1, in_end=3)
        print(buffer)
        i2c.writeto_then_readfrom(0x6A, b"\\xff\\x20", buffer, out_start=1, in_start=2)
        print(buffer)
        i2c.writeto_then_readfrom(0x6A, b"\\x30\\x77", buffer)
        print(buffer)
        i2c.readfrom_into(0x6A, buffer, start=1, end=2)
        print(buffer)
        refused(OSError, lambda: i2c.writeto(0x10, b"\\x00"))
        refused(OSError, lambda: i2c.readfrom_into(0x10, fifo))
        """),
        CHIP_PORT=chip_port,
    )
    assert printed.splitlines() == [
        *["the bus is not locked"] * 3,
        "True False",
        "True",
        "bytearray(b'\\x10\\xaa\\xbb\\xcc')",
        "bytearray(b'\\x10\\xaa !')",
        "bytearray(b'w123')",
        "bytearray(b'w423')",
    ]


def test_a_burst_allocates_next_to_nothing(flash: Callable[..., Flash], chip_port: str) -> None:
    """Views, no copies of 3584 bytes. The fake's own socket is left out."""
    printed = flash().run(
        script("""
        import gc
        from strideload_pod.boards.on_micropython import MachineI2C

        class Bus:
            def readfrom_mem_into(self, address, register, buffer):
                pass

        i2c = MachineI2C(Bus())
        i2c.try_lock()
        buffer, out = bytearray(3591), b"\\x78"
        def burst():
            i2c.writeto_then_readfrom(0x6A, out, buffer, out_end=1, in_start=7, in_end=3591)
        burst()
        gc.collect()
        before = gc.mem_alloc()
        burst()
        print(gc.mem_alloc() - before)
        """),
        CHIP_PORT=chip_port,
    )
    assert int(printed) <= 256


def test_a_stuck_bus_is_clocked_free_and_opened_anew(flash: Callable[..., Flash], chip_port: str) -> None:
    """A device that was stopped in mid-byte holds SDA down for five more clocks. Then a stop, and transfers go on."""
    printed = flash().run(
        script("""
        board = main.open_board()
        before = board.i2c
        left = [5]
        seen = []
        machine.LEVELS[4] = 0

        def world(pin, level):
            seen.append((pin, level))
            if pin == 5 and level == 1 and left[0]:
                left[0] -= 1
                if not left[0]:
                    del machine.LEVELS[4]

        machine.WORLD.append(world)
        before.try_lock()
        refused(OSError, lambda: before.readfrom_into(0x6A, bytearray(1)))
        print(board.free_bus(), left[0], board.i2c is before)
        clocks = len([1 for pin, level in seen if (pin, level) == (5, 0)])
        print(clocks, seen[-2:])
        board.i2c.try_lock()
        buffer = bytearray(2)
        board.i2c.writeto_then_readfrom(0x6A, b"\\x41", buffer)
        print(bytes(buffer))
        """),
        CHIP_PORT=chip_port,
    )
    # SCL is let go before the first clock, so the device lets go at the fifth rise; one low more makes the stop.
    assert printed.splitlines() == ["True 0 False", "5 [(5, 1), (4, 1)]", "b'AB'"]


def test_a_bus_that_stays_stuck_is_left_after_nine_clocks(flash: Callable[..., Flash]) -> None:
    printed = flash().run(
        script("""
        board = main.open_board()
        machine.LEVELS[4] = 0
        lows = []
        machine.WORLD.append(lambda pin, level: lows.append(pin) if (pin, level) == (5, 0) else None)
        print(board.free_bus(), len(lows))
        board.i2c.try_lock()
        refused(OSError, lambda: board.i2c.readfrom_into(0x6A, bytearray(1)))
        """)
    )
    assert printed == "True 10\n"


def test_pins_that_have_no_bus_are_refused(flash: Callable[..., Flash]) -> None:
    made = flash(settings="STRIDELOAD_SDA_PIN = 6\nSTRIDELOAD_INT1_PIN = 7")
    assert "bad SCL pin" in made.run(script("print(refused(BoardError, lambda: main.open_board().i2c))"))


# Files


@pytest.mark.parametrize("system", ["VfsLfs2", "VfsFat"])
def test_files_on_the_boards_own_file_systems(flash: Callable[..., Flash], system: str) -> None:
    """littlefs, which the flash has, and FAT, which a card has: what a log does, a full disk, and plain names only."""
    printed = flash().run(
        script(f"""
        import os, vfs
        from card import Card
        from strideload_pod.boards.on_micropython import Files

        system = os.{system}
        card = Card()
        system.mkfs(card)
        vfs.mount(system(card), "/disk")
        files = Files("/disk/log")
        Files("/disk/log")
        os.mkdir("/disk/log/folder")
        file = files.open("b", "wb")
        print(file.write(b"x" * 700), files.sync(file))
        file.close()
        file = files.open("b", "ab")
        print(file.seek(0, 2), file.write(b"y"), files.sync(file), file.close())
        files.open("a", "ab").close()
        print(files.names(), len(files.open("b", "rb").read()))
        buffer = bytearray(4)
        file = files.open("b", "rb")
        print(file.seek(699), file.readinto(buffer), buffer[:2])
        file.close()
        files.remove("a")
        print(files.names())
        for name in ("", ".", "..", "a/b", "/a"):
            refused(OSError, lambda: files.open(name, "wb"))
            refused(OSError, lambda: files.remove(name))
        refused(OSError, lambda: files.open("none", "rb"))

        def fill():
            file = files.open("c", "wb")
            while True:
                assert file.write(bytes(4096)) == 4096
                files.sync(file)

        print(refused(OSError, fill))
        """)
    )
    lines = printed.splitlines()
    assert lines[:5] == [
        "700 None",
        "700 1 None None",
        "['a', 'b'] 701",
        "699 2 bytearray(b'xy')",
        "['b']",
    ]
    assert "28" in lines[5]  # ENOSPC


def test_the_log_lives_on_littlefs_through_kills(flash: Callable[..., Flash]) -> None:
    """kill -9 in mid-write, three boots on one littlefs: every number that was told is there, none is told twice."""
    made = flash()
    text = script("""
    import os, vfs
    from strideload_pod.boards.on_micropython import Files
    from strideload_pod.log import Log
    from strideload_pod.page import KIND_ALIVE, Page

    BLOCK, BLOCKS = 512, 512

    class Chip:
        def __init__(self):
            try:
                os.stat("/flash.img")
            except OSError:
                with open("/flash.img", "wb") as file:
                    file.write(bytes(BLOCK * BLOCKS))
                self.file = open("/flash.img", "r+b")
                os.VfsLfs2.mkfs(self)
            self.file = open("/flash.img", "r+b")

        def readblocks(self, number, buffer, offset=0):
            self.file.seek(number * BLOCK + offset)
            self.file.readinto(buffer)

        def writeblocks(self, number, buffer, offset=0):
            self.file.seek(number * BLOCK + offset)
            self.file.write(buffer)

        def ioctl(self, op, argument):
            return {4: BLOCKS, 5: BLOCK}.get(op, 0)

    vfs.mount(os.VfsLfs2(Chip()), "/disk")
    pod = bytes(range(8))
    log = Log(Files("/disk/log"), pod, 256, lambda: 1)
    page = Page(pod)
    buffer = bytearray(512)
    print(log.boot, all(log.read(0, number, buffer) for number in range(log.next(0))), log.next(0))
    for _ in range(60):
        page.open(KIND_ALIVE, 0)
        page.add(log.boot, 0, 0, 0)
        print(log.append(page, 0, 0))
    """)
    told: list[int] = []
    for boot in range(1, 4):
        process = made.start(text)
        assert process.stdout is not None
        first, whole, end = process.stdout.readline().split()
        assert (int(first), whole) == (boot, "True")
        assert int(end) >= (max(told) + 1 if told else 0)
        told += [int(process.stdout.readline()) for _ in range(5 + 9 * boot)]
        process.kill()
        rest = process.stdout.read().splitlines(keepends=True)
        told += [int(line) for line in rest if line.endswith("\n")]
        process.wait()
    assert len(set(told)) == len(told)
    assert sorted(told) == told


@pytest.mark.parametrize("port", ["rp2", "esp32"])
def test_a_card_keeps_raw_files(flash: Callable[..., Flash], port: str) -> None:
    names = ("SCK", "MOSI", "MISO", "CS")
    pins = {"rp2": (18, 19, 16, 17), "esp32": (36, 35, 37, 10)}[port]
    settings = "".join(f"STRIDELOAD_SD_{name}_PIN = {pin}\n" for name, pin in zip(names, pins, strict=True))
    made = flash(port, settings)
    text = script("""
    board = main.open_board()
    if board.raw_files is not None:
        with board.raw_files.open("a", "wb") as file:
            file.write(b"x")
            board.raw_files.sync(file)
        print(board.raw_files.names())
    """)
    assert made.run(text) == "['a']\n"
    assert "No card: " in made.run(text, CARD="none")


def test_ctrl_c_waits_for_the_end_of_a_block_of_a_card(flash: Callable[..., Flash]) -> None:
    """Its driver is Python: broken off in mid-block, the card would stay selected and FatFs would take half a sector
    for a whole one."""
    settings = "".join(
        f"STRIDELOAD_SD_{name}_PIN = {pin}\n"
        for name, pin in zip(("SCK", "MOSI", "MISO", "CS"), (18, 19, 16, 17), strict=True)
    )
    printed = flash(settings=settings).run(
        script("""
        import sdcard
        from strideload_pod.boards import whole_blocks

        class Keys:
            def kbd_intr(self, key):
                told.append(key)

        told = []
        whole_blocks.micropython = Keys()

        def broken(self, *words):
            assert told[-1] == -1
            raise OSError(5)

        for name in ("readblocks", "writeblocks", "ioctl"):
            def watched(self, *words, method=getattr(sdcard.Card, name)):
                if told:
                    assert told[-1] == -1
                return method(self, *words)
            setattr(sdcard.SDCard, name, watched)
        board = main.open_board()
        with board.raw_files.open("a", "wb") as file:
            file.write(b"x")
            board.raw_files.sync(file)
        print(len(told) > 6, told == [-1, 3] * (len(told) // 2))
        sdcard.SDCard.readblocks = sdcard.SDCard.writeblocks = broken
        refused(OSError, lambda: board.raw_files.open("b", "wb"))
        print(told[-1])
        """)
    )
    assert printed == "True True\n3\n"


# Clock, waiting, sleeping


def test_ticks_never_wrap_and_utc_holds_for_an_hour(flash: Callable[..., Flash]) -> None:
    printed = flash().run(
        script(f"""
        from strideload_pod.boards import on_micropython as on

        class Time:
            now = 2**30 - 5
            def ticks_ms(self):
                return self.now % 2**30
            def __getattr__(self, name):
                return getattr(time, name)

        on.time = fake = Time()
        clock = on.Clock()
        print(clock.ticks_ms(), clock.utc_ms())
        total = 0
        for step in (3, 4, 2**29 - 1, 2**29 - 1, 2**29 - 1, 7):
            fake.now += step
            total += step
            assert clock.ticks_ms() == total, (clock.ticks_ms(), total)
        clock.set_utc(1772600000123)
        fake.now += 3599999
        print(clock.utc_ms(), clock.utc_source == {ANCHOR_NTP}, clock.utc_heard_ms() == total)
        fake.now += 1
        print(clock.utc_ms(), machine.RTC_SET)
        """)
    )
    assert printed.splitlines() == [
        "0 None",
        "1772603600122 True True",
        "None [(2026, 3, 4, 2, 4, 53, 20, 0)]",
    ]


@pytest.mark.parametrize("epoch", [1970, 2000])
def test_the_machines_clock_is_set_right_on_both_epochs(flash: Callable[..., Flash], epoch: int) -> None:
    printed = flash().run(
        script(f"""
        from strideload_pod.boards import on_micropython as on

        shift_s = 946684800 if {epoch} == 2000 else 0
        class Time:
            def gmtime(self, seconds):
                return time.gmtime(seconds + shift_s)
            def __getattr__(self, name):
                return getattr(time, name)

        on.time = Time()
        on.Clock().set_utc(1798761599999)
        print(machine.RTC_SET)
        """)
    )
    assert printed == "[(2026, 12, 31, 3, 23, 59, 59, 0)]\n"


def test_a_wait_ends_by_int1_by_the_button_and_by_itself(flash: Callable[..., Flash]) -> None:
    printed = flash().run(
        script("""
        board = main.open_board()

        def waited(ms, by_int1=True):
            began = time.ticks_ms()
            board.wait(ms, by_int1)
            return time.ticks_diff(time.ticks_ms(), began)

        assert 50 <= waited(50) < 500
        assert waited(0) < 500
        machine.drive(6, 1)
        machine.drive(6, 0)  # a pulse that came before the wait is not lost
        assert waited(60000) < 5000
        machine.drive(6, 1)
        assert waited(60, False) >= 60  # INT1 is not to be asked
        assert waited(60000) < 5000
        machine.drive(6, 0)
        machine.drive(15, 0)
        assert waited(60) >= 60  # held: the loop goes on
        machine.drive(15, 1)
        assert waited(60000) < 5000
        print(board.pressed_ms() >= 60, board.pressed_ms())
        board.stop()
        assert waited(60000) < 5000
        """)
    )
    assert printed == "True None\n"


def test_a_button_that_bounces_is_pressed_once(flash: Callable[..., Flash]) -> None:
    printed = flash().run(
        script("""
        board = main.open_board()
        for level in (0, 1, 0, 1, 0):
            machine.drive(15, level)
        time.sleep_ms(80)
        for level in (1, 0, 1, 0, 1):
            machine.drive(15, level)
        print(80 <= board.pressed_ms() < 1000, board.pressed_ms())
        machine.drive(15, 0)
        print(board.pressed_ms())
        machine.drive(15, 1)
        print(board.pressed_ms())
        """)
    )
    assert printed.splitlines() == ["True None", "None", "None"]


def test_a_pico_sleeps_lightly_and_goes_on(flash: Callable[..., Flash]) -> None:
    """As often as its limit of an hour asks for, until INT1, the button, the time or a stop ends it."""
    printed = flash().run(
        script("""
        from strideload_pod.boards import on_micropython as on

        class Time:
            def __init__(self):
                self.slept = 0
            def ticks_ms(self):
                return (time.ticks_ms() + self.slept) % 2**30
            def __getattr__(self, name):
                return getattr(time, name)

        on.time = fake = Time()
        board = main.open_board()

        def passes():
            fake.slept += machine.SLEPT[-1]

        machine.ASLEEP.append(passes)
        print(board.sleep(9000000), machine.SLEPT[:2], len(machine.SLEPT))
        machine.ASLEEP.append(lambda: machine.drive(6, 1))
        print(board.sleep(9000000))
        machine.drive(6, 0)
        machine.ASLEEP[-1] = lambda: (machine.drive(6, 1), machine.drive(6, 0))
        print(board.sleep(9000000))
        machine.ASLEEP[-1] = lambda: machine.drive(15, 0)
        print(board.sleep(9000000))
        machine.drive(15, 1)
        machine.ASLEEP[-1] = board.stop
        print(board.sleep(9000000))
        """)
    )
    assert printed.splitlines() == ["time [3600000, 3600000] 3", "motion", "motion", "button", "stop"]


def test_an_esp32_sleeps_deeply_with_its_pins_set_to_wake_it(flash: Callable[..., Flash]) -> None:
    made = flash("esp32")
    printed = made.run(
        script("""
        import esp32
        board = main.open_board()
        refused(machine.DeepSleep, lambda: board.sleep(43200000))
        print(machine.SLEPT, esp32.EXT0, esp32.EXT1, board._button.held)
        """)
    )
    assert printed == "[43200000] [(9, True)] [([5], False)] True\n"


@pytest.mark.parametrize(
    ("cause", "reason", "woken"),
    [
        ("4", "2", "motion"),
        ("4", "3", "button"),
        ("4", "4", "time"),
        ("4", "0", "power"),
        ("1", "2", "power"),
    ],
)
def test_an_esp32_knows_what_woke_it(
    flash: Callable[..., Flash], cause: str, reason: str, woken: str
) -> None:
    text = script("print(main.open_board().woken)")
    assert flash("esp32").run(text, RESET_CAUSE=cause, WAKE_REASON=reason) == woken + "\n"


# Lamp, motor, battery


@pytest.mark.parametrize(("port", "lamp"), [("rp2", "'LED'"), ("esp32", "13")])
def test_lamp_motor_and_battery_are_on_their_pins(flash: Callable[..., Flash], port: str, lamp: str) -> None:
    pins = {"rp2": (13, 28), "esp32": (6, 7)}[port]
    settings = f"STRIDELOAD_MOTOR_PIN = {pins[0]}\nSTRIDELOAD_BATTERY_PIN = {pins[1]}\n"
    printed = flash(port, settings).run(
        script(f"""
        board = main.open_board()
        seen = []
        machine.WORLD.append(lambda pin, level: seen.append((pin, level)))
        for on in (True, True, False, False):
            board.light(on)
        print(seen == [({lamp}, 1), ({lamp}, 0)])
        seen.clear()
        print(board.buzz(30), seen)
        machine.run_timers()
        print(seen)
        time.sleep_ms(40)
        machine.run_timers()
        print(seen)
        print(board.battery_mv())
        """)
    )
    motor = pins[0]
    lines = printed.splitlines()
    assert lines[:4] == ["True", f"True [({motor}, 1)]", f"[({motor}, 1)]", f"[({motor}, 1), ({motor}, 0)]"]
    assert abs(int(lines[4]) - 3700) < 5


def test_no_motor_is_on_without_an_end(flash: Callable[..., Flash]) -> None:
    """Ctrl-C comes between any two steps."""
    printed = flash(settings="STRIDELOAD_MOTOR_PIN = 13\n").run(
        script("""
        class Timer:
            def init(self, **words):
                raise KeyboardInterrupt

        board = main.open_board()
        board._motor_timer = Timer()
        seen = []
        machine.WORLD.append(lambda pin, level: seen.append((pin, level)))
        refused(KeyboardInterrupt, lambda: board.buzz(30))
        print(seen)
        """)
    )
    assert printed == "[]\n"


def test_a_lamp_goes_out_and_a_bus_opens_after_ctrl_c_in_their_midst(flash: Callable[..., Flash]) -> None:
    printed = flash().run(
        script("""
        class Broken:
            def value(self, level):
                raise KeyboardInterrupt

        board = main.open_board()
        board.light(True)
        lamp, board._lamp = board._lamp, Broken()
        refused(KeyboardInterrupt, lambda: board.light(False))
        board._lamp = lamp
        board.light(False)
        print(lamp.value())
        before = board.i2c
        need_pin = board._need_pin

        def need_no_pin(*words, **more):
            raise KeyboardInterrupt

        board._need_pin = need_no_pin
        refused(KeyboardInterrupt, board.free_bus)
        print(board.i2c is before)
        """)
    )
    assert printed == "0\nFalse\n"


def test_pins_may_be_left_out(flash: Callable[..., Flash]) -> None:
    settings = "".join(f'STRIDELOAD_{name}_PIN = ""\n' for name in ("INT1", "BUTTON", "LAMP"))
    printed = flash(settings=settings).run(
        script("""
        board = main.open_board()
        board.light(True)
        board.wait(1)
        print(board.pressed_ms(), board.sleep(0))
        """)
    )
    assert printed == "None time\n"


def test_without_a_network_there_is_no_way_to_the_broker(flash: Callable[..., Flash]) -> None:
    """A pod that is read by cable records all the same."""
    made = flash(settings='STRIDELOAD_BROKER_HOST = "10.0.0.1"')
    assert made.run(script("print(main.open_board().client())")) == "None\n"
