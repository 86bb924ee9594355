"""The check that the firmware makes of itself, over the simulated chip behind the real driver and the real smbus2."""

import ast
import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch

import adafruit_lsm6ds
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.pod.report import Report, findings, read_report
from strideload.simulate.chip import Chip
from strideload.simulate.i2c_dev import i2c_dev
from strideload.simulate.pod import CHIP_ADDRESS, StillBoard, StillClock
from strideload_pod import check as checking
from strideload_pod.boards.on_linux import Files, SmbusI2C

UID = bytes.fromhex("00000000c4ec0001")
STORE = "5e" * 16
UTC_MS = 1_790_000_000_000


def at_rest(t_s: np.ndarray) -> np.ndarray:
    """One g, along no axis."""
    values = np.zeros((len(t_s), 6))
    values[:, :3] = np.array([0.6, 0.0, 0.8])
    return values


def shaken(t_s: np.ndarray) -> np.ndarray:
    values = at_rest(t_s)
    values[:, 0] += 0.4 * np.sin(30 * t_s)
    return values


class Line:
    """A broker as the pod's client shows it: `answers` after so many polls, or why not."""

    def __init__(self, answers: int | str) -> None:
        self.connected = False
        self.closed = False
        self._answers = answers

    def connect(self, will_topic: str, will_payload: bytes) -> None:
        assert will_topic == f"strideload/pod/{UID.hex()}/online"

    def poll(self, timeout_ms: int) -> None:
        if isinstance(self._answers, str):
            raise OSError(errno.ENOTCONN, self._answers)
        self._answers -= 1
        self.connected = self._answers <= 0

    def close(self) -> None:
        self.closed = True


class FullFiles(Files):
    """A disk on which what is written does not last."""

    def sync(self, file: IO[bytes]) -> None:
        if file.tell() >= 512:
            raise OSError(errno.ENOSPC, "No space left on device")


Change = Callable[[StillBoard, Chip], None]


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., Report]:
    """report(settings=..., part=..., source=..., trim=..., files=..., change=...) -> what a pod says of itself."""

    def make(
        part: str = "LSM6DSO32",
        source: Any = at_rest,
        trim: int = 0,
        files: Files | None = None,
        change: Change = lambda board, chip: None,
        noise: bool = True,
        **settings: Any,
    ) -> Report:
        clock = StillClock(UTC_MS)
        chip = Chip(part, source, clock.clock_us, trim=trim, noise=noise, seed=3)
        given = {f"STRIDELOAD_{name.upper()}": value for name, value in settings.items()}
        with (
            i2c_dev({CHIP_ADDRESS: chip}),
            patch.object(adafruit_lsm6ds, "sleep", lambda s: clock.sleep_ms(int(s * 1000))),
        ):
            board = StillBoard(
                uid=UID,
                settings=given,
                files=files or Files(tmp_path / "log"),
                i2c=SmbusI2C(1),
                clock=clock,
                duration_s=60,
                log_id=7,
                advance=lambda share: None,
            )
            change(board, chip)
            said = json.dumps(checking.check(board))
        return read_report(f"raw REPL\n{said}\n")

    return make


def bad(report: Report, store_id: str | None = STORE, utc_ms: int | None = UTC_MS) -> dict[str, str]:
    """What is not well, in words."""
    found = findings(report, store_id, utc_ms)
    assert "Pod" in {one.name for one in found}
    return {one.name: one.words for one in found if not one.good}


def test_a_pod_that_is_well(report: Callable[..., Report]):
    said = report(store=STORE, trim=-9)
    assert bad(said) == {}
    chip: Any = said.chip
    assert chip.rest_mg == pytest.approx(1000, abs=3)
    assert chip.noise_ug == pytest.approx(3000, rel=0.1)
    assert chip.measured_mhz == pytest.approx(6667 / 8 * (1 - 9 * 0.0015) * 1000, rel=0.002)
    assert (chip.lost, chip.bad_words) == (0, 0)
    assert {one.name for one in findings(said, STORE, UTC_MS)} == {
        *("Pod", "Settings", "Chip", "1 g", "Noise", "Rate", "Log", "Pairing", "Battery", "Clock", "Broker")
    }


@pytest.mark.parametrize("odr_hz", [104, 833, 1667])
@pytest.mark.parametrize("gyro_dps", [0, 2000])
def test_every_rate_is_measured(odr_hz: int, gyro_dps: int, report: Callable[..., Report]):
    assert bad(report(store=STORE, odr_hz=odr_hz, gyro_dps=gyro_dps, range_g=16)) == {}


def test_a_swapped_part_is_named_both_ways(report: Callable[..., Report]):
    """Both answer 0x6C; at rest one shows 2 g, the other 0.5 g."""
    twice = report(part="LSM6DSOX", store=STORE)
    assert "the chip is LSM6DSOX" in bad(twice)["1 g"]
    half = report(part="LSM6DSO32", chip="LSM6DSOX", range_g=16, store=STORE)
    assert "the chip is LSM6DSO32" in bad(half)["1 g"]


