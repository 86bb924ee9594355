"""The whole pod as CircuitPython starts it: boot.py, main.py and the real driver, on simulated time."""

import itertools
from unittest.mock import patch

import adafruit_lsm6ds
import pytest

from strideload.protocol import pages as protocol
from strideload.simulate.chip import Chip
from strideload.simulate.i2c_dev import i2c_dev
from strideload.simulate.pod import StillClock
from strideload.simulate.runner import Runner
from strideload_pod.boards import on_linux
from strideload_pod.page import KIND_SESSION_START, KIND_STEPS
from strideload_pod.pod import Pod
from support.circuitpython import Machine, Reset
from support.files import Flash

LOG_ID = 0xABCDEF01
CHIP_ADDRESS = 0x6A
RUN = Runner(3).session([("stand", 3.0, 0.0), ("run", 60.0, 10.5), ("stand", 5.0, 0.0)])
SETTINGS = {"STRIDELOAD_ODR_HZ": 104, "STRIDELOAD_GYRO_DPS": 2000, "STRIDELOAD_LOG_PAGES": 512}


@pytest.fixture(autouse=True)
def no_waiting():
    """Adafruit's driver sleeps for 0.2 s after each range."""
    with patch.object(adafruit_lsm6ds, "sleep", lambda seconds: None):
        yield


class Blind(StillClock):
    """A clock that does not know the time of day, as a board's."""

    def utc_ms(self):
        return None


def play(board):
    """The run, from the pod's begin to its end."""
    board.random_u32 = lambda: LOG_ID
    pod = Pod(board)
    pod.begin()
    while board.clock.ticks_ms() < 1000 * RUN.duration_s:
        pod.step()
    pod.end()
    return pod


def booted(button_held=False):
    """A machine that has gone through boot.py, and whose chip gets its power now."""
    machine = Machine(settings=SETTINGS)
    machine.set_level("GP15", not button_held)
    machine.boot()
    machine.booting = False
    machine.devices = {CHIP_ADDRESS: Chip("LSM6DSO32", RUN.source, machine.clock_us)}
    return machine


class PowerOff(BaseException):
    pass


def run_main_py(machine, for_ms):
    """main.py, until the power goes."""

    def power_off():
        raise PowerOff

    machine.after(for_ms, power_off)
    with pytest.raises(PowerOff):
        machine.load("main.py")["main"]()
    machine.drive.root.cut_power()


def on_the_drive(machine):
    content = machine.drive.root.content
    return b"".join(bytes(content[name]) for name in sorted(content) if name.endswith(".seg"))


def test_a_run_comes_out_as_the_same_pages_as_on_linux(tmp_path):
    """Byte for byte, through busio here and smbus2 there."""
    machine = booted()
    play(machine.board())
    here = on_the_drive(machine)

    clock = Blind(0)
    chip = Chip("LSM6DSO32", RUN.source, clock.clock_us)
    lines = [f"{name} = {value}\n" for name, value in SETTINGS.items()]
    (tmp_path / "settings.toml").write_text(f'STRIDELOAD_POD_ID = "{machine.uid.hex()}"\n' + "".join(lines))
    with i2c_dev({CHIP_ADDRESS: chip}):
        board = on_linux.Board(tmp_path)
        board.clock = clock
        board.wait = lambda ms, by_int1: clock.sleep_ms(ms)
        board.files = Flash()
        play(board)
        there = b"".join(
            bytes(data) for name, data in sorted(board.files.content.items()) if name.endswith(".seg")
        )

    kinds = protocol.headers(here)["kind"]
    assert protocol.whole(here).all()
    assert KIND_SESSION_START in kinds
    assert (kinds == KIND_STEPS).sum() > 3
    assert here == there


def test_a_bus_that_sticks_or_is_gone_ends_nothing():
    """The pod frees it and reads on: a chip that holds the bus, then a plug that is out for a while."""
    machine = booted()

    def set_pull_ups(there):
        machine.pull_ups = there
        machine.stuck_clocks = 0 if there else 1000

    machine.after(15_000, lambda: vars(machine).update(stuck_clocks=7))
    machine.after(30_000, lambda: set_pull_ups(False))
    machine.after(35_000, lambda: set_pull_ups(True))
    pod = play(machine.board())
    assert pod.strides > 50
    assert pod.reading
    assert pod.page.fields["bus_errors"] > 2


def test_a_pod_whose_chip_is_not_there_starts():
    """It records nothing and says so, and reads as soon as the chip is there."""
    machine = booted()
    machine.pull_ups = False
    pod = Pod(machine.board())
    pod.begin()
    for _ in range(20):
        pod.step()
    assert not pod.state()["recording"]
    machine.pull_ups = True
    for _ in range(20):
        pod.step()
    assert pod.state()["recording"]


def test_main_py_starts_on_circuitpython():
    """boot.py and main.py as the interpreter runs them; then the battery is pulled."""
    machine = booted()
    run_main_py(machine, 40_000)
    kinds = protocol.headers(on_the_drive(machine))["kind"]
    assert KIND_SESSION_START in kinds
    assert KIND_STEPS in kinds


@pytest.mark.parametrize("error", [RuntimeError("unforeseen"), MemoryError(), KeyboardInterrupt()], ids=repr)
def test_an_error_that_nobody_foresaw_starts_the_pod_anew(error, capsys):
    """Ten seconds after it was printed; Ctrl-C leaves to the console at once."""
    machine = booted()

    def fail():
        raise error

    machine.after(5_000, fail)
    is_stopped = isinstance(error, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt if is_stopped else Reset):
        machine.load("main.py")["main"]()
    passed_ms = machine.now_us // 1000 - 5_000
    assert passed_ms < 1_000 if is_stopped else 10_000 <= passed_ms < 11_000
    assert is_stopped or type(error).__name__ in capsys.readouterr().err


def test_with_the_button_held_the_lamp_says_that_nothing_is_recorded():
    """Two flashes every two seconds, and nothing on the drive changes."""
    machine = booted(button_held=True)
    before = {name: bytes(data) for name, data in machine.drive.root.content.items()}
    machine.after(1_000, lambda: machine.set_level("GP15", True))
    run_main_py(machine, 10_000)
    changes = [(level, us // 1000) for pin, level, us in machine.driven if pin == "LED"]
    flashes = [ms for (was, _), (level, ms) in itertools.pairwise(changes) if level and not was]
    assert 9 <= len(flashes) <= 11
    assert {name: bytes(data) for name, data in machine.drive.root.content.items()} == before
