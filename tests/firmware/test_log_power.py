"""The log and power cuts: at every byte of every write, and at every creation, removal and sync between them."""

from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload_pod.page import PAGE_SIZE, STREAM_RAW, STREAM_STEPS
from support.files import LEFT, Flash, PowerCut, cuts
from support.log_life import (
    FULL_LOOK,
    LIVES,
    OTHER_STORE,
    STORE,
    STREAMS,
    Life,
    Witness,
    assert_kept,
    open_again,
    page_of,
    pages_of,
)


def assert_all_kept(life: Life, every: int = 1) -> int:
    """After a cut at each point of this life, or each so many, its promises hold. -> cuts that were looked at."""
    looked_at = 0
    for place, cut in enumerate(islice(cuts(life.flashes, life.before), 0, None, every)):
        assert_kept(cut, life, thorough=place % FULL_LOOK == 0)
        looked_at += 1
    return looked_at


@pytest.mark.parametrize("live", LIVES)
def test_power_may_fail_at_any_byte(live: Callable[[], Life]) -> None:
    """Whatever the file system leaves: each page that could be read is there, or was the host's already; nothing has
    two contents; the next boot has a new number and goes on writing."""
    life = live()
    assert assert_all_kept(life) > life.point


@pytest.mark.parametrize("live", LIVES)
def test_power_may_fail_twice(live: Callable[[], Life]) -> None:
    """Cut anywhere, and again anywhere in the next boot: at its opening, or in its first pages."""
    first = live()
    for cut in islice(cuts(first.flashes, first.before), 0, None, 397):
        second = first.continued(cut.left, by=cut.last)
        for stream in STREAMS:
            second.append(stream)
        assert_all_kept(second, every=23)


def test_a_torn_page_is_the_only_loss() -> None:
    """At each cut in one page's write its number is given to the next page, or it was whole already."""
    base = Life(None)
    base.append(count=3)
    life = base.continued()
    life.append()
    for cut in cuts(life.flashes, life.before):
        if cut.how == "written":
            log = open_again(life, [Flash(cut.left[0])])
            size = len(cut.left[0]["0-00000000.seg"]) - 3 * PAGE_SIZE
            assert log.next(STREAM_STEPS) == 3 + size // PAGE_SIZE
            assert log.torn == (0 < size < PAGE_SIZE)


def test_a_number_seen_after_a_crash_survives_a_later_power_cut() -> None:
    """A process that died between write and sync leaves a page that the next one sees: synced before it is shown."""
    life = Life(None)
    life.append()
    flash = life.flashes[0]
    flash.cut_at = flash.points + PAGE_SIZE  # the write is done, its sync is not
    with pytest.raises(PowerCut):
        life.append()
    second = flash.restarted()
    shown = pages_of(open_again(life, [second]))
    third = open_again(life, [Flash(second.left("synced"))])
    third.append(page_of(third.boot, STREAM_STEPS, 3), 3, 3)
    assert len(shown) == 2
    assert shown.items() <= pages_of(third).items()


# Any life, held against what it promised

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.sampled_from(STREAMS), st.integers(1, 70)),
        st.tuples(st.just("acknowledge"), st.sampled_from(STREAMS), st.integers(0, 100)),
        st.tuples(st.just("pair"), st.sampled_from([STORE, OTHER_STORE])),
        st.tuples(st.just("commit")),
        st.tuples(st.just("settle")),
        st.tuples(st.just("restart")),
        st.tuples(st.just("change card")),
        st.tuples(st.just("cut"), st.integers(0, 3000), st.sampled_from(LEFT)),
    ),
    min_size=3,
    max_size=40,
)
SHAPES = {"one folder": 1, "raw gives way": 1, "a card": 2}


@cache
def begun_life(shape: str, full: bool) -> Life:
    life = Life(*[None] * SHAPES[shape], raw_gives_way=shape == "raw gives way")
    if full:
        life.append(STREAM_RAW, 180)
        life.settle()
        life.append(STREAM_STEPS, 60)
    return life


class Model:
    """A life of many boots and, with a card, of two cards that take turns; and where each of its pages lies."""

    def __init__(self, shape: str, full: bool):
        self.life = begun_life(shape, full).continued()
        self.witness = Witness()
        self.card = 0
        self.other_card: dict[str, bytes] = {}
        self.home: dict[tuple[int, int], int] = {}
        self.how = "synced"

    def act(self, action: str, *values: Any) -> None:
        life, log = self.life, self.life.log
        if action == "append":
            life.append(*values)
        elif action == "acknowledge":
            life.acknowledge(values[0], log.next(values[0]) * values[1] // 100)
        elif action == "pair":
            log.pair(*values)
        elif action == "commit":
            life.commit(10 * life.value + 500)
        elif action == "settle":
            life.settle()
        elif action == "cut now":
            raise PowerCut
        elif action == "cut":
            life.flashes[0].cut_at, self.how = life.point + values[0], values[1]
        elif action == "restart":
            life.settle()
            self.boot([flash.left("written") for flash in life.flashes])
        elif len(life.flashes) > 1:
            life.settle()
            self.note_homes()
            steps, card = (flash.left("written") for flash in life.flashes)
            self.card, self.other_card, card = 1 - self.card, card, self.other_card
            self.boot([steps, card])

    def boot(self, left: list[dict[str, bytes]]) -> None:
        self.note_homes()
        self.life = self.life.continued(left)

    def note_homes(self) -> None:
        for promise in self.life.promises:
            card = self.card if promise.stream == STREAM_RAW else 0
            self.home.setdefault((promise.stream, promise.number), card)

    def check(self, removable: list[int]) -> None:
        """Pages of `removable` numbers and above are there, but for those on the other card, as they were promised."""
        self.witness.see(self.life.log)
        here = {page_key[2:] for page_key in pages_of(self.life.log)}
        for promise in self.life.promises:
            self.witness.see_page(promise.data)
            place = (promise.stream, promise.number)
            is_away = promise.stream == STREAM_RAW and self.home.get(place, self.card) != self.card
            assert place in here or is_away or promise.number < removable[promise.stream], place


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=120, deadline=None)
@given(ACTIONS, st.booleans())
def test_any_life_keeps_its_promises(shape: str, actions: list[tuple], full: bool) -> None:
    """Appends, acknowledgements, stores, cards and power cuts in any order: no key with two contents, nothing removed
    that the paired host had not acknowledged but raw pages that gave way, no boot number twice, no wish that was not
    made."""
    model = Model(shape, full)
    removable = [0, 0]
    for action, *values in [*actions, ("cut now",)]:
        log = model.life.log
        wanted = [log.wanted(stream) for stream in STREAMS]
        try:
            model.act(action, *values)
        except PowerCut:
            model.life.flashes[0].cut_at = None
            model.boot([flash.left(model.how) for flash in model.life.flashes])
        wanted = [max(pair) for pair in zip(wanted, map(log.wanted, STREAMS), strict=True)]
        gave_way = 0
        if log.gave_way:  # the cut may have come before the list of this life had it
            gave_way = log.oldest(STREAM_RAW)
        removable = [max(pair) for pair in zip(removable, wanted, strict=True)]
        removable[STREAM_RAW] = max(removable[STREAM_RAW], gave_way)
        if log is not model.life.log:
            log = model.life.log
            boots = [boot for _, log_id, boot in model.life.boots if log_id == log.id]
            assert len(boots) == len(set(boots))
            assert all(log.wanted(stream) <= wanted[stream] for stream in STREAMS)
            model.check(removable)
        assert all(log.wanted(stream) <= log.next(stream) for stream in STREAMS)
