"""The PDF as a reader, a screen reader and a printer meet it: made by typst, read back by pypdf."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.report import pdf, sources
from strideload.report.content import Plan, Report
from strideload.words.cues import CAVEAT, EVIDENCE
from support.reports import SUNDAY, Read, entry, report, run, season, unknown
from support.waiting import PATIENCE_S

SIX_WEEKS = season(42)
EMPTY = report(tuple(unknown(date(2026, 11, day)) for day in range(1, 15)), origin=None)
# That something is not validated is a caveat of the rules.
NEVER_SAID = r"\b(un)?(safe|risk|prevent|treat|cure|score|streak|guarantee)\w*|\b(?<!not )validated|!"


@pytest.fixture(scope="module")
def six_weeks() -> Read:
    return Read(pdf.make(SIX_WEEKS).data)


def test_it_is_tagged_named_and_in_a_language(six_weeks: Read):
    assert six_weeks.root["/MarkInfo"]["/Marked"] == True  # noqa: E712 (a PDF object)
    assert six_weeks.root["/Lang"] == "en-GB"
    assert six_weeks.root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712
    assert six_weeks.pdf.metadata.title == "Running load and symptoms, Ann"
    assert six_weeks.pdf.metadata.author == "Ann"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in six_weeks.root["/Metadata"].get_data()


def test_each_section_is_a_heading_below_one_title(six_weeks: Read):
    sections = [
        "In short", "Load", "Runs beside the longest of 30 days", "Symptoms over 24 hours",
        "Cadence, contact, left and right", "Strength", "Plan", "How far the data can be trusted", "Method and limits",
    ]  # fmt: skip
    places = [six_weeks.text.index(name) for name in sections]
    assert places == sorted(places)
    assert six_weeks.count("/Title") == 1
    assert six_weeks.count("/H1") == len(sections)


def test_each_table_has_header_cells(six_weeks: Read):
    assert six_weeks.count("/Table") == six_weeks.count("/THead") == 5
    assert six_weeks.count("/TH") == 8 + 6 + 8 + 8 + 5


def test_each_figure_has_its_facts_as_text(six_weeks: Read):
    load, pain = (" ".join(alt.split()) for alt in six_weeks.alts)
    assert load == (
        "Bars of running time, one a day, 12 Oct to 22 Nov. 18 days with a run, 22 known without one, 2 not known. "
        "The most: 40 min on 13 Oct. Not known: 6 Nov, 13 Nov. "
        "More than a tenth over the longest run of the 30 days before: 22 Nov."
    )
    assert pain == "site 0: 18 runs with answers, 13 Oct to 22 Nov, the highest during a run 2 on 13 Oct."


@pytest.mark.parametrize("count", [1, 7, 98, 366])
def test_any_period_fits_on_three_pages(count: int):
    """With five sites, two pods and a full log, on the shorter of the papers."""
    made = pdf.make(season(count, sites=5), "letter")
    read = Read(made.data)
    assert made.pages == len(read.pages) <= 3
    assert all(alt for alt in read.alts)
    assert len(read.alts) == (2 if count >= 7 else 0)


def test_what_is_typed_at_length_fits_as_well():
    long = "endless words of somebody who types " * 12
    wordy = season(
        366,
        runner=long,
        symptoms=tuple(
            entry(day.date, long, reason=long, felt=long, signs=(long,) * 9) for day in season(366).days
        ),
        plan=Plan((long,) * 50, long),
    )
    assert pdf.make(wordy, "letter").pages <= 3


def test_what_is_said_of_every_hour_fits_as_well():
    hours = tuple((datetime(2026, 11, 22, 6) + timedelta(hours=n), n % 11) for n in range(100))
    often = tuple(entry(SUNDAY, f"site {n}", felt="sore " * 28, others=hours) for n in range(3))
    assert pdf.make(season(98, symptoms=often), "letter").pages <= 3


def test_a_word_longer_than_its_column_breaks_within_the_page():
    text = Read(pdf.make(season(7, symptoms=(entry(SUNDAY, felt="w" * 140),))).data).text
    parts = re.findall("w{9,}", text.replace("\u200b", ""))
    assert sum(map(len, parts)) == 140
    assert max(map(len, parts)) < 60


def test_an_empty_period_says_that_nothing_is_known():
    read = Read(pdf.make(EMPTY).data)
    assert len(read.pages) == 1
    assert "Nothing is known of these days: no pod reported, and nothing was noted." in read.text
    assert "no diary of symptoms was at hand" in read.text
    assert "This report is no diagnosis" in read.text
    assert read.alts == []


@pytest.mark.parametrize(("paper", "points"), [("a4", (595.28, 841.89)), ("letter", (612.0, 792.0))])
def test_it_has_the_size_of_the_paper(paper: pdf.Paper, points: tuple[float, float]):
    for page in Read(pdf.make(EMPTY, paper).data).pdf.pages:
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(points, abs=0.01)


def test_the_same_report_is_the_same_file_elsewhere(tmp_path):
    """In another time zone and language, from another folder and at another time."""
    code = (
        "import sys; from strideload.report import pdf; from support.reports import season; "
        "sys.stdout.buffer.write(pdf.make(season(42)).data)"
    )
    env = os.environ | {
        "TZ": "Pacific/Auckland",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "7",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    there = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        check=True,
        timeout=PATIENCE_S,
    )
    here = pdf.make(SIX_WEEKS).data
    assert there.stdout == here
    assert Read(here).pdf.metadata.creation_date.date() == SUNDAY


def test_every_font_came_with_typst(six_weeks: Read):
    names = {
        str(font["/BaseFont"]).partition("+")[2]
        for page in six_weeks.pdf.pages
        for font in (one.get_object() for one in page["/Resources"]["/Font"].values())
    }
    assert names
    assert all(name.startswith("LibertinusSerif") for name in names)


HOSTILE = [
    '#pagebreak() #import "x": * ',
    '#panic("no") #eval("1/0") #sys.inputs',
    "] $ x^2 $ _a_ *b* `c` \\ @d <e> = f ~ -- --- //g /*h*/",
    '"}], "sections": [], "title": "gone',
    "\\u{0} \\n \\\\ %s {0} ${x}",
    "-?? ... 'quoted' \"double\"",
]


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_is_typed_is_only_ever_text(typed: str):
    read = Read(pdf.make(hostile(typed)).data)
    assert len(read.pages) == 2
    assert read.text.count(" ".join(typed.split())) >= 5
    assert read.pdf.metadata.author == typed.strip()


def hostile(typed: str) -> Report:
    """Everywhere that a person's words can stand."""
    days = tuple(run(date(2026, 11, day)) for day in range(1, 8))
    one = entry(days[0].date, typed, felt=typed, signs=(typed,))
    return report(days, runner=typed, symptoms=(replace(one, reason=typed),), plan=Plan((typed,), typed))


