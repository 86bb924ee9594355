"""What the report rests on, and its limits, in words. Figures of studies stand here once."""

from strideload.words.numbers import THIN_SPACE

LOAD = (
    f"Schuster Brandt Frandsen, BJSM 2025: a cohort of 5{THIN_SPACE}205 runners and 588{THIN_SPACE}071 sessions. "
    "Beside runs of up to 1.1 times the longest of the 30 days before, the hazard rate ratio of a reported injury "
    "was 1.64 (1.31 to 2.05) from 1.1 to 1.3 times it, 1.52 (1.16 to 2.00) from 1.3 to 2, and 2.28 (1.50 to 3.48) "
    "above 2. By distance alone, from the runners' own reports; not causal, and not rising evenly. By running "
    "time and by impact it was not tested."
)

WEEKS = (
    f"From week to week the same cohort found no relation; the 10{THIN_SPACE}% rule for weeks is not justified "
    "(Fredette 2022, 36 studies); findings conflict (Damsted 2019)."
)

STATUS = (
    "Pain by the numeric pain rating scale, 0 to 10; a change of 1.16 matters (Piva). Green: at most 2 during the "
    "run, back to the level before it within 60 minutes, and next morning no higher than before it (Esculier "
    "2018, a programme for patellofemoral pain led by clinicians, trial of 69). Red: pain that rises in the run, "
    "turns sharp, makes limp, or persists or grows at 24 hours (expert opinion, Vincent 2017), or of 6 and more. "
    "Amber: what is neither; that 3 to 5 may settle within 24 hours is from work on tendons (Silbernagel, from "
    "memory) and not tested for patellofemoral pain. Open: an answer is missing."
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

SIGNS = (
    "See a physiotherapist or doctor on trauma, swelling, locking, giving way, night pain, focal bone pain, or "
    "when the leg cannot bear weight."
)

DEFINITIONS = (
    "Every figure is defined in docs/metrics.md of the project, and the rules' sources are those named above."
)
