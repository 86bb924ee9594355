"""What every figure means that a page shows. docs/metrics.md says the same at length; a test compares the two.

The id of a day's figure (METRICS) is its name in `load.day.to_json`, wherever it stands there. What a rule makes of
figures is said by the rule: `load/evidence.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One figure. `unit` "" is a bare number; `source` says where the definition comes from."""

    id: str
    name: str
    unit: str
    definition: str
    source: str
    caveat: str


OWN = "Strideload"
EVENTS = "initial contact and toe-off of the detector, docs/detector.md"
ONE_POD = "With one pod, the other foot is taken to do the same."
AT_THE_SHOE = (
    "Acceleration of the shoe, not load of any tissue; compare within one pod, mount, shoe and surface."
)

METRICS = (
    Metric(
        "known",
        "Known",
        "",
        "recorded: a pod recorded it; alive: a pod was on watch, its sensor was read, and nothing came; rest or "
        "ran without the pod: the runner's word; unknown: none of these.",
        OWN,
        "An unknown day is never counted as zero.",
    ),
    Metric(
        "recorded_s",
        "Time recorded",
        "s",
        "Time within the day in which at least one pod recorded.",
        OWN,
        "Includes standing still.",
    ),
    Metric(
        "strides",
        "Strides",
        "",
        "Contacts of the foot that a pod measured; together: of both feet.",
        EVENTS,
        "Strides in lost pages and gaps are missing.",
    ),
    Metric(
        "steps",
        "Steps",
        "",
        "Each contact is one step while two pods recorded, and two while one did.",
        OWN,
        ONE_POD,
    ),
    Metric(
        "steps_counted",
        "Steps counted",
        "",
        "Steps of the time in which pods on both feet recorded.",
        OWN,
        "The rest is estimated.",
    ),
    Metric(
        "steps_estimated",
        "Steps estimated",
        "",
        "Two for each stride of the time in which one pod recorded.",
        OWN,
        ONE_POD,
    ),
    Metric(
        "running_s",
        "Time running",
        "s",
        "Sum of the stride times of running strides; with two pods, the mean of both feet.",
        OWN,
        "The last stride before a pause has no stride time and is left out.",
    ),
    Metric(
        "walking_s",
        "Time walking",
        "s",
        "Sum of the stride times of walking strides; with two pods, the mean of both feet.",
        OWN,
        "The last stride before a pause has no stride time and is left out.",
    ),
    Metric(
        "time_s",
        "Time in this gait",
        "s",
        "Sum of the stride times of one kind: running, walking or uncertain.",
        OWN,
        "A stride longer than 2.5 s is a pause and not counted.",
    ),
    Metric(
        "longest_run_s",
        "Longest run",
        "s",
        "The most running time of any run of the day.",
        "Load rule 1 needs it: Schuster Brandt Frandsen, BJSM 2025, there by distance.",
        "A run over midnight is cut there.",
    ),
    Metric(
        "longest_bout_s",
        "Longest bout",
        "s",
        "The longest running of one foot without 3 s between two running contacts.",
        OWN,
        "A gap in the samples ends a bout.",
    ),
    Metric(
        "duration_s",
        "Duration of a run",
        "s",
        "From the start of a run's first session to the end of its last; sessions less than 15 minutes apart "
        "are one run.",
        OWN,
        "Includes pauses.",
    ),
    Metric(
        "cadence_spm",
        "Cadence",
        "steps/min",
        "Median of 120 / T over the strides of one gait, T the stride time.",
        EVENTS,
        ONE_POD,
    ),
    Metric(
        "cadence_iqr_spm",
        "Spread of cadence",
        "steps/min",
        "Interquartile range of the strides' cadences.",
        OWN,
        "At 100 Hz, timing alone spreads a running cadence by about 2 steps/min.",
    ),
    Metric(
        "contact_s",
        "Contact time",
        "s",
        "Median of toe-off less initial contact.",
        "Falbriard 2018 gives the events of foot sensors.",
        "Without gyroscope toe-off is estimated: good for a trend, not to compare people.",
    ),
    Metric(
        "flight_s",
        "Flight time",
        "s",
        "Median of T/2 - contact time, in running.",
        "Definition; both feet taken as alike.",
        "Carries the whole error of contact time. Below zero would be double support.",
    ),
    Metric(
        "duty_factor",
        "Duty factor",
        "",
        "Median of contact time / T.",
        "Definition.",
        "Carries the error of contact time.",
    ),
    Metric(
        "peak_g",
        "Peak impact, median",
        "g",
        "Median of the greatest resultant acceleration around contact.",
        "Mitschke 2017 on the rates that it needs.",
        AT_THE_SHOE,
    ),
    Metric(
        "peak_p95_g",
        "Peak impact, 95th percentile",
        "g",
        "One impact in twenty was higher.",
        "As the median.",
        "The first figure to suffer from clipping.",
    ),
    Metric(
        "rise_g_s",
        "Loading-rate proxy, median",
        "g/s",
        "Median of the greatest rise of acceleration into the peak.",
        OWN,
        "Grows with the sampling rate. " + AT_THE_SHOE,
    ),
    Metric(
        "impact_sum_g",
        "Cumulative impact",
        "g",
        "Sum of peak impacts, m = 1.",
        "Miner's sum with m = 1.",
        ONE_POD + " " + AT_THE_SHOE,
    ),
    Metric(
        "impact_weighted",
        "Weighted sum",
        "",
        "Sum of (peak / 10 g)^4: impacts of 10 g that weigh the same.",
        "Miner's sum; m = 4 is usual, about 6.6 is given for bone (from memory).",
        "An error of 10 % in g changes it by 46 %: read it beside the cumulative impact.",
    ),
    Metric(
        "bone_stimulus_sqrt_g",
        "Bone-stimulus form",
        "√g",
        "(sum of n peak^4)^(1/8), n the impacts.",
        "Besier, as IMeasureU gives it, m = 4.",
        "A formula over shoe accelerations; nothing was measured at a bone. Days do not add up.",
    ),
    Metric(
        "bins",
        "Impacts by intensity",
        "",
        "Impacts with a peak of 0 to 6, 6 to 21 and from 21 g.",
        "IMU Step's edges.",
        "They were made for the tibia, where peaks are lower than at the shoe.",
    ),
    Metric(
        "clipped_share",
        "Clipped",
        "share",
        "Share of strides with an axis at full scale around contact.",
        OWN,
        "Their peaks are lower bounds.",
    ),
    Metric(
        "unreliable_share",
        "Peaks marked",
        "share",
        "Share of strides sampled below 500 Hz or within +-16 g.",
        "Mitschke 2017; tibial peaks of 24.6 g.",
        "Times stay good; peaks read low.",
    ),
    Metric(
        "asymmetry_percent",
        "Asymmetry",
        "%",
        "200 (R - L) / (R + L) of medians in running, while both feet were measured.",
        "Definition.",
        "Two pods, two mounts: a difference can be the mounting's.",
    ),
    Metric(
        "balance",
        "Balance",
        "",
        "L / (L + R) of the same medians.",
        "Definition.",
        "As asymmetry.",
    ),
    Metric(
        "gaps",
        "Gaps",
        "",
        "Stretches of samples that a pod knows it lost, by the day in which they began.",
        OWN,
        "Strides within are missing.",
    ),
    Metric(
        "gap_s",
        "Time in gaps",
        "s",
        "How long the gaps last within the day, summed over pods.",
        OWN,
        "Strides within are missing.",
    ),
    Metric(
        "pages_lost",
        "Pages lost",
        "",
        "Pages of the day's sessions that the pod no longer had, or that came corrupt three times.",
        OWN,
        "Up to 16 strides each; counted on the day in which the session began.",
    ),
    Metric(
        "strides_set_aside",
        "Strides set aside",
        "",
        "Measured contacts that do not count: a third pod's, a second one's for the same foot, or of another "
        "origin than the one that the day's sums are of.",
        OWN,
        "They stay stored.",
    ),
    Metric(
        "target_spm",
        "Target of the cadence cue",
        "steps/min",
        "The cadence that a pod cued towards, by the last cue of the run.",
        "0 to 10 % over the runner's own cadence, 0 % is no raise; load rule 10 is of 1.05 to 1.10 times it.",
        "Optional, case by case: no cadence is right for everybody.",
    ),
    Metric(
        "programme_run",
        "Run of the programme",
        "",
        "Which run of the fading programme it was, from 1, as the pod counted.",
        "Fading over eight runs after Willy 2016 (from memory).",
        "The pod's count: a run that it did not record is none.",
    ),
    Metric(
        "share_percent",
        "Share with cues",
        "%",
        "Share of the run in which cues were given, by the fading.",
        "As the run of the programme.",
        "Of the run, not of the cues.",
    ),
    Metric(
        "cues_given",
        "Cues given",
        "",
        "Cues for which the motor was told to buzz: ten seconds more than 2.5 % off the target, none due for twenty.",
        OWN,
        "Whether the runner felt them is not known.",
    ),
    Metric(
        "cues_faded",
        "Cues left out",
        "",
        "Cues that were due and left out by the fading.",
        OWN,
        "As of cues given.",
    ),
    Metric(
        "cues_failed",
        "Cues that failed",
        "",
        "Cues that were due, and the motor did not answer.",
        OWN,
        "As of cues given.",
    ),
    Metric(
        "on_target_share",
        "On target",
        "share",
        "Share of the running time in which the mean cadence of the last ten seconds lay within 2.5 % of the target.",
        OWN,
        "Only where ten seconds of running lie behind. A run in which no cue was due has no record of its target.",
    ),
    Metric(
        "faults",
        "Faults",
        "",
        "What the pods counted within the day's sessions, by the name of the counter in docs/page-format.md.",
        OWN,
        "Counted on the day in which the session began; what a pod counted since the session before is in it.",
    ),
)

