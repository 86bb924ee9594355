"""Rule ladder: its levels, and where sessions worked by hand bring the runner."""

import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.load.ladder import (
    LEVELS,
    LadderInvalid,
    LadderSession,
    LadderSettings,
    Level,
    standing,
)
from strideload.load.symptoms import SIGNS
from support.runs import on


def sessions(*given, every=2):
    """(level, colour) each, two days apart from day 0 on."""
    return [LadderSession(on(every * place), level, colour) for place, (level, colour) in enumerate(given)]


def at(level, **fields):
    return LadderSettings(start_level=level, **fields)


def test_the_ladder_is_the_protocols():
    assert LEVELS[0] == Level(run_min=0, walk_min=30)
    assert LEVELS[9] == Level(run_min=9, walk_min=1, repeats=3)
    assert LEVELS[10] == Level(run_min=30, walk_min=0)
    assert len(LEVELS[1:]) == 10
    assert {level.total_min for level in LEVELS} == {30}
    running = [level.running_min for level in LEVELS]
    assert running == sorted(set(running))


def test_a_ladder_begins_with_its_entry():
    found = standing([])
    assert (found.level, found.counted, found.needed) == (0, 0, 1)
    assert found.next.session == LEVELS[0]
    assert found.next.not_before is None
    assert (found.last_verdict, found.last_move) == (None, None)


GREEN3 = ((4, "green"),) * 3
CASES = [
    ("two of three", GREEN3[:2], (4, 2), "counted", None),
    ("three bring one up", GREEN3, (5, 0), "counted", "up"),
    ("amber is repeated", (*GREEN3[:2], (4, "amber")), (4, 2), "amber", None),
    ("after amber it goes on", (*GREEN3[:2], (4, "amber"), (4, "green")), (5, 0), "counted", "up"),
    ("red brings one down", (*GREEN3[:2], (4, "red")), (3, 0), "red", "down"),
    ("red on an easier level, too", (*GREEN3[:2], (2, "red")), (3, 0), "red", "down"),
    ("after red from the level below", ((4, "red"), *((3, "green"),) * 3), (4, 0), "counted", "up"),
    ("open moves nothing", (*GREEN3[:2], (4, "open")), (4, 2), "open", None),
    ("another level does not count", (*GREEN3[:2], (5, "green")), (4, 2), "other_level", None),
]


