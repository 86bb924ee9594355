"""On what and with what a run was run, in words."""

from collections.abc import Mapping
from typing import Any, Final

from strideload.store.conditions import Mount, Surface

MOUNTS: Final[dict[Mount, str]] = {
    "laces": "on the laces",
    "heel_clip": "clip at the heel",
    "insole": "under the insole",
    "ankle": "at the ankle",
}
SURFACES: Final[dict[Surface, str]] = {
    "road": "road",
    "trail": "trail",
    "track": "track",
    "treadmill": "treadmill",
    "grass": "grass",
    "sand": "sand",
    "mixed": "mixed",
}
NOT_NOTED: Final = "not noted"


def mount(what: str | None) -> str:
    """What another program wrote stands as it is."""
    return _said(MOUNTS, what)


def surface(what: str | None) -> str:
    return _said(SURFACES, what)


def _said(words: Mapping[Any, str], what: str | None) -> str:
    return NOT_NOTED if what is None else words.get(what, what)
