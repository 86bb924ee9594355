"""Distance, pace and ascent in the units that a runner chose."""

from typing import Final

from strideload.store.accounts import Units
from strideload.words.numbers import NOT_KNOWN, THIN_SPACE, number

# Metres of one, what it is called after a figure, and what it is called after "a".
METRES: Final[dict[Units, float]] = {"km": 1000.0, "miles": 1609.344}
NAMES: Final[dict[Units, tuple[str, str]]] = {"km": ("km", "km"), "miles": ("mi", "mile")}
FOOT_M: Final = 0.3048
# Slower is standing about.
SLOWEST_M_S: Final = 0.2


def in_units(metres: float, units: Units) -> float:
    return metres / METRES[units]


def distance(metres: float | None, units: Units = "km") -> str:
    """ "8.24 km", "5.12 mi"; None: a dash."""
    if metres is None:
        return NOT_KNOWN
    return f"{number(in_units(metres, units), 2)}{THIN_SPACE}{NAMES[units][0]}"


def pace(speed_m_s: float | None, units: Units = "km") -> str:
    """ "6:40 a km", "10:44 a mile"; a dash where it is not known, or nobody moved."""
    if speed_m_s is None or speed_m_s < SLOWEST_M_S:
        return NOT_KNOWN
    minutes, seconds = divmod(round(METRES[units] / speed_m_s), 60)
    return f"{minutes}:{seconds:02d} a {NAMES[units][1]}"


def height(metres: float | None, units: Units = "km") -> str:
    """ "120 m", "394 ft"; None: a dash."""
    if metres is None:
        return NOT_KNOWN
    value, unit = (metres, "m") if units == "km" else (metres / FOOT_M, "ft")
    return f"{number(value)}{THIN_SPACE}{unit}"
