"""Plans: a row a change, the last one holds, and nobody sets over what they did not see."""

import pytest

from strideload.store import Store, StoreError
from strideload.store.plans import PlanChanged

RUNNER = "me"


def test_the_last_one_holds_and_all_are_kept(store: Store) -> None:
    assert store.plans.current(RUNNER) is None
    first = store.plans.set(RUNNER, {"a": 1}, "runner", None)
    second = store.plans.set(RUNNER, {"a": 2}, "physiotherapist", first.set_utc_us)
    assert store.plans.current(RUNNER) == second
    assert store.plans.history(RUNNER) == [first, second]


def test_a_form_sent_twice_is_one_change(store: Store) -> None:
    first = store.plans.set(RUNNER, {"a": 1}, "runner", None)
    assert store.plans.set(RUNNER, {"a": 1}, "runner", None) == first
    assert store.plans.history(RUNNER) == [first]


def test_what_was_set_meanwhile_is_not_overwritten(store: Store) -> None:
    first = store.plans.set(RUNNER, {"a": 1}, "runner", None)
    for seen in (None, first.set_utc_us - 1):
        with pytest.raises(PlanChanged):
            store.plans.set(RUNNER, {"a": 2}, "runner", seen)
    assert store.plans.history(RUNNER) == [first]


def test_a_clock_that_was_set_back_puts_no_change_before_the_one_that_it_changes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.plans.set(RUNNER, {"a": 1}, "runner", None)
    monkeypatch.setattr("time.time_ns", lambda: 0)
    store.plans.set(RUNNER, {"a": 2}, "runner", first.set_utc_us)
    current = store.plans.current(RUNNER)
    assert current
    assert current.settings == {"a": 2}


def test_what_cannot_be_is_refused(store: Store) -> None:
    for runner, by, settings in (
        ("nobody", "runner", {}),
        (RUNNER, "neighbour", {}),
        (RUNNER, "runner", {"a": "x" * 10_001}),
    ):
        with pytest.raises(StoreError):
            store.plans.set(runner, settings, by, None)  # type: ignore[arg-type]
    assert store.plans.history(RUNNER) == []
