"""The JSON messages: what a pod says of itself, and what the host answers.

A reader takes bytes from anyone: the size is checked first, then the syntax, then every field with its
bounds. Fields that are not known are passed over, so that a newer pod is still understood.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from strideload.protocol.errors import MessageError
from strideload.protocol.pod_settings import VERSION_MOST, PodSettings
from strideload_pod.page import PAGE_SIZE
from strideload_pod.sync import MESSAGE_PAGES

# A pod publishes so many pages at most, and no JSON message comes near that; anything larger is not ours.
MAX_PAYLOAD: Final = MESSAGE_PAGES * PAGE_SIZE
CLEARED: Final = b""  # retained, it takes what was retained off the broker

U32: Final = 0xFFFFFFFF
# 2**53: the largest range in which JSON readers of any language agree on integers.
INTEGER_LIMIT: Final = 2**53
TEXT_LIMIT: Final = 64
REASON_LIMIT: Final = 256  # a sentence of a pod's
NAMES_LIMIT: Final = 32

Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class StreamState:
    """What a pod holds of one stream: page numbers `oldest` up to, not including, `next`."""

    oldest: int
    next: int
    wanted: int


@dataclass(frozen=True)
class PodClock:
    """The pod's time: `utc_ms` at `tick_ms` since its boot."""

    source: str | None
    utc_ms: int | None
    tick_ms: int | None


@dataclass(frozen=True)
class PodCue:
    """The cadence cue as a pod has it: its target, 1/100 step a minute, and the present run of the programme."""

    target_cspm: int
    run: int


@dataclass(frozen=True)
class PodState:
    """A pod's `state`. None: the pod does not say."""

    version: int
    log: int
    boot: int | None = None
    firmware: str | None = None
    detector: int | None = None
    chip: str | None = None
    origin: str | None = None
    odr_hz: int | None = None
    recording: bool | None = None
    session: int | None = None
    battery_mv: int | None = None
    free_pages: int | None = None
    streams: dict[int, StreamState] = field(default_factory=dict[int, StreamState])
    faults: dict[str, int] = field(default_factory=dict[str, int])
    clock: PodClock | None = None
    settings: int | None = None  # version of the host's settings that it has
    settings_refused: str | None = None  # why it did not take the newest ones
    why_not: str | None = None  # it does not record
    raw: bool | None = None
    rest_mg: int | None = None  # acceleration at rest, where that is not 1 g
    cue: PodCue | None = None
    raw_free_pages: int | None = None
    raw_dropped: int | None = None  # pages of raw samples that were not kept, since the boot


@dataclass(frozen=True)
class Live:
    """A pod's `live`, once a second. None: not known at the moment."""

    version: int
    cadence_spm: float | None = None
    peak_g: float | None = None
    steps: int | None = None
    kind: str | None = None
    tick_ms: int | None = None


def read_state(payload: bytes) -> PodState:
    """`state` -> PodState. MessageError."""
    message = _object(payload)
    return PodState(
        version=_integer(message, "v", 1, 255),
        log=_hex32(message, "log"),
        boot=_optional(_u32, message, "boot"),
        firmware=_optional(_text, message, "firmware"),
        detector=_optional(_u32, message, "detector"),
        chip=_optional(_text, message, "chip"),
        origin=_optional(_text, message, "origin"),
        odr_hz=_optional(_u32, message, "odr_hz"),
        recording=_optional(_boolean, message, "recording"),
        session=_optional(_u32, message, "session"),
        battery_mv=_optional(_u32, message, "battery_mv"),
        free_pages=_optional(_u32, message, "free_pages"),
        streams=_streams(message),
        faults=_faults(message),
        clock=_clock(message),
        settings=_optional(_version, message, "settings"),
        settings_refused=_optional(_reason, message, "settings_refused"),
        why_not=_optional(_text, message, "why_not"),
        raw=_optional(_boolean, message, "raw"),
        rest_mg=_optional(_u32, message, "rest_mg"),
        cue=_cue(message),
        raw_free_pages=_optional(_u32, message, "raw_free_pages"),
        raw_dropped=_optional(_u32, message, "raw_dropped"),
    )


def read_live(payload: bytes) -> Live:
    """`live` -> Live. MessageError."""
    message = _object(payload)
    return Live(
        version=_integer(message, "v", 1, 255),
        cadence_spm=_optional(_number, message, "cadence_spm"),
        peak_g=_optional(_number, message, "peak_g"),
        steps=_optional(_count, message, "steps"),
        kind=_optional(_text, message, "kind"),
        tick_ms=_optional(_count, message, "tick_ms"),
    )


