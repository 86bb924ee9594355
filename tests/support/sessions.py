"""Sessions made by hand for tests of the day."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from strideload.load.steps import STEP, Foot, Session
from strideload_pod import page

SECOND_US = 1_000_000


def steps(
    ic_utc_us: Sequence[int],
    *,
    stride_s: float | Sequence[float] = 0.72,
    contact_s: float | Sequence[float] = 0.24,
    peak_g: float | Sequence[float] = 9.0,
    rise_g_s: float | Sequence[float] = 500.0,
    kind: int | Sequence[int] = page.STEP_KIND_RUN,
    flags: int | Sequence[int] = 0,
) -> np.ndarray:
    made = np.empty(len(ic_utc_us), STEP)
    made["ic_utc_us"] = ic_utc_us
    columns = {"stride_s": stride_s, "contact_s": contact_s, "peak_g": peak_g, "rise_g_s": rise_g_s}
    for name, values in {**columns, "kind": kind, "flags": flags}.items():
        made[name] = values
    return made


def session(start_utc_us: int, contacts: int = 100, *, stride_s: float = 0.72, **fields: Any) -> Session:
    """`contacts` even strides from the start on, ending with the last stride; fields of steps and Session as given."""
    of_steps = {
        name: fields.pop(name)
        for name in ("contact_s", "peak_g", "rise_g_s", "kind", "flags")
        if name in fields
    }
    times = [start_utc_us + round(i * stride_s * SECOND_US) for i in range(contacts)]
    length_us = fields.pop("length_us", round(contacts * stride_s * SECOND_US))
    foot: Foot = fields.pop("foot", "unknown")
    defaults: dict[str, Any] = {
        "session_id": start_utc_us + ("left", "right", "unknown").index(foot),
        "pod": {"left": "aa" * 8, "right": "bb" * 8, "unknown": "cc" * 8}[foot],
        "end_utc_us": start_utc_us + length_us,
        "odr_hz": 833,
        "acc_range_g": 32,
        "chip": "LSM6DSO32",
        "origin": "sensor",
        "resampled": False,
        "open": False,
        "steps": steps(times, stride_s=stride_s, **of_steps),
    }
    return Session(foot=foot, start_utc_us=start_utc_us, **{**defaults, **fields})
