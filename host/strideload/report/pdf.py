"""The report as a PDF, by typst: accessible (PDF/UA-1), and of the same report the same bytes on every computer.

Fonts are those that come with typst. Text in a script that they lack is set in a font of this computer where it has
one, else written by its code points.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst

from strideload.report.content import Report
from strideload.report.says import Limits, says
from strideload.store.accounts import Units

Paper = Literal["a4", "letter"]

TEMPLATE = Path(__file__).with_name("report.typ")
PAPERS = {"a4": "a4", "letter": "us-letter"}
MOST_PAGES = 3
# The first with which it fits; with the last one it is as long as it is.
LIMITS = (Limits(24, 6, 6), Limits(12, 6, 6), Limits(6, 4, 4), Limits(3, 2, 2), Limits(2, 1, 1))
STANDARD = "ua-1"
SAID_OF_LINE = re.compile(r"\.typ:(\d+):\d+$", re.MULTILINE)


@dataclass(frozen=True)
class Pdf:
    data: bytes
    pages: int


def make(report: Report, paper: Paper = "a4", units: Units = "km") -> Pdf:
    """At most three pages: where it is longer, fewer rows are listed."""
    made = _listed(report, paper, units, LIMITS[0])
    for limits in LIMITS[1:]:
        if made.pages <= MOST_PAGES:
            break
        made = _listed(report, paper, units, limits)
    return made


def _listed(report: Report, paper: Paper, units: Units, limits: Limits) -> Pdf:
    return _set({**says(report, units, limits), "paper": PAPERS[paper]})


def _set(printed: dict[str, Any]) -> Pdf:
    try:
        return _typeset(printed, _own_fonts())
    except typst.TypstError:
        missing = _missing(json.dumps(printed, ensure_ascii=False))
        if not missing:
            raise
    try:
        return _typeset(printed, _all_fonts())
    except typst.TypstError:
        return _typeset(_spelled(printed, missing), _own_fonts())


def _typeset(printed: dict[str, Any], fonts: typst.Fonts) -> Pdf:
    compiler = typst.Compiler(
        TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=fonts,
        sys_inputs={"report": json.dumps(printed, ensure_ascii=False)},
    )
    data = compiler.compile(format="pdf", pdf_standards=[STANDARD])
    assert isinstance(data, bytes)
    return Pdf(data, json.loads(compiler.query("<pages>", field="value", one=True)))


@cache
def _own_fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)


@cache
def _all_fonts() -> typst.Fonts:
    return typst.Fonts()


def _missing(text: str) -> set[str]:
    """Characters that typst's own fonts lack: told by typst itself, of a page on which each is a paragraph."""
    asked = sorted(set(text))
    lines = ['#set document(title: "-")', *(f'\n#"\\u{{{ord(one):x}}}"' for one in asked)]
    try:
        typst.Compiler("\n".join(lines).encode(), font_paths=_own_fonts()).compile(
            format="pdf", pdf_standards=[STANDARD]
        )
    except typst.TypstError as error:
        return {asked[int(line) // 2 - 1] for line in SAID_OF_LINE.findall(str(error.diagnostic))}
    return set()


def _spelled(printed: Any, missing: set[str]) -> Any:
    """With U+5C71 in place of each character that no font has."""
    if isinstance(printed, str):
        return "".join(f"[U+{ord(one):04X}]" if one in missing else one for one in printed)
    if isinstance(printed, dict):
        return {name: _spelled(value, missing) for name, value in printed.items()}
    if isinstance(printed, list):
        return [_spelled(value, missing) for value in printed]
    return printed
