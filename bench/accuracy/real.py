"""The real recordings, from the folder that STRIDELOAD_RECORDINGS names. Where one is absent its rows say so."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strideload_pod import page

from . import peers
from .detection import Chip, Detect, Steps, detect_compiled
from .figures import WINDOW_S, Case, Row, Truth, f1, mean_stride_s, score
from .turned import turned

Floats = NDArray[np.float64]

# The second half of this subject's truth lies 0.3 s from where that sensor has its landings.
DOUBTFUL = "walk_subject16"
_SHOE, _HIP = "run_outdoor_shoe_100hz.npz", "run_outdoor_hip_100hz.npz"
_BLE = "run_lsm6ds3_shoe_89hz.npz"
_SURE = "real walks with turns, without subject 16"
_BEFORE_LAG = "the same, but for the ends of walks where the truth lags behind the sensor"
_GYRO_UDPS_LSB = 70_000
_HIP_STRIDE_S = (0.60, 1.00)
_HIP_MOVES_G, _HIP_CLEAR = 0.45, 0.6  # below, the hip shows no clear running rhythm
# Whose truth has the strides of some stretches only: what is found outside of these is not judged.
_LABELLED = "walk_foot_205hz"
_LABELLED_APART_S, _LABELLED_ROUND_S = 2.0, 0.3
_LAG_WITHIN_S, _LAG_S = 0.3, 0.08


def rows(folder: Path, detect: Detect = detect_compiled, mountings: int = 3) -> Iterator[Row]:
    """All rows that this folder can give."""
    yield from walking(folder, detect, mountings)
    yield from outdoor(folder, detect)
    yield from over_ble(folder, detect)


def _absent(name: str, file: str) -> Row:
    return {"set": name, "skipped": f"{file} is not in the folder of recordings"}


def walking(folder: Path, detect: Detect, mountings: int) -> Iterator[Row]:
    """Eight people and one more, out, turn and back, with contacts and toe-offs checked by hand."""
    files = sorted(folder.glob("walk_*.npz"))
    if not files:
        yield _absent("real walks", "walk_*.npz")
        return
    sure = [file for file in files if not file.name.startswith(DOUBTFUL)]
    for name, chosen in (
        (_SURE, sure),
        ("real walks with turns, all", files),
    ):
        for gyro in (True, False):
            yield {"set": name, "gyro": gyro, **score([_walk(file, gyro, 0, detect) for file in chosen])}
    for gyro in (True, False):
        cases = [_before(_lag_s(file), _walk(file, gyro, 0, detect)) for file in sure]
        yield {"set": _BEFORE_LAG, "gyro": gyro, **score(cases)}
    for seed in range(1, mountings + 1):
        for gyro in (True, False):
            cases = [_walk(file, gyro, seed, detect) for file in sure]
            yield {"set": f"the same, mounting turned at random ({seed})", "gyro": gyro, **score(cases)}
    for peer in peers.PEERS:
        cases = [_peer(peer, file) for file in sure]
        yield {"set": _SURE, "peer": peer + peers.MOVED, **score(cases)}
        cases = [_before(_lag_s(file), case) for file, case in zip(sure, cases, strict=True)]
        yield {"set": _BEFORE_LAG, "peer": peer + peers.MOVED, **score(cases)}
    if not peers.has_digital_health():
        yield {"set": "scikit-digital-health as a peer", "skipped": "it is not installed"}


def _load(file: Path) -> tuple[Floats, float, Truth]:
    """(g and deg/s, rate in Hz, truth); contacts count from the first row, toe-offs stand beside their contacts."""
    walk = np.load(file)
    rate_hz = 1 / float(np.median(np.diff(walk["t_s"])))
    ic_s = np.sort(walk["ic_s"]) - walk["t_s"][0]
    to_s = np.full(len(ic_s), np.nan)
    if "swing_start_s" in walk.files:
        swing_s = np.sort(walk["swing_start_s"]) - walk["t_s"][0]
        before = np.searchsorted(ic_s, swing_s) - 1
        near = (before >= 0) & (swing_s - ic_s[before] < 1.2)
        to_s[before[near]] = swing_s[near]
    values = np.concatenate([walk["acc_g"], walk["gyro_dps"]], axis=1).astype(float)
    unknown = np.full(len(ic_s), np.nan)
    return values, rate_hz, Truth(ic_s, to_s, unknown, np.full(len(ic_s), page.STEP_KIND_WALK, np.uint8))


def _walk(file: Path, gyro: bool, seed: int, detect: Detect) -> Case:
    values, rate_hz, truth = _load(file)
    found = detect(turned(values, seed), Chip(rate_hz, 976, _GYRO_UDPS_LSB if gyro else 0))
    return Case(_judged(file, found, truth), truth, len(values) / rate_hz)


def _judged(file: Path, found: Steps, truth: Truth) -> Steps:
    """Without the contacts that lie where nobody said whether there is one."""
    if not file.name.startswith(_LABELLED):
        return found
    apart = np.flatnonzero(np.diff(truth.ic_s) > _LABELLED_APART_S)
    starts_s = truth.ic_s[np.concatenate([[0], apart + 1])] - _LABELLED_ROUND_S
    ends_s = truth.ic_s[np.concatenate([apart, [len(truth.ic_s) - 1]])] + _LABELLED_ROUND_S
    at = np.searchsorted(starts_s, found.ic_s, side="right") - 1
    told = (at >= 0) & (found.ic_s <= ends_s[at])
    return Steps(*(column[told] for column in found))


def _lag_s(file: Path) -> float:
    """From when on the truth lags behind this sensor until the end, s; inf: it never does.

    Told without any detector: the greatest change of the acceleration's length within 0.3 s of each true contact lies
    at the recording's usual distance from it, and from some contact on earlier by `_LAG_S` and more.
    """
    values, rate_hz, truth = _load(file)
    change = np.abs(np.diff(np.linalg.norm(values[:, :3], axis=1), prepend=1.0))
    change = np.convolve(change, np.ones(5) / 5, "same")
    around = np.arange(-round(_LAG_WITHIN_S * rate_hz), round(_LAG_WITHIN_S * rate_hz) + 1)
    at = np.clip(np.round(truth.ic_s * rate_hz).astype(int)[:, None] + around, 0, len(change) - 1)
    off_s = around[np.argmax(change[at], axis=1)] / rate_hz
    lags = off_s - np.median(off_s) <= -_LAG_S
    last = len(lags) - int(np.argmin(lags[::-1])) if not lags.all() else 0
    return float(truth.ic_s[last] - _LABELLED_ROUND_S) if last < len(lags) else np.inf


def _before(end_s: float, case: Case) -> Case:
    """What comes before that moment."""
    found, truth = case.found, case.truth
    return Case(
        Steps(*(column[found.ic_s < end_s] for column in found)),
        Truth(*(column[truth.ic_s < end_s] for column in truth)),
        min(case.seconds, end_s),
    )


def _peer(peer: str, file: Path) -> Case:
    values, rate_hz, truth = _load(file)
    found = peers.calibrated(peers.PEERS[peer](values[:, :3], rate_hz), truth.ic_s)
    return Case(_judged(file, found, truth), truth, len(values) / rate_hz)


def outdoor(folder: Path, detect: Detect) -> Iterator[Row]:
    """25 minutes with stops and walks: cadence against the other sensor, at the hip, in every ten seconds.

    The hip's is told in two ways: by the likeness of its signal to itself, which gives the stride that returns most
    alike, and by its own steps, which give the mean stride, as the shoe's do.
    """
    for file in (_SHOE, _HIP):
        if not (folder / file).exists():
            yield _absent("real 25-minute run", file)
            return
    shoe, hip = (np.load(folder / file)["acc_g"].astype(float) for file in (_SHOE, _HIP))
    starts = np.arange(0, len(shoe) / 100 - WINDOW_S, WINDOW_S)

    def stride_s(acc_g: Floats, start: float, **limits: float) -> float:
        part = acc_g[round(start * 100) : round((start + WINDOW_S) * 100)]
        return peers.stride_by_autocorrelation_s(part, 100.0, *_HIP_STRIDE_S, **limits)

    alike_s = np.array([stride_s(hip, s, least_sd_g=_HIP_MOVES_G, clear=_HIP_CLEAR) for s in starts])
    starts, alike_s = starts[~np.isnan(alike_s)], alike_s[~np.isnan(alike_s)]
    hip_strides = peers.strides_at_the_hip(hip, 100.0)
    by_steps_s = np.array([mean_stride_s(hip_strides, start) for start in starts])
    references = {"the hip's": alike_s, "the hip's steps": by_steps_s}

    def told(who: Row, own_s: Floats) -> Iterator[Row]:
        for name, expected_s in references.items():
            yield {"set": f"real 25-minute run, cadence against {name}", **who, **_against(own_s, expected_s)}

    def means_s(found: Steps) -> Floats:
        return np.array([mean_stride_s(found, start) for start in starts])

    for seed in (0, 1):
        found = detect(turned(shoe, seed), Chip(100.0, 244, 0))
        kinds = {f"found_{kind}": int(np.sum(found.kind == number)) for kind, number in _KINDS}
        who: Row = {"mounting": "turned at random"} if seed else {}
        yield from told({**who, "gyro": False, "found": len(found.ic_s), **kinds}, means_s(found))
    for peer, find in peers.PEERS.items():
        picked = find(shoe, 100.0)
        yield from told({"peer": peer, "found": len(picked.ic_s)}, means_s(picked))
    yield from told({"peer": "autocorrelation"}, np.array([stride_s(shoe, start) for start in starts]))


_KINDS = (("run", page.STEP_KIND_RUN), ("walk", page.STEP_KIND_WALK), ("uncertain", page.STEP_KIND_UNCERTAIN))


def _against(own_s: Floats, expected_s: Floats) -> Row:
    """Differences of cadence by window; a window without steps is one that is off."""
    off = np.abs(np.where(np.isnan(own_s), np.inf, own_s) / expected_s - 1)
    return {
        "cadence_windows": len(off),
        "cadence_error_pct": float(100 * np.median(off)),
        "cadence_within_1pct": float(np.mean(off <= 0.01)),
        "cadence_within_2pct": float(np.mean(off <= 0.02)),
        "cadence_without_steps": int(np.sum(np.isinf(off))),
    }


def over_ble(folder: Path, detect: Detect) -> Iterator[Row]:
    """102 s of running with uneven intervals, put on an even clock of 104 Hz; 85 +- 10 strides a minute by its
    truth."""
    name = "real 102-second run over Bluetooth, +-16 g"
    if not (folder / _BLE).exists():
        yield _absent(name, _BLE)
        return
    run = np.load(folder / _BLE)
    both = np.concatenate([run["acc_g"], run["gyro_dps"]], axis=1)
    t_s = np.arange(run["t_s"][0], run["t_s"][-1], 1 / 104)
    values = np.stack([np.interp(t_s, run["t_s"], column) for column in both.T], axis=1)
    found: dict[bool, Steps] = {}
    for gyro in (True, False):
        found[gyro] = steps = detect(values, Chip(104.0, 488, _GYRO_UDPS_LSB if gyro else 0))
        yield {
            "set": name,
            "gyro": gyro,
            "found": len(steps.ic_s),
            "strides_a_minute": float(60 / np.nanmedian(steps.stride_s)) if len(steps.ic_s) > 2 else None,
        }
    yield {
        "set": "the same, contacts with gyroscope against those without",
        "f1_25ms": f1([(found[True].ic_s, found[False].ic_s)], 0.025),
    }
    for peer, find in peers.PEERS.items():
        picked = find(values[:, :3], 104.0)
        a_minute = float(60 / np.nanmedian(picked.stride_s))
        yield {"set": name, "peer": peer, "found": len(picked.ic_s), "strides_a_minute": a_minute}
