"""Messages: what a pod says is read within bounds, and whatever else comes is an error with its place."""

import json
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.protocol.errors import MessageError
from strideload.protocol.messages import (
    MAX_PAYLOAD,
    Live,
    PodClock,
    PodCue,
    StreamState,
    ack_message,
    read_live,
    read_state,
    settings_message,
)
from strideload.protocol.pod_settings import CueTarget, PodSettings

STATE: dict[str, Any] = {
    "v": 1,
    "log": "0badcafe",
    "boot": 1,
    "firmware": "0.1.0",
    "detector": 1,
    "chip": "LSM6DSO32",
    "origin": "sensor",
    "odr_hz": 416,
    "recording": True,
    "session": 3,
    "battery_mv": None,
    "free_pages": 900,
    "streams": {"0": {"oldest": 0, "next": 40, "wanted": 38}},
    "faults": {"bus_errors": 2},
    "clock": {"source": "ntp", "utc_ms": 1, "tick_ms": 1},
    "settings": 3,
    "settings_refused": "STRIDELOAD_RANGE_G is one of [2, 4, 8, 16], got 32",
    "why_not": "log full",
    "raw": True,
    "rest_mg": 2010,
    "cue": {"target_cspm": 17_250, "run": 3},
    "raw_free_pages": 0,
    "raw_dropped": 12,
    "raw_gave_way": 3,
    "woken": "motion",
}
LIVE: dict[str, Any] = {
    "v": 1,
    "cadence_spm": 168.2,
    "peak_g": 9.1,
    "steps": 1234,
    "kind": "run",
    "tick_ms": 1,
}


def test_state() -> None:
    state = read_state(json.dumps(STATE).encode())
    assert state.log == 0x0BADCAFE
    assert state.streams == {0: StreamState(0, 40, 38)}
    assert state.clock == PodClock("ntp", 1, 1)
    assert state.cue == PodCue(17_250, 3)
    said = {**STATE, "version": 1, "log": 0x0BADCAFE, "streams": {0: STATE["streams"]["0"]}}
    del said["v"]
    assert asdict(state) == said


def test_a_state_may_say_little_or_more() -> None:
    """Version and log are enough; what is not known of a newer pod is passed over."""
    state = read_state(b'{"v":2,"log":"00000001","colour":{"deep":[1]},"streams":{}}')
    assert (state.version, state.log, state.boot, state.streams, state.clock) == (2, 1, None, {}, None)
    assert (state.settings, state.settings_refused, state.why_not, state.cue) == (None, None, None, None)


def test_live() -> None:
    assert read_live(json.dumps(LIVE).encode()) == Live(1, 168.2, 9.1, 1234, "run", 1)
    assert read_live(b'{"v":1,"cadence_spm":null}') == Live(1)


