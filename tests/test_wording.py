"""What a runner reads has none of the words that Strideload does not use, whichever file it stands in."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

import strideload

HOST = Path(strideload.__file__).parent
NEVER = re.compile(
    r"\b(unsafe|safe|safely|safer|risk\w*|scor(e|es|ed|ing)|streaks?|prevent\w*)\b|(?<!\?)!", re.IGNORECASE
)
READ_ALOUD = ("aria-label", "aria-valuetext", "title", "alt", "placeholder")
TEMPLATES = sorted((HOST / "web" / "templates").glob("*.html"))
SCRIPTS = sorted((HOST / "web" / "static").glob("*.js"))
MODULES = sorted(
    [
        *(HOST / "words").glob("*.py"),
        *(HOST / "report" / "sections").glob("*.py"),
        *(HOST / "web").glob("*_view.py"),
        *(HOST / "web" / "pages").glob("*.py"),
        HOST / "load" / "evidence.py",
        HOST / "load" / "metrics.py",
    ]
)


def a_name(path: Path) -> str:
    return path.relative_to(HOST).as_posix()


class Shown(HTMLParser):
    """The text of a template, and what is read aloud in its place."""

    def __init__(self, template: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.feed(template)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts += [value or "" for name, value in attrs if name in READ_ALOUD]

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def sentences(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("template", TEMPLATES, ids=a_name)
def test_a_template_uses_none_of_them(template: Path) -> None:
    own = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", template.read_text(), flags=re.DOTALL)
    assert [part for part in Shown(own).parts if NEVER.search(part)] == []


@pytest.mark.parametrize("module", MODULES, ids=a_name)
def test_a_module_uses_none_of_them(module: Path) -> None:
    assert [one for one in sentences(module) if NEVER.search(one)] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=a_name)
def test_a_script_says_none_of_them(script: Path) -> None:
    strings = re.findall(r"\"[^\"\n]*\"|`[^`]*`", script.read_text())
    said = [re.sub(r"\$\{[^}]*\}", " ", one) for one in strings]
    assert [one for one in said if NEVER.search(one)] == []
