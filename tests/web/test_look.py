"""The look's colours: ink can be read on paper, by day and by night (WCAG 2, contrast of 4.5 : 1 or more)."""

import re
from pathlib import Path

import pytest

from strideload import web

CSS = (Path(web.__file__).parent / "static" / "page.css").read_text()
SCHEMES = [
    dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\}", CSS, re.S)
]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
def test_ink_can_be_read_on_paper(scheme: dict[str, str]) -> None:
    for ink in ("ink", "muted", "accent"):
        assert contrast(scheme[ink], scheme["paper"]) >= 4.5, ink


def test_both_schemes_have_the_same_names() -> None:
    assert len(SCHEMES) == 2
    assert SCHEMES[0].keys() == SCHEMES[1].keys()
