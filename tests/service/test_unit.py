"""The unit that `service install` writes: systemd takes it, it starts this program, and it is held in."""

import os
import pwd
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from strideload import __version__
from strideload.cli import service_install
from strideload.errors import StrideloadError
from strideload.service import unit
from strideload.service.systemd import ServiceError
from strideload.service.unit import OWN_FOLDER, Plan
from support import tools
from support.waiting import PATIENCE_S

# Of systemd's own score, 0 to 10, in tenths.
EXPOSURE_MOST = 25


def account() -> str:
    """A user of this computer that is not root."""
    own = pwd.getpwuid(os.getuid()).pw_name
    return "daemon" if own == "root" else own


def lines(text: str, key: str) -> list[str]:
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{key}=")]


PLANS = {
    "a user of its own": Plan(OWN_FOLDER, None, False, None),
    "somebody's account": Plan(Path("/srv/Ada's 100% runs"), account(), True, 8081, True),
}


@pytest.mark.parametrize("case", PLANS)
def test_systemd_takes_it_as_it_is(case: str, tmp_path: Path) -> None:
    analyze = tools.program("systemd-analyze")
    file = tmp_path / unit.NAME
    file.write_text(unit.text(PLANS[case]))
    done = subprocess.run([analyze, "verify", file], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0
    assert unit.NAME not in done.stderr, done.stderr


@pytest.mark.parametrize("case", PLANS)
def test_systemd_finds_little_that_it_could_do_to_the_computer(case: str, tmp_path: Path) -> None:
    analyze = tools.program("systemd-analyze")
    file = tmp_path / unit.NAME
    file.write_text(unit.text(PLANS[case]))
    words = ["security", "--offline=true", f"--threshold={EXPOSURE_MOST}", "--no-pager", file]
    done = subprocess.run([analyze, *words], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stdout[-200:] + done.stderr


def test_it_starts_this_very_program() -> None:
    (command,) = lines(unit.text(PLANS["somebody's account"]), "ExecStart")
    words = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(command)]
    start = words.index("up")
    assert words[start:] == ["up", "--dir", "/srv/Ada's 100% runs", "--lan", "--page-lan", "--port", "8081"]
    done = subprocess.run(
        [*words[:start], "--version"], capture_output=True, text=True, timeout=PATIENCE_S, cwd="/"
    )
    assert done.stdout == f"strideload {__version__}\n"


def test_the_clock_can_still_be_read() -> None:
    """Pods get the time only while the kernel says that it is right, which it does by a call that ProtectClock bars."""
    text = unit.text(PLANS["a user of its own"])
    assert lines(text, "ProtectClock") == []
    assert lines(text, "SystemCallFilter")[-1] == "adjtimex clock_adjtime"
    assert lines(text, "CapabilityBoundingSet") == [""]


def test_all_that_it_may_write_is_its_folder() -> None:
    own, other = (unit.text(plan) for plan in PLANS.values())
    assert lines(own, "ProtectSystem") == lines(other, "ProtectSystem") == ["strict"]
    assert lines(own, "StateDirectory") == [OWN_FOLDER.name]
    assert lines(own, "ReadWritePaths") == []
    assert lines(other, "ReadWritePaths") == ['"/srv/Ada\'s 100%% runs"']


def test_a_folder_that_no_unit_can_name_is_refused() -> None:
    with pytest.raises(StrideloadError, match="choose another folder"):
        unit.text(Plan(Path("/srv/a\nExecStart=x"), account(), False, None))


# As whom, and with which folder


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.delenv("SUDO_USER", raising=False)
    return monkeypatch


def test_behind_sudo_it_runs_as_that_user_with_their_folder(as_root: pytest.MonkeyPatch) -> None:
    who = account()
    as_root.setenv("SUDO_USER", who)
    found = unit.plan(None, None, lan=False, port=None)
    assert found.account == who
    assert found.folder.name == "strideload"
    assert found.folder != OWN_FOLDER


def test_for_root_alone_it_is_a_user_of_its_own_unless_that_cannot_read_the_program(
    as_root: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    as_root.setattr(unit, "HIDDEN", ())
    assert unit.plan(None, None, lan=True, port=1) == Plan(OWN_FOLDER, None, True, 1)
    with pytest.raises(ServiceError, match="with --account whose"):
        unit.plan(tmp_path, None, lan=False, port=None)
    as_root.setattr(unit, "HIDDEN", (Path(sys.prefix),))
    refused = unit.refusal(unit.plan(None, None, lan=False, port=None))
    assert refused is not None
    assert "cannot read" in refused


def test_a_unit_that_would_not_be_installed_is_printed_all_the_same(
    as_root: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    as_root.setattr(unit, "HIDDEN", (Path(sys.prefix),))
    service_install(print_only=True)
    said = capsys.readouterr()
    assert said.out == unit.text(Plan(OWN_FOLDER, None, False, None))
    assert said.err.startswith("# This would not be installed: ")
    assert said.err.count("\n") == 1
    as_root.setattr(unit, "HIDDEN", ())
    service_install(print_only=True)
    assert capsys.readouterr().err == ""


def test_the_page_goes_on_the_network_where_that_is_asked_for(
    as_root: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for asked in (True, False):
        service_install(page_lan=asked, print_only=True)
        (command,) = lines(capsys.readouterr().out, "ExecStart")
        assert ("--page-lan" in shlex.split(command)) == asked


def test_root_and_nobody_known_are_refused(as_root: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServiceError, match="needs no root"):
        unit.plan(None, "root", lan=False, port=None)
    with pytest.raises(ServiceError, match="no user 'nobody known'"):
        unit.plan(None, "nobody known", lan=False, port=None)
