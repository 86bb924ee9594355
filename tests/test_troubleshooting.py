"""Whatever a pod can count, show or say is explained in docs/troubleshooting.md, in the words that the runner sees."""

import ast
import re
from pathlib import Path

import pytest

from strideload.web.pod_words import NO_WORDS, meaning
from strideload_pod import lamp, page

ROOT = Path(__file__).parents[1]
FIRMWARE = ROOT / "firmware" / "strideload_pod"
DOCUMENT = (ROOT / "docs" / "troubleshooting.md").read_text()
ROWS = {name: line for line in DOCUMENT.splitlines() for name in re.findall(r"^\| `([^`]+)` \|", line)}


def counters_of_classes() -> set[str]:
    """Keys of every dict that is made as `counters` anywhere in the firmware."""
    names: set[str] = set()
    for file in FIRMWARE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                targets = [target.attr for target in node.targets if isinstance(target, ast.Attribute)]
                if "counters" in targets:
                    names |= {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
    return names


COUNTERS = set(page.COUNTERS) | counters_of_classes()


def test_the_counters_of_the_connection_are_found() -> None:
    assert "sync_broken" in counters_of_classes()


@pytest.mark.parametrize("name", sorted(COUNTERS))
def test_every_counter_is_explained(name: str) -> None:
    assert name in ROWS


@pytest.mark.parametrize("name", sorted(COUNTERS))
def test_its_row_quotes_what_the_runner_reads(name: str) -> None:
    """Each quotation in the row is part of what the host says of that counter."""
    said = meaning(name)
    assert said != NO_WORDS
    seen = ROWS[name].split("|")[2]
    quotations = re.findall(r'"([^"]+)"', seen)
    assert quotations
    assert all(quotation in said for quotation in quotations), said


def test_every_reason_not_to_record_is_explained() -> None:
    function = re.search(r"def why_not_recording.*?\n    def ", (FIRMWARE / "pod.py").read_text(), re.S)
    assert function is not None
    reasons = set(re.findall(r'return "([^"]+)"', function[0]))
    assert reasons
    assert reasons <= set(ROWS)


def test_every_pattern_of_the_lamp_is_explained() -> None:
    patterns = {
        lamp.IN_SESSION: "a flash every 2 s",
        lamp.WATCHING: "a flash every 8 s",
        lamp.NOT_RECORDING: "half a second on, half a second off",
        lamp.DARK: "dark",
    }
    for (lit_ms, every_ms), words in patterns.items():
        assert f"| {words} |" in DOCUMENT
        if "flash" in words:
            assert f"every {every_ms // 1000} s" in words
        elif lit_ms:
            assert (lit_ms, every_ms) == (500, 1000)


def test_nothing_is_explained_that_is_not_there() -> None:
    firmware = "".join(file.read_text() for file in FIRMWARE.rglob("*.py"))
    assert not [name for name in ROWS if name not in firmware]


@pytest.mark.parametrize("document", ["build.md", "troubleshooting.md"])
def test_every_setting_that_is_named_is_known(document: str) -> None:
    known = (ROOT / "docs" / "pod.md").read_text() + "".join(
        file.read_text() for file in (ROOT / "hardware" / "wiring").glob("*.toml")
    )
    named = set(re.findall(r"STRIDELOAD_[A-Z0-9_]+", (ROOT / "docs" / document).read_text()))
    assert not {name for name in named if name not in known}
