"""A runner is erased for good: nothing of theirs is left, nobody else loses anything, and nothing comes back."""

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from store.conftest import RUNNER
from store.making import LOG, POD, T0_MS, Pod, messages
from strideload.load.strength import Exercise
from strideload.store import Store, StoreError, erasing, kept, open_store, schema
from strideload.store.ids import new_id

EVER = (0, 2**62)
DAY = date(2026, 3, 1)
SECOND_US = 1_000_000
T0_US = T0_MS * 1000
OTHER_POD = "00" * 8
SECRET = b"a sentence that nobody else may ever read"


def lent(store: Store) -> Pod:
    """Sessions at 100 s and 1000 s are RUNNER's, the one at 2000 s, in the same boot, is a friend's."""
    pod = Pod()
    for session, second in enumerate((100, 1000, 2000), 1):
        pod.run(second, session)
    store.ensure_runner("friend", "A friend", "Europe/Paris")
    store.assign(POD, RUNNER, "left", 0)
    store.assign(POD, "friend", "right", T0_US + 1500 * SECOND_US)
    store.add(messages(pod.pages))
    store.derive()
    return pod


def own(store: Store) -> Pod:
    """A pod that nobody was given: the first runner's alone."""
    pod = Pod(OTHER_POD)
    pod.run(100, 1)
    pod.run(900, 2, anchored=False)
    store.add(messages(pod.pages, pod=OTHER_POD))
    store.derive()
    return pod


def say_much(store: Store) -> None:
    store.note_day(RUNNER, date(2026, 3, 1), "rest")
    with store.engine.begin() as connection:
        connection.execute(
            kept.strength.insert(),
            [
                {
                    "id": "s1",
                    "runner": RUNNER,
                    "date": "2026-03-01",
                    "muscle_group": "calves",
                    "sets": 3,
                    "note": SECRET.decode(),
                    "written_utc_us": 1,
                }
            ],
        )


def count_starts(store: Store, runner: str) -> int:
    return len(store.sessions(runner, *EVER))


def test_what_is_theirs_goes_and_what_is_anothers_stays(store: Store) -> None:
    pod = lent(store)
    friends_before = store.sessions("friend", *EVER)
    erased = store.erase_runner(RUNNER)
    assert (erased.sessions, erased.left) == (2, 0)
    assert erased.pages == sum(data != b"" for data in pod.pages) - store.page_count(POD, LOG)
    assert store.runners() == ["friend"]
    (left,) = store.sessions("friend", *EVER)
    assert left.start_utc_us == friends_before[0].start_utc_us
    assert left.steps.tobytes() == friends_before[0].steps.tobytes()


def test_a_rebuild_brings_nothing_back(store: Store) -> None:
    lent(store)
    store.erase_runner(RUNNER)
    store.rebuild()
    assert count_starts(store, "friend") == 1
    with store.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.sessions)).scalar() == 1


def test_what_a_pod_sends_again_stays_deleted(store: Store) -> None:
    """It is told that all of it is here, so that it can forget; nothing of it is stored."""
    pod = lent(store)
    store.erase_runner(RUNNER)
    pages = store.page_count()
    outcome = store.add(messages(pod.pages))
    assert outcome.wanted[(POD, LOG, 0)] == len(pod.pages)
    assert (outcome.stored, outcome.erased) == (0, len(pod.pages) - pages)
    assert outcome.repeated == pages
    store.derive()
    assert store.page_count() == pages


def test_it_holds_after_a_new_start(url: str) -> None:
    with open_store(url) as store:
        store.ensure_runner(RUNNER, "Me", "Europe/London")
        pod = lent(store)
        store.erase_runner(RUNNER)
        pages = store.page_count()
    with open_store(url) as store:
        assert store.add(messages(pod.pages)).stored == 0
        assert store.wanted(POD, LOG, 0) == len(pod.pages)
        assert store.page_count() == pages


def test_it_holds_in_another_process_that_knew_the_pages_stored(store: Store) -> None:
    """As `up` goes on collecting while a command erases."""
    pod = lent(store)
    with open_store(store.engine.url.render_as_string(hide_password=False)) as command:
        erased = command.erase_runner(RUNNER)
    left = store.page_count()
    for _ in range(2):
        outcome = store.add(messages(pod.pages))
        assert (outcome.stored, outcome.repeated, outcome.erased) == (0, left, erased.pages)
        assert outcome.wanted[(POD, LOG, 0)] == len(pod.pages)


def test_what_arrives_late_is_erased_as_well(store: Store) -> None:
    """A page of the runner's time that the pod still held falls to nobody."""
    pod = lent(store)
    store.erase_runner(RUNNER)
    pod.run(1300, 4)
    store.add(messages(pod.pages))
    store.derive()
    assert [store.runners(), count_starts(store, "friend")] == [["friend"], 1]
    numbers = store.page_count()
    assert store.add(messages(pod.pages)).stored == 0
    assert store.page_count() == numbers


