"""What was cued in a run, and how much of it was on target. The pod compares in the same way (firmware cue.py)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strideload.load import formulas
from strideload.load.intervals import Interval
from strideload.load.steps import Cue, Session
from strideload_pod import page
from strideload_pod.cue import BAND_PERMILLE, WINDOW_MS

BAND_SHARE = BAND_PERMILLE / 1000  # of the target, to either side
WINDOW_S = WINDOW_MS / 1000
SAME_MOMENT_US = 10_000  # a page begins at a whole sample: so far a stride may end from where the next begins


@dataclass(frozen=True)
class CuedRun:
    """What one pod wrote of cues in a run. None: no cue of it said so."""

    pod: str
    target_spm: float | None  # of the last cue
    programme_run: int | None  # of the fading, from 1
    share_percent: int | None
    cues_given: int
    cues_faded: int
    cues_failed: int
    on_target_share: float | None


def cued(
    sessions: Sequence[Session], within: Mapping[int, NDArray[np.void]], run: Interval
) -> tuple[CuedRun, ...]:
    """One entry for each pod that wrote of a cue in the run, in order of pods; () of none.

    `within`: rows of each session by its id, of which those in the run are looked at.
    """
    cues: dict[str, list[Cue]] = {}
    for session in sessions:
        own = [cue for cue in session.cues if run[0] <= cue.utc_us <= run[1]]
        if own:
            cues.setdefault(session.pod, []).extend(own)
    return tuple(
        _cued(
            pod,
            sorted(cues[pod], key=lambda cue: cue.utc_us),
            _rows([within[session.session_id] for session in sessions if session.pod == pod], run),
        )
        for pod in sorted(cues)
    )


def on_target_share(rows: NDArray[np.void], cues: Sequence[Cue]) -> float | None:
    """Share of the time of one foot's running strides, in order, in which the mean cadence was in the band.

    Only where ten seconds of running lie behind without a break. The target is that of the last cue before, and before
    the first one the first one's. None: no target is known, or nobody ran for so long.
    """
    known = [cue for cue in cues if cue.target_cspm is not None]
    if not known:
        return None
    moments = np.array([cue.utc_us for cue in known], np.int64)
    targets = np.array([cue.target_cspm for cue in known], np.float64) / 100

    def target_at(end_us: NDArray[np.int64]) -> NDArray[np.float64]:
        place = np.searchsorted(moments, end_us, side="right") - 1
        return targets[np.maximum(place, 0)]

    return _share_near(rows, target_at)


def share_near(rows: NDArray[np.void], target_spm: float) -> float | None:
    """As `on_target_share`, for one target all along."""
    return _share_near(rows, lambda end_us: np.full(len(end_us), target_spm))


def _share_near(
    rows: NDArray[np.void], target_at: Callable[[NDArray[np.int64]], NDArray[np.float64]]
) -> float | None:
    end_us, stride_s, cadence_spm = _means(rows)
    if not len(end_us):
        return None
    target_spm = target_at(end_us)
    inside = np.abs(cadence_spm - target_spm) <= BAND_SHARE * target_spm
    return float(np.sum(stride_s[inside]) / np.sum(stride_s))


def _cued(pod: str, cues: Sequence[Cue], rows: NDArray[np.void]) -> CuedRun:
    outcomes = Counter(cue.outcome for cue in cues)
    last = cues[-1]
    return CuedRun(
        pod=pod,
        target_spm=None if last.target_cspm is None else last.target_cspm / 100,
        programme_run=last.run,
        share_percent=last.share_percent,
        cues_given=outcomes["given"],
        cues_faded=outcomes["faded"],
        cues_failed=outcomes["failed"],
        on_target_share=on_target_share(rows, cues),
    )


def _rows(parts: Sequence[NDArray[np.void]], run: Interval) -> NDArray[np.void]:
    rows = np.concatenate(parts)
    rows = rows[(rows["ic_utc_us"] >= run[0]) & (rows["ic_utc_us"] <= run[1])]
    return rows[np.argsort(rows["ic_utc_us"], kind="stable")]


def _means(
    rows: NDArray[np.void],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """End of each running stride with WINDOW_S of running behind it, its length, and the mean cadence of that time."""
    runs = (rows["kind"] == page.STEP_KIND_RUN) & formulas.in_stride(rows["stride_s"])
    runs &= rows["flags"] & page.STEP_AFTER_GAP == 0
    rows = rows[runs]
    stride_s = rows["stride_s"]
    end_us = rows["ic_utc_us"] + np.rint(stride_s * 1e6).astype(np.int64)
    follows = np.abs(rows["ic_utc_us"][1:] - end_us[:-1]) <= SAME_MOMENT_US
    first = np.maximum.accumulate(np.where(np.concatenate(([False], follows)), 0, np.arange(len(rows))))
    before_s = np.concatenate(([0.0], np.cumsum(stride_s)))  # running before each stride, and after the last
    begin = np.searchsorted(before_s, before_s[1:] - WINDOW_S + 1e-9, side="right") - 1
    full = begin >= first
    last = np.flatnonzero(full)
    begin = begin[full]
    mean_spm = 120 * (last + 1 - begin) / (before_s[last + 1] - before_s[begin])
    return end_us[full], stride_s[full], mean_spm