def test_another_chip_is_no_part_of_ours(report: Callable[..., Report]):
    words = bad(report(part="LSM6DS3TR-C", store=STORE))["Chip"]
    assert "another chip" in words


def silent(board: StillBoard, chip: Chip) -> None:
    chip.nack(1 << 30)


def test_a_silent_bus_is_a_matter_of_wires(report: Callable[..., Report]):
    found = bad(report(change=silent, store=STORE))
    assert list(found) == ["Chip"]
    assert "four wires" in found["Chip"]


def test_a_pod_in_the_hand_is_told_to_lie_down(report: Callable[..., Report]):
    found = bad(report(source=shaken, store=STORE))
    assert set(found) == {"1 g", "Noise"}
    assert "lay the pod on a table" in found["1 g"]


def test_samples_that_never_change(report: Callable[..., Report]):
    assert "never change" in bad(report(noise=False, store=STORE))["Noise"]


def test_a_full_disk(report: Callable[..., Report], tmp_path: Path):
    found = bad(report(files=FullFiles(tmp_path / "full"), store=STORE))
    assert "No space left" in found["Log"]
    assert list(found) == ["Log"]
    assert not (tmp_path / "full" / checking.PROBE_NAME).exists()


def test_little_room_is_told_in_hours(report: Callable[..., Report]):
    assert "0.7 hours" in bad(report(log_pages=256, store=STORE))["Log"]


def test_the_log_of_another_pod(report: Callable[..., Report], tmp_path: Path):
    from strideload_pod.log import Log

    Log(Files(tmp_path / "log"), b"another!", 256, lambda: 5)
    assert "the log of pod" in bad(report(store=STORE))["Log"]


def arguments_of_log(source: Path) -> list[str]:
    """The words with which a module of the firmware opens the log."""
    calls = [
        node
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Log"
    ]
    assert len(calls) == 1, source
    return [ast.unparse(one) for one in [*calls[0].args, *calls[0].keywords]]


def test_the_log_is_opened_as_the_loop_opens_it():
    """Otherwise opened, it would take what it does not see for lost."""
    folder = Path(checking.__file__).parent
    assert arguments_of_log(folder / "check.py") == arguments_of_log(folder / "pod.py")


def test_pairing(report: Callable[..., Report]):
    assert "with no host" in bad(report())["Pairing"]
    assert "another host" in bad(report(store="6f" * 16))["Pairing"]
    assert bad(report(store="6f" * 16), store_id=None) == {}


def test_the_clock_is_held_against_the_hosts(report: Callable[..., Report]):
    said = report(store=STORE)
    assert "s off this computer's" in bad(said, utc_ms=UTC_MS - 60_000)["Clock"]
    assert bad(said, utc_ms=None) == {}


def with_broker(answers: int | str) -> Change:
    def change(board: StillBoard, chip: Chip) -> None:
        board.client = lambda: Line(answers)  # type: ignore[method-assign,assignment,return-value]

    return change


def test_the_broker(report: Callable[..., Report]):
    assert bad(report(change=with_broker(3), store=STORE)) == {}
    found = bad(report(change=with_broker("Not authorized"), store=STORE))
    assert "Not authorized" in found["Broker"]


def test_settings_that_no_pod_has_are_said_and_nothing_is_touched(
    report: Callable[..., Report], tmp_path: Path
):
    found = bad(report(odr_hz=500))
    assert "STRIDELOAD_ODR_HZ" in found["Settings"]
    assert list((tmp_path / "log").iterdir()) == []


def test_an_empty_battery(report: Callable[..., Report]):
    def change(board: StillBoard, chip: Chip) -> None:
        board.battery_mv = lambda: 3300  # type: ignore[method-assign,assignment]

    assert bad(report(change=change, store=STORE)) == {"Battery": "3300 mV: charge it"}


# The arithmetic

AXES = st.integers(-32768, 32767)


@given(
    st.lists(st.tuples(AXES, AXES, AXES), min_size=1, max_size=300),
    st.sampled_from([61, 122, 488, 976]),
    st.integers(1, 7),
)
def test_mean_and_rms_are_those_of_numpy(samples: list[tuple[int, int, int]], ug_lsb: int, parts: int):
    from array import array

    spread = checking.Spread()
    for at in range(0, len(samples), parts):
        some = samples[at : at + parts]
        spread.add(array("h", [value for sample in some for value in sample]), len(some), 3)
    values = np.array(samples, float)
    mean, rms = np.linalg.norm(values.mean(axis=0)) * ug_lsb, values.std(axis=0).max() * ug_lsb
    assert spread.mean(ug_lsb) == pytest.approx(mean, abs=ug_lsb / 8 + 1)
    assert spread.rms(ug_lsb) == pytest.approx(rms, abs=1.01)


def test_without_samples_they_are_nothing():
    assert (checking.Spread().mean(976), checking.Spread().rms(976)) == (0, 0)
