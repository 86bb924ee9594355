"""Symptoms beside runs: the 24-hour course of each site after each run, and what is to be asked now.

An entry belongs to the run whose start it names, wherever that start has moved since, and to none while that has no
time. One that names none, because the run had not come yet, belongs to the run that it followed: so a pod that learned
the time late takes no answer away.
What was said of a morning holds for every run of the day before it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import takewhile
from typing import Final, Literal

from strideload.load.symptoms import MOMENTS, RED_FROM, Answers, Moment, Sign, Status, of_run, status
from strideload.load.zones import EPOCH, local_time, zone_info
from strideload.runner.records import SAID, Records
from strideload.runner.runs import RunRecord, near, run_at
from strideload.store import Store
from strideload.store.diary import Entry, EntryChanged, EntryInvalid, Saying, When
from strideload.store.ids import next_id
from strideload.words.numbers import short_date

HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
MORNING_HOUR: Final = 5
# A run that ends before this hour is of the evening before: its next morning is the one that comes.
NIGHT_ENDS_HOUR: Final = 3
# What was felt within so long before a run is asked about after it.
FELT_US: Final = 14 * DAY_US
SAID_US: Final = SAID // timedelta(microseconds=1)
# A sign that was noted apart from a run holds so long, unless it is taken back.
SIGN_HOLDS_US: Final = 30 * DAY_US
# Nobody remembers longer how it was: later answers are taken, and not asked for.
ASKED_FOR_US: Final = 48 * HOUR_US
# A moment of a run, its next morning among them, was no later after its end.
OF_IT_US: Final = 48 * HOUR_US
# How far from its run an entry may be that names none.
BEFORE_US: Final = 6 * HOUR_US
SAME_DAY_US: Final = 12 * HOUR_US
NEXT_DAY_US: Final = 36 * HOUR_US

Asked = Literal["answered", "due", "later", "missed"]


class NotYet(EntryInvalid):
    """An answer to what has not come. `from_local`: when it can be answered, where the runner is."""

    def __init__(self, from_local: datetime) -> None:
        super().__init__(
            f"This moment has not come yet: it can be answered from {short_date(from_local.date())}, "
            f"{from_local:%H:%M} on."
        )
        self.from_local = from_local


@dataclass(frozen=True)
class Answer:
    """The place of one answer in a course."""

    moment: Moment
    entry: Entry | None  # what holds; None: not answered
    from_utc_us: int  # when it was so, or will be
    asked: Asked

    @property
    def pain(self) -> int | None:
        return self.entry.saying.pain if self.entry else None


@dataclass(frozen=True)
class Course:
    """One site after one run: before, during, 60 minutes after, next morning, and what else was said in these 24 h."""

    run: RunRecord
    site: str
    answers: tuple[Answer, ...]  # one for each of MOMENTS, in order
    others: tuple[Entry, ...]
    status: Status

    @property
    def entries(self) -> list[Entry]:
        return [answer.entry for answer in self.answers if answer.entry] + list(self.others)

    @property
    def due(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.asked == "due"]


@dataclass(frozen=True)
class RunSymptoms:
    """All sites of one run. `status`: None while nothing was answered."""

    run: RunRecord
    courses: tuple[Course, ...]
    status: Status | None

    @property
    def due(self) -> list[tuple[Course, Answer]]:
        return [(course, answer) for course in self.courses for answer in course.due]


class Diary:
    """The diary of some records, as it stands at a moment.

    `until_utc_us`: by the same records, all that was asked of it stands so until then; None: for good.
    """

    def __init__(self, records: Records, now_utc_us: int) -> None:
        self.records = records
        self.now_utc_us = now_utc_us
        self.until_utc_us: int | None = None
        self._joined, self.apart = _join(records)
        self._about_us = [entry.saying.about_utc_us for entry in records.entries]  # in order
        self._mornings: dict[int, date] = {}

    @cached_property
    def of_runs(self) -> list[RunSymptoms]:
        """Each run and answered walk of the records, in order of time."""
        return [self._of_run(run) for run in self.records.runs if run.is_run or self._said_of(run)]

    @property
    def shown(self) -> list[RunSymptoms]:
        """Of the dates that the records are of."""
        return [one for one in self.of_runs if one.run.date >= self.records.first]

    def of_run(self, run: RunRecord) -> RunSymptoms:
        """Of a run of the records, a walk as well."""
        return next((one for one in self.of_runs if one.run is run), None) or self._of_run(run)

    @property
    def due(self) -> list[tuple[Course, Answer]]:
        """What is to be asked now, of the latest run first."""
        return [one for run in reversed(self.of_runs) for one in run.due]

    @property
    def sites(self) -> list[str]:
        """The sites that were spoken of, the last one first."""
        said = sorted(self.records.entries, key=lambda entry: entry.written_utc_us, reverse=True)
        return list(dict.fromkeys(entry.saying.site for entry in said))

    @property
    def signs(self) -> tuple[Sign, ...]:
        """Signs that were noted apart from a run, in the 30 days."""
        return tuple(sign for entry in self.signs_apart for sign in entry.saying.signs)

    @property
    def signs_apart(self) -> list[Entry]:
        """The entries that they stand in."""
        return [
            entry
            for entry in self.apart
            if entry.saying.signs and not self._is_past(entry.saying.about_utc_us + SIGN_HOLDS_US)
        ]

    def local_of(self, utc_us: int) -> datetime:
        """The runner's own time at a moment."""
        zones = self.records.zones
        zone = zones[self.records.last]  # of an older entry's records, today is none
        on = local_time(utc_us, zone).date()
        return local_time(utc_us, zones.get(on, zone))

    @property
    def strong(self) -> list[Entry]:
        """The latest word of each site in 24 hours where that is pain of 6 or more."""
        latest = {
            entry.saying.site: entry
            for entry in sorted(
                self.records.entries, key=lambda one: (one.saying.about_utc_us, one.written_utc_us)
            )
            if entry.saying.pain is not None and self._is_of_24_hours(entry.saying.about_utc_us)
        }
        return [entry for entry in latest.values() if (entry.saying.pain or 0) >= RED_FROM]

    def _has_come(self, utc_us: int) -> bool:
        """Whether a moment is now or before: nothing else here asks what the time is."""
        if utc_us <= self.now_utc_us:
            return True
        if self.until_utc_us is None or utc_us < self.until_utc_us:
            self.until_utc_us = utc_us
        return False

    def _is_past(self, utc_us: int) -> bool:
        return self._has_come(utc_us + 1)

    def _is_of_24_hours(self, utc_us: int) -> bool:
        """Whether it was in the 24 hours up to now."""
        return self._has_come(utc_us) and not self._has_come(utc_us + DAY_US)

    def _said_of(self, run: RunRecord) -> list[Entry]:
        return self._joined.get(run.start_utc_us, [])

    def _of_run(self, run: RunRecord) -> RunSymptoms:
        said = self._said_of(run)
        sites = dict.fromkeys([*(entry.saying.site for entry in said), *self._asked_sites(run)])
        courses = tuple(self._course(run, site) for site in sites)
        return RunSymptoms(run, courses, of_run(course.status for course in courses) if said else None)

    def _asked_sites(self, run: RunRecord) -> list[str]:
        """Where something was felt in the two weeks before; else the site that was last spoken of in six."""
        if not run.is_run:
            return []
        entries, about_us, began = self.records.entries, self._about_us, run.start_utc_us
        until = bisect_left(about_us, began)
        since = bisect_right(about_us, began - FELT_US, hi=until)
        felt = [entry.saying.site for entry in entries[since:until] if _is_felt(entry)]
        if felt or not until or about_us[until - 1] < began - SAID_US:
            return felt
        return [entries[until - 1].saying.site]

    def _course(self, run: RunRecord, site: str) -> Course:
        said = [entry for entry in self._said_of(run) if entry.saying.site == site]
        held = {entry.saying.moment: entry for entry in said if entry.saying.moment != "other"}
        morning = held.get("next_morning") or self._of_morning(run, site)
        answers = tuple(
            self._answer(run, moment, morning if moment == "next_morning" else held.get(moment))
            for moment in MOMENTS
        )
        of_answers = [answer.entry.saying for answer in answers if answer.entry]
        others = [entry for entry in said if entry.saying.moment == "other"]
        sayings = [*of_answers, *(entry.saying for entry in others)]
        pain = {answer.moment: self._counting(answer) for answer in answers}
        of_24_h = [
            entry.saying.pain
            for entry in others
            if entry.saying.pain is not None
            and run.start_utc_us <= entry.saying.about_utc_us <= run.end_utc_us + DAY_US
        ]
        return Course(
            run,
            site,
            answers,
            tuple(others),
            status(
                Answers(
                    site,
                    pain["before"],
                    pain["during"],
                    pain["at_60_min"],
                    pain["next_morning"],
                    frozenset(word for saying in sayings for word in saying.felt),
                    frozenset(sign for saying in sayings for sign in saying.signs),
                    max(of_24_h, default=None),
                    self.is_going_on(run),
                )
            ),
        )

    def is_going_on(self, run: RunRecord) -> bool:
        """No end of it was told. A pod that told none for two days tells none any more."""
        return run.is_open and not self._has_come(run.end_utc_us + ASKED_FOR_US)

    def _counting(self, answer: Answer) -> int | None:
        """An answer that was given too early, as the run went on, says nothing of how it settled; 6 or more counts."""
        if answer.pain is not None and answer.pain < RED_FROM and not self._has_come(answer.from_utc_us):
            return None
        return answer.pain

    def _of_morning(self, run: RunRecord, site: str) -> Entry | None:
        """What was last said of the same morning after another run of the day."""
        same = [
            entry
            for other in self._others_of_day(run)
            for entry in self._said_of(other)
            if (entry.saying.site, entry.saying.moment) == (site, "next_morning")
        ]
        return max(same, key=lambda entry: (entry.written_utc_us, entry.id), default=None)

    def _others_of_day(self, run: RunRecord) -> list[RunRecord]:
        """The runs that have the same next morning."""
        runs = self.records.runs
        place = bisect_left(runs, run.start_utc_us, key=lambda one: one.start_utc_us)
        morning = self._morning_of(run)
        before = (runs[at] for at in reversed(range(place)))
        after = (runs[at] for at in range(place + 1, len(runs)))
        return [
            other
            for side in (before, after)
            for other in takewhile(lambda one: self._morning_of(one) == morning, side)
        ]

    def _morning_of(self, run: RunRecord) -> date:
        if run.start_utc_us not in self._mornings:
            self._mornings[run.start_utc_us] = morning_of(run, self.records.zones)
        return self._mornings[run.start_utc_us]

    def _answer(self, run: RunRecord, moment: Moment, entry: Entry | None) -> Answer:
        since = moment_utc_us(run, moment, self.records.zones)
        return Answer(moment, entry, since, self._asked(run, since, entry))

    def _asked(self, run: RunRecord, since_utc_us: int, entry: Entry | None) -> Asked:
        if entry is not None and entry.saying.pain is not None:
            return "answered"
        if not self._has_come(max(since_utc_us, run.end_utc_us)):
            return "later"
        return "missed" if self._has_come(run.end_utc_us + ASKED_FOR_US) else "due"


