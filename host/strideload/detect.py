"""Finds the steps of a recording with the very detector that runs in the shoe."""

import json
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import fsum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strideload.load import formulas
from strideload.recording import CLIP_BAND, Recording, resample
from strideload_pod import detector, page

Floats = NDArray[np.float64]

CHIP_BASE_HZ = 6667.0  # a chip's rates are this over powers of two
CHIP_RATES_HZ = tuple(CHIP_BASE_HZ / 2**k for k in (6, 5, 4, 3, 2))
INT16_MAX = 32767
ACC_UG_LSB = {4: 122, 8: 244, 16: 488, 32: 976}  # LSM6DSO32: range in g -> micro-g a LSB
GYRO_UDPS_LSB = {250: 8_750, 500: 17_500, 1000: 35_000, 2000: 70_000}
KINDS = {
    page.STEP_KIND_UNCERTAIN: "uncertain",
    page.STEP_KIND_WALK: "walk",
    page.STEP_KIND_RUN: "run",
}

# One row a contact of this foot. NaN: not known.
CONTACT = np.dtype(
    [
        ("ic_s", "<f8"),  # initial contact, on the file's clock
        ("to_s", "<f8"),  # toe-off
        ("stride_s", "<f8"),  # to the next contact of this foot
        ("contact_s", "<f8"),
        ("peak_g", "<f8"),
        ("rise_g_s", "<f8"),
        ("kind", "u1"),  # page.STEP_KIND_*
        ("flags", "u1"),  # page.STEP_CLIPPED ...
    ]
)


@dataclass(frozen=True)
class Detection:
    """The contacts of a recording in order of time, and the recording as the detector saw it."""

    contacts: NDArray[np.void]  # CONTACT
    recording: Recording


def detect(recording: Recording, progress: Callable[[float], None] = lambda share: None) -> Detection:
    """Run the detector; `progress` is told the share done, 0..1.

    An uneven recording, or one whose rate the detector does not take, is first resampled to the next rate of a chip.
    """
    if not _fits(recording):
        recording = resample(recording, _chip_rate_hz(recording.rate_hz))
    numbers = _sample_numbers(recording)
    steps = _run(recording, numbers, progress)
    return Detection(_contacts(steps, numbers, recording), recording)


def summary(detection: Detection) -> dict[str, Any]:
    """What the contacts come to; units in the names, None for what is not known."""
    contacts, recording = detection.contacts, detection.recording
    running, walking = (
        contacts[contacts["kind"] == kind] for kind in (page.STEP_KIND_RUN, page.STEP_KIND_WALK)
    )
    gaps = recording.gaps
    return {
        "strides": len(contacts),
        "steps_estimated": 2 * len(contacts),
        "running_s": formulas.time_s(running["stride_s"], np.ones(len(running))),
        "walking_s": formulas.time_s(walking["stride_s"], np.ones(len(walking))),
        "cadence_spm": formulas.median(formulas.cadence_spm(running["stride_s"])),
        "walking_cadence_spm": formulas.median(formulas.cadence_spm(walking["stride_s"])),
        "contact_s": formulas.median(running["contact_s"]),
        "peak_g": formulas.median(running["peak_g"]),
        "clipped_share": formulas.share(contacts["flags"] & page.STEP_CLIPPED != 0),
        "unreliable_share": formulas.share(contacts["flags"] & page.STEP_PEAK_UNRELIABLE != 0),
        "duration_s": float(recording.t_s[-1] - recording.t_s[0]),
        "rate_hz": recording.resampled_from_hz or recording.rate_hz,
        "resampled_to_hz": recording.rate_hz if recording.resampled_from_hz else None,
        "gyro": recording.gyro_dps is not None,
        "ceiling_g": recording.ceiling_g,
        "clipped_samples": int(np.count_nonzero(recording.clipped)),
        "gaps": len(gaps),
        "gap_s": fsum(end - start for start, end in gaps),
        "ignored": list(recording.ignored),
        "sha256": recording.sha256,
        "detector": detector.DETECTOR_VERSION,
    }


