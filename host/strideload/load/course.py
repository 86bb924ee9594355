"""A run stretch by stretch: how cadence, contact and impact went on, and where something is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from strideload.load import formulas
from strideload.load.contacts import contacts_of
from strideload.load.coverage import cover
from strideload.load.intervals import clip, intersection, total_s, union
from strideload.load.steps import Session
from strideload_pod import page

MINUTE_S: Final = 60
MOST_STRETCHES: Final = 240  # a run of up to four hours is divided into minutes

Moves = Literal["running", "walking"]


@dataclass(frozen=True)
class Stretch:
    """Medians over a stretch of time, of all strides in it. None: of none is it known."""

    from_s: int  # since the run began
    strides: int
    moves: Moves | None  # what most of its time in gait was
    cadence_spm: float | None
    contact_s: float | None
    peak_g: float | None
    clipped: int  # impacts whose peak is a lower bound
    missing_s: float  # of samples that were lost


def stretch_s(duration_s: float) -> int:
    """Whole minutes into which a run is divided, in seconds."""
    return MINUTE_S * max(1, ceil(duration_s / MINUTE_S / MOST_STRETCHES))


def course(sessions: Sequence[Session], start_utc_us: int, end_utc_us: int) -> list[Stretch]:
    """The run [start, end] from `sessions` of one origin: each stretch of it, those without a stride as well."""
    coverage = cover(sessions)
    within = {session.session_id: session.steps for session in sessions}
    contacts = contacts_of(coverage, within)
    step_us = stretch_s((end_utc_us - start_utc_us) / 1e6) * 1_000_000
    moments: NDArray[np.int64] = contacts.rows["ic_utc_us"]
    count = max(1, ceil((end_utc_us - start_utc_us) / step_us))
    edges = start_utc_us + step_us * np.arange(count + 1, dtype=np.int64)
    edges[-1] = max(edges[-1], end_utc_us + 1)
    places = np.searchsorted(moments, edges)
    gaps = union((at, at + lost) for session in sessions for at, lost in session.gaps)
    lost = intersection(coverage.recorded, gaps)
    return [
        _stretch(
            contacts.rows[places[n] : places[n + 1]],
            n * step_us // 1_000_000,
            total_s(clip(lost, int(edges[n]), int(edges[n + 1]))),
        )
        for n in range(count)
    ]


def _stretch(rows: NDArray[np.void], from_s: int, missing_s: float) -> Stretch:
    return Stretch(
        from_s=from_s,
        strides=len(rows),
        moves=_moves(rows),
        cadence_spm=formulas.median(formulas.cadence_spm(rows["stride_s"])),
        contact_s=formulas.median(rows["contact_s"]),
        peak_g=formulas.median(rows["peak_g"]),
        clipped=int(np.count_nonzero(rows["flags"] & page.STEP_CLIPPED)),
        missing_s=missing_s,
    )


def _moves(rows: NDArray[np.void]) -> Moves | None:
    running_s, walking_s = (
        float(np.sum(rows["stride_s"][(rows["kind"] == kind) & formulas.in_stride(rows["stride_s"])]))
        for kind in (page.STEP_KIND_RUN, page.STEP_KIND_WALK)
    )
    if not running_s and not walking_s:
        return None
    return "running" if running_s >= walking_s else "walking"
