"""Which pod is meant, and what board it is."""

import tomllib
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.errors import StrideloadError
from strideload.pod import boards, finding
from strideload.pod.boards import CIRCUITPYTHON, KINDS, MICROPYTHON
from strideload.pod.finding import Target, found, pod_id, target, target_to_ask

BOOT_OUT = (
    "Adafruit CircuitPython {version} on 2026-09-20; {board} with rp2040\n"
    "Board ID:{board}\nUID:{uid}\nMAC:28:CD:C1:09:0D:E2\n"
)
UID = "E6616408432F8E32"


def drive(folder: Path, board: str = "raspberry_pi_pico_w", version: str = "10.0.3", uid: str = UID) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "boot_out.txt").write_text(BOOT_OUT.format(board=board, version=version, uid=uid))
    return folder


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_known_board_is_known_by_its_names(kind: boards.Kind):
    assert boards.by_name(kind.name) == kind
    assert all(boards.by_board_id(name) == kind for name in kind.board_ids)
    assert all(boards.by_machine(f"{name}X") == kind for name in kind.machines)


def test_lines_on_linux_are_those_of_the_wiring():
    made = Path(__file__).parents[2] / "hardware" / "wiring" / "pi_zero_2w.linux.toml"
    assert dict(boards.by_name("linux").settings) == tomllib.loads(made.read_text())


@pytest.mark.parametrize("look", [boards.by_name, boards.by_board_id, boards.by_machine])
def test_an_unknown_board_is_refused_with_the_known_ones(look):
    """Also one whose name only begins like a known one's: a Pico without Wi-Fi is no Pico W."""
    with pytest.raises(StrideloadError) as refused:
        look("Raspberry Pi Pico with RP2040")
    assert all(kind.name in str(refused.value) for kind in KINDS)


def test_a_drive_tells_board_version_and_id(tmp_path: Path):
    with found(Target(folder=drive(tmp_path)), None) as one:
        assert (one.kind.name, one.interpreter, one.version) == ("pico-w", "circuitpython", "10.0.3")
        assert one.pod == UID.lower()


def test_a_board_by_another_name_is_named_by_the_user(tmp_path: Path):
    with (
        pytest.raises(StrideloadError, match="Known are: pico-w"),
        found(Target(folder=drive(tmp_path, "clone_of_pico_w")), None),
    ):
        pass
    with found(Target(folder=tmp_path), "pico-w") as one:
        assert one.kind.name == "pico-w"


def test_a_board_that_calls_itself_otherwise_needs_a_word_more(tmp_path: Path):
    """A Pico's compiled firmware does not run on another; no drive is a computer with Linux."""
    here = Target(folder=drive(tmp_path))
    with pytest.raises(StrideloadError, match="is pico-w, not pico-2-w"), found(here, "pico-2-w"):
        pass
    with found(here, "pico-2-w", anyway=True) as one:
        assert one.kind.name == "pico-2-w"
    with found(here, "pico-w") as one:
        assert one.kind.name == "pico-w"
    with pytest.raises(StrideloadError, match="is a board"), found(here, "linux", anyway=True):
        pass


def test_an_unknown_board_is_refused_wherever_it_is_to_be(tmp_path: Path):
    for to in (str(tmp_path), "/dev/ttyACM0", None):
        with pytest.raises(StrideloadError, match="Known are: pico-w"):
            target(to, "teensy", [tmp_path], [])


def test_a_pod_on_linux_is_no_other_board(tmp_path: Path):
    (tmp_path / "settings.toml").write_text('STRIDELOAD_POD_ID = "00000000c0ffee01"\n')
    with (
        pytest.raises(StrideloadError, match="no CircuitPython drive"),
        found(Target(folder=tmp_path), "pico-w"),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "does not tell"),
        ("Adafruit CircuitPython 9.2.1 on 2024-11-20; X\n", "does not tell"),
        (BOOT_OUT.format(board="raspberry_pi_pico_w", version="8.2.9", uid=UID), "9.0 or newer"),
    ],
    ids=["empty", "no board", "too old"],
)
def test_a_drive_that_will_not_do_is_refused(text: str, says: str, tmp_path: Path):
    (tmp_path / "boot_out.txt").write_text(text)
    with pytest.raises(StrideloadError, match=says), found(Target(folder=tmp_path), None):
        pass


