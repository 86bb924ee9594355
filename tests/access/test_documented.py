"""docs/access.md has the figures of the code: whoever changes one of them tells the reader."""

from pathlib import Path

import pytest

from strideload.access.entry import FREE_A_LOGIN, FREE_AN_ADDRESS, IPV6_PREFIX, WAIT_MOST_S
from strideload.access.passwords import AT_ONCE, LEAST, WAITING
from strideload.store.keys import DAY_US, LOGIN_IDLE_US, LOGIN_LIFE_US, OFFER_LIFE_US
from strideload.web.sealed import ITERATIONS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "access.md").read_text()


@pytest.mark.parametrize(
    "said",
    [
        f"A password has {LEAST} characters or more",
        f"after {FREE_A_LOGIN} failures of a login, and after {FREE_AN_ADDRESS} of an address",
        f"up to {WAIT_MOST_S / 60:g} minutes",
        f"count by their /{IPV6_PREFIX}",
        f"after {LOGIN_IDLE_US / DAY_US:g} days without use",
        f"after {LOGIN_LIFE_US / DAY_US:g} days in any case",
        f"SHA-256 ({ITERATIONS // 1000} 000 rounds)",
    ],
)
def test_a_figure_is_that_of_the_code(said: str) -> None:
    assert said in " ".join(DOCUMENT.split())


def test_figures_in_words_are_those_of_the_code() -> None:
    assert "Eight passwords are looked at or wait" in DOCUMENT
    assert AT_ONCE + WAITING == 8
    assert "holds for a day and for one use" in " ".join(DOCUMENT.split())
    assert OFFER_LIFE_US == DAY_US