# What a pod does not measure: a run has it where a watch recorded meanwhile.
OF_A_WATCH = (
    Metric(
        "distance_m",
        "Distance",
        "m",
        "How far a run went by the watch's file: of a file with a track, what of it lies in the time of the run.",
        "The watch's file, FIT or GPX.",
        "Not known without files that cover nine tenths of the run or more; as true as the watch.",
    ),
    Metric(
        "pace",
        "Pace",
        "min/km",
        "Time running and walking, by the pod, over the distance, by the watch.",
        "Definition.",
        "Standing still counts no time in it. Carries the error of both.",
    ),
    Metric(
        "ascent_m",
        "Ascent",
        "m",
        "How far a run went up by the watch's file.",
        "The watch's file, FIT or GPX.",
        "Watches differ by a tenth and more in it; known only where the whole of the file lies in the run.",
    ),
)

CAN_BE_SET = "An opinion, not studied. Runner or physiotherapist can set it."
SAID_LAST = "As the pod said last."

# What the runner says, and what is made of it and of load beyond a day.
BEYOND_A_DAY = (
    Metric(
        "pain",
        "Pain",
        "of 10",
        "The runner's own word for one site: 0 is no pain, 10 the worst that can be imagined. Asked for before a run, "
        "during it, 60 minutes after and next morning.",
        "Numeric pain rating scale (NPRS), 0 to 10.",
        "Set beside other answers of the same runner only. What a pain comes from, it does not say.",
    ),
    Metric(
        "known_share",
        "Known share of an average",
        "%",
        "The part of an average's weight that lies on days of which the amount is known.",
        "Load rule ewma.",
        "Where less than half is known, no average is shown.",
    ),
    Metric(
        "next_run_min",
        "Length of the next run",
        "min",
        "The most running that is proposed for the next run, in whole minutes, rounded down; a run that lacks 5 s or "
        "less of a whole minute had that minute. Walking is not in it.",
        "Load rule next_run.",
        "An opinion, not studied as a whole. It is not given where an answer asks for a physiotherapist or doctor.",
    ),
    Metric(
        "growth_percent",
        "Most growth after green runs",
        "%",
        "How much longer than the run that it goes by the next one may be, once enough runs in a row were green.",
        "Load rule next_run: 1.10 times.",
        CAN_BE_SET,
    ),
    Metric(
        "step_down_percent",
        "Less after a red run",
        "%",
        "How much shorter than a red run the next one is; than what was allowed before the red one, if that was less.",
        OWN + ": no source gives a figure.",
        CAN_BE_SET,
    ),
    Metric(
        "greens_needed",
        "Green runs in a row before it grows",
        "runs",
        "Counted back from the last run. A run that nobody answered for, or without the pod, ends the row.",
        "Load rule next_run: two.",
        CAN_BE_SET,
    ),
    Metric(
        "start_level",
        "Begin at level",
        "",
        "The level of the ladder on which it begins. Level 0 is a walk of 30 minutes, the last one 30 minutes of "
        "running.",
        "Load rule ladder.",
        CAN_BE_SET,
    ),
    Metric(
        "sessions_each",
        "Sessions at each level",
        "",
        "Sessions that have to count before the next level: of this level, done, green, and after enough rest.",
        "Load rule ladder: three or more.",
        CAN_BE_SET,
    ),
    Metric(
        "rest_days",
        "Days of rest between",
        "",
        "Days that have to lie before a session for it to count, with no session of the ladder and no run without "
        "a pod.",
        "Load rule ladder: one.",
        CAN_BE_SET,
    ),
    Metric(
        "strength_sessions",
        "Strength sessions",
        "",
        "Dates of a week, Monday to Sunday, on which an exercise was logged.",
        OWN,
        "What nobody logged is not logged, never not done.",
    ),
    Metric(
        "sets",
        "Sets",
        "",
        "Sets of one muscle group, as logged; of a week, their sum from Monday to Sunday.",
        OWN,
        "No source here gives a number to reach, so none is asked for.",
    ),
    Metric(
        "repetitions",
        "Repetitions",
        "",
        "How often a movement was repeated: of an entry in each set, of a week in all sets together.",
        OWN,
        "Sets without a count, as of holding, are left out and said.",
    ),
    Metric(
        "effort",
        "Effort",
        "of 10",
        "How hard the sets felt, by the runner's own word: 0 is no effort, 10 the greatest.",
        OWN,
        "Set beside other entries of the same runner only.",
    ),
)

