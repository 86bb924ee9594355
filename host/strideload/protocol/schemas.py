"""The messages of pods as JSON schemas, with the bounds that `messages` and `pod_settings` hold them to.

A test walks them: what a schema allows is read, and what lies past its bounds is refused.
"""

from typing import Any, Final

from strideload.protocol.messages import (
    INTEGER_LIMIT,
    NAMES_LIMIT,
    REASON_LIMIT,
    TEXT_LIMIT,
    U32,
)
from strideload.protocol.pod_settings import FIRST_RUN_MOST, MARK_CODE_MOST, RANGES_G, VERSION_MOST
from strideload_pod.imu import GYRO_CODES, RATE_CODES
from strideload_pod.settings import CUE_CSPM, RECORDINGS

Schema = dict[str, Any]

NUMBER_MOST: Final = 100_000
RATES_HZ: Final = sorted(RATE_CODES)


def _integer(most: int, description: str, least: int = 0) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, "description": description}


def _or_null(schema: Schema) -> Schema:
    return schema | {"type": [schema["type"], "null"]}


def _text(most: int, description: str) -> Schema:
    return {"type": "string", "maxLength": most, "description": description}


def _flag(description: str) -> Schema:
    return {"type": "boolean", "description": description}


def _hex(digits: int, description: str) -> Schema:
    return {"type": "string", "pattern": f"^[0-9a-f]{{{digits}}}$", "description": description}


def _object(properties: dict[str, Schema], required: list[str], description: str = "") -> Schema:
    found: Schema = {"type": "object", "properties": properties, "required": required}
    return found | ({"description": description} if description else {})


V: Final = _integer(255, "version of the message; 1", 1)

_STREAM: Final = _object(
    {
        "oldest": _integer(U32, "number of the oldest page that it has"),
        "next": _integer(U32, "number after the last that it has"),
        "wanted": _integer(U32, "number that the host wanted next, as far as the pod knows"),
    },
    ["oldest", "next", "wanted"],
)

_CLOCK: Final = _or_null(
    _object(
        {
            "source": _or_null(_text(TEXT_LIMIT, "who told the time")),
            "utc_ms": _or_null(_integer(INTEGER_LIMIT, "ms since 1970 at tick_ms")),
            "tick_ms": _or_null(_integer(INTEGER_LIMIT, "ms since the boot")),
        },
        [],
        "the pod's time; null: it does not know it",
    )
)

_CUE_HAD: Final = _or_null(
    _object(
        {
            "target_cspm": _integer(U32, "target, 1/100 step a minute"),
            "run": _integer(U32, "run of the programme"),
        },
        ["target_cspm", "run"],
        "the cadence cue as the pod has it",
    )
)

STATE: Final = _object(
    {
        "v": V,
        "log": _hex(8, "id of the pod's log"),
        **{
            name: _or_null(schema)
            for name, schema in {
                "boot": _integer(U32, "how many boots the log saw"),
                "firmware": _text(TEXT_LIMIT, "version of the firmware"),
                "detector": _integer(U32, "version of the detector"),
                "chip": _text(TEXT_LIMIT, "part number of the sensor"),
                "origin": _text(TEXT_LIMIT, "where the samples come from: sensor, recording or simulated"),
                "odr_hz": _integer(U32, "samples a second"),
                "recording": _flag("a step made now is kept"),
                "session": _integer(U32, "number of the session"),
                "battery_mv": _integer(U32, "battery; null: not measured"),
                "free_pages": _integer(U32, "pages of steps that still fit"),
                "settings": _integer(VERSION_MOST, "version of the host's settings that it has"),
                "settings_refused": _text(REASON_LIMIT, "why it did not take the newest ones"),
                "why_not": _text(TEXT_LIMIT, "why it does not record"),
                "raw": _flag("raw samples are kept as well"),
                "rest_mg": _integer(U32, "acceleration at rest, where that is not 1 g"),
                "raw_free_pages": _integer(U32, "pages of raw samples that still fit"),
                "raw_dropped": _integer(U32, "pages of raw samples that were not kept"),
                "raw_gave_way": _integer(U32, "pages of raw samples that were given up for steps"),
                "woken": _text(TEXT_LIMIT, "what began this boot: power, motion, button or time"),
            }.items()
        },
        "streams": {
            "type": "object",
            "maxProperties": NAMES_LIMIT,
            "additionalProperties": _STREAM,
            "description": "what it holds, by the number of the stream",
        },
        "faults": {
            "type": "object",
            "maxProperties": NAMES_LIMIT,
            "additionalProperties": _integer(U32, "how often since the boot"),
            "description": "by the counters' names of docs/page-format.md",
        },
        "clock": _CLOCK,
        "cue": _CUE_HAD,
    },
    ["v", "log"],
    "What a pod says of itself. What is missing it does not say.",
)

