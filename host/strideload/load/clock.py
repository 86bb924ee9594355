"""Sample numbers -> UTC: one straight line a session, through the anchors of its boot.

The sample counter is the clock. Its rate is known from the chip's trim to about RATE_TOLERANCE; anchors tie
it to UTC, and two of them far enough apart tell the rate better. Where a session has none, anchors elsewhere
in the boot reach it through the pod's ticks, which count on between sessions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

# The trim (FREQ_FINE) has steps of 0.15 %, so it is half a step off at most; the rest is for temperature.
RATE_TOLERANCE: Final = 0.002
# Crystals of microcontrollers: 50 ppm, and as much again for temperature and age, with a margin.
TICK_TOLERANCE: Final = 200e-6
# Two anchors nearer than this tell the rate worse than the trim does.
BASELINE_US: Final = 60_000_000
# What an anchor may be off beyond its own uncertainty: a FIFO drain and a turn of the pod's loop.
SLACK_MS: Final = 250
# An anchor that does not state its uncertainty: one network round trip on a poor link.
UNSTATED_MS: Final = 500
# Enough for a line; the comparison of each with each stays small.
POINTS_LIMIT: Final = 256

Basis = Literal["line", "anchor", "ticks", "none"]
Floats = npt.NDArray[np.float64]


class Anchor(NamedTuple):
    """UTC as the pod learned it, in ms, at a tick of its boot and, within a session, at a sample."""

    tick_ms: int
    utc_ms: int
    sample: int | None = None
    uncertainty_ms: int | None = None


class Mark(NamedTuple):
    """A page's closing: this sample was the last when the tick was that."""

    sample: int
    tick_ms: int


