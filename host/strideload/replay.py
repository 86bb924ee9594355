"""A recording becomes a day's load: through the simulated chip, the firmware, the broker and the collector."""

import re
import tempfile
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from strideload import recording as recordings
from strideload.deliver import deliver, receiver_for
from strideload.errors import StrideloadError
from strideload.load.steps import Foot
from strideload.progress import Progress
from strideload.recording import Recording
from strideload.settings import RUNNER_ID, Settings
from strideload.simulate.pod import ScratchFiles, Take, record

CHIP = "LSM6DSO32"
CHIP_RATES_HZ = {104: 6667 / 64, 208: 6667 / 32, 416: 6667 / 16, 833: 6667 / 8, 1667: 6667 / 4}
CHIP_RANGES_G = (4, 8, 16, 32)
GYRO_DPS = 2000
GAP_SPLITS_S = 1.0  # a stride of walking: nothing is made up for longer
TAIL_S = 3.0  # the last stride is confirmed and the FIFO read out


@dataclass(frozen=True)
class Replayed:
    """What a replay did. `changed` is False when the store had all of it already."""

    file: str
    pod: str
    log: str
    start_utc: str
    duration_s: float
    odr_hz: int
    acc_range_g: int
    resampled: bool
    gaps: int
    pages: int
    strides: int
    changed: bool
    conflicts: int  # pages that an earlier version made otherwise: the store keeps those
    again: bool  # the start is that of an earlier replay of this recording

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def in_words(self) -> str:
        minutes, seconds = divmod(round(self.duration_s), 60)
        lines = [
            f"{Path(self.file).name}: {minutes} min {seconds} s from {self.start_utc}, "
            f"{self.odr_hz} Hz, +-{self.acc_range_g} g, {self.strides} strides, {self.pages} pages."
        ]
        if self.resampled:
            lines.append("Resampled to a rate of the chip, and marked so: times hold, peaks are rounded off.")
        if not self.strides:
            lines.append("No step was found in it, so it is no session of any day.")
        if self.gaps:
            lines.append(
                f"Gaps in the recording: {self.gaps}. Those under {GAP_SPLITS_S:g} s were bridged by straight lines; "
                "at longer ones a session ends and another begins."
            )
        if self.again:
            lines.append("It was replayed before, and keeps that start; --start places it elsewhere.")
        if self.conflicts:
            lines.append(
                f"An earlier version made {self.conflicts} of its pages otherwise. The store keeps what it had, and "
                "set the new ones aside; --start places the recording anew."
            )
        elif self.changed:
            lines.append("The store has it now.")
        else:
            lines.append("No change: the store had all of it.")
        return "\n".join(lines)


def replay(
    settings: Settings,
    file: Path,
    *,
    start: datetime | None,
    foot: Foot,
    runner: str | None,
    progress: Progress,
) -> Replayed:
    """Play `file` into the store; without `start` it ends now. RecordingError, NotDelivered, StoreError."""
    recording = recordings.read(file)
    who = runner or settings.runner.id
    # A recording is a pod of its own, so that the same one on another foot or runner is a correction, no second pod.
    pod = blake2b(recording.sha256.encode(), digest_size=8, person=b"replay").digest()
    content = recording.sha256
    if not re.match(RUNNER_ID, who):
        raise StrideloadError(f"--runner has up to 40 letters, digits, - or _, not {who!r}.")
    with receiver_for(settings) as receiver:
        if who not in receiver.store.runners():
            receiver.store.ensure_runner(who, who, settings.time_zone())
        known = receiver.store.find_replay(content) if start is None else None
        start_utc_us = known.start_utc_us if known is not None else _start_utc_us(recording, start)
        log_id = _log_id(content, start_utc_us)
        takes = [_take(recording, part, start_utc_us) for part in _parts(recording)]
        receiver.store.assign(pod.hex(), who, foot, 0)
        with tempfile.TemporaryDirectory(prefix="strideload-replay-") as folder:
            files = ScratchFiles(Path(folder))
            with progress("Playing it through chip and detector") as advance:
                strides = sum(record(take, pod, files, log_id, advance).strides for take in takes)
            with progress("Sending") as advance:
                delivered = deliver(receiver, pod, files, advance)
        receiver.store.remember_replay(content, start_utc_us, pod.hex(), log_id)
    began = datetime.fromtimestamp(start_utc_us / 1e6, UTC)
    return Replayed(
        file=str(file),
        pod=pod.hex(),
        log=f"{log_id:08x}",
        start_utc=began.isoformat(timespec="seconds").replace("+00:00", "Z"),
        duration_s=_duration_s(recording),
        odr_hz=takes[0].settings["STRIDELOAD_ODR_HZ"],
        acc_range_g=takes[0].settings["STRIDELOAD_RANGE_G"],
        resampled=bool(takes[0].settings["STRIDELOAD_RESAMPLED"]),
        gaps=len(recording.gaps),
        pages=delivered.pages,
        strides=strides,
        changed=delivered.stored > 0,
        conflicts=delivered.conflicts,
        again=known is not None,
    )


