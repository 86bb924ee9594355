"""Recordings through the detector of the shoe, and back on the file's clock."""

import json
from array import array
from itertools import pairwise

import numpy as np
import pytest

from strideload.detect import detect, in_words, json_lines, summary
from strideload.recording import from_arrays, read, resample
from strideload_pod import detector

STRIDE_S = 0.72


def running(rate_hz=208.3, seconds=20.0, *, stride_s=STRIDE_S, landing_g=6.0, start_s=100.0, seed=3):
    """A foot that runs: braking, shock and quiet stance, push-off, swing. -> t_s, acc_g, landings in seconds."""
    t_s = np.arange(round(seconds * rate_hz)) / rate_hz
    since = t_s % stride_s  # since landing
    shape = (
        landing_g * np.exp(-0.5 * ((since - 0.02) / 0.008) ** 2)
        + 2.5 * np.exp(-0.5 * ((since - 0.22) / 0.04) ** 2)
        + 3.5 * np.exp(-0.5 * ((since - stride_s + 0.12) / 0.06) ** 2)
        + 2.0 * np.exp(-0.5 * ((since - 0.42) / 0.06) ** 2)
    )
    noise = np.random.default_rng(seed).normal(0, 0.02, (len(t_s), 3))
    acc_g = noise + np.outer(shape, (0.36, 0.48, 0.8)) + (0.0, 0.0, 1.0)
    return t_s + start_s, acc_g, start_s + np.arange(0, seconds, stride_s)


def lines(detection):
    *contacts, last = (json.loads(line) for line in json_lines(detection))
    return contacts, last["summary"]


def straight_through(acc_g, rate_mhz, acc_ug_lsb):
    """What the detector says of these samples, without any of the host's code."""
    raw = np.round(acc_g * 1e6 / acc_ug_lsb).astype(np.int16)
    state = array("i", bytes(4 * detector.state_size(rate_mhz, 0)))
    steps = array("i", bytes(4 * detector.STEP_SIZE * detector.STEPS_LIMIT))
    detector.setup(state, rate_mhz, acc_ug_lsb, 0)
    found = []
    for start in range(0, len(raw), 100):
        block = raw[start : start + 100]
        count = detector.process(state, array("h", block.tobytes()), len(block), steps)
        found += steps[: count * detector.STEP_SIZE]
    found += steps[: detector.finish(state, steps) * detector.STEP_SIZE]
    return np.array(found).reshape(-1, detector.STEP_SIZE)


def test_it_is_the_detector_of_the_shoe():
    """The same samples give the same steps, in seconds and g, on the file's clock."""
    t_s, acc_g, _ = running()
    raw = straight_through(acc_g, 208_300, 244)  # 6 to 8 g in all axes together, below 8 g in each
    found = detect(from_arrays(t_s, acc_g)).contacts
    assert len(found) == len(raw) > 20
    ic_s = 100 + (raw[:, detector.IC_SAMPLE] + raw[:, detector.IC_FRAC] / 256) / 208.3
    assert found["ic_s"] == pytest.approx(ic_s, abs=1e-6)
    assert found["peak_g"] == pytest.approx(raw[:, detector.PEAK_MG] / 1000)
    assert found["rise_g_s"] == pytest.approx(raw[:, detector.RISE_G_S])
    known = raw[:, detector.STRIDE] > 0
    assert found["stride_s"][known] == pytest.approx(raw[known, detector.STRIDE] / 256 / 208.3, abs=1e-6)
    assert np.isnan(found["stride_s"][~known]).all()


def test_the_lines_say_what_was_found():
    t_s, acc_g, landings = running()
    contacts, facts = lines(detect(from_arrays(t_s, acc_g)))
    assert list(contacts[0]) == [
        "ic_s",
        "to_s",
        "stride_s",
        "contact_s",
        "peak_g",
        "clipped",
        "rise_g_s",
        "kind",
    ]
    assert facts["strides"] == len(contacts)
    assert facts["steps_estimated"] == 2 * len(contacts)
    assert len(contacts) == pytest.approx(len(landings), abs=3)
    assert all(np.abs(landings - contact["ic_s"]).min() < 0.03 for contact in contacts)
    assert all(a["ic_s"] < b["ic_s"] for a, b in pairwise(contacts))
    for contact in contacts:
        if contact["to_s"] is not None:
            assert contact["to_s"] - contact["ic_s"] == pytest.approx(contact["contact_s"], abs=1e-5)
    assert facts["cadence_spm"] == pytest.approx(120 / STRIDE_S, rel=0.01)
    assert facts["running_s"] == pytest.approx(STRIDE_S * len(contacts), abs=2)
    assert facts["detector"] == detector.DETECTOR_VERSION
    assert facts["resampled_to_hz"] is None
    assert (facts["gaps"], facts["clipped_share"], facts["unreliable_share"]) == (0, 0.0, 1.0)


def test_an_unknown_stride_is_null():
    contacts, _ = lines(detect(from_arrays(*running()[:2])))
    assert contacts[-1]["stride_s"] is None