@given(st.binary(max_size=5000))
def test_any_boot_out_is_a_sentence_or_a_board(tmp_path_factory: pytest.TempPathFactory, data: bytes):
    folder = tmp_path_factory.mktemp("drive")
    (folder / "boot_out.txt").write_bytes(data)
    try:
        with found(Target(folder=folder), None):
            pass
    except StrideloadError:
        pass


def test_the_pods_id_is_made_as_the_firmware_makes_it():
    """Eight bytes as they are; CircuitPython's board fills up or folds others, MicroPython's takes EUI-64 or a hash."""
    for interpreter in (CIRCUITPYTHON, MICROPYTHON):
        assert pod_id(UID, interpreter) == UID.lower()
        assert pod_id("no hex", interpreter) is None
        assert pod_id("", interpreter) is None
    assert pod_id("28CDC1090DE2", CIRCUITPYTHON) == "000028cdc1090de2"
    assert pod_id("01" * 8 + "03" * 8, CIRCUITPYTHON) == "02" * 8
    assert pod_id("28CDC1090DE2", MICROPYTHON) == "28cdc1fffe090de2"
    assert pod_id("01" * 16, MICROPYTHON) == sha256(b"\1" * 16).hexdigest()[:16]


def test_a_folder_that_is_no_drive_is_a_pod_on_linux_only_if_said(tmp_path: Path):
    with pytest.raises(StrideloadError, match="--board linux"), found(Target(folder=tmp_path), None):
        pass
    (tmp_path / "settings.toml").write_text('STRIDELOAD_POD_ID = "00000000c0ffee01"\n')
    with found(Target(folder=tmp_path), None) as one:
        assert (one.kind.name, one.pod) == ("linux", "00000000c0ffee01")


def test_what_is_plugged_in_is_found(tmp_path: Path):
    """The only one is it; of none or several it is said what to do."""
    one, two = tmp_path / "CIRCUITPY", tmp_path / "CIRCUITPY1"
    assert target(None, None, [one], ["/dev/ttyACM0"]) == Target(folder=one)
    assert target(None, None, [], ["/dev/ttyACM0"]) == Target(port="/dev/ttyACM0")
    assert target("/dev/ttyACM1", None, [one], []) == Target(port="/dev/ttyACM1")
    assert target(str(two), None, [one], []) == Target(folder=two)
    with pytest.raises(StrideloadError, match="more than one"):
        target(None, None, [one, two], [])
    with pytest.raises(StrideloadError, match="more than one"):
        target(None, None, [], ["/dev/ttyACM0", "/dev/ttyACM1"])
    with pytest.raises(StrideloadError, match="No pod is plugged in"):
        target(None, None, [], [])


def test_drives_are_looked_for_where_they_are_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(finding.sys, "platform", "linux")
    here = drive(tmp_path / "my CIRCUITPY")
    (tmp_path / "other").mkdir()
    mounts = tmp_path / "mounts"
    escaped = str(here).replace(" ", "\\040")
    mounts.write_text(
        f"/dev/sda1 {escaped} vfat rw 0 0\n/dev/sdb1 {tmp_path}/other ext4 rw 0 0\nproc /gone proc\n\n"
    )
    assert finding.drives(mounts) == [here]
    assert finding.drives(tmp_path / "none") == []


def test_a_pod_that_is_this_computer_is_found_where_its_own_settings_say(tmp_path: Path, monkeypatch):
    (tmp_path / "settings.toml").write_text("")
    monkeypatch.setenv("STRIDELOAD_POD_DIR", str(tmp_path))
    assert target_to_ask(None, [], []) == Target(folder=tmp_path)
    assert target(None, "linux", [], []) == Target(folder=tmp_path)
    monkeypatch.setenv("STRIDELOAD_POD_DIR", str(tmp_path / "none"))
    with pytest.raises(StrideloadError, match="No pod is plugged in"):
        target_to_ask(None, [], [])