def test_what_is_recorded_after_it_is_nobodys_loss(store: Store) -> None:
    """From that moment on the pod is the first of those who are left."""
    own(store)
    store.ensure_runner("friend", "A friend", "Europe/Paris")
    store.erase_runner(RUNNER)
    assert store.page_count(OTHER_POD, LOG) == 0
    later = Pod(OTHER_POD, boot=2)
    later.pages = [b""] * 1000  # numbers that were not used before
    later.run(400_000_000, 7)
    store.add(messages(later.pages[1000:], pod=OTHER_POD))
    store.derive()
    assert count_starts(store, "friend") == 1


def test_the_only_runner_begins_anew(store: Store) -> None:
    own(store)
    say_much(store)
    erased = store.erase_runner(RUNNER)
    assert (erased.sessions, erased.entries) == (2, 3)  # strength, note of a day, zone
    assert store.runners() == [RUNNER]
    assert store.zone_of(RUNNER, date(2026, 3, 1)) == "Europe/London"
    assert store.notes(RUNNER, date(2026, 1, 1), date(2026, 12, 31)) == {}
    assert store.sessions(RUNNER, *EVER) == []
    with store.engine.connect() as connection:
        assert connection.execute(sa.select(kept.strength)).all() == []


def test_what_was_recorded_before_a_pod_was_lent_is_not_theirs_who_borrowed_it(store: Store) -> None:
    """A pod that was never given to anybody is the first runner's, and so is a run of it without a date."""
    pod = Pod()
    pod.run(10, 9, anchored=False)
    store.add(messages(pod.pages))
    store.derive()
    store.ensure_runner("friend", "A friend", "Europe/Paris")
    store.assign(POD, "friend", "left", T0_US)
    erased = store.erase_runner("friend")
    assert (erased.sessions, erased.pages, erased.left) == (0, 0, 1)
    assert len(store.undated()) == 1
    assert store.add(messages(pod.pages)).erased == 0


def test_what_a_boot_that_others_shared_says_outside_of_sessions_goes_as_well(store: Store) -> None:
    """By the time of each record; and nothing is left that would be looked for again at every turn."""
    pod = Pod()
    pod.run(100, 1)
    pod.alive(600)
    pod.mark(700, code=5)
    pod.run(2000, 2)
    pod.alive(2600)
    store.ensure_runner("friend", "A friend", "Europe/Paris")
    store.assign(POD, RUNNER, "left", 0)
    store.assign(POD, "friend", "right", T0_US + 1500 * SECOND_US)
    store.add(messages(pod.pages))
    store.derive()
    store.erase_runner(RUNNER)
    with store.engine.connect() as connection:
        assert [
            row.utc_us // SECOND_US - T0_US // SECOND_US
            for row in connection.execute(sa.select(schema.alive))
        ] == [2600]
        assert connection.execute(sa.select(schema.marks)).all() == []
        assert not erasing.is_late(connection)
    store.rebuild()
    assert [one.utc_us // SECOND_US for one in store.alive("friend", *EVER)] == [T0_US // SECOND_US + 2600]
    assert store.add(messages(pod.pages)).stored == 0


def test_of_a_shared_pod_nobody_knows_whose_an_undated_session_is(store: Store) -> None:
    lent(store)
    lost_in_time = Pod(boot=2)
    lost_in_time.pages = [b""] * 500
    lost_in_time.run(10, 9, anchored=False)
    store.add(messages(lost_in_time.pages[500:]))
    store.derive()
    assert store.erase_runner(RUNNER).left == 1
    assert len(store.undated()) == 1


def test_no_bytes_are_left_in_the_file(sqlite_only: None, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(path) as store:
        store.ensure_runner(RUNNER, "Me", "Europe/London")
        say_much(store)
        pod = own(store)
        marker = pod.pages[3][64:128]
        store.erase_runner(RUNNER)
        kept_bytes = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert SECRET not in kept_bytes
    assert marker not in kept_bytes


def test_nothing_that_was_taken_back_or_written_over_before_is_left_either(
    sqlite_only: None, tmp_path: Path
) -> None:
    """Also after another deletion on the same connection."""
    with open_store(tmp_path / "store.db") as store:
        store.ensure_runner(RUNNER, "Me", "Europe/London")
        exercise = store.strength.add(RUNNER, new_id(), DAY, Exercise("calves", 3))
        store.strength.delete(RUNNER, exercise.id)
        said = [f"{SECRET.decode()} {n}" for n in range(4)]
        store.keys.add_token(RUNNER, said[0], ["read"], 1, None)
        (token,) = store.keys.tokens_of(RUNNER, 1)
        store.keys.end_token(RUNNER, token.id)
        store.keys.share(RUNNER, said[1], DAY, DAY, 1, 2)
        (share,) = store.keys.shares_of(RUNNER, 1)
        store.keys.end_share(RUNNER, share.id)
        shoe = store.conditions.add_shoe(RUNNER, said[2], DAY)
        store.conditions.change_shoe(RUNNER, shoe.id, name="Blue", retired_date=None)
        store.accounts.rename(RUNNER, said[3])
        store.accounts.rename(RUNNER, "Ada")
        store.erase_runner(RUNNER)
        kept_bytes = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert SECRET not in kept_bytes


def test_a_runner_who_is_not_there(store: Store) -> None:
    with pytest.raises(StoreError, match="no runner 'nobody'"):
        store.erase_runner("nobody")
