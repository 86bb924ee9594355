"""`strideload pod install` onto a CIRCUITPY drive, as a folder, and into a folder on Linux."""

import json
import os
import pty
import select
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from store.making import POD, Pod, messages
from strideload import pods
from strideload.cli import app
from strideload.collect.credentials import Users, matches
from strideload.host import BROKER_FOLDER
from strideload.pod import checking
from strideload.pod.installing import Wanted
from strideload.pod_settings import known_pods
from strideload.settings import Settings
from strideload.store import open_store
from strideload_pod.boards.on_linux import Files
from strideload_pod.log import Log
from strideload_pod.settings import read_settings
from support.waiting import PATIENCE_S

BOARD = "raspberry_pi_pico_w"
BOOT_OUT = (
    f"Adafruit CircuitPython 10.0.3 on 2026-09-20; X with rp2040\nBoard ID:{BOARD}\nUID:{POD.upper()}\n"
)


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """A drive as CircuitPython makes it."""
    folder = tmp_path / "CIRCUITPY"
    folder.mkdir()
    (folder / "boot_out.txt").write_text(BOOT_OUT)
    (folder / "code.py").write_text('print("Hello World!")\n')
    (folder / "lib").mkdir()
    return folder


def run(home: Settings, *words: object, **env: str) -> Result:
    """Without a terminal; a pod is read by cable unless a Wi-Fi is named."""
    more = () if "--wifi" in words else ("--no-wifi",)
    return run_bare(home, *words, *more, **env)


def run_bare(home: Settings, *words: object, **env: str) -> Result:
    return CliRunner().invoke(
        app, ["pod", "install", "--dir", str(home.folder), *map(str, words)], env=dict(env)
    )


def ok(done: Result) -> str:
    assert done.exception is None, done.exception
    return done.stdout


def refused(done: Result) -> str:
    assert done.exit_code == 1
    return str(done.exception)


def settings_on(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "settings.toml").read_text())


WIFI = ("--wifi", "Zuhause", "--foot", "left")
PASSWORDS = {"STRIDELOAD_WIFI_PASSWORD": "wlan geheim", "STRIDELOAD_POD_PASSWORD": "broker geheim"}


