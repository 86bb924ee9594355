"""The small reader of settings.toml: what it takes means what TOML says, and all else is refused by its line."""

import contextlib
import json
import tomllib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strideload_pod.boards.flat_toml import read
from support import micropython

KEYS = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)
BASIC = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
LITERAL = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'"), max_size=20).map(
    lambda text: f"'{text}'"
)
NUMBERS = st.one_of(
    st.integers(-(2**40), 2**40).map(str),
    st.integers(0, 2**40).map(hex),
    st.integers(0, 2**20).map(oct),
    st.sampled_from(["+7", "-0", "1_000_000", "0xDEAD_beef", "0b1010"]),
)
SPACE = st.sampled_from(["", " ", "\t", "   "])
COMMENT = st.sampled_from(["", "# of no matter", "#", ' # "a" = 1'])


@st.composite
def documents(draw):
    keys = draw(st.lists(KEYS, unique=True, max_size=6))
    lines = []
    for key in keys:
        value = draw(st.one_of(BASIC, LITERAL, NUMBERS))
        spaces = [draw(SPACE) for _ in range(4)]
        lines.append(f"{spaces[0]}{key}{spaces[1]}={spaces[2]}{value}{spaces[3]}{draw(COMMENT)}")
        lines += draw(st.lists(st.sampled_from(["", " ", "# a comment"]), max_size=1))
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines)


@settings(max_examples=60)
@given(documents())
def test_what_is_taken_is_what_toml_says(document):
    assert read(document.split("\n")) == tomllib.loads(document)


ESCAPES = '"\\b\\t\\n\\f\\r\\"\\\\\\u00e4\\U0001F3C3"'


def test_escapes_are_those_of_toml():
    assert read([f"A = {ESCAPES}"]) == {"A": '\b\t\n\f\r"\\ä\U0001f3c3'}


@given(st.text(st.characters(codec="utf-8"), max_size=30))
@example("a = 1e5")
@example("a = 0x")
@example('a = "\\ud800"')
@example("a = '\x00'")
def test_any_line_is_read_as_toml_reads_it_or_refused(line):
    found = None
    with contextlib.suppress(ValueError):
        found = read([line])
    if found is not None:
        assert found == tomllib.loads(line)


REFUSED = {
    "a table": "[wifi]",
    "a list of tables": "[[wifi]]",
    "a list": "A = [1]",
    "an inline table": "A = {b = 1}",
    "a float": "A = 1.5",
    "a boolean": "A = true",
    "a date": "A = 2026-01-01",
    "a text of several lines": 'A = """',
    "a dotted key": "a.b = 1",
    "a quoted key": '"a" = 1',
    "nothing": "A =",
    "no value at all": "A",
    "no key": "= 1",
    "a text without an end": 'A = "b',
    "a literal without an end": "A = 'b",
    "an escape of its own": 'A = "\\x41"',
    "half an escape": 'A = "\\u00"',
    "half a pair": 'A = "\\ud83c"',
    "two values": 'A = "b" "c"',
    "a number that begins with 0": "A = 007",
    "an underscore at the end": "A = 1_",
    "a control character": 'A = "\x01"',
}


@pytest.mark.parametrize("line", REFUSED.values(), ids=REFUSED)
def test_what_is_not_flat_or_no_toml_is_refused_by_its_line(line):
    with pytest.raises(ValueError, match=r"^line 3: "):
        read(["# settings\n", "OTHER = 1\n", line + "\n"])


def test_a_key_stands_once():
    with pytest.raises(ValueError, match="line 2: A is there twice"):
        read(["A = 1", "A = 2"])


def test_micropython_reads_the_same():
    lines = ["# ä\n", f"A = {ESCAPES} # b\n", "B=-1_000\r\n", "C = 'c:\\d'\n", "D = 0xfeed\n"]
    refused = list(REFUSED.values())
    ran = micropython.run(
        "import json\nfrom strideload_pod.boards.flat_toml import read\n"
        f"print(json.dumps(read({lines!r})))\n"
        f"for line in {refused!r}:\n"
        "    try:\n        print('taken', line, read([line]))\n"
        "    except ValueError as error:\n        assert str(error).startswith('line 1: '), error\n"
    )

    assert json.loads(ran.stdout) == read(lines)
