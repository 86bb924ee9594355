"""Results as plain JSON: names carry their units, null is "not known", nothing is NaN or infinite.

Instants are given twice, `_utc` and `_local`, in ISO 8601.
"""

from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import UTC, date
from math import isfinite
from typing import Any, cast

from strideload.load.zones import local_time


def plain(value: Any, zone: str) -> Any:
    """A dataclass, or what stands in one. `zone`: of the instants on a clock."""
    if is_dataclass(value):
        value = vars(value)
    if isinstance(value, dict):
        named = cast(dict[str, Any], value)
        return {name: plain(item, zone) for name, item in _with_instants(named, zone)}
    if isinstance(value, tuple | list):
        return [plain(item, zone) for item in cast(tuple[Any, ...], value)]
    if isinstance(value, float):
        return round(value, 6) if isfinite(value) else None
    return value.isoformat() if isinstance(value, date) else value


def instants(utc_us: int, zone: str) -> tuple[str, str]:
    """An instant by UTC and on a clock in `zone`."""
    moment = local_time(utc_us, zone)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds"), moment.isoformat(
        timespec="milliseconds"
    )


def _with_instants(named: dict[str, Any], zone: str) -> Iterator[tuple[str, Any]]:
    for name, value in named.items():
        if name.endswith("_utc_us"):
            stem = name.removesuffix("_utc_us")
            yield from zip((f"{stem}_utc", f"{stem}_local"), instants(value, zone), strict=True)
        else:
            yield name, value
