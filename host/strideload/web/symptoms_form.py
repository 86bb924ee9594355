"""The forms of the symptoms' pages, read: what was tapped, what an entry is to be, and what a form is to be about."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import cast
from zoneinfo import ZoneInfo

from strideload.load.symptoms import PAIN_MOST, Felt, Sign
from strideload.runner import diary as diaries
from strideload.runner.diary import Diary
from strideload.runner.runs import RunRecord, run_at
from strideload.store.diary import WHENS, Entry, EntryInvalid, Saying, When
from strideload.web import symptoms_view as views
from strideload.web.forms import Fields
from strideload.web.symptoms_view import Wanted


def read_wanted(run: str | None, site: str | None, moment: str | None) -> Wanted:
    """As the address or form has it; what is none is passed over."""
    return Wanted(
        site=site if site in views.symptoms.SITE_NAMES else None,
        run_utc_us=_run(run),
        moment=cast(When, moment) if moment in WHENS else None,
        is_of_no_run=run == "",
    )


def _run(run: str | None) -> int | None:
    return int(run) if run and len(run) < 20 and run.isdecimal() and run.isascii() else None


def whole(text: str) -> int:
    """EntryInvalid."""
    if not (text.isdecimal() and text.isascii() and len(text) < 10):
        raise EntryInvalid("This form is not whole. Reload the page and send it again.")
    return int(text)


def _pain(text: str) -> int | None:
    """EntryInvalid; None: not said."""
    if not text:
        return None
    pain = whole(text)
    if pain > PAIN_MOST:
        raise EntryInvalid(f"Pain is a whole number of 0 to {PAIN_MOST}.")
    return pain


def _moment(text: str) -> When:
    """EntryInvalid."""
    if text not in WHENS:
        raise EntryInvalid("Say when it was so: before the run, during it, after it or at another time.")
    return cast(When, text)


def _chosen_run(diary: Diary, form: Fields) -> RunRecord | None:
    """EntryInvalid: a run that is not there."""
    chosen = form.one("run")
    if not chosen:
        return None
    start = _run(chosen)
    found = None if start is None else run_at(diary.records.runs, start)
    if found is None:
        raise EntryInvalid("This run is not there any more. Choose another one, or none.")
    return found


def read_entry(form: Fields, diary: Diary, held: Entry) -> tuple[RunRecord | None, Saying]:
    """The whole entry as its page has it, and its run; of one that is not known now it stays. EntryInvalid."""
    run_utc_us, run_undated = held.saying.run_utc_us, held.saying.run_undated
    chosen = form.one("run")
    if chosen == views.THE_SAME_RUN or (chosen == str(run_utc_us) and not run_undated):
        run = None if run_utc_us is None else diaries.run_of(held, diary.records)
    else:
        run, run_undated = _chosen_run(diary, form), False
        run_utc_us = None if run is None else run.start_utc_us
    about = held.saying.about_utc_us
    if form.one("about") != local_field(diary, about):
        about = _about(diary, form.one("about"))
    felt, signs = _words(form)
    saying = Saying(
        site=form.one("site"),
        moment=_moment(form.one("moment")),
        pain=_pain(form.one("pain")),
        about_utc_us=about,
        run_utc_us=run_utc_us,
        felt=felt,
        signs=signs,
        note=form.one("note"),
        run_undated=run_undated,
    )
    return run, saying


def refuse_time(diary: Diary, run: RunRecord | None, saying: Saying, held: Entry) -> None:
    """EntryInvalid, NotYet: an entry that was read is about a time at which it cannot have been so."""
    if run is not None or saying.run_utc_us is None:
        diaries.refuse_early(diary.records, run, saying, diary.now_utc_us)
    diaries.refuse_far(run, saying, held.saying)


def local_field(diary: Diary, utc_us: int) -> str:
    return f"{diary.local_of(utc_us):%Y-%m-%dT%H:%M}"


def _about(diary: Diary, text: str) -> int:
    """EntryInvalid."""
    try:
        local = datetime.strptime(text, "%Y-%m-%dT%H:%M")
        zone = diary.records.zones.get(local.date()) or diary.records.zones[diary.records.last]
        return diaries.utc_us(local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC))
    except (ValueError, OverflowError):
        raise EntryInvalid("When it was so is a date and a time.") from None


def read_tap(form: Fields, diary: Diary) -> tuple[RunRecord | None, Saying]:
    """What was tapped, and of which run. EntryInvalid, NotYet."""
    run = _chosen_run(diary, form)
    moment = _moment(form.one("moment")) if run is not None else "other"
    saying = diaries.saying_of(
        diary.records, run, form.one("site"), moment, _pain(form.one("pain")), diary.now_utc_us
    )
    felt, signs = _words(form)
    return run, replace(saying, felt=felt, signs=signs, note=form.one("note").strip())


def _words(form: Fields) -> tuple[tuple[Felt, ...], tuple[Sign, ...]]:
    """As they came: the diary takes none that it does not know."""
    return cast(tuple[Felt, ...], tuple(form.all("felt"))), cast(tuple[Sign, ...], tuple(form.all("sign")))