def ack_message(store: str, log: int, stream: int, next_: int, utc_ms: int | None) -> bytes:
    """`ack`: the page that this store wants next of a stream. `utc_ms`: None while the clock may be wrong."""
    message: Json = {"v": 1, "store": store, "log": f"{log:08x}", "stream": stream, "next": next_}
    if utc_ms is not None:
        message["utc_ms"] = utc_ms
    return json.dumps(message, separators=(",", ":")).encode()


def settings_message(
    store: str, version: int, settings: PodSettings, mark: tuple[int, int] | None = None
) -> bytes:
    """`settings`: what this store wants a pod to have. `mark`: (a number that grows, code) of a mark to be made."""
    message: Json = {"v": 1, "store": store, "version": version, **settings.as_dict()}
    if mark is not None:
        message["mark"] = mark
    return json.dumps(message, separators=(",", ":")).encode()


def _refuse_constant(name: str) -> float:
    raise MessageError(f"{name} is no number in JSON")


def _object(payload: bytes) -> Json:
    if len(payload) > MAX_PAYLOAD:
        raise MessageError(f"{len(payload)} bytes, more than {MAX_PAYLOAD}")
    try:
        found = json.loads(payload, parse_constant=_refuse_constant)
    except MessageError:
        raise
    except (ValueError, RecursionError) as error:  # RecursionError: thousands of open brackets
        raise MessageError(f"not JSON: {type(error).__name__}") from None
    return _as_object(found, "")


def _as_object(value: object, name: str) -> Json:
    if not isinstance(value, dict):
        raise MessageError("not an object", name)
    return cast(Json, value)


def _optional(read: Callable[[Json, str], T], message: Json, name: str) -> T | None:
    return None if message.get(name) is None else read(message, name)


def _integer(message: Json, name: str, lowest: int, highest: int) -> int:
    value = message.get(name)
    if type(value) is not int:  # a bool is an int to isinstance
        raise MessageError("not an integer", name)
    if not lowest <= value <= highest:
        raise MessageError(f"not within {lowest}..{highest}", name)
    return value


def _u32(message: Json, name: str) -> int:
    return _integer(message, name, 0, U32)


def _version(message: Json, name: str) -> int:
    return _integer(message, name, 0, VERSION_MOST)


def _count(message: Json, name: str) -> int:
    return _integer(message, name, 0, INTEGER_LIMIT)


def _number(message: Json, name: str) -> float:
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise MessageError("not a number", name)
    # Far above any cadence or acceleration; 1e999 reads as infinity.
    if not math.isfinite(value) or not 0 <= value <= 100_000:
        raise MessageError("not within 0..100000", name)
    return float(value)


def _text(message: Json, name: str, limit: int = TEXT_LIMIT) -> str:
    value = message.get(name)
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        raise MessageError(f"not a text of up to {limit} printable letters", name)
    return value


def _reason(message: Json, name: str) -> str:
    return _text(message, name, REASON_LIMIT)


def _boolean(message: Json, name: str) -> bool:
    value = message.get(name)
    if not isinstance(value, bool):
        raise MessageError("neither true nor false", name)
    return value


def _hex32(message: Json, name: str) -> int:
    value = message.get(name)
    if not isinstance(value, str) or len(value) != 8 or set(value) - set("0123456789abcdef"):
        raise MessageError("not eight lower-case hex digits", name)
    return int(value, 16)


def _table(message: Json, name: str) -> Json:
    found = _as_object(message.get(name, {}), name)
    if len(found) > NAMES_LIMIT:
        raise MessageError(f"more than {NAMES_LIMIT} entries", name)
    return found


def _streams(message: Json) -> dict[int, StreamState]:
    found: dict[int, StreamState] = {}
    for key, value in _table(message, "streams").items():
        name = f"streams.{key[:4]}"
        if not key.isascii() or not key.isdigit() or len(key) > 3 or int(key) > 255:
            raise MessageError("not the number of a stream", name)
        entry = _as_object(value, name)
        found[int(key)] = StreamState(_u32(entry, "oldest"), _u32(entry, "next"), _u32(entry, "wanted"))
    return found


def _faults(message: Json) -> dict[str, int]:
    table = _table(message, "faults")
    for name in table:
        if len(name) > TEXT_LIMIT or not name.isprintable():
            raise MessageError("the name of a fault is not text", "faults")
    return {name: _u32(table, name) for name in table}


def _clock(message: Json) -> PodClock | None:
    if message.get("clock") is None:
        return None
    clock = _as_object(message["clock"], "clock")
    return PodClock(
        source=_optional(_text, clock, "source"),
        utc_ms=_optional(_count, clock, "utc_ms"),
        tick_ms=_optional(_count, clock, "tick_ms"),
    )


def _cue(message: Json) -> PodCue | None:
    if message.get("cue") is None:
        return None
    cue = _as_object(message["cue"], "cue")
    return PodCue(_u32(cue, "target_cspm"), _u32(cue, "run"))