def diary_of(records: Records, now: datetime | None = None) -> Diary:
    """The diary as it stands now."""
    return Diary(records, utc_us(now))


def utc_us(now: datetime | None = None) -> int:
    """`now` with a zone, by default this computer's."""
    return ((now or datetime.now(UTC)) - EPOCH) // timedelta(microseconds=1)


def moment_utc_us(run: RunRecord, moment: Moment, zones: Mapping[date, str]) -> int:
    """When a moment of a run was, or will be; of the next morning, when it begins."""
    match moment:
        case "before":
            return run.start_utc_us
        case "during":
            return run.end_utc_us
        case "at_60_min":
            return run.end_utc_us + HOUR_US
        case "next_morning":
            morning = morning_of(run, zones)
            local = datetime.combine(morning, time(MORNING_HOUR), zone_info(zones.get(morning, run.zone)))
            return utc_us(local)


def morning_of(run: RunRecord, zones: Mapping[date, str]) -> date:
    """The date of the morning after a run."""
    ended = local_time(run.end_utc_us, zones.get(run.date, run.zone))
    return (ended - timedelta(hours=NIGHT_ENDS_HOUR)).date() + timedelta(days=1)


def saying_of(
    records: Records, run: RunRecord | None, site: str, moment: When, pain: int | None, now_utc_us: int
) -> Saying:
    """What it means to answer now: when it was so, and of which run. NotYet."""
    refuse_early(records, run, Saying(site, moment, pain, now_utc_us), now_utc_us)
    if run is None or moment == "other":
        return Saying(site, moment, pain, now_utc_us, None if run is None else run.start_utc_us)
    about = moment_utc_us(run, moment, records.zones)
    # On the morning itself, at the very time; later, when that morning was.
    if moment == "next_morning" and about <= now_utc_us < about + DAY_US // 2:
        about = now_utc_us
    return Saying(site, moment, pain, min(about, now_utc_us), run.start_utc_us)