_SAID_LIVE: Final[dict[str, Schema]] = {
    "cadence_spm": {
        "type": "number",
        "minimum": 0,
        "maximum": NUMBER_MOST,
        "description": "steps a minute of the last strides",
    },
    "peak_g": {
        "type": "number",
        "minimum": 0,
        "maximum": NUMBER_MOST,
        "description": "greatest acceleration at the last contact, g",
    },
    "steps": _integer(INTEGER_LIMIT, "steps since the session began"),
    "kind": _text(TEXT_LIMIT, "run, walk or uncertain"),
    "tick_ms": _integer(INTEGER_LIMIT, "ms since the boot"),
}

LIVE: Final = _object(
    {"v": V, **{name: _or_null(schema) for name, schema in _SAID_LIVE.items()}},
    ["v"],
    "Once a second while a session is recorded. Null: not known at the moment.",
)

ACK: Final = _object(
    {
        "v": V,
        "store": _hex(32, "id of the host's store; a pod obeys the one that it was paired with"),
        "log": _hex(8, "id of the pod's log"),
        "stream": _integer(255, "number of the stream"),
        "next": _integer(
            U32, "number of the page that is wanted next: all before are stored, or known to be lost"
        ),
        "utc_ms": _integer(INTEGER_LIMIT, "ms since 1970, only while the host's clock is synchronised"),
    },
    ["v", "store", "log", "stream", "next"],
    "What the host has stored. A lower number than before means: send again.",
)

SETTINGS: Final = _object(
    {
        "v": V,
        "store": _hex(32, "id of the host's store"),
        "version": _integer(VERSION_MOST, "of the settings; the pod confirms it in its state", 1),
        "odr_hz": {"type": "integer", "enum": RATES_HZ, "description": "samples a second"},
        "range_g": {
            "type": "integer",
            "enum": sorted(RANGES_G),
            "description": "full scale of acceleration, +- g",
        },
        "gyro_dps": {
            "type": "integer",
            "enum": sorted({0, *GYRO_CODES}),
            "description": "full scale of rotation, degrees a second; 0: off",
        },
        "raw": _flag("keep raw samples as well"),
        "raw_gives_way": _flag("where there is no room, raw samples go before steps"),
        "recording": {"type": "string", "enum": list(RECORDINGS), "description": "when it records"},
        "mark": {
            "type": "array",
            "items": _integer(MARK_CODE_MOST, "a number that grows, and the code"),
            "minItems": 2,
            "maxItems": 2,
            "description": "mark this moment, once for each number",
        },
        "cue": _or_null(
            _object(
                {
                    "target_cspm": _integer(CUE_CSPM[1], "target, 1/100 step a minute", CUE_CSPM[0]),
                    "first_run": _integer(FIRST_RUN_MOST, "run of the programme to begin with", 1),
                },
                ["target_cspm", "first_run"],
                "the cadence cue; null: none",
            )
        ),
    },
    ["v", "store", "version", "cue"],
    "What a pod is to have. What is missing stays as the pod's own settings have it.",
)
