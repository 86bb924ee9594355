"""What the doctor concludes: a warning is no fault, and nothing that is warned of is called well."""

import json
from pathlib import Path

import pytest

from strideload import doctor
from strideload.collect import clock


def clock_of(findings: list[doctor.Finding]) -> doctor.Finding:
    return next(one for one in findings if one.name == "Clock")


def test_a_clock_that_nobody_vouches_for_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "synchronised_utc_ms", lambda: None)
    findings = doctor.examine(tmp_path)
    assert (clock_of(findings).good, clock_of(findings).warning) == (True, True)
    words = doctor.in_words(findings).splitlines()
    assert any(line.startswith("warn  Clock") and "not synchronised" in line for line in words)
    assert words[-1] == "Nothing is broken; 1 warning."
    said = json.loads(doctor.to_json(findings))
    assert (said["good"], said["findings"][-1]["warning"]) == (True, True)


def test_a_fault_and_a_warning_are_both_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "synchronised_utc_ms", lambda: None)
    (tmp_path / "strideload.db").write_text("no database")
    findings = doctor.examine(tmp_path)
    bad = sum(not one.good for one in findings)
    assert bad
    assert doctor.in_words(findings).endswith(f"{bad} of {len(findings)} need attention; 1 warning besides.")


def test_a_clock_that_is_synchronised_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "synchronised_utc_ms", lambda: 1)
    findings = doctor.examine(tmp_path)
    assert not clock_of(findings).warning
    assert doctor.in_words(findings).endswith("Everything that was looked at is well.")
