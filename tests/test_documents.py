"""What the documents say of commands, files and each other holds; and nothing in the tree belongs to one machine."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from strideload.cli import app
from support import tools
from support.waiting import PATIENCE_S

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("hardware/**/*.md")])
# Words of ./run that are its own; all others are the command's.
OWN_WORDS = {"test", "bench", "lint"}


def commands() -> dict[str, set[str]]:
    """Each command of `strideload` with its options, "home share" of a group's; "" stands for the command itself."""
    group: Any = typer.main.get_command(app)
    found = {name: command.params for name, command in group.commands.items()} | {"": group.params}
    for name, command in group.commands.items():
        found |= {f"{name} {word}": inner.params for word, inner in getattr(command, "commands", {}).items()}
    return {
        name: {"--help"} | {option for parameter in parameters for option in parameter.opts}
        for name, parameters in found.items()
    }


def examples(text: str) -> list[list[str]]:
    """The words after `./run` in blocks and in the running text, comments left out."""
    lines = re.findall(r"^\./run(.*)$", text, re.M) + re.findall(r"`\./run ([^`]*)`", text)
    return [line.split("#")[0].split() for line in lines]


def test_the_readme_begins_with_demo_and_test() -> None:
    first_block = README.split("```")[1]
    assert [words[0] for words in examples(first_block)] == ["demo", "test"]
    assert README.index("./run demo") < README.index("## ")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_example_can_be_typed(document: Path) -> None:
    known = commands()
    for words in examples(document.read_text()):
        if not words or words[0] in OWN_WORDS:
            continue
        name = "" if words[0].startswith("-") else words[0]
        name = " ".join(words[:2]) if " ".join(words[:2]) in known else name
        assert name in known, f"./run {' '.join(words)}"
        options = {word.split("=")[0] for word in words if word.startswith("-")}
        assert options <= known[name], f"./run {' '.join(words)}"


def test_own_words_are_those_of_run() -> None:
    cases = re.findall(r"^([a-z]+)\)$", (ROOT / "run").read_text(), re.M)
    assert set(cases) == OWN_WORDS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_within_the_tree_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached or not document.is_file():
            continue
        reached.add(document)
        targets = re.findall(r"\]\(([^)#:]+\.md)[^)]*\)", document.read_text())
        waiting += [(document.parent / target).resolve() for target in targets]
    assert not set(DOCUMENTS) - reached


# Patterns in pieces, so that this file is not found by them.
OF_ONE_MACHINE = [
    r"(^|[^.[:alnum:]])/(work|farm|tmp|home|root)" + "/[a-z]",
    "index" + "-url *[=:] *http",
    "registry" + "(=|\\.npmjs)",
    "files\\." + "pythonhosted",
]


@pytest.mark.parametrize("pattern", OF_ONE_MACHINE)
def test_nothing_belongs_to_one_machine(pattern: str) -> None:
    """No path of a machine, no host of a registry: clones and mirrors differ."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git clone")
    found = subprocess.run(
        [tools.program("git"), "grep", "-nIE", pattern, "--", ".", ":!*/vendor/*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert (found.returncode, found.stdout) == (1, ""), found.stdout + found.stderr