@pytest.mark.parametrize(
    ("given", "stands", "verdict", "move"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_where_the_runner_stands(given, stands, verdict, move):
    found = standing(sessions(*given), at(4))
    assert ((found.level, found.counted), found.last_verdict, found.last_move) == (stands, verdict, move)
    assert found.next.session == LEVELS[found.level]
    assert found.evidence == "ladder"


def test_a_day_of_rest_lies_between():
    found = standing(sessions(*GREEN3, every=1), at(4))
    assert (found.counted, found.last_verdict) == (1, "no_rest_before")
    assert found.next.not_before == on(4)
    assert standing(sessions(*GREEN3), at(4, rest_days=2)).counted == 1
    twice_a_day = [LadderSession(on(0), 4, "green"), LadderSession(on(0), 4, "green")]
    assert standing(twice_a_day, at(4)).counted == 1


def test_another_run_is_no_rest():
    found = standing(sessions(*GREEN3[:2]), at(4), runs=[on(1), on(3)])
    assert (found.counted, found.last_verdict) == (1, "no_rest_before")
    assert found.next.not_before == on(5)
    assert (
        standing(sessions(*GREEN3[:2]), at(4), runs=[on(0), on(2)]).counted == 2
    )  # those sessions themselves


def test_the_entry_asks_for_no_pain_at_all():
    walk = {"date": on(0), "level": 0, "colour": "green"}
    assert standing([LadderSession(**walk, pain_during=0)]).level == 1
    sore = standing([LadderSession(**walk, pain_during=1)])
    assert (sore.level, sore.last_verdict) == (0, "pain_at_entry")
    limped = standing([LadderSession(on(0), 0, "red")])
    assert (limped.level, limped.last_move, limped.offer_physiotherapist) == (0, None, True)


def test_an_open_session_takes_no_offer_back():
    """As the next run's: only an answer does."""
    assert standing(sessions((4, "red"), (3, "open")), at(4)).offer_physiotherapist
    assert not standing(sessions((4, "red"), (3, "open"), (3, "green")), at(4)).offer_physiotherapist


def test_a_session_that_was_cut_short_is_not_counted():
    assert standing([LadderSession(on(0), 4, "green", done=False)], at(4)).last_verdict == "not_done"


@pytest.mark.parametrize(("minutes", "done"), [(12, True), (10.8, True), (10.79, False), (0, False)])
def test_running_time_says_whether_a_level_was_done(minutes, done):
    assert LEVELS[4].running_min == 12
    assert LEVELS[4].is_done_by(minutes * 60) is done


def test_the_ladder_ends():
    found = standing(sessions(*((10, "green"),) * 3), at(10))
    assert (found.level, found.counted, found.last_move, found.finished) == (10, 3, "finished", True)
    assert found.next is None
    more = standing(sessions(*((10, "green"),) * 4), at(10))
    assert (more.finished, more.last_move, more.next) == (True, None, None)
    back = standing(sessions(*((10, "green"),) * 3, (10, "red")), at(10))
    assert (back.level, back.finished, back.next.session) == (9, False, LEVELS[9])


def test_with_a_sign_no_session_is_named():
    swollen = LadderSession(on(2), 4, "green", signs=("swelling",))
    assert standing([swollen], at(4)).signs == ("swelling",)
    assert standing([swollen], at(4)).next is None
    assert standing([swollen, LadderSession(on(4), 4, "open")], at(4)).next is None
    assert standing([swollen, LadderSession(on(4), 4, "green")], at(4)).next is not None


def test_a_ladder_can_be_set():
    own = LadderSettings(
        levels=(Level(0, 20), Level(1, 1, 10), Level(20, 0)), sessions_each=4, set_by="runner"
    )
    found = standing([LadderSession(on(0), 0, "green")], own)
    assert (found.next.session, found.needed) == (Level(1, 1, 10), 4)
    assert found.settings.set_by == "runner"


@pytest.mark.parametrize(
    "fields",
    [
        {"levels": (Level(0, 30),)},
        {"levels": (Level(10, 0), Level(5, 5))},
        {"sessions_each": 2},
        {"sessions_each": 11},
        {"sessions_at_entry": 0},
        {"rest_days": 0},
        {"start_level": 11},
        {"start_level": -1},
        {"rest_days": True},
    ],
)
def test_what_is_no_ladder_is_refused(fields):
    with pytest.raises(LadderInvalid):
        LadderSettings(**fields)


def test_a_level_may_have_the_running_of_the_one_below():
    settings = LadderSettings(levels=(Level(0, 30), Level(1, 9, 2), Level(2, 8, 1)))
    assert [level.running_min for level in settings.levels] == [0, 2, 2]


@pytest.mark.parametrize("figures", [(0, 0), (-1, 5), (5, -1), (1, 1, 0)])
def test_what_is_no_level_is_refused(figures):
    with pytest.raises(LadderInvalid):
        Level(*figures)


done = st.tuples(st.integers(0, 10), st.sampled_from(["green", "amber", "red", "open"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(done, max_size=25), st.integers(0, 10))
def test_one_level_at_a_time_and_up_only_on_green(given, start):
    before = standing([], at(start))
    for count in range(1, len(given) + 1):
        after = standing(sessions(*given[:count]), at(start))
        assert 0 <= after.level <= 10
        assert after.level - before.level in (-1, 0, 1)
        assert 0 <= after.counted <= after.needed
        if after.level > before.level:
            assert given[count - 1] == (before.level, "green")
        if given[count - 1][1] == "red":
            assert after.level == max(0, before.level - 1)
        before = after


@settings(max_examples=60, deadline=None)
@given(st.lists(done, max_size=8), st.randoms())
def test_the_order_that_sessions_come_in_changes_nothing(given, random):
    ordered = sessions(*given)
    shuffled = random.sample(ordered, len(ordered))
    assert standing(shuffled) == standing(ordered)


@settings(max_examples=60, deadline=None)
@given(st.lists(done, min_size=1, max_size=8))
def test_the_next_session_has_rest_before_it(given):
    found = standing(sessions(*given))
    if found.next:
        assert found.next.not_before - sessions(*given)[-1].date == timedelta(days=2)


def read_back(given, of, runs):
    """(level, counted, verdict, move) by looking back over all sessions before each."""
    level, counted, verdict, move = of.start_level, 0, None, None
    given = sorted(given, key=lambda one: one.date)
    for place, one in enumerate(given):
        ran = {before.date for before in given[:place]} | (set(runs) - {one.date})
        tired = any(0 <= (one.date - day).days <= of.rest_days for day in ran)
        move = None
        if one.colour in ("red", "amber"):
            verdict = one.colour
        elif one.level != level:
            verdict = "other_level"
        elif not one.done:
            verdict = "not_done"
        elif one.colour == "open":
            verdict = "open"
        elif level == 0 and one.pain_during:
            verdict = "pain_at_entry"
        else:
            verdict = "no_rest_before" if tired else "counted"
        if verdict == "red":
            level, counted, move = max(0, level - 1), 0, "down" if level else None
        elif verdict == "counted" and counted < of.needed(level):
            counted += 1
            if counted == of.needed(level) and level < len(of.levels) - 1:
                level, counted, move = level + 1, 0, "up"
            elif counted == of.needed(level):
                move = "finished"
    return level, counted, verdict, move


DATES = st.integers(0, 60).map(on)
SESSIONS = st.builds(
    LadderSession,
    date=DATES,
    level=st.integers(0, 3),
    colour=st.sampled_from(["green", "green", "green", "green", "amber", "red", "open"]),
    done=st.sampled_from([True, True, True, False]),
    pain_during=st.sampled_from([None, 0, 2]),
    signs=st.lists(st.sampled_from(SIGNS), max_size=2).map(tuple),
)
THREE_LEVELS = st.builds(
    LadderSettings,
    levels=st.just((LEVELS[0], LEVELS[1], LEVELS[10])),
    sessions_each=st.integers(3, 4),
    rest_days=st.integers(1, 3),
    start_level=st.integers(0, 2),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(SESSIONS, max_size=30), THREE_LEVELS, st.lists(DATES, max_size=6))
def test_one_pass_is_as_good_as_looking_back(given, of, runs):
    found = standing(given, of, runs)
    assert (found.level, found.counted, found.last_verdict, found.last_move) == read_back(given, of, runs)
    latest = max([*runs, *(one.date for one in given)], default=None)
    if found.next is not None and latest is not None:
        assert found.next.not_before == latest + timedelta(days=of.rest_days + 1)
    answered = [one for one in sorted(given, key=lambda one: one.date) if one.colour != "open" or one.signs][
        -1:
    ]
    assert set(found.signs) == {sign for one in answered for sign in one.signs}


def test_a_thousand_sessions_take_no_time():
    """A hundredth of the limit on an idle machine; looking back over all sessions takes a second and more."""
    years = sessions(*((4, "amber"),) * 1000)
    began_s = time.process_time()
    standing(years, at(4))
    assert time.process_time() - began_s < 0.2
