"""A diary keeps every word: versions, a history, a double submit that is one entry; and deletes for good when asked."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strideload.load.symptoms import FELT, SIGNS, SITES
from strideload.store import Store, StoreError, open_store
from strideload.store.diary import NOTE_LIMIT, WHENS, EntryChanged, EntryInvalid, NoSuchEntry, Saying
from strideload.store.ids import new_id
from strideload.store.kept import symptoms

RUNNER = "me"
NOW = 1_795_000_000_000_000
KNEE = Saying("knee_front_left", "during", 2, NOW, NOW - 60_000_000, ("dull",), (), "after the hill")
EVER = (0, 2**62)


def rows(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(symptoms)).scalar_one()


def test_what_was_said_is_read_back(store: Store) -> None:
    entry = store.diary.write(RUNNER, new_id(), 0, KNEE, NOW)
    assert store.diary.entries(RUNNER, *EVER) == [entry] == [store.diary.entry(RUNNER, entry.id)]
    assert (entry.version, entry.saying, entry.retracted, entry.written_utc_us) == (1, KNEE, False, NOW)


def test_a_form_sent_twice_is_one_entry_even_after_a_change(store: Store) -> None:
    entry = new_id()
    first = store.diary.write(RUNNER, entry, 0, KNEE, NOW)
    assert store.diary.write(RUNNER, entry, 0, KNEE, NOW + 1) == first
    changed = replace(KNEE, pain=3)
    second = store.diary.write(RUNNER, entry, 1, changed, NOW + 2)
    assert store.diary.write(RUNNER, entry, 1, changed, NOW + 3) == second
    assert [one.saying.pain for one in store.diary.history(RUNNER, entry)] == [2, 3]
    assert rows(store) == 2


def test_nobody_overwrites_what_they_did_not_see(store: Store) -> None:
    entry = store.diary.write(RUNNER, new_id(), 0, KNEE, NOW)
    newest = store.diary.write(RUNNER, entry.id, 1, replace(KNEE, pain=3), NOW)
    with pytest.raises(EntryChanged) as refused:
        store.diary.write(RUNNER, entry.id, 1, replace(KNEE, pain=4), NOW)
    assert refused.value.newest == newest
    assert len(store.diary.history(RUNNER, entry.id)) == 2


def test_an_entry_taken_back_counts_no_more_and_keeps_its_history(store: Store) -> None:
    entry = store.diary.write(RUNNER, new_id(), 0, KNEE, NOW)
    gone = store.diary.retract(RUNNER, entry.id)
    assert store.diary.retract(RUNNER, entry.id) == gone
    assert store.diary.entries(RUNNER, *EVER) == []
    assert store.diary.entries(RUNNER, *EVER, retracted=True) == [gone]
    again = store.diary.write(RUNNER, entry.id, gone.version, KNEE, NOW)
    assert store.diary.entries(RUNNER, *EVER) == [again]
    assert [one.retracted for one in store.diary.history(RUNNER, entry.id)] == [False, True, False]


def test_undo_lets_hold_what_held_before(store: Store) -> None:
    entry = store.diary.write(RUNNER, new_id(), 0, KNEE, NOW).id
    store.diary.write(RUNNER, entry, 1, replace(KNEE, pain=8), NOW)
    undone = store.diary.undo(RUNNER, entry, 2)
    assert (undone.version, undone.saying.pain) == (3, 2)
    assert store.diary.undo(RUNNER, entry, 2) == undone
    with pytest.raises(EntryChanged):
        store.diary.undo(RUNNER, entry, 1)


def test_undo_of_the_first_word_takes_it_back(store: Store) -> None:
    entry = store.diary.write(RUNNER, new_id(), 0, KNEE, NOW).id
    undone = store.diary.undo(RUNNER, entry, 1)
    assert undone.retracted
    assert store.diary.undo(RUNNER, entry, 1) == undone
    assert store.diary.entries(RUNNER, *EVER) == []


def test_deleted_is_deleted_for_good_with_all_versions(store: Store) -> None:
    entry = store.diary.write(RUNNER, new_id(), 0, KNEE, NOW).id
    other = store.diary.write(RUNNER, new_id(), 0, KNEE, NOW).id
    store.diary.write(RUNNER, entry, 1, replace(KNEE, pain=8), NOW)
    store.diary.delete(RUNNER, entry)
    assert rows(store) == 1
    for ask in (store.diary.history, store.diary.entry, store.diary.delete, store.diary.retract):
        with pytest.raises(NoSuchEntry):
            ask(RUNNER, entry)
    assert store.diary.entry(RUNNER, other).id == other


def test_what_is_deleted_leaves_no_bytes_in_the_file(sqlite_only: None, tmp_path: Path) -> None:
    secret = "a word that is taken back for good"
    with open_store(tmp_path / "own.db") as store:
        store.ensure_runner(RUNNER, "Me", "UTC")
        kept = store.diary.write(RUNNER, new_id(), 0, replace(KNEE, note="a word that stays"), NOW)
        gone = store.diary.write(RUNNER, new_id(), 0, replace(KNEE, note=secret), NOW)
        store.diary.delete(RUNNER, gone.id)
        found = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert store.diary.entry(RUNNER, kept.id) == kept
    assert b"a word that stays" in found
    assert secret.encode() not in found


def test_another_runners_entry_is_not_there_whatever_is_asked_of_it(store: Store) -> None:
    store.ensure_runner("bob", "Bob", "UTC")
    entry = store.diary.write(RUNNER, new_id(), 0, KNEE, NOW).id
    for ask in (store.diary.history, store.diary.entry, store.diary.delete, store.diary.retract):
        with pytest.raises(NoSuchEntry):
            ask("bob", entry)
    with pytest.raises(NoSuchEntry):
        store.diary.undo("bob", entry, 1)
    for seen in (0, 1):
        with pytest.raises(NoSuchEntry):
            store.diary.write("bob", entry, seen, replace(KNEE, pain=9), NOW)
    assert store.diary.entries("bob", *EVER) == store.diary.everything("bob") == []
    assert [one.saying.pain for one in store.diary.everything(RUNNER)] == [2]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"pain": 11}, "0 to 10"),
        ({"pain": -1}, "0 to 10"),
        ({"pain": 2.5}, "0 to 10"),
        ({"pain": True}, "0 to 10"),
        ({"site": "soul"}, "soul"),
        ({"moment": "later"}, "later"),
        ({"felt": ("funny",)}, "funny"),
        ({"signs": ("fever",)}, "fever"),
        ({"note": "x" * (NOTE_LIMIT + 1)}, "characters"),
        ({"note": "a\0b"}, "NUL"),
        ({"pain": None, "felt": (), "note": "  "}, "says something"),
        ({"about_utc_us": NOW + 27 * 3_600_000_000}, "not come yet"),
        ({"about_utc_us": 0}, "2000"),
    ],
)
def test_what_cannot_be_said_is_refused_and_nothing_is_stored(
    store: Store, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(EntryInvalid, match=says):
        store.diary.write(RUNNER, new_id(), 0, replace(KNEE, **changes), NOW)  # type: ignore[arg-type]
    assert rows(store) == 0


def test_an_id_of_ones_own_making_is_refused(store: Store) -> None:
    with pytest.raises(EntryInvalid):
        store.diary.write(RUNNER, "1", 0, KNEE, NOW)


def test_a_runner_who_is_not_there_has_no_diary(store: Store) -> None:
    with pytest.raises(StoreError):
        store.diary.write("nobody", new_id(), 0, KNEE, NOW)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    saying=st.builds(
        Saying,
        st.sampled_from(SITES),
        st.sampled_from(WHENS),
        st.integers(0, 10),
        st.integers(NOW - 10**14, NOW),
        st.none() | st.integers(0, NOW),
        st.frozensets(st.sampled_from(FELT)).map(tuple),
        st.frozensets(st.sampled_from(SIGNS)).map(tuple),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
    )
)
def test_any_words_come_back_as_they_were(store: Store, saying: Saying) -> None:
    entry = store.diary.write(RUNNER, new_id(), 0, saying, NOW)
    expected = replace(
        saying, felt=tuple(sorted(saying.felt)), signs=tuple(sorted(saying.signs)), note=saying.note.strip()
    )
    assert store.diary.entry(RUNNER, entry.id).saying == expected
