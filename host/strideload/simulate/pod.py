"""A pod without a board: the firmware itself, on a simulated chip behind the real smbus2.

The clock moves only while the pod sleeps, so that an hour is recorded in seconds and the same samples give the same
bytes every time. `simulate.live` is the pod that runs in real time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, NamedTuple
from unittest.mock import patch

import adafruit_lsm6ds

from strideload.simulate.chip import Chip
from strideload.simulate.i2c_dev import i2c_dev
from strideload.simulate.samples import Source
from strideload_pod import page as pages
from strideload_pod.boards.bare import Bare
from strideload_pod.boards.on_linux import Files, SmbusI2C
from strideload_pod.pod import Pod
from strideload_pod.settings import DEFAULTS

CHIP_ADDRESS = 0x6A
LEAD_IN_MS = 2_000  # the chip is set up and settled before the take begins


class StillClock:
    """A clock that moves only when the pod sleeps: ticks in ms since the boot, UTC told by hand."""

    utc_source = pages.ANCHOR_OPERATOR

    def __init__(self, start_utc_ms: int) -> None:
        self.start_utc_ms = start_utc_ms
        self.now_us = 0

    def ticks_ms(self) -> int:
        return self.now_us // 1000

    def sleep_ms(self, ms: int) -> None:
        self.now_us += ms * 1000

    def utc_ms(self) -> int:
        return self.start_utc_ms + self.ticks_ms()

    def utc_heard_ms(self) -> int:
        return self.ticks_ms()

    def clock_us(self) -> int:
        return self.now_us


class ScratchFiles(Files):
    """A folder for a log that only lives until it is collected: nothing is forced to the disk."""

    def sync(self, file: IO[bytes]) -> None:
        file.flush()


@dataclass
class StillBoard(Bare):
    """A board with a still clock and no network."""

    uid: bytes
    settings: dict[str, Any]
    files: Files
    i2c: SmbusI2C
    clock: StillClock
    duration_s: float
    log_id: int
    advance: Callable[[float], None]

    def random_u32(self) -> int:
        """Asked for the id of a newly formatted log, so that the same recording gets the same log."""
        return self.log_id

    def stopping(self) -> bool:
        elapsed_s = self.clock.now_us / 1e6
        self.advance(min(1.0, elapsed_s / self.duration_s))
        return elapsed_s >= self.duration_s


@dataclass(frozen=True)
class Take:
    """What is to be recorded: `source` begins at `start_utc_ms` and is `duration_s` long."""

    source: Source
    start_utc_ms: int
    duration_s: float
    settings: dict[str, Any]  # STRIDELOAD_CHIP, STRIDELOAD_ODR_HZ, ... as pod.DEFAULTS has them
    trim: int = 0  # FREQ_FINE of the chip
    noise: bool = False


class Recorded(NamedTuple):
    """The log's id, the number after its last page, and the strides of this take."""

    log: int
    pages: int
    strides: int


def record(
    take: Take,
    uid: bytes,
    files: Files,
    log_id: int = 0,
    advance: Callable[[float], None] = lambda share: None,
) -> Recorded:
    """Run the firmware over a take, as fast as it goes; its pages are in the log in `files`, after those of others."""
    clock = StillClock(take.start_utc_ms - LEAD_IN_MS)
    settings = {**DEFAULTS, **take.settings}
    chip = Chip(
        settings["STRIDELOAD_CHIP"],
        lambda t_s: take.source(t_s - LEAD_IN_MS / 1000),
        clock.clock_us,
        trim=take.trim,
        noise=take.noise,
        seed=log_id,
    )
    with (
        i2c_dev({CHIP_ADDRESS: chip}),
        patch.object(adafruit_lsm6ds, "sleep", lambda s: clock.sleep_ms(int(s * 1000))),
    ):
        board = StillBoard(
            uid=uid,
            settings=settings,
            files=files,
            i2c=SmbusI2C(1),
            clock=clock,
            duration_s=take.duration_s + LEAD_IN_MS / 1000,
            log_id=log_id,
            advance=advance,
        )
        try:
            pod = Pod(board)
            pod.run()
        finally:
            board.i2c.deinit()
    return Recorded(pod.log.id, pod.log.next(pages.STREAM_STEPS), pod.strides)
