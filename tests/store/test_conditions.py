"""Shoes and what was worn: each runner's own, and never a wrong pair where one was deleted."""

from datetime import date

import pytest

from strideload.store import Store, StoreError
from strideload.store.conditions import ShoeInvalid, Usual, Worn

RUNNER = "me"
DAY = date(2026, 11, 1)


def test_a_pair_is_added_renamed_and_retired(store: Store) -> None:
    blue = store.conditions.add_shoe(RUNNER, " Blue ", DAY)
    assert blue.name == "Blue"
    changed = store.conditions.change_shoe(RUNNER, blue.id, name="Old blue", retired_date=date(2026, 12, 1))
    assert store.conditions.shoes(RUNNER) == [changed]
    assert (changed.name, changed.retired_date) == ("Old blue", date(2026, 12, 1))
    with pytest.raises(ShoeInvalid):
        store.conditions.change_shoe(RUNNER, blue.id, name="Blue", retired_date=date(2026, 10, 31))


def test_a_form_sent_twice_adds_one_pair(store: Store) -> None:
    first = store.conditions.add_shoe(RUNNER, "Blue", DAY, "0123456789abcdef")
    assert store.conditions.add_shoe(RUNNER, "Blue", DAY, "0123456789abcdef") == first
    assert store.conditions.shoes(RUNNER) == [first]


def test_two_pairs_have_no_name_in_common(store: Store) -> None:
    blue = store.conditions.add_shoe(RUNNER, "Blue", DAY)
    red = store.conditions.add_shoe(RUNNER, "Red", DAY)
    with pytest.raises(ShoeInvalid, match="Another pair is named “blue”"):
        store.conditions.add_shoe(RUNNER, " blue", DAY)
    with pytest.raises(ShoeInvalid, match="a name of its own"):
        store.conditions.change_shoe(RUNNER, red.id, name="Blue", retired_date=None)
    store.conditions.change_shoe(RUNNER, blue.id, name="BLUE", retired_date=None)
    store.ensure_runner("bob", "Bob", "UTC")
    store.conditions.add_shoe("bob", "Blue", DAY)


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\nb"])
def test_a_name_that_is_none_is_refused(store: Store, name: str) -> None:
    with pytest.raises(ShoeInvalid):
        store.conditions.add_shoe(RUNNER, name, DAY)


def test_usual_and_single_runs(store: Store) -> None:
    blue = store.conditions.add_shoe(RUNNER, "Blue", DAY)
    store.conditions.set_usual(RUNNER, 10, Worn(mount="laces"))
    store.conditions.set_usual(RUNNER, 10, Worn(blue.id, "laces"))
    store.conditions.set_usual(RUNNER, 20, Worn(surface="trail"))
    assert store.conditions.usual(RUNNER) == [
        Usual(10, Worn(blue.id, "laces")),
        Usual(20, Worn(surface="trail")),
    ]
    store.conditions.unset_usual(RUNNER, 20)
    store.conditions.set_run(RUNNER, 15, Worn(surface="track"))
    assert store.conditions.of_runs(RUNNER, 0, 16) == {15: Worn(surface="track")}
    assert store.conditions.of_runs(RUNNER, 16, 99) == {}
    store.conditions.delete_shoe(RUNNER, blue.id)
    assert store.conditions.usual(RUNNER) == [Usual(10, Worn(mount="laces"))]
    assert store.conditions.shoes(RUNNER) == []


def test_what_is_known_goes_before_what_is_usual() -> None:
    assert Worn(None, "laces", None).over(Worn("a", "heel", None)) == Worn("a", "laces", None)


def test_another_runners_shoes_are_not_there(store: Store) -> None:
    store.ensure_runner("bob", "Bob", "UTC")
    blue = store.conditions.add_shoe(RUNNER, "Blue", DAY, "0123456789abcdef")
    with pytest.raises(ShoeInvalid):
        store.conditions.set_usual("bob", 1, Worn(blue.id))
    with pytest.raises(ShoeInvalid):
        store.conditions.delete_shoe("bob", blue.id)
    with pytest.raises(ShoeInvalid):
        store.conditions.add_shoe("bob", "Mine", DAY, blue.id)
    with pytest.raises(StoreError):
        store.conditions.set_run(RUNNER, 1, Worn(surface="\n"))
    assert store.conditions.shoes("bob") == []
