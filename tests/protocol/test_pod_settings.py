"""Settings of a pod: nothing that no pod has, by the firmware's own tables."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.protocol.errors import MessageError
from strideload.protocol.pod_settings import (
    CueTarget,
    PodSettings,
    check_mark,
    pod_settings,
    ranges_of,
)
from strideload_pod.imu import ACC_CODES, GYRO_CODES, RATE_CODES
from strideload_pod.settings import RECORDINGS

GOOD = st.builds(
    PodSettings,
    odr_hz=st.none() | st.sampled_from(sorted(RATE_CODES)),
    range_g=st.none() | st.sampled_from(sorted({g for codes in ACC_CODES.values() for g in codes})),
    gyro_dps=st.none() | st.sampled_from([0, *GYRO_CODES]),
    raw=st.none() | st.booleans(),
    raw_gives_way=st.none() | st.booleans(),
    recording=st.none() | st.sampled_from(RECORDINGS),
    cue=st.none() | st.builds(CueTarget, st.integers(12_000, 24_000), st.integers(1, 254)),
)


@given(GOOD)
def test_what_is_kept_as_json_comes_back(settings: PodSettings) -> None:
    assert pod_settings(json.loads(json.dumps(settings.as_dict()))) == settings


WRONG = [
    ("odr_hz", 500), ("odr_hz", 0), ("odr_hz", True), ("odr_hz", 833.0), ("odr_hz", "833"),
    ("range_g", 3), ("range_g", 64), ("range_g", -32),
    ("gyro_dps", 125), ("gyro_dps", False),
    ("recording", "sometimes"), ("recording", ""), ("recording", True),
    ("raw", 1), ("raw", "yes"), ("raw_gives_way", 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_no_pod_has_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(MessageError) as caught:
        PodSettings(**{name: value})
    assert caught.value.field == name


@pytest.mark.parametrize(
    ("target_cspm", "first_run"),
    [(11_999, 1), (24_001, 1), (17_250.0, 1), (True, 1), (17_250, 0), (17_250, 255)],
)
def test_a_cue_beyond_its_bounds_is_refused(target_cspm: Any, first_run: Any) -> None:
    with pytest.raises(MessageError, match=r"cue\."):
        CueTarget(target_cspm, first_run)


@pytest.mark.parametrize("code", [-1, 2**32, True, 1.0])
def test_a_mark_has_a_code_of_32_bits(code: Any) -> None:
    check_mark(0)
    check_mark(2**32 - 1)
    with pytest.raises(MessageError, match="mark"):
        check_mark(code)


def test_what_a_newer_version_kept_is_no_settings_of_ours() -> None:
    with pytest.raises(MessageError):
        pod_settings({"colour": "red"})


def test_ranges_are_the_chips_own() -> None:
    assert sorted(ranges_of("LSM6DSOX")) == [2, 4, 8, 16]
    assert sorted(ranges_of("LSM6DSO32")) == [4, 8, 16, 32]
    assert sorted(ranges_of(None)) == sorted(ranges_of("another")) == [2, 4, 8, 16, 32]
