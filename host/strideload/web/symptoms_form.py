"""The forms of the symptoms' pages, read: what was tapped, what an entry is to be, and what a form is to be about."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, cast
from zoneinfo import ZoneInfo

from strideload.load.symptoms import PAIN_MOST, Felt, Sign
from strideload.runner import diary as diaries
from strideload.runner.diary import Diary
from strideload.runner.runs import RunRecord, read_name, run_named
from strideload.store.diary import WHENS, Entry, EntryChanged, EntryInvalid, Saying, When
from strideload.web import symptoms_view as views
from strideload.web.forms import Fields
from strideload.web.symptoms_view import EntryFields, Wanted, Words

GONE: Final = "gone"  # a run that has no name now


class RunGone(EntryInvalid):
    """A run of a form that was opened before its sessions lost their time, or went."""

    def __init__(self) -> None:
        super().__init__(
            "The run that was chosen has no time now, or is not among these any more. Choose another one, or none."
        )


def read_wanted(run: str | None, site: str | None, moment: str | None) -> Wanted:
    """As the address or form has it; what is none is passed over."""
    return Wanted(
        site=site if site in views.symptoms.SITE_NAMES else None,
        run=read_name(run) if run else None,
        moment=cast(When, moment) if moment in WHENS else None,
        is_of_no_run=run == "",
    )


def read_words(form: Fields) -> Words:
    return Words(tuple(form.all("felt")), tuple(form.all("sign")), form.one("note"))


def fields_of(diary: Diary, entry: Entry) -> EntryFields:
    """As the page of an entry shows it."""
    said = entry.saying
    about = local_field(diary, said.about_utc_us)
    return EntryFields(
        pain="" if said.pain is None else str(said.pain),
        site=said.site,
        run="" if said.run_utc_us is None else views.THE_SAME_RUN,
        moment=said.moment,
        about=about,
        about_was=about,
        words=Words(said.felt, said.signs, said.note),
    )


def sent_fields(form: Fields) -> EntryFields:
    """As they were sent."""
    one = form.one
    return EntryFields(
        *(one("pain"), one("site"), one("run"), one("moment"), one("about"), one("about_was")),
        read_words(form),
    )


def beside_newer(fields: EntryFields, diary: Diary, seen: Entry, newest: Entry) -> EntryFields:
    """What was sent of an entry as it was `seen`, to be saved over the `newest`, with what was left as it was."""
    if fields.run == views.THE_SAME_RUN and _run_of(seen) != _run_of(newest):
        run = views.own_run(diary, seen)
        fields = replace(fields, run=str(run.name) if run else GONE)
    return replace(fields, about_was="")


def _run_of(entry: Entry) -> tuple[int | None, bool]:
    return entry.saying.run_utc_us, entry.saying.run_undated


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
    """As a form names it: by its start alone it may be another by now. EntryInvalid: a run that is not there."""
    chosen = form.one("run")
    if not chosen:
        return None
    name = read_name(chosen)
    found = run_named(diary.records.runs, name) if name and name.sessions else None
    if found is None:
        raise RunGone
    return found


def keeps_run(form: Fields) -> bool:
    """Whether an entry is left with the run that it is of."""
    return form.one("run") == views.THE_SAME_RUN


def read_entry(form: Fields, diary: Diary, held: Entry) -> tuple[RunRecord | None, Saying]:
    """The whole entry as its page has it, and its run; None: of none, or it is not known now. EntryInvalid,
    EntryChanged.
    """
    if keeps_run(form):
        run, run_utc_us = views.own_run(diary, held), held.saying.run_utc_us
        if run_utc_us is None:  # it had one when the form was made
            raise EntryChanged(held)
    else:
        run = _chosen_run(diary, form)
        run_utc_us = None if run is None else run.start_utc_us
    about = held.saying.about_utc_us
    if form.one("about") != form.one("about_was"):
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
        run_undated=keeps_run(form) and held.saying.run_undated,
    )
    return run, saying


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