def test_nothing_is_found_in_nothing():
    t_s = np.arange(1000) / 104.17
    acc_g = np.random.default_rng(1).normal((0, 0, 1), 0.01, (1000, 3))
    contacts, facts = lines(detect(from_arrays(t_s, acc_g)))
    assert contacts == []
    assert facts["strides"] == facts["running_s"] == 0
    assert facts["cadence_spm"] is facts["clipped_share"] is None
    assert next(iter(in_words(detect(from_arrays(t_s, acc_g))))) == "No step in 10 s."


@pytest.mark.parametrize(
    ("rate_hz", "resampled_to_hz"),
    [(60, 104.17), (99.9, 104.17), (100, None), (256, None), (1650, None), (2000, 1666.75)],
)
def test_a_rate_that_no_chip_has_is_resampled_and_said(rate_hz, resampled_to_hz):
    t_s, acc_g, landings = running(rate_hz, 15.0)
    contacts, facts = lines(detect(from_arrays(t_s, acc_g)))
    assert facts["rate_hz"] == pytest.approx(rate_hz)
    assert facts["resampled_to_hz"] == pytest.approx(resampled_to_hz, abs=0.01)
    assert len(contacts) == pytest.approx(len(landings), abs=3)
    words = " ".join(in_words(detect(from_arrays(t_s, acc_g))))
    assert ("Resampled" in words) == (resampled_to_hz is not None)


def test_uneven_samples_are_resampled_and_times_stay_true():
    t_s, acc_g, landings = running(400.0)
    chosen = np.cumsum(np.tile([4, 4, 8, 4], 2000))
    chosen = chosen[chosen < len(t_s)][: len(t_s) // 5]
    chosen = np.concatenate([chosen[:300], np.arange(chosen[300], len(t_s), 4)])
    contacts, facts = lines(detect(from_arrays(t_s[chosen], acc_g[chosen])))
    assert facts["resampled_to_hz"] == pytest.approx(104.17, abs=0.01)
    assert len(contacts) > 20
    assert all(np.abs(landings - contact["ic_s"]).min() < 0.04 for contact in contacts)


@pytest.mark.parametrize("gap_s", [0.1, 7.3, 3600.0])
def test_a_gap_moves_no_time(gap_s):
    t_s, acc_g, landings = running(seconds=30.0)
    cut = len(t_s) // 2
    later = t_s + np.where(np.arange(len(t_s)) >= cut, gap_s, 0)
    moved = landings + np.where(landings >= t_s[cut], gap_s, 0)
    contacts, facts = lines(detect(from_arrays(later, acc_g)))
    assert (facts["gaps"], facts["gap_s"]) == (1, pytest.approx(gap_s + 1 / 208.3, abs=1e-4))
    assert len(contacts) > 30
    far = [contact for contact in contacts if abs(contact["ic_s"] - t_s[cut]) > gap_s + 1]
    assert all(np.abs(moved - contact["ic_s"]).min() < 0.03 for contact in far)
    assert contacts[-1]["ic_s"] > t_s[cut] + gap_s


def test_the_recordings_own_end_of_scale_is_a_clip():
    t_s, acc_g, _ = running(landing_g=9.0)
    clipped = np.clip(acc_g, -6.31, 6.31)
    contacts, facts = lines(detect(from_arrays(t_s, clipped)))
    assert facts["ceiling_g"] == 6.31
    assert facts["clipped_samples"] == (np.abs(acc_g).max(axis=1) >= 6.31).sum()
    assert facts["clipped_share"] > 0.8
    assert all(contact["clipped"] for contact in contacts[3:-3])
    whole, facts = lines(detect(from_arrays(t_s, acc_g)))
    assert facts["clipped_share"] == 0
    assert not any(contact["clipped"] for contact in whole)


def test_clips_are_still_seen_when_resampled():
    t_s, acc_g, _ = running(landing_g=14.0)
    recording = resample(from_arrays(t_s, np.clip(acc_g, -8.0, 8.0)), 104.17)
    assert summary(detect(recording))["clipped_share"] > 0.8


def test_progress_is_told():
    told = []
    detect(from_arrays(*running()[:2]), told.append)
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] < 1


def test_a_gyroscope_is_used_where_there_is_one():
    t_s, acc_g, _ = running()
    gyro_dps = np.random.default_rng(2).normal(0, 20, acc_g.shape)
    assert summary(detect(from_arrays(t_s, acc_g, gyro_dps)))["gyro"] is True


def test_the_outdoor_run(recordings):
    """25 minutes with stops and walks; the hip's cadence is 157 to 158 steps a minute."""
    facts = summary(detect(read(recordings / "run_outdoor_shoe_100hz.npz")))
    assert facts["cadence_spm"] == pytest.approx(157.5, abs=2)
    assert 900 < facts["running_s"] < 1500
    assert facts["clipped_share"] < 0.01
    assert facts["resampled_to_hz"] is None


def test_the_uneven_run(recordings):
    """85 +- 10 strides a minute, as its owner counted; clipped at 16 g."""
    facts = summary(detect(read(recordings / "run_lsm6ds3_shoe_89hz.npz")))
    assert facts["resampled_to_hz"] == pytest.approx(104.17, abs=0.01)
    assert facts["cadence_spm"] / 2 == pytest.approx(85, abs=10)
    assert 0.3 < facts["clipped_share"] < 1
