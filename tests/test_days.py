"""A runner's days out of a store: by local dates, and never an old answer to a new fact."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from strideload import days
from strideload.load.steps import Alive, Cue, Mark
from strideload.load.zones import DateOutOfRange, ZoneUnknown, midnight_utc_us
from strideload.remembered import forget_everything
from strideload.store import open_store
from support.sessions import SECOND_US, session
from support.shelf import Shelf

SUNDAY = date(2026, 11, 22)
BERLIN = "Europe/Berlin"


def at(day, hours):
    return midnight_utc_us(day, BERLIN) + round(hours * 3600) * SECOND_US


def evening_run(day):
    return session(at(day, 18), 1000)


def test_many_days_are_the_same_as_each_by_itself():
    week = [SUNDAY - timedelta(n) for n in range(7)]
    shelf = Shelf(*(evening_run(day) for day in week[::2]), session(at(SUNDAY, -0.1), 1000))
    shelf.living = [Alive(at(week[3], 12))]
    shelf.noted = {week[5]: "rest"}
    forget_everything()
    together = days.days_of(shelf, "me", week[-1], SUNDAY)
    forget_everything()
    assert together == [days.day_of(shelf, "me", day) for day in reversed(week)]
    assert [day.known for day in together] == [
        "recorded", "rest", "recorded", "alive", "recorded", "recorded", "recorded",
    ]  # fmt: skip


def test_no_days_backwards():
    assert days.days_of(Shelf(), "me", SUNDAY, SUNDAY - timedelta(1)) == []


def later(shelf):
    shelf.kept.append(evening_run(SUNDAY))


def more_steps(shelf):
    shelf.kept[0] = session(shelf.kept[0].start_utc_us, 900)


def one_other_peak(shelf):
    steps = shelf.kept[0].steps.copy()
    steps["peak_g"][5] += 0.001
    shelf.kept[0] = replace(shelf.kept[0], steps=steps)


def other_foot(shelf):
    shelf.kept[0] = replace(shelf.kept[0], foot="left")


def marked(shelf):
    shelf.marked.append(Mark(at(SUNDAY, 18), "aa" * 8, "button", 1))


def cued(shelf):
    cue = Cue(at(SUNDAY, 8.1), 17_250, 16_000, "given", 1, 100)
    shelf.kept[0] = replace(shelf.kept[0], cues=(cue,))


def lost_pages(shelf):
    shelf.kept[0] = replace(shelf.kept[0], pages_lost=3)


def other_zone(shelf):
    shelf.journeys[SUNDAY] = "Asia/Tokyo"


def noted(shelf):
    shelf.noted[SUNDAY] = "ran_without"


@pytest.mark.parametrize(
    "change",
    [later, more_steps, one_other_peak, other_foot, marked, cued, lost_pages, other_zone, noted],
    ids=lambda change: change.__name__,
)
def test_whatever_changes_changes_the_day(change):
    """A late sync, a rebuild or another assignment is seen at once."""
    shelf = Shelf(session(at(SUNDAY, 8), 1000))
    before = days.day_of(shelf, "me", SUNDAY)
    assert days.day_of(shelf, "me", SUNDAY) is before
    change(shelf)
    after = days.day_of(shelf, "me", SUNDAY)
    assert after != before
    forget_everything()
    assert days.day_of(shelf, "me", SUNDAY) == after


def test_steps_of_days_that_are_remembered_are_not_read_again():
    shelf = Shelf(*(evening_run(SUNDAY - timedelta(n)) for n in range(90)))
    forget_everything()
    first = days.days_of(shelf, "me", SUNDAY - timedelta(89), SUNDAY)
    assert shelf.reads == 3
    assert days.days_of(shelf, "me", SUNDAY - timedelta(89), SUNDAY) == first
    assert shelf.reads == 3
    shelf.kept.append(session(at(SUNDAY, 8), 500))
    assert days.days_of(shelf, "me", SUNDAY - timedelta(89), SUNDAY)[-1] != first[-1]
    assert shelf.reads == 4


def test_a_day_whose_sessions_tell_no_content_is_made_each_time():
    shelf = Shelf(session(at(SUNDAY, 8), 1000), is_old=True)
    before = days.day_of(shelf, "me", SUNDAY)
    one_other_peak(shelf)
    assert days.day_of(shelf, "me", SUNDAY) != before


def test_a_sync_between_the_two_looks_at_the_store_is_remembered_by_what_was_read():
    shelf = Shelf(session(at(SUNDAY, 8), 1000))
    seen = shelf.session_places("me", 0, 2**62)
    forget_everything()
    more_steps(shelf)
    shelf.session_places = lambda *_: seen
    assert days.day_of(shelf, "me", SUNDAY).together.running.strides == 900
    del shelf.session_places
    after = days.day_of(shelf, "me", SUNDAY)
    shelf.kept[0] = session(at(SUNDAY, 8), 1000)
    assert days.day_of(shelf, "me", SUNDAY).together.running.strides == 1000
    assert after.together.running.strides == 900


def test_a_sign_of_life_makes_a_day_known():
    shelf = Shelf()
    assert days.day_of(shelf, "me", SUNDAY).known == "unknown"
    shelf.living.append(Alive(at(SUNDAY, 3)))
    assert days.day_of(shelf, "me", SUNDAY).known == "alive"


def test_no_more_days_are_remembered_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(days._summaries, "limit", 3)
    forget_everything()
    shelf = Shelf()
    first = days.day_of(shelf, "me", SUNDAY)
    days.days_of(shelf, "me", SUNDAY + timedelta(1), SUNDAY + timedelta(3))
    assert days.day_of(shelf, "me", SUNDAY) is not first


def everywhere(zone):
    return {SUNDAY - timedelta(days=3): zone}


@pytest.mark.parametrize(
    ("now", "zones", "today"),
    [
        ("2026-11-22T12:00", {}, "2026-11-22"),
        ("2026-11-22T23:30", {}, "2026-11-23"),
        ("2026-11-22T22:59", {}, "2026-11-22"),
        (
            "2026-11-22T12:00",
            everywhere("Pacific/Kiritimati"),
            "2026-11-23",
        ),
        (
            "2026-11-22T09:00",
            everywhere("Pacific/Honolulu"),
            "2026-11-21",
        ),
    ],
)
def test_today_is_where_the_runner_is(now, zones, today):
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert days.today(Shelf(journeys=zones), "me", moment) == date.fromisoformat(today)


def test_what_cannot_be_is_refused():
    with pytest.raises(DateOutOfRange):
        days.day_of(Shelf(), "me", date(1815, 6, 18))
    with pytest.raises(ZoneUnknown):
        days.day_of(Shelf(journeys={SUNDAY: "Mars/Olympus"}), "me", SUNDAY)


def test_the_real_store_answers_the_same_questions(tmp_path):
    with open_store(tmp_path / "store.sqlite") as store:
        store.ensure_runner("me", "Me", BERLIN)
        store.note_day("me", SUNDAY, "rest")
        saturday, sunday = days.days_of(store, "me", SUNDAY - timedelta(1), SUNDAY)
        assert (saturday.known, sunday.known, sunday.zone) == ("unknown", "rest", BERLIN)
        assert days.today(store, "me", datetime(2026, 11, 22, 23, 30, tzinfo=UTC)) == date(2026, 11, 23)