def _duration_s(recording: Recording) -> float:
    return float(recording.t_s[-1] - recording.t_s[0])


def _start_utc_us(recording: Recording, start: datetime | None) -> int:
    """Whole milliseconds, as anchors have them."""
    if start is None:
        start = datetime.now(UTC) - timedelta(seconds=_duration_s(recording))
    return int(start.timestamp() * 1000) * 1000


def _log_id(content: str, start_utc_us: int) -> int:
    """Never 0, which the log takes for "none yet"."""
    digest = blake2b(f"{content}/{start_utc_us}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little") or 1


def _parts(recording: Recording) -> list[Recording]:
    """The recording between gaps that are too long to bridge."""
    starts = [slice_.start for slice_ in recording.segments]
    t_s = recording.t_s
    cuts = [0, *(at for at in starts[1:] if t_s[at] - t_s[at - 1] >= GAP_SPLITS_S), len(t_s)]
    gyro_dps = recording.gyro_dps
    return [
        replace(
            recording,
            t_s=t_s[a:b],
            acc_g=recording.acc_g[a:b],
            gyro_dps=None if gyro_dps is None else gyro_dps[a:b],
            clipped=recording.clipped[a:b],
        )
        for a, b in pairwise(cuts)
        if b - a > 1
    ]


def _take(recording: Recording, part: Recording, start_utc_us: int) -> Take:
    """A part of the recording as a chip would measure it: the lowest rate and range that hold the whole of it."""
    odr_hz = next(
        (odr for odr, rate_hz in CHIP_RATES_HZ.items() if rate_hz >= recording.rate_hz * 0.999), 1667
    )
    greatest_g = float(np.abs(recording.acc_g).max())
    range_g = next((range_g for range_g in CHIP_RANGES_G if greatest_g <= range_g * 1.001), CHIP_RANGES_G[-1])
    true_rate_hz = CHIP_RATES_HZ[odr_hz]
    return Take(
        source=recordings.signal(part, true_rate_hz),
        start_utc_ms=start_utc_us // 1000 + round(1000 * float(part.t_s[0] - recording.t_s[0])),
        duration_s=_duration_s(part) + TAIL_S,
        settings={
            "STRIDELOAD_CHIP": CHIP,
            "STRIDELOAD_ODR_HZ": odr_hz,
            "STRIDELOAD_RANGE_G": range_g,
            "STRIDELOAD_GYRO_DPS": 0 if recording.gyro_dps is None else GYRO_DPS,
            "STRIDELOAD_ORIGIN": "recording",
            "STRIDELOAD_RESAMPLED": int(
                not recording.even or abs(recording.rate_hz / true_rate_hz - 1) > 1e-3
            ),
        },
    )