NONSENSE = [
    ("nothing", b""),
    ("no JSON", b"{"),
    ("a list", b"[]"),
    ("a number", b"1"),
    ("not UTF-8", b'{"v":"\xff"}'),
    ("NaN", b'{"v":1,"log":"00000001","boot":NaN}'),
    ("infinity", b'{"v":1,"cadence_spm":-Infinity}'),
    ("too large", b" " * (MAX_PAYLOAD + 1)),
    ("ten megabytes", b"[" * 10_000_000),
    ("deep", b"[" * MAX_PAYLOAD),
    ("deep objects", b'{"a":' * (MAX_PAYLOAD // 5)),
    ("more digits than Python reads", b'{"v":' + b"9" * 5000 + b"}"),
]


@pytest.mark.parametrize("read", [read_state, read_live])
@pytest.mark.parametrize("payload", [case[1] for case in NONSENSE], ids=[case[0] for case in NONSENSE])
def test_nonsense(read: Any, payload: bytes) -> None:
    with pytest.raises(MessageError):
        read(payload)


WRONG_STATE = [
    ("v", 0), ("v", 256), ("v", True), ("v", "1"), ("v", 1.0), ("v", None),
    ("log", 1), ("log", "0BADCAFE"), ("log", "badcafe"), ("log", "0badcafe0"), ("log", " badcafe"), ("log", "0x000001"),
    ("boot", -1), ("boot", 2**32), ("boot", 1.5), ("boot", []), ("boot", True),
    ("firmware", "x" * 65), ("firmware", "a\u0000b"), ("firmware", "\u202e"), ("firmware", 1),
    ("recording", 1), ("recording", "true"),
    ("battery_mv", 2**32), ("odr_hz", "416"),
    ("streams", []), ("streams", {"x": {}}), ("streams", {"0": []}), ("streams", {"256": {}}), ("streams", {"-1": {}}),
    ("streams", {"²": {}}), ("streams", {"0": {"oldest": 0, "next": 1}}),
    ("streams", {"0": {"oldest": 0, "next": 2**32, "wanted": 0}}),
    ("streams", {str(i): {"oldest": 0, "next": 0, "wanted": 0} for i in range(33)}),
    ("faults", {"a": -1}), ("faults", {"a": "1"}), ("faults", {"a" * 65: 1}), ("faults", {"\n": 1}), ("faults", 3),
    ("settings", -1), ("settings", 2**31), ("settings", True), ("settings_refused", "x" * 257),
    ("settings_refused", "a\nb"), ("why_not", 1), ("why_not", "x" * 65), ("raw", 1), ("rest_mg", -1),
    ("rest_mg", 1000.5), ("raw_free_pages", 2**32), ("cue", 17_250), ("cue", {}), ("cue", {"target_cspm": 17_250}),
    ("cue", {"target_cspm": "17250", "run": 1}),
    ("clock", 7), ("clock", {"utc_ms": 1.5}), ("clock", {"tick_ms": 2**54}), ("clock", {"source": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG_STATE)
def test_a_wrong_field_is_named(name: str, value: Any) -> None:
    with pytest.raises(MessageError) as caught:
        read_state(json.dumps({**STATE, name: value}).encode())
    places = {"utc_ms", "tick_ms", "source", "oldest", "next", "wanted", "a", "a" * 65, name}
    places |= {"target_cspm", "run"}
    assert caught.value.field.split(".")[0] in places


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cadence_spm", "168"),
        ("cadence_spm", -1),
        ("cadence_spm", 1e6),
        ("peak_g", True),
        ("steps", 1.5),
        ("kind", 2),
    ],
)
def test_a_wrong_field_of_live(name: str, value: Any) -> None:
    with pytest.raises(MessageError) as caught:
        read_live(json.dumps({**LIVE, name: value}).encode())
    assert caught.value.field == name


def test_a_number_that_is_no_number_any_more() -> None:
    with pytest.raises(MessageError, match="peak_g"):
        read_live(b'{"v":1,"peak_g":1e999}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(STATE)), JSON)
def test_any_value_is_read_or_refused(name: str, value: Any) -> None:
    """Never another error; and what is read is within its bounds."""
    try:
        state = read_state(json.dumps({**STATE, name: value}).encode())
    except MessageError:
        return
    assert 0 <= state.log < 2**32
    assert all(0 <= s.next < 2**32 for s in state.streams.values())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    for read in (read_state, read_live):
        with suppress(MessageError):
            read(payload)


@pytest.mark.parametrize("utc_ms", [None, 1_760_000_000_000])
def test_ack(utc_ms: int | None) -> None:
    """The time is there only while it is right."""
    found = json.loads(ack_message("ab" * 16, 0xBADCAFE, 1, 38, utc_ms))
    time = {} if utc_ms is None else {"utc_ms": utc_ms}
    assert found == {"v": 1, "store": "ab" * 16, "log": "0badcafe", "stream": 1, "next": 38, **time}


EVERY = PodSettings(833, 32, 2000, False, True, "auto", CueTarget(17_250, 1))
SETTINGS = [
    ("nothing", PodSettings(), None, {"cue": None}),
    (
        "everything",
        EVERY,
        (7, 1),
        {
            "odr_hz": 833,
            "range_g": 32,
            "gyro_dps": 2000,
            "raw": False,
            "raw_gives_way": True,
            "recording": "auto",
            "mark": [7, 1],
            "cue": {"target_cspm": 17_250, "first_run": 1},
        },
    ),
]


@pytest.mark.parametrize(("wanted", "mark", "said"), [s[1:] for s in SETTINGS], ids=[s[0] for s in SETTINGS])
def test_settings(wanted: PodSettings, mark: tuple[int, int] | None, said: dict[str, Any]) -> None:
    """What is not set is not said; that there is no cue always is."""
    found = json.loads(settings_message("ab" * 16, 3, wanted, mark))
    assert found == {"v": 1, "store": "ab" * 16, "version": 3, **said}


def test_the_longest_settings_fit_into_what_a_pod_reads() -> None:
    longest = PodSettings(1667, 32, 2000, False, False, "auto", CueTarget(24_000, 254))
    assert len(settings_message("ab" * 16, 2**31 - 1, longest, (2**31 - 1, 2**32 - 1))) < 512
