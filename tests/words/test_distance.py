"""Distance, pace and height in the runner's units."""

import pytest

from strideload.store.accounts import Units
from strideload.words import distance


@pytest.mark.parametrize(
    ("metres", "units", "said"),
    [
        (8240.0, "km", "8.24 km"),
        (8240.0, "miles", "5.12 mi"),
        (1609.344, "miles", "1.00 mi"),
        (0.0, "km", "0.00 km"),
        (None, "km", "\N{EN DASH}"),
    ],
)
def test_distance(metres: float | None, units: Units, said: str) -> None:
    assert distance.distance(metres, units).replace("\u202f", " ") == said


@pytest.mark.parametrize(
    ("speed_m_s", "units", "said"),
    [
        (2.5, "km", "6:40 a km"),
        (2.5, "miles", "10:44 a mile"),
        (1000 / 359.6, "km", "6:00 a km"),
        (0.1, "km", "\N{EN DASH}"),
        (None, "km", "\N{EN DASH}"),
    ],
)
def test_pace(speed_m_s: float | None, units: Units, said: str) -> None:
    assert distance.pace(speed_m_s, units) == said


@pytest.mark.parametrize(("units", "said"), [("km", "120 m"), ("miles", "394 ft")])
def test_height(units: Units, said: str) -> None:
    assert distance.height(120.0, units).replace("\u202f", " ") == said
    assert distance.height(None, units) == "\N{EN DASH}"