def test_control_and_direction_characters_change_nothing():
    read = Read(pdf.make(hostile("a\x00b\x1b[31m\u202ec\nd\ud800e")).data)
    assert "a b [31m c d e ·" in read.text


@pytest.fixture
def only_own_fonts(monkeypatch: pytest.MonkeyPatch):
    """A computer without a font."""
    monkeypatch.setattr(pdf, "_all_fonts", lambda: typst.Fonts(include_system_fonts=False))


@pytest.mark.usefixtures("only_own_fonts")
def test_a_character_that_no_font_has_is_written_by_its_number():
    read = Read(pdf.make(hostile("\u5c71 Łucja Ωμέγα Юрий")).data)
    assert "[U+5C71] Łucja Ωμέγα Юрий" in read.text


@pytest.mark.usefixtures("only_own_fonts")
def test_many_characters_that_no_font_has_take_no_longer_than_one(monkeypatch: pytest.MonkeyPatch):
    compiled: list[object] = []

    def compiler(*args: Any, **how: Any) -> typst.Compiler:
        compiled.append(args)
        return real(*args, **how)

    real = typst.Compiler
    monkeypatch.setattr(typst, "Compiler", compiler)
    unknown_signs = "".join(map(chr, range(0x4E00, 0x4E00 + 80)))
    read = Read(pdf.make(replace(EMPTY, runner=unknown_signs)).data)
    assert len(compiled) == 4  # as it is, what is missing, with all fonts, spelled
    assert "".join(f"[U+{ord(one):04X}]" for one in unknown_signs[:3]) in "".join(
        read.text.replace("\u200b", "").split()
    )


@pytest.mark.usefixtures("only_own_fonts")
@given(st.text(min_size=1, max_size=40))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_no_name_keeps_the_report_from_being_made(name: str):
    assert pdf.make(replace(EMPTY, runner=name, symptoms=(entry(EMPTY.first, name, reason=name),))).pages == 1


@pytest.mark.parametrize(
    "made", [SIX_WEEKS, EMPTY, season(366, sites=3), season(1)], ids=lambda one: len(one.days)
)
def test_some_words_are_never_said(made: Report):
    read = Read(pdf.make(made).data)
    for said in (read.text, *read.alts):
        assert not re.search(NEVER_SAID, said, re.I), re.search(NEVER_SAID, said, re.I)


def test_nor_by_its_sources():
    said_by_sources = [one for name, one in vars(sources).items() if name.isupper() and isinstance(one, str)]
    for said in (*said_by_sources, CAVEAT, EVIDENCE):
        assert not re.search(NEVER_SAID, said, re.I), said
