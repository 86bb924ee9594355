"""What a host may set on a pod, within the bounds of the firmware's own tables."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from strideload.protocol.errors import MessageError
from strideload_pod.imu import ACC_CODES, GYRO_CODES, RATE_CODES
from strideload_pod.settings import CUE_CSPM, RECORDINGS, VERSION_LIMIT

RANGES_G: Final = frozenset(range_g for codes in ACC_CODES.values() for range_g in codes)
FIRST_RUN_MOST: Final = 0xFE  # a cue's page has 8 bits for the run, and 0xFF is unknown there
VERSION_MOST: Final = VERSION_LIMIT - 1
MARK_CODE_MOST: Final = 0xFFFFFFFF


@dataclass(frozen=True)
class CueTarget:
    """The cadence that a pod cues towards, and the run of the programme with which it begins. MessageError."""

    target_cspm: int
    first_run: int = 1

    def __post_init__(self) -> None:
        _need_within("cue.target_cspm", self.target_cspm, *CUE_CSPM)
        _need_within("cue.first_run", self.first_run, 1, FIRST_RUN_MOST)


@dataclass(frozen=True)
class PodSettings:
    """What a pod is to have. None: its own `settings.toml` holds. MessageError: no pod has that."""

    odr_hz: int | None = None
    range_g: int | None = None
    gyro_dps: int | None = None  # 0: acceleration alone
    raw: bool | None = None
    raw_gives_way: bool | None = None
    recording: str | None = None  # of RECORDINGS
    cue: CueTarget | None = None

    def __post_init__(self) -> None:
        _need_one_of("odr_hz", self.odr_hz, RATE_CODES)
        _need_one_of("range_g", self.range_g, RANGES_G)
        _need_one_of("gyro_dps", self.gyro_dps, (0, *GYRO_CODES))
        _need_one_of("recording", self.recording, RECORDINGS)
        for name in ("raw", "raw_gives_way"):
            if not isinstance(getattr(self, name), bool | None):
                raise MessageError("neither true nor false", name)

    def as_dict(self) -> dict[str, Any]:
        """What is set, as JSON has it, `cue` always: null there means none."""
        plain = {name: getattr(self, name) for name in OWN_NAMES}
        said = {name: value for name, value in plain.items() if value is not None}
        return {**said, "cue": vars(self.cue) if self.cue else None}


# What a pod has in its own `settings.toml` as well; a cue comes from a host alone.
OWN_NAMES: Final = tuple(field.name for field in fields(PodSettings) if field.name != "cue")


def pod_settings(said: Mapping[str, Any]) -> PodSettings:
    """The settings that `PodSettings.as_dict` gave. MessageError: they are none."""
    plain = dict(said)
    try:
        cue = plain.pop("cue", None)
        return PodSettings(**plain, cue=CueTarget(**cue) if cue else None)
    except TypeError as error:
        raise MessageError(f"no settings of a pod: {error}") from None


def check_mark(code: int) -> None:
    """MessageError: no code of a mark."""
    _need_within("mark", code, 0, MARK_CODE_MOST)


def ranges_of(chip: str | None) -> Collection[int]:
    """Full scales in g that a chip has; all there are for one that is not known."""
    return ACC_CODES.get(chip or "", RANGES_G)


def _need_one_of(name: str, value: object, known: Collection[Any]) -> None:
    # type(): a bool is an int to Python, and 1.0 is in a set of integers
    if value is None or (type(value) in map(type, known) and value in known):
        return
    raise MessageError(f"one of {', '.join(map(str, _in_order(known)))}, not {value!r}", name)


def _in_order(known: Collection[Any]) -> list[Any]:
    return list(known) if isinstance(known, tuple) else sorted(known)


def _need_within(name: str, value: object, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise MessageError(f"a whole number from {least} to {most}, not {value!r}", name)