def refuse_early(records: Records, run: RunRecord | None, new: Saying, now_utc_us: int) -> None:
    """NotYet: the moment of `run`, or of the run that an answer without one would be of, lies after now."""
    if new.moment in ("before", "other"):
        return
    runs = records.runs
    of = run or next((one for one in reversed(runs) if one.start_utc_us <= new.about_utc_us), None)
    if of is None or (run is None and new.about_utc_us > of.end_utc_us + _after_us(new.moment)):
        return
    since_utc_us = moment_utc_us(of, new.moment, records.zones)
    if since_utc_us > now_utc_us:
        zone = records.zones.get(local_time(since_utc_us, of.zone).date(), of.zone)
        raise NotYet(local_time(since_utc_us, zone))


def refuse_time(
    records: Records, run: RunRecord | None, new: Saying, held: Saying | None, now_utc_us: int
) -> None:
    """NotYet, EntryInvalid: it cannot have been so then.

    `held`: what it said before. `run`: the one that `new` names; None: it names none, or nothing is known of it now.
    """
    if run is not None or new.run_utc_us is None:
        refuse_early(records, run, new, now_utc_us)
    _refuse_far(run, new, held)


def _refuse_far(run: RunRecord | None, new: Saying, held: Saying | None) -> None:
    """EntryInvalid: a moment of `run` at a time that cannot be of it.

    What `held` says already stays: a run that was placed anew leaves its next morning where it was.
    """
    if run is None or new.moment == "other":
        return
    if held and _when(held) == _when(new):
        return
    if not run.start_utc_us - DAY_US <= new.about_utc_us <= run.end_utc_us + OF_IT_US:
        raise EntryInvalid(
            f"This time is not of the run of {short_date(run.date)}: what was before, during or after it was so "
            "between a day before it and two days after. Choose another time, or another run."
        )