@dataclass(frozen=True)
class Clock:
    """A session's line. `origin_utc_us` None: undated, times count from `origin_sample`."""

    origin_sample: int
    origin_utc_us: int | None
    us_per_sample: float
    basis: Basis
    dropped: tuple[Anchor, ...] = ()  # anchors that contradict the others

    def elapsed_us(self, samples: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Samples, fractions too, -> us since `origin_sample`, the shape of `samples`."""
        return np.rint((np.asarray(samples) - self.origin_sample) * self.us_per_sample).astype(np.int64)

    def utc_us(self, samples: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Samples, fractions too, -> us since 1970; us since `origin_sample` in an undated session."""
        return (self.origin_utc_us or 0) + self.elapsed_us(samples)


class _Line(NamedTuple):
    """y = y0 + slope * (x - x0). `kept`: the points that it goes through, (n,) bool."""

    x0: float
    y0: float
    slope: float
    fitted: bool
    kept: npt.NDArray[np.bool_]

    def at(self, x: Any) -> Any:
        return self.y0 + self.slope * (x - self.x0)


def fit(
    rate_mhz: int | None,
    first_sample: int,
    own: Sequence[Anchor] = (),
    others: Sequence[Anchor] = (),
    marks: Sequence[Mark] = (),
) -> Clock | None:
    """The clock of a session that begins at `first_sample`.

    `rate_mhz` is the trimmed rate in 1/1000 Hz; `own` the anchors in the session, `others` those elsewhere
    in its boot, `marks` its pages' closings. Two own anchors a minute apart: least squares; one: the trimmed
    rate through it; none: anchors of the boot through ticks; none in the boot: undated. The order of anchors
    and marks does not matter. None: the rate is not known, so samples are no measure of time.
    """
    if not rate_mhz:
        return None
    us_per_sample = 1e9 / rate_mhz
    undated = Clock(first_sample, None, us_per_sample, "none")
    direct = [anchor for anchor in own if anchor.sample is not None]
    if direct:
        return _through(undated, direct)
    return _through_ticks(undated, [*own, *others], marks)


def ticks_to_utc_us(anchors: Sequence[Anchor], ticks_ms: Sequence[int]) -> list[int] | None:
    """Ticks of a boot -> us since 1970; None: no anchor in the boot."""
    if not anchors:
        return None
    line = _tick_line(_spread(anchors))
    return [round(1000 * line.at(tick)) for tick in ticks_ms]


def _through(clock: Clock, anchors: Sequence[Anchor]) -> Clock:
    """The clock through anchors that all have their sample."""
    points = _spread(anchors)
    x = np.array([anchor.sample for anchor in points], np.float64) - clock.origin_sample
    y = np.array([anchor.utc_ms for anchor in points], np.float64) * 1000
    line = _fit_line(x, y, _uncertainties(points) * 1000, clock.us_per_sample, RATE_TOLERANCE)
    return replace(
        clock,
        origin_utc_us=round(line.at(0)),
        us_per_sample=line.slope,
        basis="line" if line.fitted else "anchor",
        dropped=_dropped(points, line),
    )


def _through_ticks(clock: Clock, anchors: Sequence[Anchor], marks: Sequence[Mark]) -> Clock:
    """The clock through anchors of the boot: each mark becomes an anchor of the session."""
    if not anchors or not marks:
        return clock
    points = _spread(anchors)
    line = _tick_line(points)
    reached = [Anchor(m.tick_ms, round(line.at(m.tick_ms)), m.sample, 0) for m in marks]
    return replace(_through(clock, reached), basis="ticks", dropped=_dropped(points, line))


def _dropped(points: Sequence[Anchor], line: _Line) -> tuple[Anchor, ...]:
    return tuple(point for point, kept in zip(points, line.kept, strict=True) if not kept)


def _tick_line(points: Sequence[Anchor]) -> _Line:
    """UTC in ms over ticks in ms."""
    x = np.array([anchor.tick_ms for anchor in points], np.float64)
    y = np.array([anchor.utc_ms for anchor in points], np.float64)
    return _fit_line(x, y, _uncertainties(points), 1.0, TICK_TOLERANCE, us=1e-3)


def _uncertainties(anchors: Sequence[Anchor]) -> Floats:
    """How far each may be off, in ms, (n,)."""
    stated = [UNSTATED_MS if a.uncertainty_ms is None else a.uncertainty_ms for a in anchors]
    return np.array(stated, np.float64) + SLACK_MS


def _spread(anchors: Sequence[Anchor]) -> list[Anchor]:
    """In order of ticks, and at most POINTS_LIMIT of them, evenly, first and last included."""
    ordered = sorted(anchors, key=lambda a: (a.tick_ms, a.utc_ms, a.sample or 0, a.uncertainty_ms or 0))
    if len(ordered) <= POINTS_LIMIT:
        return ordered
    return [ordered[i] for i in np.linspace(0, len(ordered) - 1, POINTS_LIMIT).astype(int)]


def _fit_line(x: Floats, y: Floats, bound: Floats, slope: float, tolerance: float, us: float = 1.0) -> _Line:
    """The line through the points (n,) that agree with each other and with `slope` within `tolerance`.

    `bound` says how far each y may be off, `us` is a microsecond in units of y. Least squares if the points
    span BASELINE_US, never steeper or flatter than `tolerance` allows; else `slope` through their mean.
    """
    kept = _agreeing(x, y, bound, slope, tolerance)
    while True:
        line = _least_squares(x, y, kept, slope, tolerance, BASELINE_US * us)
        excess = np.where(kept, np.abs(y - line.at(x)) - bound, -np.inf)
        worst = int(np.argmax(excess))
        if excess[worst] <= 0 or kept.sum() == 1:
            return line
        kept = kept.copy()
        kept[worst] = False


def _agreeing(x: Floats, y: Floats, bound: Floats, slope: float, tolerance: float) -> npt.NDArray[np.bool_]:
    """The largest set of points that agree with one of them, (n,) bool; on a tie the surer one's."""
    ahead = x[:, None] - x
    apart = np.abs(y[:, None] - y - slope * ahead)
    agree = apart <= bound[:, None] + bound + tolerance * slope * np.abs(ahead)
    leader = int(np.lexsort((bound, -agree.sum(axis=1)))[0])
    return agree[leader]


def _least_squares(
    x: Floats, y: Floats, kept: npt.NDArray[np.bool_], slope: float, tolerance: float, baseline: float
) -> _Line:
    x0, y0 = float(x[kept].mean()), float(y[kept].mean())
    run, rise = x[kept] - x0, y[kept] - y0
    fitted = bool(np.ptp(y[kept]) >= baseline and np.ptp(run) > 0)
    if fitted:
        limits = slope * (1 - tolerance), slope * (1 + tolerance)
        slope = float(np.clip(run @ rise / (run @ run), *limits))
    return _Line(x0, y0, slope, fitted, kept)