def json_lines(detection: Detection) -> Iterator[str]:
    """One JSON line a contact, then one `{"summary": ...}`; null is "not known"."""
    for contact in detection.contacts:
        line: dict[str, Any] = {
            name: _known(contact[name]) for name in ("ic_s", "to_s", "stride_s", "contact_s", "peak_g")
        }
        line["clipped"] = bool(contact["flags"] & page.STEP_CLIPPED)
        line["rise_g_s"] = _known(contact["rise_g_s"])
        line["kind"] = KINDS[int(contact["kind"])]
        yield json.dumps(line, allow_nan=False)
    yield json.dumps({"summary": _rounded(summary(detection))}, allow_nan=False)


def in_words(detection: Detection) -> Iterator[str]:
    """Lines for a person: a sentence of conclusion, then what it rests on."""
    facts = summary(detection)
    if not facts["strides"]:
        yield f"No step in {facts['duration_s']:.0f} s."
    else:
        yield (
            f"{facts['strides']} strides of this foot in {facts['duration_s']:.0f} s, "
            f"so {facts['steps_estimated']} steps (estimated)."
        )
        for name, unit, words in (
            ("running_s", "s", "running"),
            ("walking_s", "s", "walking"),
            ("cadence_spm", "steps/min", "cadence, running"),
            ("walking_cadence_spm", "steps/min", "cadence, walking"),
            ("contact_s", "s", "contact time, running"),
            ("peak_g", "g", "peak impact, running"),
        ):
            if facts[name]:
                yield f"  {words:<22} {facts[name]:>9.{3 if name == 'contact_s' else 1}f} {unit}"
    yield from _cautions(facts)


def _cautions(facts: dict[str, Any]) -> Iterator[str]:
    if facts["resampled_to_hz"]:
        yield (
            f"Resampled from {facts['rate_hz']:.1f} to {facts['resampled_to_hz']:.2f} Hz: "
            "times are true, peaks are rounded off."
        )
    if facts["gaps"]:
        yield f"{facts['gaps']} gaps, {facts['gap_s']:.1f} s in all: strides within are missing."
    if facts["clipped_samples"]:
        yield (
            f"{facts['clipped_samples']} samples are at the end of scale, {facts['ceiling_g']:.1f} g: "
            "those peaks are lower bounds."
        )
    if facts["unreliable_share"]:
        yield "Peaks are marked: below 500 Hz or within +-16 g they read low."


def _fits(recording: Recording) -> bool:
    rate_mhz = round(recording.rate_hz * 1000)
    return recording.even and detector.RATE_MHZ_MIN <= rate_mhz <= detector.RATE_MHZ_MAX


def _chip_rate_hz(rate_hz: float) -> float:
    """The lowest rate of a chip that is not below; the highest one for faster recordings."""
    return next((chip for chip in CHIP_RATES_HZ if chip >= rate_hz), CHIP_RATES_HZ[-1])


def _sample_numbers(recording: Recording) -> NDArray[np.int64]:
    """Each sample's number on an even clock that goes on through gaps, shape (n,), strictly rising."""
    numbers = np.arange(len(recording.t_s), dtype=np.int64)
    for before, part in zip(recording.segments, recording.segments[1:], strict=False):
        silent_s = recording.t_s[part.start] - recording.t_s[before.stop - 1]
        numbers[part.start :] += round(float(silent_s) * recording.rate_hz) - 1
    return numbers


