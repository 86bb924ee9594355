"""Installing, removing and asking, with a systemctl that refuses what the real one refuses."""

import os
import sys
from pathlib import Path

import pytest

from service.test_unit import account
from strideload.host import HostRunning, held, is_running
from strideload.service import installing, systemd, unit
from strideload.service.systemd import ServiceError

# Knows one service; keeps what it was told in $FAKE. UNITS is where unit files are.
SYSTEMCTL = """#!/bin/sh
[ "$1" = --no-pager ] && shift
echo "$*" >>"$FAKE/calls"
name=strideload.service
case $1 in
daemon-reload) rm -f "$FAKE/loaded"; [ ! -e "$UNITS/$name" ] || touch "$FAKE/loaded" ;;
enable)
    [ -e "$UNITS/$name" ] || { echo "Failed to enable unit: Unit file $name does not exist." >&2; exit 1; }
    touch "$FAKE/enabled" ;;
disable) rm "$FAKE/enabled" "$FAKE/active" ;;
restart)
    [ -e "$FAKE/loaded" ] || { echo "Failed to restart $name: Unit $name not found." >&2; exit 5; }
    [ -e "$FAKE/broken" ] && { echo "Job for $name failed because the control process exited." >&2; exit 1; }
    touch "$FAKE/active" ;;
reset-failed) echo "Failed to reset failed state of unit $name: Unit $name not loaded." >&2; exit 1 ;;
show)
    [ -e "$FAKE/loaded" ] && echo LoadState=loaded || echo LoadState=not-found
    if [ -e "$FAKE/active" ]; then
        printf '%s\\n' ActiveState=active SubState=running MainPID=4711 'StatusText=All is well.'
    else
        printf '%s\\n' ActiveState=inactive SubState=dead MainPID=0
    fi
    [ -e "$FAKE/enabled" ] && echo UnitFileState=enabled || echo UnitFileState=
    echo NRestarts=2 ;;
*) echo "Unknown command verb $1." >&2; exit 1 ;;
esac
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the fake systemctl keeps; we are root, and systemd runs this computer."""
    kept, units, programs = (tmp_path / name for name in ("kept", "units", "programs"))
    for folder in (kept, units, programs):
        folder.mkdir()
    (programs / "systemctl").write_text(SYSTEMCTL)
    (programs / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setenv("FAKE", str(kept))
    monkeypatch.setenv("UNITS", str(units))
    monkeypatch.setattr(systemd, "UNIT_FOLDER", units)
    monkeypatch.setattr(systemd, "BOOTED", units)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return kept


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "of" / "ada"


def install(folder: Path) -> str:
    return installing.install(folder, account(), lan=True, port=None, page_lan=True)


def calls(fake: Path) -> list[str]:
    return [line for line in (fake / "calls").read_text().splitlines() if not line.startswith("show")]


def test_installed_it_runs_now_and_from_every_boot_on(fake: Path, folder: Path) -> None:
    assert "from every boot on" in install(folder)
    assert calls(fake) == ["daemon-reload", "enable strideload.service", "restart strideload.service"]
    assert installing.unit_file().stat().st_mode & 0o777 == 0o644
    assert f'"--dir" "{folder}" "--lan" "--page-lan"' in installing.unit_file().read_text()
    assert folder.stat().st_mode & 0o777 == 0o700
    found = installing.status()
    assert (found.running, found.at_boot, found.pid, found.restarts) == (True, True, 4711, 2)
    assert found.in_words() == (
        "The service runs (process 4711), starts at boot, was started again 2 times after it had failed. All is well."
    )


def test_installed_again_it_is_started_anew(fake: Path, folder: Path) -> None:
    install(folder)
    with held(folder):  # by the service
        install(folder)
    assert calls(fake).count("restart strideload.service") == 2


def test_removed_nothing_of_it_is_left_but_what_it_kept(fake: Path, folder: Path) -> None:
    install(folder)
    (folder / "strideload.db").write_text("runs")
    assert "stay where they are" in installing.remove()
    assert list(systemd.UNIT_FOLDER.iterdir()) == []
    assert not installing.status().installed
    assert "not installed" in installing.status().in_words()
    assert (folder / "strideload.db").read_text() == "runs"
    with pytest.raises(ServiceError, match="nothing to remove"):
        installing.remove()


def test_one_that_does_not_start_says_where_to_look(fake: Path, folder: Path) -> None:
    (fake / "broken").touch()
    with pytest.raises(
        ServiceError, match=r"does not start; `journalctl -u strideload.service`.*Job for"
    ) as told:
        install(folder)
    assert "\n" not in str(told.value)
    assert "journalctl" in installing.status().in_words()


def test_a_host_that_runs_there_in_a_terminal_is_ended_first(fake: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    with held(folder), pytest.raises(ServiceError, match="end that one first"):
        install(folder)
    assert list(systemd.UNIT_FOLDER.iterdir()) == []


def test_a_folder_that_is_somebody_elses_is_refused(
    fake: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir(parents=True)
    monkeypatch.setattr(os, "chown", lambda *_: None)
    if os.getuid() != 0:
        pytest.skip("only root has folders that are somebody else's here")
    with pytest.raises(ServiceError, match="say with --account whose it is"):
        install(folder)
    assert list(systemd.UNIT_FOLDER.iterdir()) == []


@pytest.mark.parametrize(
    "do", [lambda: install(Path("/srv/x")), installing.remove], ids=["install", "remove"]
)
def test_without_root_and_without_systemd_it_is_one_sentence(
    do, fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ServiceError, match=r"needs root: put sudo before the command.$"):
        do()
    monkeypatch.setattr(systemd, "BOOTED", Path("/run/no such folder"))
    with pytest.raises(ServiceError, match="systemd does not run this computer"):
        do()
    monkeypatch.setenv("PATH", "/no such folder")
    with pytest.raises(ServiceError, match="systemd does not run this computer"):
        do()


def test_a_program_that_the_services_user_cannot_read_is_not_installed(
    fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setattr(unit, "HIDDEN", (Path(sys.prefix),))
    with pytest.raises(ServiceError, match="cannot read"):
        installing.install(None, None, lan=False, port=None)
    assert list(systemd.UNIT_FOLDER.iterdir()) == []


def test_what_systemctl_refuses_is_said_in_its_words(fake: Path) -> None:
    with pytest.raises(ServiceError, match=r"systemctl frobnicate failed: Unknown command verb frobnicate."):
        systemd.ask("frobnicate")


def test_asking_whether_a_host_runs_leaves_no_lock_of_roots(folder: Path) -> None:
    """A lock that root had made would keep the service's user out."""
    folder.mkdir(parents=True)
    assert not is_running(folder)
    with held(folder), pytest.raises(HostRunning), held(folder):
        pass
    owner = folder.stat()
    assert all(
        (path.stat().st_uid, path.stat().st_gid) == (owner.st_uid, owner.st_gid) for path in folder.iterdir()
    )
