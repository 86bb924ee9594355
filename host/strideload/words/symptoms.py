"""Symptoms in words: sites, what it felt like, signs, and a status with its reasons."""

from collections.abc import Iterable

from strideload.load.symptoms import (
    GREEN_DURING_MOST,
    RED_FROM,
    SITES,
    Colour,
    Felt,
    Moment,
    Reason,
    Sign,
    Status,
)
from strideload.words.sentences import capital

COLOURS: dict[Colour, str] = {"green": "Green", "amber": "Amber", "red": "Red", "open": "Open"}
MOMENTS: dict[Moment, str] = {
    "before": "before the run",
    "during": "during the run",
    "at_60_min": "60 minutes after",
    "next_morning": "next morning",
}
OTHER = "at another time"
_WHEN: dict[Moment, str] = {**MOMENTS, "at_60_min": "at 60 minutes"}
FELT: dict[Felt, str] = {
    "dull": "dull",
    "aching": "aching",
    "stiff": "stiff",
    "tight": "tight",
    "burning": "burning",
    "throbbing": "throbbing",
    "sharp": "sharp, or turned sharp",
    "worsening": "kept getting worse as I ran",
    "limp": "made me limp",
}
SIGNS: dict[Sign, str] = {
    "trauma": "a fall or a blow",
    "swelling": "swelling",
    "locking": "it locks",
    "giving_way": "it gives way",
    "night_pain": "pain at night",
    "focal_bone_pain": "pain at one spot of a bone",
    "cannot_bear_weight": "it cannot bear weight",
}
ADVICE = "See a physiotherapist or doctor."

_PLACES = {
    "knee_front": "front of the {} knee",
    "knee_inner": "inner side of the {} knee",
    "knee_outer": "outer side of the {} knee",
    "knee_back": "back of the {} knee",
    "shin": "{} shin",
    "calf": "{} calf",
    "achilles": "{} Achilles tendon",
    "ankle": "{} ankle",
    "heel": "{} heel",
    "sole": "sole of the {} foot",
    "forefoot": "{} forefoot",
    "thigh_front": "front of the {} thigh",
    "thigh_back": "back of the {} thigh",
    "thigh_outer": "outer side of the {} thigh",
    "groin": "{} groin",
    "hip": "{} hip",
    "buttock": "{} buttock",
}
_MIDDLE = {"lower_back": "lower back", "other": "somewhere else"}


def site(name: str) -> str:
    """ "front of the left knee" of "knee_front_left"."""
    place, _, side = name.rpartition("_")
    return _MIDDLE[name] if name in _MIDDLE else _PLACES[place].format(side)


SITE_NAMES = {name: site(name) for name in SITES}


def status(found: Status) -> str:
    """ "Amber: pain 4 during the run, more than 2." """
    said = [sentence for one in found.reasons if one.kind != "missing" and (sentence := reason(one))]
    if found.colour == "open" and found.missing:
        said.append(missing(found.missing))
    return f"{COLOURS[found.colour]}: {'; '.join(said)}."


def reason(one: Reason) -> str:
    """One reason, without a full stop."""
    if one.kind == "six_or_more":
        return f"{_pain(one)}, {RED_FROM} or more"
    if one.kind == "above_two_during":
        return f"{_pain(one)}, more than {GREEN_DURING_MOST}"
    if one.kind == "low_during":
        return f"{_pain(one)}, no more than {GREEN_DURING_MOST}"
    if one.kind in ("higher_next_morning", "not_back_at_60_min"):
        return f"{_pain(one)}, higher than the {one.limit} before the run"
    if one.kind in ("back_at_60_min", "no_higher_next_morning"):
        return f"{_pain(one)}, no higher than the {one.limit} before the run"
    if one.kind == "missing":
        return missing([one.moment]) if one.moment else ""
    return {
        "still_recording": "the run is still being recorded",
        "sharp": "it was sharp",
        "limp": "it made you limp",
        "worsening": "it kept getting worse as you ran",
    }[one.kind]


def missing(moments: Iterable[Moment]) -> str:
    """ "not answered yet: 60 minutes after, next morning"; "" of none."""
    words = ", ".join(MOMENTS[moment] for moment in moments)
    return f"not answered yet: {words}" if words else ""


def signs(noted: Iterable[Sign]) -> str | None:
    """ "Swelling, it locks. See a physiotherapist or doctor." None of none."""
    words = ", ".join(SIGNS[sign] for sign in noted)
    return f"{capital(words)}. {ADVICE}" if words else None


def _pain(one: Reason) -> str:
    """ "pain 2 at 60 minutes"."""
    return f"pain {one.value} {_WHEN[one.moment] if one.moment else OTHER}"
