"""Whether a site minded a run: pain before, during, 60 minutes after and next morning -> green, amber, red or open.

The baseline is the level before the run. The rules green, red and amber are asked in this order:

1. Red as soon as one known answer makes it so, whatever else is missing: 6 or more during the run, at 60 minutes, next
   morning or at any other time within 24 hours; sharp; limping; kept getting worse; or next morning higher than before
   the run.
2. Open while one of the four answers is missing: without the level before, nothing says what it settled to. Open, too,
   while the run is still being recorded.
3. Green if it was 2 or less during the run, no higher than before at 60 minutes, and no higher than before next
   morning.
4. Amber otherwise.

So further answers never take a red back, and never turn green or amber into anything else.

"Rises during the run" is the runner's word that it kept getting worse. The answer for the run is its highest pain, and
one figure cannot tell pain that grew with every kilometre from pain that came and stayed, or eased. Nor can any figure
above the level before be a rise: from a baseline of nothing, rule green lets pain reach 2, and rule amber 5. So by
figures alone it is red from 6 on.

"Persists or increases at 24 hours" is next morning higher than before the run. The same level as before is that of a
site that was sore already: rule green lets it be, and so it is not red.

"Sharp" is red even where it may have been sharp before the run: the runner is asked once, and red comes first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeVar, get_args

from strideload.errors import StrideloadError
from strideload.load.evidence import RuleId

Item = TypeVar("Item")

Colour = Literal["green", "amber", "red", "open"]
Moment = Literal["before", "during", "at_60_min", "next_morning"]
Felt = Literal["dull", "aching", "stiff", "tight", "burning", "throbbing", "sharp", "worsening", "limp"]
Sign = Literal[
    "trauma",
    "swelling",
    "locking",
    "giving_way",
    "night_pain",
    "focal_bone_pain",
    "cannot_bear_weight",
]
ReasonKind = Literal[
    # red
    "six_or_more",
    "sharp",
    "limp",
    "worsening",
    "higher_next_morning",
    # neither
    "above_two_during",
    "not_back_at_60_min",
    # green
    "low_during",
    "back_at_60_min",
    "no_higher_next_morning",
    # open
    "missing",
    "still_recording",
]

MOMENTS: Final[tuple[Moment, ...]] = get_args(Moment)
FELT: Final[tuple[Felt, ...]] = get_args(Felt)
SIGNS: Final[tuple[Sign, ...]] = get_args(Sign)
COLOURS: Final[tuple[Colour, ...]] = ("red", "open", "amber", "green")  # the first of several sites' holds

PLACES: Final = (
    "knee_front",
    "knee_inner",
    "knee_outer",
    "knee_back",
    "shin",
    "calf",
    "achilles",
    "ankle",
    "heel",
    "sole",
    "forefoot",
    "thigh_front",
    "thigh_back",
    "thigh_outer",
    "groin",
    "hip",
    "buttock",
)
SITES: Final = (*(f"{place}_{side}" for place in PLACES for side in ("left", "right")), "lower_back", "other")

PAIN_MOST: Final = 10
GREEN_DURING_MOST: Final = 2
RED_FROM: Final = 6

_RED_WORDS: Final[tuple[Literal["sharp", "limp", "worsening"], ...]] = (
    "sharp",
    "limp",
    "worsening",
)  # of FELT; reasons of the same name
_AFTER_BEGIN: Final[tuple[Moment, ...]] = ("during", "at_60_min", "next_morning")


class AnswerInvalid(StrideloadError):
    """An answer that cannot be one; its children say which."""


class PainOutOfRange(AnswerInvalid):
    """Pain that is no whole number of 0 to 10."""

    def __init__(self, moment: Moment | Literal["other"], value: object) -> None:
        super().__init__(f"Pain is a whole number of 0 to {PAIN_MOST}, not {value!r} ({moment}).")
        self.moment: Moment | Literal["other"] = moment
        self.value = value


_LISTS: Final = {"site": "sites", "felt": "words of what it felt like", "sign": "signs"}


class WordUnknown(AnswerInvalid):
    """A site, a word of what it felt like or a sign that is none of the list."""

    def __init__(self, what: Literal["site", "felt", "sign"], words: Iterable[str]) -> None:
        self.what: Literal["site", "felt", "sign"] = what
        self.words = tuple(sorted(words))
        super().__init__(
            f"{', '.join(f'“{word}”' for word in self.words)} is not on the list of {_LISTS[what]}."
        )


@dataclass(frozen=True)
class Answers:
    """What a runner said of one site and one run; pain 0 to 10 (NPRS), None: not answered. AnswerInvalid."""

    site: str  # of SITES
    before: int | None = None
    during: int | None = None  # the highest in the run
    at_60_min: int | None = None
    next_morning: int | None = None
    felt: frozenset[Felt] = frozenset()
    signs: frozenset[Sign] = frozenset()
    other: int | None = (
        None  # the highest at other times, from the start of the run to 24 hours after its end
    )
    still_recording: bool = False  # the run goes on

    def __post_init__(self) -> None:
        _check_words("site", {self.site}, SITES)
        _check_words("felt", self.felt, FELT)
        _check_words("sign", self.signs, SIGNS)
        for moment in MOMENTS:
            value: object = self.at(moment)
            whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= PAIN_MOST
            if value is not None and not whole:
                raise PainOutOfRange(moment, value)
        if self.other is not None and not 0 <= self.other <= PAIN_MOST:
            raise PainOutOfRange("other", self.other)

    def at(self, moment: Moment) -> int | None:
        return getattr(self, moment)


@dataclass(frozen=True)
class Reason:
    """Why a status is what it is. `value` and `limit` are levels of pain where the reason is one of figures."""

    kind: ReasonKind
    moment: Moment | None = None  # None with a value: at another time
    value: int | None = None
    limit: int | None = None  # what the value was held against


@dataclass(frozen=True)
class Status:
    """What became of one site after one run, or of all of them (`of_run`)."""

    colour: Colour
    reasons: tuple[Reason, ...]
    missing: tuple[Moment, ...]  # answers, in order of time
    signs: tuple[Sign, ...]  # whatever the colour, each is a reason to see a physiotherapist or doctor
    evidence: tuple[RuleId, ...]

    @property
    def see_professional(self) -> bool:
        """Whether the advice to see a physiotherapist or doctor belongs to it, which no colour takes away."""
        return bool(self.signs)


@lru_cache(maxsize=1000)  # a year of runs has few answers that differ
def status(answers: Answers) -> Status:
    """Of one site. Total: any answers have exactly one colour."""
    missing: tuple[Moment, ...] = tuple(moment for moment in MOMENTS if answers.at(moment) is None)
    signs: tuple[Sign, ...] = tuple(sign for sign in SIGNS if sign in answers.signs)
    if red := _red(answers):
        return Status("red", red, missing, signs, _red_evidence(red))
    against = _against_green(answers)
    if missing or answers.still_recording:
        waiting = [Reason("missing", moment) for moment in missing]
        waiting += [Reason("still_recording")] if answers.still_recording else []
        return Status("open", (*against, *waiting), missing, signs, ("green", "red", "amber"))
    if against:
        return Status("amber", against, missing, signs, ("amber",))
    return Status("green", _for_green(answers), missing, signs, ("green",))


def of_run(statuses: Iterable[Status]) -> Status | None:
    """Of all sites of a run: red if one is, else open if one is, else amber if one is. None: nothing was answered."""
    return _of_sites(tuple(statuses))


@lru_cache(maxsize=1000)
def _of_sites(given: tuple[Status, ...]) -> Status | None:
    if not given:
        return None
    colour: Colour = next(colour for colour in COLOURS if any(one.colour == colour for one in given))
    deciding = [one for one in given if one.colour == colour]
    return Status(
        colour,
        _once(reason for one in deciding for reason in one.reasons),
        tuple(moment for moment in MOMENTS if any(moment in one.missing for one in given)),
        tuple(sign for sign in SIGNS if any(sign in one.signs for one in given)),
        _once(rule for one in deciding for rule in one.evidence),
    )


def _red(answers: Answers) -> tuple[Reason, ...]:
    figures = [
        Reason("six_or_more", moment, value, RED_FROM)
        for moment in _AFTER_BEGIN
        if (value := answers.at(moment)) is not None and value >= RED_FROM
    ]
    if answers.other is not None and answers.other >= RED_FROM:
        figures.append(Reason("six_or_more", None, answers.other, RED_FROM))
    words = [Reason(felt) for felt in _RED_WORDS if felt in answers.felt]
    before, morning = answers.before, answers.next_morning
    if before is not None and morning is not None and morning > before:
        return (*figures, *words, Reason("higher_next_morning", "next_morning", morning, before))
    return (*figures, *words)


def _red_evidence(reasons: Iterable[Reason]) -> tuple[RuleId, ...]:
    """6 and over is the end of rule amber; all else is of rule red."""
    rules: list[RuleId] = ["amber" if reason.kind == "six_or_more" else "red" for reason in reasons]
    return _once(rules)


def _against_green(answers: Answers) -> tuple[Reason, ...]:
    reasons: list[Reason] = []
    if answers.during is not None and answers.during > GREEN_DURING_MOST:
        reasons.append(Reason("above_two_during", "during", answers.during, GREEN_DURING_MOST))
    if answers.at_60_min is not None and answers.before is not None and answers.at_60_min > answers.before:
        reasons.append(Reason("not_back_at_60_min", "at_60_min", answers.at_60_min, answers.before))
    return tuple(reasons)


def _for_green(answers: Answers) -> tuple[Reason, ...]:
    return (
        Reason("low_during", "during", answers.during, GREEN_DURING_MOST),
        Reason("back_at_60_min", "at_60_min", answers.at_60_min, answers.before),
        Reason("no_higher_next_morning", "next_morning", answers.next_morning, answers.before),
    )


def _once(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(items))


def _check_words(what: Literal["site", "felt", "sign"], given: Iterable[str], known: tuple[str, ...]) -> None:
    unknown = set(given) - set(known)
    if unknown:
        raise WordUnknown(what, unknown)
