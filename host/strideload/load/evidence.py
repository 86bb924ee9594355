"""What each rule rests on, in one place: source, level of evidence and caveat. docs/rules.md says the same; a test
compares.

A result of a rule names its entry of RULES, so that nothing is shown without it.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

RuleId = Literal[
    "longest_30_days",
    "week_over_week",
    "ewma",
    "green",
    "red",
    "amber",
    "next_run",
    "spread_load",
    "ladder",
    "cadence_target",
    "cue_fading",
]
Level = Literal["cohort study", "trial", "mixed studies", "conflicting studies", "expert opinion", "opinion"]
Band = Literal["reference", "small", "moderate", "large"]  # the study's own words


@dataclass(frozen=True)
class Evidence:
    """One rule, what it rests on and what to beware of. `level` never says more than the source does."""

    id: RuleId
    rule: str
    source: str
    level: Level
    caveat: str


@dataclass(frozen=True)
class HazardBand:
    """Runs of more than `above` and up to `to` times the longest of 30 days, as the study of rule 1 divided them.

    The hazard rate ratio is that of self-reported overuse injury against the reference band.
    """

    band: Band
    above: Fraction  # not included
    to: Fraction | None  # included; None: without end
    hazard_rate_ratio: float | None  # None: this is the reference
    interval_95: tuple[float, float] | None


HAZARD_BANDS: Final = (
    HazardBand("reference", Fraction(0), Fraction(11, 10), None, None),
    HazardBand("small", Fraction(11, 10), Fraction(13, 10), 1.64, (1.31, 2.05)),
    HazardBand("moderate", Fraction(13, 10), Fraction(2), 1.52, (1.16, 2.00)),
    HazardBand("large", Fraction(2), None, 2.28, (1.50, 3.48)),
)

_ALL: Final = (
    Evidence(
        "longest_30_days",
        "A run is set beside the longest run of the 30 days before it.",
        "Schuster Brandt Frandsen, BJSM 2025: 5 205 runners, 588 071 sessions.",
        "cohort study",
        "Studied on distance only, with self-reported overuse injury; not causal, and not rising from band to band. "
        "On duration, steps and impact the bands are unvalidated.",
    ),
    Evidence(
        "week_over_week",
        "Seven days are set beside the seven before them. Information only.",
        "Schuster Brandt Frandsen, BJSM 2025: no relation from week to week. Fredette 2022, 36 studies: a rule of "
        "10 % a week is not justified. Damsted 2019.",
        "conflicting studies",
        "Nothing is concluded from it. With days that are not known it is a bound.",
    ),
    Evidence(
        "ewma",
        "Exponentially weighted averages of 7 and 28 days, lambda = 2 / (N + 1). Plotted only.",
        "Williams 2017. Against their ratio: Impellizzeri, random denominators do as well; in the cohort of the "
        "rule on the longest run of 30 days a higher ratio went with fewer injuries.",
        "conflicting studies",
        "No ratio is formed and there is no best range. A day that is not known is left out, never zero.",
    ),
    Evidence(
        "green",
        "Pain 2 or less of 10 during the run, back at the level before it within 60 minutes, and next morning no "
        "higher than before it.",
        "Esculier 2018, education programme, randomised trial of 69.",
        "trial",
        "From a programme for patellofemoral pain that clinicians delivered; elsewhere it is borrowed.",
    ),
    Evidence(
        "red",
        "Pain that kept getting worse in the run, was sharp, made the runner limp, or is higher next morning than "
        "before the run.",
        "Vincent 2017.",
        "expert opinion",
        "A reason to do less and to ask; what the pain comes from, it does not say.",
    ),
    Evidence(
        "amber",
        "Pain of 3 to 5 of 10 that settles by the next morning; 6 and over is red.",
        "After Silbernagel, tendon pain, from memory, not checked.",
        "expert opinion",
        "Not validated for patellofemoral pain.",
    ),
    Evidence(
        "next_run",
        "After two green runs up to 1.10 times the longest of 30 days; after amber the same again; after red less, "
        "and the offer to see a physiotherapist.",
        "A synthesis of the rules on the longest run of 30 days and on green, amber and red.",
        "opinion",
        "Not studied as a whole. Runner or physiotherapist can set its figures.",
    ),
    Evidence(
        "spread_load",
        "While sore: the same weekly load over more and shorter runs, slower, four parts running to one walking, "
        "no downhill.",
        "Public education page on patellofemoral pain.",
        "expert opinion",
        "What was left out comes back gradually.",
    ),
    Evidence(
        "ladder",
        "Ten levels from walking 30 minutes to running 30 minutes, three sessions or more each, with a day of rest "
        "between.",
        "A clinician's protocol. It gives the entry, nine minutes running and one walking three times, and 30 minutes "
        "of running; the levels between are filled in evenly here.",
        "opinion",
        "Not studied. Low levels rise by more than 10 % of running time. Runner or physiotherapist can set the levels.",
    ),
    Evidence(
        "cadence_target",
        "A cadence of 1.05 to 1.10 times the runner's own at the same pace.",
        "Heiderscheit 2011. At +10 % the peak force behind the kneecap was 14 % lower (Lenhart 2014), and the stress "
        "22 % lower a step and 7.5 % a mile (Willson). Whether injuries become fewer is not shown: the evidence is "
        "insufficient (Anderson 2022), and a trial of 30 runners is small (de Souza 2024).",
        "mixed studies",
        "Optional, case by case. No cadence is right for everybody, and an abrupt change of gait creates new issues.",
    ),
    Evidence(
        "cue_fading",
        "Cues in full for four runs, then fewer, and none from the eighth.",
        "After Willy 2016, from memory, not checked.",
        "expert opinion",
        "A cue sounds only off target, by more than 2.5 %.",
    ),
)

RULES: Final[dict[RuleId, Evidence]] = {evidence.id: evidence for evidence in _ALL}
