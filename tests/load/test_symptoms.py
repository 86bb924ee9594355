"""Rules green, red and amber against cases worked by hand, and over all answers there are."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.load.symptoms import (
    FELT,
    SIGNS,
    SITES,
    AnswerInvalid,
    Answers,
    PainOutOfRange,
    Reason,
    WordUnknown,
    of_run,
    status,
)

KNEE = "knee_front_left"

# before, during, 60 minutes, next morning, felt -> colour, and the reasons' kinds
CASES = [
    ((0, 0, 0, 0), (), "green", ["low_during", "back_at_60_min", "no_higher_next_morning"]),
    ((1, 2, 1, 1), (), "green", ["low_during", "back_at_60_min", "no_higher_next_morning"]),
    ((0, 2, 0, 0), ("dull", "stiff"), "green", ["low_during", "back_at_60_min", "no_higher_next_morning"]),
    ((2, 2, 2, 2), (), "green", ["low_during", "back_at_60_min", "no_higher_next_morning"]),
    ((4, 2, 4, 4), (), "green", ["low_during", "back_at_60_min", "no_higher_next_morning"]),
    # 3 to 5 that settles
    ((0, 3, 0, 0), (), "amber", ["above_two_during"]),
    ((0, 5, 0, 0), (), "amber", ["above_two_during"]),
    ((1, 4, 2, 1), (), "amber", ["above_two_during", "not_back_at_60_min"]),
    ((1, 2, 2, 1), (), "amber", ["not_back_at_60_min"]),
    ((3, 3, 3, 3), (), "amber", ["above_two_during"]),
    # 6 and over
    ((0, 6, 0, 0), (), "red", ["six_or_more"]),
    ((8, 6, 2, 2), (), "red", ["six_or_more"]),
    ((7, 2, 6, 2), (), "red", ["six_or_more"]),
    ((6, 2, 2, 6), (), "red", ["six_or_more"]),
    ((None, 6, None, None), (), "red", ["six_or_more"]),
    # next morning
    ((0, 0, 0, 1), (), "red", ["higher_next_morning"]),
    ((2, 5, 3, 3), (), "red", ["higher_next_morning"]),
    ((2, None, None, 3), (), "red", ["higher_next_morning"]),
    ((0, 7, 6, 6), (), "red", ["six_or_more", "six_or_more", "six_or_more", "higher_next_morning"]),
    # words
    ((1, 2, 1, 1), ("sharp",), "red", ["sharp"]),
    ((1, 2, 1, 1), ("limp", "dull"), "red", ["limp"]),
    ((1, 2, 1, 1), ("worsening",), "red", ["worsening"]),
    ((None, None, None, None), ("limp", "sharp"), "red", ["sharp", "limp"]),
    # answers are missing
    ((1, 2, 1, None), (), "open", ["missing"]),
    ((None, 2, 0, 0), (), "open", ["missing"]),
    ((None, 2, 1, 5), (), "open", ["missing"]),  # 5 may have been there before
    ((1, 4, 2, None), (), "open", ["above_two_during", "not_back_at_60_min", "missing"]),
    ((6, None, None, None), (), "open", ["missing", "missing", "missing"]),
    ((None, None, None, None), (), "open", ["missing", "missing", "missing", "missing"]),
]


@pytest.mark.parametrize(("pain", "felt", "colour", "kinds"), CASES)
def test_a_status_and_its_reasons(pain, felt, colour, kinds):
    found = status(Answers(KNEE, *pain, felt=frozenset(felt)))
    assert found.colour == colour
    assert [reason.kind for reason in found.reasons] == kinds
    named = zip(("before", "during", "at_60_min", "next_morning"), pain, strict=True)
    assert list(found.missing) == [moment for moment, value in named if value is None]


@pytest.mark.parametrize(("other", "colour"), [(5, "green"), (6, "red")])
def test_pain_at_another_time_is_red_from_six_on(other, colour):
    assert status(Answers(KNEE, 0, 0, 0, 0, other=other)).colour == colour


def test_a_run_that_goes_on_is_open_whatever_was_answered_and_red_all_the_same():
    going_on = status(Answers(KNEE, 0, 4, 0, 0, still_recording=True))
    assert going_on.colour == "open"
    assert [reason.kind for reason in going_on.reasons] == ["above_two_during", "still_recording"]
    assert status(Answers(KNEE, 0, 6, 0, 0, still_recording=True)).colour == "red"


WORSE_FIRST = [(0, 6, 0, 0), (0, 4, 0, None), (0, 4, 0, 0), (0, 0, 0, 0)]  # red, open, amber, green


@pytest.mark.parametrize("place", range(4))
def test_a_run_has_the_first_of_red_open_amber_and_green(place):
    sites = [status(Answers(KNEE, *pain)) for pain in WORSE_FIRST[place:]]
    found = of_run(reversed(sites))
    assert found is not None
    assert found.colour == ("red", "open", "amber", "green")[place]


def test_a_reason_has_the_figures_that_it_rests_on():
    assert status(Answers(KNEE, 2, 5, 3, 3)).reasons == (Reason("higher_next_morning", "next_morning", 3, 2),)
    assert status(Answers(KNEE, 1, 6)).reasons == (Reason("six_or_more", "during", 6, 6),)
    assert status(Answers(KNEE, 1, 4, 2, 1)).reasons == (
        Reason("above_two_during", "during", 4, 2),
        Reason("not_back_at_60_min", "at_60_min", 2, 1),
    )


def test_each_colour_names_its_rule():
    rules = {
        (0, 0, 0, 0): ("green",),
        (0, 4, 0, 0): ("amber",),
        (0, 6, 0, 0): ("amber",),
        (0, 0, 0, 1): ("red",),
    }
    for pain, evidence in rules.items():
        assert status(Answers(KNEE, *pain)).evidence == evidence


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("colour_of", [(0, 0, 0, 0), (0, 4, 0, 0), (0, 9, 0, 0), (0, 0, None, None)])
def test_a_sign_gives_the_advice_whatever_the_colour(sign, colour_of):
    without = status(Answers(KNEE, *colour_of))
    found = status(Answers(KNEE, *colour_of, signs=frozenset({sign})))
    assert found.see_professional
    assert found.signs == (sign,)
    assert found.colour == without.colour
    assert not without.see_professional


BAD = [
    ({"before": -1}, PainOutOfRange),
    ({"during": 11}, PainOutOfRange),
    ({"at_60_min": 2.5}, PainOutOfRange),
    ({"next_morning": True}, PainOutOfRange),
    ({"before": "3"}, PainOutOfRange),
    ({"site": "knee"}, WordUnknown),
    ({"felt": frozenset({"itchy"})}, WordUnknown),
    ({"signs": frozenset({"fever"})}, WordUnknown),
]


@pytest.mark.parametrize(("fields", "error"), BAD)
def test_what_cannot_be_an_answer_is_refused(fields, error):
    with pytest.raises(error) as refused:
        Answers(**{"site": KNEE, **fields})
    assert isinstance(refused.value, AnswerInvalid)


def test_a_refusal_says_what_came():
    with pytest.raises(PainOutOfRange) as refused:
        Answers(KNEE, during=11)
    assert (refused.value.moment, refused.value.value) == ("during", 11)
    with pytest.raises(WordUnknown) as refused:
        Answers(KNEE, felt=frozenset({"sore", "itchy"}))  # type: ignore[arg-type]
    assert (refused.value.what, refused.value.words) == ("felt", ("itchy", "sore"))


def test_sites_are_named_once():
    assert len(set(SITES)) == len(SITES)
    assert {"knee_front_left", "knee_front_right", "lower_back", "other"} <= set(SITES)


def test_every_level_of_pain_has_the_colour_that_the_rules_spell_out():
    """All 11^4 answers against the rules, written out once more."""
    for before, during, at_60_min, morning in product(range(11), repeat=4):
        if max(during, at_60_min, morning) >= 6 or morning > before:
            expected = "red"
        elif during <= 2 and at_60_min <= before:
            expected = "green"
        else:
            expected = "amber"
        assert status(Answers(KNEE, before, during, at_60_min, morning)).colour == expected


pain = st.none() | st.integers(0, 10)
answers = st.builds(
    Answers,
    site=st.sampled_from(SITES),
    before=pain,
    during=pain,
    at_60_min=pain,
    next_morning=pain,
    felt=st.frozensets(st.sampled_from(FELT), max_size=2),
    signs=st.frozensets(st.sampled_from(SIGNS), max_size=2),
)
MOMENTS = ("before", "during", "at_60_min", "next_morning")


@settings(max_examples=60, deadline=None)
@given(answers, st.sampled_from(MOMENTS), st.integers(0, 10))
def test_a_further_answer_never_takes_red_back(given_so_far, moment, value):
    fields = vars(given_so_far)
    first = status(given_so_far)
    if fields[moment] is not None:
        return
    second = status(Answers(**{**fields, moment: value}))
    if first.colour == "red":
        assert second.colour == "red"
        assert set(first.reasons) <= set(second.reasons)
    assert first.colour in ("red", "open")


@settings(max_examples=60, deadline=None)
@given(answers, st.sampled_from(MOMENTS[1:]))
def test_more_pain_never_has_a_better_colour(one, moment):
    worse = ("green", "amber", "red")
    fields = vars(one)
    if None in [fields[name] for name in MOMENTS] or fields[moment] == 10:
        return
    more = status(Answers(**{**fields, moment: fields[moment] + 1}))
    assert worse.index(more.colour) >= worse.index(status(one).colour)


@settings(max_examples=60, deadline=None)
@given(answers)
def test_green_and_amber_need_every_answer(one):
    found = status(one)
    assert found.reasons
    if found.colour in ("green", "amber"):
        assert not found.missing
        assert None not in (one.before, one.during, one.at_60_min, one.next_morning)


@settings(max_examples=60, deadline=None)
@given(st.lists(answers, max_size=4))
def test_a_run_is_as_its_worst_site(sites):
    order = ["red", "open", "amber", "green"]
    statuses = [status(one) for one in sites]
    found = of_run(statuses)
    if not statuses:
        assert found is None
        return
    assert found.colour == min((one.colour for one in statuses), key=order.index)
    assert set(found.signs) == {sign for one in sites for sign in one.signs}
    assert len(set(found.reasons)) == len(found.reasons) > 0
