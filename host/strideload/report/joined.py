"""The report of a runner: what pods measured, joined with what they said, did and planned."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from strideload.load.symptoms import Moment
from strideload.load.zones import local_time
from strideload.report.content import Change, Plan, Report, StrengthEntry, SymptomEntry
from strideload.report.gather import gather
from strideload.report.period import period
from strideload.runner import planning, records
from strideload.runner.diary import Course, Diary, diary_of
from strideload.runner.records import Records
from strideload.runner.runs import RunRecord
from strideload.store import Store
from strideload.store.diary import Entry
from strideload.words import conditions, symptoms
from strideload.words import plan as plan_words
from strideload.words.sentences import capital


def report_of(
    store: Store, runner: str, first: date | None, last: date | None, now: datetime | None = None
) -> Report:
    """On the days from `first` to `last`, by default the six weeks up to today.

    PeriodRefused, DateOutOfRange and the store's errors.
    """
    today = records.days.today(store, runner, now)
    begin, end = period(first, last, today)
    found = records.read(store, runner, begin, end, now)
    account = store.accounts.find(runner)
    shoes = {shoe.id: shoe.name for shoe in store.conditions.shoes(runner)}
    return gather(
        found,
        name=account.name if account else runner,
        made_on=today,
        symptoms=list(_symptoms(diary_of(found, now))),
        strength=[
            StrengthEntry(
                one.date,
                one.exercise.group,
                one.exercise.sets,
                one.exercise.repetitions,
                one.exercise.effort,
            )
            for one in store.strength.entries(runner, begin, end)
        ],
        plan=_plan(planning.read(store, runner, now)[2]),
        changes=list(_changes(found.runs, shoes)),
    )


def _symptoms(diary: Diary) -> Iterator[SymptomEntry]:
    """Each site after each run of which anything was said; then what was said of no run."""
    for one in diary.shown:
        yield from (_course(course) for course in one.courses if course.entries)
    yield from (_apart(entry, diary.records) for entry in diary.apart)


def _course(course: Course) -> SymptomEntry:
    pain: dict[Moment, int | None] = {answer.moment: answer.pain for answer in course.answers}
    return SymptomEntry(
        date=course.run.date,
        site=symptoms.site(course.site),
        status=course.status.colour,
        reason=capital(symptoms.status(course.status).partition(": ")[2]),
        before=pain["before"],
        during=pain["during"],
        after_60_min=pain["at_60_min"],
        next_morning=pain["next_morning"],
        run_s=course.run.run.running_s,
        felt=_felt(course.entries),
        others=_others(course.others, course.run.zone),
        signs=tuple(symptoms.SIGNS[sign] for sign in course.status.signs),
    )


def _apart(entry: Entry, of: Records) -> SymptomEntry:
    said = entry.saying
    zone = of.zones[of.last]
    return SymptomEntry(
        date=local_time(said.about_utc_us, zone).date(),
        site=symptoms.site(said.site),
        status="open",
        reason="Said of no run, so no rule applies.",
        felt=_felt([entry]),
        others=_others([entry], zone),
        signs=tuple(symptoms.SIGNS[sign] for sign in said.signs),
    )


def _others(entries: Sequence[Entry], zone: str) -> tuple[tuple[datetime, int], ...]:
    """In order of time; those without a number say only how it felt."""
    return tuple(
        sorted(
            (local_time(entry.saying.about_utc_us, zone), entry.saying.pain)
            for entry in entries
            if entry.saying.pain is not None
        )
    )


def _felt(entries: Sequence[Entry]) -> str:
    words = dict.fromkeys(symptoms.FELT[felt] for entry in entries for felt in entry.saying.felt)
    notes = dict.fromkeys(entry.saying.note for entry in entries if entry.saying.note)
    return "; ".join([", ".join(words), *notes] if words else notes)


def _plan(plan: planning.Plan) -> Plan:
    ladder = plan.ladder
    lines = [plan_words.recommendation(plan.next_run, ladder), *plan_words.told(plan.next_run)]
    if ladder is not None:
        lines += plan_words.what_next(ladder)
    lines += [line for line in plan_words.remarks(plan.next_run) if line not in lines]
    return Plan(
        tuple(lines),
        plan_words.set_by(plan.settings.next_run.set_by, ladder.settings.set_by if ladder else None),
    )


def _changes(runs: Sequence[RunRecord], shoes: Mapping[str, str]) -> Iterator[Change]:
    """Another shoe, mount or surface than in the run before of which it is noted."""
    last: dict[str, str] = {}
    for run in runs:
        for what, now in _worn(run, shoes).items():
            if last.get(what, now) != now:
                yield Change(run.date, what, last[what], now)
            last[what] = now


def _worn(run: RunRecord, shoes: Mapping[str, str]) -> dict[str, str]:
    """What is noted of it, in words."""
    worn = run.worn
    found = {
        "shoe": shoes.get(worn.shoe or ""),
        "mount": worn.mount and conditions.mount(worn.mount),
        "surface": worn.surface and conditions.surface(worn.surface),
    }
    return {what: words for what, words in found.items() if words}
