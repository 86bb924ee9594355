"""What the report rests on, and its limits, in words. Those of the rules are of `load.evidence`."""

from strideload.load.evidence import RULES
from strideload.words import rules, symptoms

LOAD = f"{rules.evidence('longest_30_days')} {rules.study()}"

WEEKS = f"From week to week: {rules.evidence('week_over_week')}"

STATUS = " ".join(
    [
        "Pain by the numeric pain rating scale, 0 to 10; a change of 1.16 matters (Piva).",
        *(
            f"{symptoms.COLOURS[colour]}: {RULES[colour].rule} {rules.evidence(colour)}"
            for colour in ("green", "amber", "red")
        ),
        "Open: an answer is missing.",
    ]
)

PLACE = (
    "A pod on the shoe measures how the shoe accelerates: each contact of its foot, and from that times and "
    "peaks. That is not the load of a bone, a tendon or a joint. Peak acceleration at the tibia goes with tibial "
    "force weakly or the other way round (Matijevich 2019, r = \N{MINUS SIGN}0.29), and the load behind the kneecap "
    "peaks near midstance, not at impact. Compare figures only within the same pod, mount, shoe and surface."
)

SUMS = (
    "A day is known if a pod recorded it or was on watch, or the runner said what it was; any other is not known, "
    "and never zero. Running time is the sum of the stride times of running strides; impact load is the sum of "
    "their and all other contacts' peak accelerations. With one pod the other foot is taken to do the same, and "
    "steps are estimated. Cadence, contact time, peak and left and right are medians of a day's running strides, "
    "and of a longer span the median of its days. Contact time without a gyroscope is estimated: good for a "
    "trend, not to compare people."
)

ASYMMETRY = (
    "Asymmetry is 200 (R \N{MINUS SIGN} L) / (R + L): above zero the right one is larger. Balance is L / (L + R): "
    "0.500 when both are alike. Both from strides in which both feet were measured; a difference can be the mounting's."
)

NO_DIAGNOSIS = (
    "This report is no diagnosis and no examination, and states no probability of an injury. It sets side by side "
    "what pods measured and what the runner entered. Status and plan follow the rules named here, and the runner "
    "or a physiotherapist may have changed the plan."
)

SIGNS = f"Whatever the figures say: {', '.join(symptoms.SIGNS.values())}. {symptoms.ADVICE}"

DEFINITIONS = (
    "Every figure is defined in docs/metrics.md of the project, and the rules' sources are those named above."
)