def _run(
    recording: Recording, numbers: NDArray[np.int64], progress: Callable[[float], None]
) -> NDArray[np.int64]:
    """Raw steps, shape (m, STEP_SIZE)."""
    samples, acc_ug_lsb, gyro_udps_lsb = _as_int16(recording)
    rate_mhz = round(recording.rate_hz * 1000)
    state = array("i", bytes(4 * detector.state_size(rate_mhz, gyro_udps_lsb)))
    steps = array("i", bytes(4 * detector.STEP_SIZE * detector.STEPS_LIMIT))
    found: list[int] = []
    detector.setup(state, rate_mhz, acc_ug_lsb, gyro_udps_lsb)
    for part in recording.segments:
        lost = int(numbers[part.start] - numbers[part.start - 1]) - 1 if part.start else 0
        if lost:
            detector.gap(state, lost)
        for start in range(part.start, part.stop, detector.BLOCK_LIMIT):
            block = samples[start : min(start + detector.BLOCK_LIMIT, part.stop)]
            count = detector.process(state, array("h", block.tobytes()), len(block), steps)
            found.extend(steps[: count * detector.STEP_SIZE])
            progress(start / len(numbers))
    count = detector.finish(state, steps)
    found.extend(steps[: count * detector.STEP_SIZE])
    return np.array(found, np.int64).reshape(-1, detector.STEP_SIZE)


def _as_int16(recording: Recording) -> tuple[NDArray[np.int16], int, int]:
    """Samples (n, 3 or 6) as a chip would give them, micro-g a LSB, micro-deg/s a LSB (0: no gyroscope).

    A recording that clipped is scaled so that its own end of scale is the end of int16: the detector knows it as such.
    """
    if recording.ceiling_g is None:
        acc_ug_lsb = _smallest_holding(ACC_UG_LSB, float(np.max(np.abs(recording.acc_g))))
    else:
        acc_ug_lsb = round(recording.ceiling_g * 1e6 / INT16_MAX)
    acc = _quantised(recording.acc_g, acc_ug_lsb)
    if recording.ceiling_g is not None:
        at_ceiling = recording.clipped[:, None] & (
            np.abs(recording.acc_g) >= recording.ceiling_g * (1 - CLIP_BAND)
        )
        acc[at_ceiling] = np.sign(recording.acc_g[at_ceiling]) * INT16_MAX
    if recording.gyro_dps is None:
        return acc, acc_ug_lsb, 0
    gyro_udps_lsb = _smallest_holding(GYRO_UDPS_LSB, float(np.max(np.abs(recording.gyro_dps))))
    return np.hstack([acc, _quantised(recording.gyro_dps, gyro_udps_lsb)]), acc_ug_lsb, gyro_udps_lsb


def _smallest_holding(scales: dict[int, int], greatest: float) -> int:
    return next((lsb for lsb in scales.values() if greatest * 1e6 <= lsb * INT16_MAX), max(scales.values()))


def _quantised(values: Floats, micro_lsb: int) -> NDArray[np.int16]:
    return np.clip(np.round(values * 1e6 / micro_lsb), -INT16_MAX - 1, INT16_MAX).astype(np.int16)


def _contacts(steps: NDArray[np.int64], numbers: NDArray[np.int64], recording: Recording) -> NDArray[np.void]:
    """Raw steps on the file's clock."""
    ic = steps[:, detector.IC_SAMPLE] + steps[:, detector.IC_FRAC] / 256
    contact, stride = (
        _unless_unknown(steps[:, column]) / 256 for column in (detector.CONTACT, detector.STRIDE)
    )

    def on_the_clock(sample: Floats) -> Floats:
        beyond_s = np.maximum(sample - numbers[-1], 0) / recording.rate_hz
        return np.interp(sample, numbers, recording.t_s) + beyond_s

    contacts = np.empty(len(steps), CONTACT)
    contacts["ic_s"] = on_the_clock(ic)
    contacts["to_s"] = on_the_clock(ic + contact)
    contacts["contact_s"] = contacts["to_s"] - contacts["ic_s"]
    contacts["stride_s"] = on_the_clock(ic + stride) - contacts["ic_s"]
    contacts["peak_g"] = _unless_unknown(steps[:, detector.PEAK_MG]) / 1000
    contacts["rise_g_s"] = _unless_unknown(steps[:, detector.RISE_G_S])
    contacts["kind"] = steps[:, detector.KIND]
    contacts["flags"] = steps[:, detector.FLAGS]
    return contacts


def _unless_unknown(values: NDArray[np.int64]) -> Floats:
    return np.where(values < 0, np.nan, values)


def _known(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None


def _rounded(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in facts.items()}