# What is said of a pod and of its sessions.
OF_A_POD = (
    Metric(
        "session_s",
        "Length of a session",
        "s",
        "From the start of a pod's session to its end, or to now while it goes on.",
        OWN,
        "Includes pauses.",
    ),
    Metric(
        "battery_v",
        "Battery",
        "V",
        "Voltage of the battery that the pod runs on.",
        "Measured by the pod.",
        SAID_LAST + " Not known of a pod that does not measure it.",
    ),
    Metric(
        "last_page",
        "Last page",
        "",
        "When the newest page of the pod came to this computer.",
        OWN,
        "A page holds up to 16 strides; what the pod recorded since is still on it.",
    ),
    Metric(
        "pages_to_come",
        "Pages still to come",
        "pages",
        "Pages that the pod had when it last spoke, less those that have come here.",
        OWN,
        "What it has recorded since is not in it.",
    ),
    Metric(
        "free_pages",
        "Room in its log",
        "pages",
        "Pages of steps that still fit into the pod's memory, if no more of those that it holds come here.",
        "Counted by the pod.",
        SAID_LAST,
    ),
    Metric(
        "odr_hz",
        "Rate",
        "Hz",
        "How often in a second the sensor measures.",
        "The setting of the sensor, stored with every page.",
        "Below 500 Hz peaks read low.",
    ),
    Metric(
        "acc_range_g",
        "Range",
        "g",
        "The greatest acceleration along an axis that the sensor measures, either way.",
        "The setting of the sensor, stored with every page.",
        "Within +-16 g peaks read low.",
    ),
    Metric(
        "gyro_dps",
        "Rotation",
        "°/s",
        "The fastest turn about an axis that the sensor measures, either way.",
        "The setting of the sensor.",
        "Without it toe-off is estimated.",
    ),
    Metric(
        "faults_since_start",
        "Counted since it started",
        "",
        "What the pod counted since it was started last, by the name of the counter. What each means stands beside it.",
        "Counted by the pod.",
        "Those of a day's sessions stand with the day.",
    ),
)

EVERY_METRIC = METRICS + OF_A_WATCH + BEYOND_A_DAY + OF_A_POD