def _when(said: Saying) -> tuple[int | None, bool, When, int]:
    return said.run_utc_us, said.run_undated, said.moment, said.about_utc_us


def tap(store: Store, diary: Diary, entry: str, run: RunRecord | None, new: Saying) -> Entry:
    """Write what was tapped -> what holds. NotYet, the store's errors.

    The answer to the same question of that very run gets the new level, and its words are added to; otherwise it is an
    entry of the id `entry`, or of the next one where that has the answer to another question: a form is found again by
    going back. The last tap holds.
    """
    refuse_early(diary.records, run, new, diary.now_utc_us)
    held, runner = _held(diary, run, new), diary.records.runner
    if held is not None:
        entry, new = held.id, _added(held.saying, new)
    try:
        return store.diary.write(runner, entry, 0, new)
    except EntryChanged as changed:
        newest = changed.newest
    if held is None and not _is_of(newest, diary, run, new):
        return tap(store, diary, next_id(entry), run, new)
    return store.diary.write(runner, entry, newest.version, new)


def _is_of(entry: Entry, diary: Diary, run: RunRecord | None, new: Saying) -> bool:
    """Whether it answers the question that `new` does."""
    said = entry.saying
    if (said.site, said.moment) != (new.site, new.moment):
        return False
    return said.run_utc_us is None if run is None else run_of(entry, diary.records) is run


def _held(diary: Diary, run: RunRecord | None, new: Saying) -> Entry | None:
    """What was said of the morning after another run of the day is that run's answer."""
    if run is None or new.moment == "other":
        return None
    return next(
        (
            answer.entry
            for course in diary.of_run(run).courses
            for answer in course.answers
            if (course.site, answer.moment) == (new.site, new.moment)
            and answer.entry is not None
            and run_of(answer.entry, diary.records) is run
        ),
        None,
    )


def _added(held: Saying, new: Saying) -> Saying:
    return replace(
        held,
        pain=held.pain if new.pain is None else new.pain,
        run_utc_us=new.run_utc_us,
        felt=(*held.felt, *new.felt),
        signs=(*held.signs, *new.signs),
        note=new.note or held.note,
    )


def _join(records: Records) -> tuple[dict[int, list[Entry]], list[Entry]]:
    """Start of a run -> its entries, what holds the last; and those of no run."""
    joined: dict[int, list[Entry]] = {}
    apart: list[Entry] = []
    for entry in sorted(records.entries, key=_by_weight):
        run = run_of(entry, records)
        if run is None:
            apart.append(entry)
        else:
            joined.setdefault(run.start_utc_us, []).append(entry)
    return joined, sorted(apart, key=lambda entry: entry.saying.about_utc_us)


def _by_weight(entry: Entry) -> tuple[bool, int, str]:
    """What names its run goes before what was only near it, and of two the later word."""
    return entry.saying.run_utc_us is not None, entry.written_utc_us, entry.id


def run_of(entry: Entry, records: Records) -> RunRecord | None:
    """The run that an entry belongs to; None: to none that has a time."""
    said, runs = entry.saying, records.runs
    if said.run_undated:
        return None
    if said.run_utc_us is not None:
        return run_at(runs, said.run_utc_us)
    about = said.about_utc_us
    if said.moment == "before":
        return next((run for run in near(runs, about) if 0 <= run.start_utc_us - about <= BEFORE_US), None)
    after_us = _after_us(said.moment)
    began = [run for run in near(runs, about) if run.start_utc_us <= about <= run.end_utc_us + after_us]
    if said.moment in (
        "at_60_min",
        "next_morning",
    ):  # what was said before it came is of no moment of that run
        began = [run for run in began if moment_utc_us(run, said.moment, records.zones) <= about]
    return began[-1] if began else None


def _after_us(moment: When) -> int:
    return NEXT_DAY_US if moment == "next_morning" else SAME_DAY_US


def _is_felt(entry: Entry) -> bool:
    said = entry.saying
    return bool(said.pain or said.felt or said.signs)