def test_a_fresh_drive_becomes_a_pod(home: Settings, drive: Path, built: Path):
    """Firmware, libraries and settings are there, host and pod know each other, and no secret is shown."""
    said = ok(run(home, "--to", drive, *WIFI, **PASSWORDS))
    assert (drive / "main.py").read_bytes() == (built / "main.py").read_bytes()
    assert (drive / "boot.py").is_file()
    assert (drive / "strideload_pod" / "boards" / "on_circuitpython.py").is_file()
    assert (drive / "lib" / "adafruit_lsm6ds" / "lsm6dso32.py").is_file()
    assert (drive / "code.before-strideload.py").read_text() == 'print("Hello World!")\n'
    assert not (drive / "code.py").exists()
    with open_store(home.store_url()) as store:
        assert settings_on(drive) == {
            "STRIDELOAD_STORE": store.store_id,
            "STRIDELOAD_WIFI_SSID": "Zuhause",
            "STRIDELOAD_WIFI_PASSWORD": "wlan geheim",
            "STRIDELOAD_BROKER_HOST": "broker.lan",
            "STRIDELOAD_BROKER_USER": POD,
            "STRIDELOAD_BROKER_PASSWORD": "broker geheim",
        }
        assert store.wearing(POD, time.time_ns() // 1000) == ("me", "left")
    read_settings(settings_on(drive))
    assert "geheim" not in said
    assert "unplug the pod" in said
    assert not list(drive.rglob("*.new"))


def test_again_nothing_is_written(home: Settings, drive: Path, built: Path):
    ok(run(home, "--to", drive, *WIFI, **PASSWORDS))
    before = {
        file: (file.read_bytes(), file.stat().st_mtime_ns) for file in drive.rglob("*") if file.is_file()
    }
    said = ok(run(home, "--to", drive))
    after = {
        file: (file.read_bytes(), file.stat().st_mtime_ns) for file in drive.rglob("*") if file.is_file()
    }
    assert before == after
    assert "the newest already" in said
    assert "Zuhause" in said
    assert "geheim" not in said


def test_no_program_of_the_users_is_lost(home: Settings, drive: Path, built: Path):
    """Neither by the first installation nor by a later one."""
    ok(run(home, "--to", drive))
    (drive / "code.py").write_text("another()\n")
    ok(run(home, "--to", drive))
    assert (drive / "code.before-strideload.py").read_text() == 'print("Hello World!")\n'
    assert (drive / "code.before-strideload1.py").read_text() == "another()\n"


def test_settings_that_stand_there_stay_unless_replaced(home: Settings, drive: Path, built: Path):
    (drive / "settings.toml").write_text('# mine\nSTRIDELOAD_ODR_HZ = 416\nSTRIDELOAD_WIFI_SSID = "Büro"\n')
    words = ("--to", drive, *WIFI, "--set", "STRIDELOAD_ODR_HZ=833")
    kept = json.loads(ok(run(home, *words, "--json")))
    assert settings_on(drive)["STRIDELOAD_WIFI_SSID"] == "Büro"
    assert settings_on(drive)["STRIDELOAD_ODR_HZ"] == 416
    assert set(kept["kept"]) == {"STRIDELOAD_WIFI_SSID", "STRIDELOAD_ODR_HZ"}
    said = ok(run(home, *words, "--replace", **PASSWORDS))
    assert settings_on(drive)["STRIDELOAD_WIFI_SSID"] == "Zuhause"
    assert settings_on(drive)["STRIDELOAD_ODR_HZ"] == 833
    assert "(was 416)" in said
    assert (drive / "settings.toml").read_text().startswith("# mine\n")


def test_a_pod_of_another_host_is_left_alone(home: Settings, drive: Path, built: Path):
    (drive / "settings.toml").write_text(f'STRIDELOAD_STORE = "{"ab" * 16}"\n')
    assert "paired with another host" in refused(run(home, "--to", drive))
    assert not (drive / "main.py").exists()
    ok(run(home, "--to", drive, "--replace"))
    with open_store(home.store_url()) as store:
        assert settings_on(drive)["STRIDELOAD_STORE"] == store.store_id


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--set", "STRIDELOAD_ODR_HZ=500"), "STRIDELOAD_ODR_HZ is one of"),
        (("--set", "ODR=500"), "--set takes"),
        (("--chip", "BMI270"), "STRIDELOAD_CHIP is one of"),
        (("--foot", "third"), "--foot is left, right"),
        (("--runner", "nobody"), "no runner"),
        (("--board", "teensy"), "Known are: pico-w"),
        (("--set", "STRIDELOAD_ODR_HERTZ=833"), "STRIDELOAD_ODR_HZ is near"),
        (("--set", "STRIDELOAD_INT1_LINE=/dev/gpiochip0:17"), "it is one of linux only"),
        (("--wifi", "Zuhause"), "--wifi-password-file"),
        (("--wifi", "Zuhause", "--no-wifi"), "exclude each other"),
        (("--board", "linux"), "is a board"),
        (("--board", "feather-esp32-s3"), "which is pico-w"),
        (("--libraries", "/none"), "has none of adafruit"),
        (("--mpy-cross", "/none"), "cannot be run"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_wrong_wishes_change_nothing(
    words: tuple[str, ...], says: str, home: Settings, drive: Path, built: Path
):
    before = sorted(file.name for file in drive.rglob("*"))
    assert says in refused(run(home, "--to", drive, *words))
    assert sorted(file.name for file in drive.rglob("*")) == before


def test_without_a_terminal_the_wifi_is_said_or_declined(home: Settings, drive: Path, built: Path):
    assert "--no-wifi" in refused(run_bare(home, "--to", drive))
    assert not (drive / "main.py").exists()
    empty = drive.parent / "empty"
    empty.write_text("")
    ok(run_bare(home, "--to", drive, "--wifi", "Café", "--wifi-password-file", empty))
    assert settings_on(drive)["STRIDELOAD_WIFI_PASSWORD"] == ""
    ok(run_bare(home, "--to", drive))  # it has one now


def test_a_foot_that_nobody_named_is_noted(home: Settings, drive: Path, built: Path):
    assert "which foot" in ok(run(home, "--to", drive))
    assert "which foot" not in ok(run(home, "--to", drive, "--foot", "left"))


def test_a_running_broker_refuses_before_the_store_knows_the_pod(
    home: Settings, drive: Path, built: Path, monkeypatch: pytest.MonkeyPatch
):
    (home.folder / "strideload.toml").unlink()
    monkeypatch.setattr(pods, "is_running", lambda folder: True)
    assert "end `strideload up` first" in refused(run(home, "--to", drive, "--foot", "left"))
    with open_store(home.store_url()) as store:
        assert store.wearing(POD, time.time_ns() // 1000).foot == "unknown"
        assert known_pods(store) == []


def fill_log(folder: Path) -> list[bytes]:
    """A log with pages, as the firmware writes it."""
    pod = Pod()
    pod.run(0, session=1)
    log = Log(Files(folder), bytes.fromhex(POD), 256, lambda: pod.log)
    del log
    (folder / "0-00000000.seg").write_bytes(b"".join(pod.pages))
    return pod.pages


def test_pages_that_this_host_has_not_got_are_brought_in_first(home: Settings, drive: Path, built: Path):
    pages = fill_log(drive / "log")
    assert f"{len(pages)} pages that this host has not got" in refused(run(home, "--to", drive))
    assert not (drive / "main.py").exists()
    with open_store(home.store_url()) as store:
        store.add(messages(pages[:-1]))
    assert "1 pages" in refused(run(home, "--to", drive))
    done = CliRunner().invoke(app, ["import", str(drive), "--dir", str(home.folder)])
    assert "1 new page" in done.stdout
    ok(run(home, "--to", drive))
    assert (drive / "log" / "0-00000000.seg").read_bytes() == b"".join(pages)


def test_by_their_owners_word_they_stay_where_they_are(home: Settings, drive: Path, built: Path):
    pages = fill_log(drive / "log")
    ok(run(home, "--to", drive, "--anyway"))
    assert (drive / "log" / "0-00000000.seg").read_bytes() == b"".join(pages)


def test_a_drive_that_the_pod_keeps_to_itself(
    home: Settings, drive: Path, built: Path, monkeypatch: pytest.MonkeyPatch
):
    """The firmware records to it: it is read-only for the computer, and it is said what turns that round."""
    written = Path.write_bytes

    def read_only(self: Path, data: bytes) -> int:
        if self.is_relative_to(drive):
            raise OSError(30, "Read-only file system", str(self))
        return written(self, data)

    monkeypatch.setattr(Path, "write_bytes", read_only)
    assert "with its button held" in refused(run(home, "--to", drive))


def test_a_managed_broker_gets_the_pod_as_a_user(home: Settings, drive: Path, built: Path):
    """With a password that stays as long as it is right, and the certificate of the house's authority."""
    (home.folder / "strideload.toml").unlink()
    ok(run(home, "--to", drive))
    first = settings_on(drive)
    assert first["STRIDELOAD_BROKER_CA_FILE"] == "ca.pem"
    assert first["STRIDELOAD_BROKER_PORT"] == 8883
    folder = home.folder / BROKER_FOLDER
    assert (drive / "ca.pem").read_bytes() == (folder / "ca.pem").read_bytes()
    assert matches(first["STRIDELOAD_BROKER_PASSWORD"], Users(folder).read()[POD])
    ok(run(home, "--to", drive))
    assert settings_on(drive) == first
    Users(folder).add_pod(POD)
    ok(run(home, "--to", drive))
    assert matches(settings_on(drive)["STRIDELOAD_BROKER_PASSWORD"], Users(folder).read()[POD])


# On Linux


def test_a_folder_on_linux(home: Settings, tmp_path: Path):
    """Settings and a unit; the firmware of this installation runs there."""
    folder = tmp_path / "my pod"
    said = ok(run(home, "--board", "linux", "--to", folder, "--no-check", "--foot", "right"))
    settings = settings_on(folder)
    assert settings["STRIDELOAD_INT1_LINE"] == "/dev/gpiochip0:17"
    assert (folder / "settings.toml").stat().st_mode & 0o077 == 0
    unit = (folder / "strideload-pod.service").read_text()
    assert f'Environment="STRIDELOAD_POD_DIR={folder}"' in unit
    assert f'ExecStart="{sys.executable}" "-P" "' in unit
    assert "systemctl --user enable --now" in said
    with open_store(home.store_url()) as store:
        pod = settings["STRIDELOAD_POD_ID"]
        assert store.wearing(pod, time.time_ns() // 1000) == ("me", "right")


def test_a_check_that_cannot_run_hides_nothing_of_what_was_done(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A computer without gpiod: it is said how to get it, beside how the pod is started."""
    monkeypatch.setattr(checking, "ON_LINUX", "import sys\nsys.modules['gpiod'] = None\n" + checking.ON_LINUX)
    words = ("--board", "linux", "--to", tmp_path / "pod", "--foot", "right")
    done = run(home, *words)
    assert done.exit_code == 1
    assert "systemctl --user enable --now" in done.stdout
    assert "BAD   Check" in done.stdout
    assert "`pip install gpiod`" in done.stdout
    said = json.loads(run(home, *words, "--json").stdout)
    assert not said["good"]
    assert [one["name"] for one in said["findings"]] == ["Check"]


def test_the_broker_is_not_asked_while_it_has_to_be_down(home: Settings, tmp_path: Path):
    lines = ("--set", "STRIDELOAD_INT1_LINE=", "--set", "STRIDELOAD_BUTTON_LINE=")
    done = run(home, "--board", "linux", "--to", tmp_path / "pod", *lines, "--json")
    broker = next(one for one in json.loads(done.stdout)["findings"] if one["name"] == "Broker")
    assert broker["good"]
    assert "start `strideload up --lan`, then `strideload pod check`" in broker["words"]


# Questions


def converse(command: list[str], answers: list[tuple[str, str]], **env: str) -> str:
    """Run a command on a terminal of its own, and answer its questions in order -> all that stood on the screen."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, **env}, start_new_session=True
    )
    os.close(slave)
    screen = ""
    left = list(answers)
    deadline = time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < deadline:
            if select.select([master], [], [], 0.2)[0]:
                try:
                    screen += os.read(master, 4096).decode(errors="replace")
                except OSError:
                    break
            if left and left[0][0] in screen.replace("\r\n", " "):
                os.write(master, (left.pop(0)[1] + "\n").encode())
        assert not left, screen
        assert process.wait(PATIENCE_S) == 0, screen
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        os.close(master)
    return screen


def test_on_a_terminal_it_asks(home: Settings, drive: Path):
    """For what is missing and nothing else; a password is not echoed."""
    program = (
        "import sys; sys.argv[0] = 'strideload'\n"
        "from strideload.pod import installing\n"
        "installing._files = lambda found, wishes: {}\n"
        "from strideload.cli import main\nmain()\n"
    )
    command = [sys.executable, "-c", program, "pod", "install", "--to", str(drive)]
    screen = converse(
        command,
        [
            ("Name of the Wi-Fi", "Zuhause"),
            ("Password of Zuhause", "wlan geheim"),
            ("Which foot", "left"),
            ("as the pod reaches its broker [broker.lan]", ""),
            ("at your broker", "broker geheim"),
        ],
        STRIDELOAD_DIR=str(home.folder),
    )
    assert "geheim" not in screen
    settings = settings_on(drive)
    assert settings["STRIDELOAD_WIFI_PASSWORD"] == "wlan geheim"
    assert settings["STRIDELOAD_BROKER_PASSWORD"] == "broker geheim"
    assert settings["STRIDELOAD_BROKER_HOST"] == "broker.lan"


class Owner:
    """Somebody who answers every question alike."""

    def __init__(self, yes: bool) -> None:
        self.yes = yes
        self.asked: list[str] = []

    def ask(self, question: str, default: str) -> str:
        return default

    def secret(self, question: str) -> str:
        raise AssertionError("nobody asked for a secret")

    def confirm(self, question: str) -> bool:
        self.asked.append(question)
        return self.yes


@pytest.mark.parametrize("yes", [True, False], ids=["yes", "no"])
def test_what_stands_there_is_replaced_only_by_the_owners_word(yes: bool):
    owner = Owner(yes)
    wanted = Wanted({"STRIDELOAD_WIFI_SSID": "Büro", "STRIDELOAD_ODR_HZ": 833}, False, owner)
    wanted.say("STRIDELOAD_WIFI_SSID", "Zuhause")
    wanted.say("STRIDELOAD_ODR_HZ", 833)
    wanted.need("STRIDELOAD_ODR_HZ", 416)
    assert len(owner.asked) == 1
    assert wanted.new == ({"STRIDELOAD_WIFI_SSID": "Zuhause"} if yes else {})
    assert wanted.kept == ({} if yes else {"STRIDELOAD_WIFI_SSID": "Zuhause"})
