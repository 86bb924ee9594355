"""Figures of found steps against true ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .detection import Steps

Floats = NDArray[np.float64]
Row = dict[str, float | int | str | bool | None]

WINDOW_S = 10.0
_TIMED_WITHIN_S = 0.05  # contacts further off than this count as missed, and have no part in bias and spread
_SIGMA_OF_MAD = 1.4826


class Truth(NamedTuple):
    """Of one foot, shape (n,), seconds from the first sample; NaN: not known."""

    ic_s: Floats
    to_s: Floats
    peak_g: Floats
    kind: NDArray[np.uint8]


class Case(NamedTuple):
    """One recording: what was found, what is true, and for how long."""

    found: Steps
    truth: Truth
    seconds: float


def pairs(found_s: Floats, true_s: Floats, within_s: float) -> NDArray[np.intp]:
    """(found, true) of those that are each other's nearest and within reach, shape (m, 2)."""
    if not len(found_s) or not len(true_s):
        return np.empty((0, 2), np.intp)
    nearest_true = _nearest(found_s, true_s)
    nearest_found = _nearest(true_s, found_s)
    own = np.flatnonzero(nearest_found[nearest_true] == np.arange(len(found_s)))
    own = own[np.abs(found_s[own] - true_s[nearest_true[own]]) <= within_s]
    return np.stack([own, nearest_true[own]], axis=1)


def _nearest(of_s: Floats, among_s: Floats) -> NDArray[np.intp]:
    after = np.clip(np.searchsorted(among_s, of_s), 1, max(len(among_s) - 1, 1))
    if len(among_s) == 1:
        return np.zeros(len(of_s), np.intp)
    return np.where(of_s - among_s[after - 1] <= among_s[after] - of_s, after - 1, after)


def f1(cases: Sequence[tuple[Floats, Floats]], within_s: float) -> float | None:
    """Over all cases of (found, true) together; None without any."""
    total = sum(len(found) + len(true) for found, true in cases)
    hits = sum(len(pairs(found, true, within_s)) for found, true in cases)
    return 2 * hits / total if total else None


def cadence_errors(found: Steps, truth: Truth, seconds: float) -> Floats:
    """Share by which the mean stride of each ten seconds differs; inf where steps lack, shape (windows,).

    Windows in which a bout begins or ends, or the pace changes, are left out: those with less than seven tenths of it
    in strides, or whose strides do not all lie within 15 % of their median.
    """
    errors: list[float] = []
    true_stride_s = np.diff(truth.ic_s)
    for start in np.arange(0, seconds - WINDOW_S + 1e-9, WINDOW_S):
        own = true_stride_s[(truth.ic_s[:-1] >= start) & (truth.ic_s[:-1] < start + WINDOW_S)]
        if own.sum() < 0.7 * WINDOW_S or np.ptp(own) > 0.3 * np.median(own):
            continue
        errors.append(mean_stride_s(found, start) / float(np.mean(own)) - 1)
    return np.array(errors)


def mean_stride_s(found: Steps, start_s: float) -> float:
    """Of the strides that begin in the ten seconds from here and lie within 30 % of their median; inf for under
    five."""
    at = (found.ic_s >= start_s) & (found.ic_s < start_s + WINDOW_S)
    stride_s = _known(found.stride_s[at])
    if len(stride_s) < 5:
        return np.inf
    middle = np.median(stride_s)
    near = stride_s[np.abs(stride_s - middle) < 0.3 * middle]
    return float(np.mean(near)) if len(near) else np.inf


def spread(values: Floats) -> tuple[float | None, float | None]:
    """(standard deviation, the same from the median absolute deviation); None for fewer than three."""
    if len(values) < 3:
        return None, None
    return float(np.std(values)), float(_SIGMA_OF_MAD * np.median(np.abs(values - np.median(values))))


def score(cases: Sequence[Case]) -> Row:
    """All figures of a set of recordings, times in ms. None: nothing to tell it from.

    Biases are medians over all strides, spreads are about it; `within` is the spread about each recording's own
    median, as one runner in one shoe would see it.
    """
    contacts = [(case.found.ic_s, case.truth.ic_s) for case in cases]
    ic: list[Floats] = []
    to: list[Floats] = []
    duration: list[Floats] = []
    peak: list[Floats] = []
    kinds: list[NDArray[np.bool_]] = []
    for case in cases:
        found, true = pairs(case.found.ic_s, case.truth.ic_s, _TIMED_WITHIN_S).T
        found_contact_s = case.found.contact_s[found]
        ic.append((case.found.ic_s[found] - case.truth.ic_s[true]) * 1000)
        to.append(_known(found_contact_s + case.found.ic_s[found] - case.truth.to_s[true]) * 1000)
        duration.append(_known(found_contact_s - (case.truth.to_s - case.truth.ic_s)[true]) * 1000)
        peak.append(_known(case.found.peak_g[found] / case.truth.peak_g[true] - 1) * 100)
        if case.found.kind.any():  # a peer knows none
            kinds.append((case.found.kind[found] == case.truth.kind[true])[case.truth.kind[true] > 0])
    cadence = np.concatenate([cadence_errors(*case) for case in cases])
    strides = sum(len(true) for _, true in contacts)
    found_strides = sum(len(found) for found, _ in contacts)
    row: Row = {
        "recordings": len(cases),
        "strides": strides,
        "found": found_strides,
        "f1_25ms": f1(contacts, 0.025),
        "f1_50ms": f1(contacts, 0.05),
        "f1_150ms": f1(contacts, 0.15),
        "count_error_pct": 100 * (found_strides / strides - 1) if strides else None,
        **_timing("ic", ic),
        **_timing("to", to),
        **_timing("contact", duration),
        "peak_bias_pct": _median(np.concatenate(peak)),
        "peak_spread_pct": spread(np.concatenate(peak))[1],
        "cadence_windows": len(cadence),
        "cadence_error_pct": _median(100 * np.abs(cadence)),
        "cadence_within_1pct": _share(np.abs(cadence) <= 0.01),
        "kind_right": _share(np.concatenate(kinds)) if kinds else None,
    }
    return row


def false_steps(cases: Sequence[tuple[Steps, float]]) -> Row:
    """Of recordings without a step: (found, seconds)."""
    hours = sum(seconds for _, seconds in cases) / 3600
    found = sum(len(steps.ic_s) for steps, _ in cases)
    return {"recordings": len(cases), "found": found, "hours": hours, "false_per_hour": found / hours}


def _timing(name: str, parts: Sequence[Floats]) -> Row:
    values = np.concatenate(parts)
    sd, robust = spread(values)
    within = np.concatenate([part - np.median(part) for part in parts if len(part)] or [values])
    return {
        f"{name}_bias_ms": _median(values),
        f"{name}_sd_ms": sd,
        f"{name}_robust_sd_ms": robust,
        f"{name}_within_sd_ms": spread(within)[0],
        f"{name}_within_robust_sd_ms": spread(within)[1],
    }


def _known(values: Floats) -> Floats:
    return values[~np.isnan(values)]


def _median(values: Floats) -> float | None:
    """None also where the middle is without bound."""
    middle = float(np.median(values)) if len(values) else np.inf
    return middle if np.isfinite(middle) else None


def _share(values: NDArray[np.bool_]) -> float | None:
    return float(np.mean(values)) if len(values) else None
