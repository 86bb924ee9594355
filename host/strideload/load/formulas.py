"""One function a metric, on arrays of one stride an entry, shape (n,). NaN is an unknown entry and is left
out; where nothing is known the answer is None (or NaN in an array), never zero. docs/metrics.md has sources
and caveats.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Weights = Floats | Ints
Bools = NDArray[np.bool_]

SHORTEST_STRIDE_S = 0.3  # 400 steps a minute: shorter is no gait
LONGEST_STRIDE_S = 2.5  # 48 steps a minute: longer is a pause between two contacts


def in_stride(stride_s: Floats) -> Bools:
    """Which stride times, s, are gait rather than a pause or not known."""
    return (stride_s >= SHORTEST_STRIDE_S) & (stride_s <= LONGEST_STRIDE_S)  # False for NaN


def median(values: Floats) -> float | None:
    """Median of what is known; None of nothing."""
    return percentile(values, 50)


def percentile(values: Floats, percent: float) -> float | None:
    """Percentile of what is known, linear between neighbours; None of nothing."""
    known = values[np.isfinite(values)]
    return _percentiles(known, percent)[0] if len(known) else None


def interquartile_range(values: Floats) -> float | None:
    """The 75th less the 25th percentile; None of fewer than two values."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return None
    low, high = _percentiles(known, 25, 75)
    return high - low


def cadence_spm(stride_s: Floats) -> Floats:
    """Steps a minute, 120 / T, two steps a stride; NaN outside of gait."""
    return 120 / np.where(in_stride(stride_s), stride_s, np.nan)


def flight_s(stride_s: Floats, contact_s: Floats) -> Floats:
    """Time with no foot on the ground, T/2 - tc, both feet taken as alike; NaN where either is not known."""
    return np.where(in_stride(stride_s), stride_s, np.nan) / 2 - contact_s


def duty_factor(stride_s: Floats, contact_s: Floats) -> Floats:
    """Share of the stride on the ground, tc / T, 0..1; NaN where either is not known."""
    return contact_s / np.where(in_stride(stride_s), stride_s, np.nan)


def time_s(stride_s: Floats, weight: Weights) -> float:
    """Seconds in gait: the sum of stride times, each times its weight; 0.0 of nothing."""
    gait = in_stride(stride_s)
    return float(np.sum(stride_s[gait] * weight[gait]))


def impact_sum_g(peak_g: Floats, weight: Weights) -> float | None:
    """Sum of peak impacts, g; None where no peak is known."""
    return _weighted_power_sum(peak_g, weight, 1.0)


def impact_weighted(peak_g: Floats, weight: Weights, reference_g: float, exponent: float) -> float | None:
    """Sum of (p / p_ref)^m: impacts of the reference peak that weigh the same; None: no peak is known."""
    return _weighted_power_sum(peak_g / reference_g, weight, exponent)


def bone_stimulus(peak_g: Floats, weight: Weights, exponent: float) -> float | None:
    """(sum of n p^m)^(1/2m), root of g; None where no peak is known. [IMeasureU; Besier]"""
    total = _weighted_power_sum(peak_g, weight, exponent)
    return None if total is None else total ** (1 / (2 * exponent))


def bin_counts(peak_g: Floats, weight: Weights, edges_g: tuple[float, ...]) -> list[int]:
    """Impacts in [edge, next edge), the last bin without end; `edges_g` rises, lower peaks are left out."""
    known = peak_g >= edges_g[0]
    place = np.searchsorted(np.array(edges_g), peak_g[known], side="right") - 1
    return [int(n) for n in np.bincount(place, weight[known], len(edges_g))]


def share(marked: Bools) -> float | None:
    """Share of the entries that are marked, 0..1; None of nothing."""
    return float(np.mean(marked)) if len(marked) else None


def asymmetry_percent(left: float | None, right: float | None) -> float | None:
    """200 (R - L) / (R + L): what the right one is above the left, %; None unless both are above zero."""
    if left is None or right is None or left <= 0 or right <= 0:
        return None
    return 200 * (right - left) / (right + left)


def balance(left: float | None, right: float | None) -> float | None:
    """L / (L + R), 0..1, one half when both are the same; None unless both are above zero."""
    if left is None or right is None or left <= 0 or right <= 0:
        return None
    return left / (left + right)


def longest_bout_s(start_us: Ints, stride_s: Floats, pause_us: int) -> float | None:
    """The longest time from a contact to the end of a stride with no `pause_us` between contacts; None of
    nothing.

    `start_us`: contacts of one foot in order of time.
    """
    if not len(start_us):
        return None
    breaks = np.flatnonzero(np.diff(start_us) > pause_us)
    first = np.concatenate(([0], breaks + 1))
    last = np.concatenate((breaks, [len(start_us) - 1]))
    end_s = start_us[last] / 1e6 + np.where(in_stride(stride_s[last]), stride_s[last], 0.0)
    return float(np.max(end_s - start_us[first] / 1e6))


def _percentiles(known: Floats, *percents: float) -> list[float]:
    """To the last bit what `np.percentile` gives of one value or more, all of them known, in a quarter of the time: a
    day has three dozen of them.
    """
    last = len(known) - 1
    places = [last * (percent / 100) for percent in percents]
    around = [(int(place), min(int(place) + 1, last)) for place in places]
    ordered = np.partition(known, sorted({at for pair in around for at in pair}))
    found: list[float] = []
    for place, (below, above) in zip(places, around, strict=True):
        low, high, share = float(ordered[below]), float(ordered[above]), place - below
        step = high - low
        found.append(low + step * share if share < 0.5 else high - step * (1 - share))
    return found


def _weighted_power_sum(values: Floats, weight: Weights, exponent: float) -> float | None:
    known = np.isfinite(values)
    return float(np.sum(values[known] ** exponent * weight[known])) if np.any(known) else None
