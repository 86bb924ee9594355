"""The demo waits for its run as long as pages come, however slow the computer is."""

from collections.abc import Iterable
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any

import pytest

from strideload import demo
from strideload.errors import StrideloadError
from strideload.simulate.pod import Recorded

RUN = Recorded(log=7, pages=5, strides=100)
LOOK_S = demo.STUCK_S / 2


@pytest.fixture
def now_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The demo's clock, to be turned by hand."""
    at = [0.0]
    monkeypatch.setattr(demo, "time", SimpleNamespace(monotonic=lambda: at[0]))
    return at


def wait(now_s: list[float], arrived: Iterable[int]) -> bool:
    """Until the run is there, of which so many pages are at each look -> whether it was derived."""
    looks, derived = iter(arrived), []

    def wanted(*log: object) -> int:
        assert log == (demo.UID.hex(), RUN.log, 0)
        now_s[0] += LOOK_S
        return next(looks)

    host: Any = SimpleNamespace(store=SimpleNamespace(wanted=wanted, derive=lambda: derived.append(True)))
    stop: Any = SimpleNamespace(wait=lambda seconds: False)
    demo._wait_until_stored(host, RUN, stop)
    return derived == [True]


def test_as_long_as_pages_come_the_demo_waits(now_s: list[float]) -> None:
    assert wait(now_s, range(RUN.pages + 1))
    assert now_s[0] > 2 * demo.STUCK_S


def test_where_none_come_any_more_it_says_so(now_s: list[float]) -> None:
    with pytest.raises(StrideloadError, match="after 2 of 5"):
        wait(now_s, chain([0, 1], repeat(2)))
