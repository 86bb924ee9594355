"""The commands as a person or a script meets them: real processes, exit codes, what is printed where."""

import fcntl
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from collect.talker import Talker
from strideload import __version__, cli
from strideload.collect.address import Address
from strideload.home.ids import HomeIds
from strideload.host import LOCK_NAME
from support import tools
from support.ports import free_port
from support.waiting import PATIENCE_S, until
from support.zones import noon_zone

COMMANDS = (
    *("demo", "up", "replay", "import", "detect", "simulate", "day", "report", "export", "activity"),
    *("share", "rebuild", "doctor", "backup", "restore"),
)
PASSWORD = "a long secret of four words"

Here = Callable[..., "subprocess.CompletedProcess[str]"]


def run(
    *words: object, folder: Path | None = None, typed: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """A command to its end, in a folder of its own; pytest's time-out is the deadline."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("STRIDELOAD_")} | more
    if folder is not None:
        env["STRIDELOAD_DIR"] = str(folder)
    command = [sys.executable, "-m", "strideload.cli", *map(str, words)]
    return subprocess.run(
        command,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        input=typed,
    )


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Here:
    """The same in this process, for tables of words: most of a short command is the start of a process."""

    def run_here(*words: object) -> subprocess.CompletedProcess[str]:
        for name in [name for name in os.environ if name.startswith("STRIDELOAD_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("STRIDELOAD_DIR", str(tmp_path / "host"))
        monkeypatch.setattr(sys, "argv", ["strideload", *map(str, words)])
        before = os.umask(0o077)
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code
        finally:
            os.umask(before)
        out, err = capfd.readouterr()
        assert isinstance(code, int)
        return subprocess.CompletedProcess(words, code, out, err)

    return run_here


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def short_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of walking and a minute of running, as `simulate` writes it."""
    file = tmp_path_factory.mktemp("runs") / "short.npz"
    ok(run("simulate", "--out", file, "--plan", "stand:0.1,walk:0.5@5.4,run:1@10.5,stand:0.1", "--rate", 104))
    return file


def test_version_and_help():
    assert ok(run("--version")).strip() == f"strideload {__version__}"
    listed = ok(run("--help"))
    assert all(command in listed for command in COMMANDS)


@pytest.mark.parametrize(
    "command",
    [
        *COMMANDS,
        "pod add",
        "pod install",
        "pod check",
        "pod logs",
        "runner add",
        "runner list",
        "runner password",
        "service install",
        "service status",
        "runner erase",
    ],
)
def test_every_command_explains_itself(command: str, here: Here):
    assert "Usage:" in ok(here(*command.split(), "--help"))


def test_detect_prints_a_line_a_contact_and_a_summary(short_run: Path):
    """One JSON object a line, times on the file's clock, null where unknown; the summary is the last line."""
    *contacts, last = map(json.loads, ok(run("detect", short_run, "--json")).splitlines())
    names = {"ic_s", "to_s", "stride_s", "contact_s", "peak_g", "clipped", "rise_g_s", "kind"}
    assert all(set(contact) == names for contact in contacts)
    times = [contact["ic_s"] for contact in contacts]
    assert times == sorted(times)
    true_ic_s = np.load(short_run)["ic_s"]
    assert len(contacts) == pytest.approx(len(true_ic_s), abs=3)
    assert last["summary"]["strides"] == len(contacts)
    assert contacts[-1]["stride_s"] is None


def test_replay_and_day_speak_json(short_run: Path, tmp_path: Path):
    tools.program("mosquitto")
    replayed = json.loads(
        ok(
            run(
                "replay",
                short_run,
                "--start",
                "2026-05-01T06:00",
                "--foot",
                "right",
                "--json",
                folder=tmp_path,
            )
        )
    )
    assert replayed["changed"]
    assert replayed["start_utc"] == "2026-05-01T06:00:00Z"
    day = json.loads(ok(run("day", "--date", "2026-05-01", "--json", folder=tmp_path, TZ="UTC")))
    assert day["known"] == "recorded"
    assert day["right"] is not None
    assert day["left"] is None
    assert "running, " in ok(run("day", "--date", "2026-05-01", folder=tmp_path, TZ="UTC"))
    assert json.loads(ok(run("rebuild", "--json", folder=tmp_path)))["sessions"] == 1


def test_a_day_without_anything_is_not_known(tmp_path: Path):
    """Unknown is neither zero nor rest."""
    ok(run("runner", "add", "Bob", folder=tmp_path))
    day = json.loads(ok(run("day", "--date", "2026-05-02", "--json", folder=tmp_path)))
    assert day["known"] == "unknown"
    assert day["steps"] is None


def write(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


BAD_FILES = [
    pytest.param("empty.csv", b"", "empty", id="empty CSV"),
    pytest.param("words.csv", b"t_s,acc_x_g,acc_y_g,acc_z_g\n0,zero,0,1\n", "acc_x", id="non-numeric CSV"),
    pytest.param("columns.csv", b"a,b\n1,2\n", "no column gives time", id="unknown columns"),
    pytest.param("noise.npz", b"\x00\xff" * 300, "npz", id="not a zip"),
    pytest.param("binary.csv", bytes(range(256)) * 8, "", id="binary CSV"),
    pytest.param("cut.npz", b"PK\x03\x04 cut off", "", id="truncated npz"),
]


@pytest.mark.parametrize("command", ["detect", "replay"])
@pytest.mark.parametrize(("name", "content", "says"), BAD_FILES)
def test_a_bad_file_is_one_clear_sentence(
    command: str, name: str, content: bytes, says: str, tmp_path: Path, here: Here
):
    """Exit code 1, the sentence on stderr, no traceback, nothing on stdout."""
    done = here(command, write(tmp_path / name, content))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("strideload: ")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("day", "--date", "yesterday"), "--date is no date"),
        (("share", "--to-file", "x.html", "--from", "yesterday"), "--from is no date"),
        (("day", "--runner", "nobody"), "no runner"),
        (("detect", "missing.npz"), "No such file"),
        (("replay", "missing.npz", "--start", "noon"), "--start is no time"),
        (("replay", "missing.npz", "--start", "1990-01-01"), "Pods date from 2000"),
        (("replay", "missing.npz", "--start", "0001-01-01T00:00:00+05:00"), "Pods date from 2000"),
        (("replay", "missing.npz", "--foot", "third"), "--foot is left, right or unknown"),
        (("pod", "add", "left shoe"), "16 hex digits"),
        (("pod", "install", "--board", "teensy", "--to", "."), "Known are:"),
        (("pod", "logs"), "No pod was heard of yet"),
        (("import", "missing"), "cannot be read"),
        (("pod", "add", "00000000c0ffee01", "--runner", "nobody"), "no runner"),
        (("pod", "set", "00000000c0ffee01", "--raw"), "no pod was added or has reported yet"),
        (("pod", "mark", "left shoe"), "it does not run here"),
        (("pod", "cue", "00000000c0ffee01", "--on", "--off"), "Say one of"),
        (("pod", "cue", "00000000c0ffee01", "--show", "--percent", "5"), "--percent belongs to --on"),
        (("day", "--dir", "/proc/strideload"), "cannot be made"),
        (("simulate", "--out", "x.npz", "--plan", "fly:3@900"), "no part of a plan"),
        (("simulate", "--out", "x.npz", "--plan", "run:-1@3"), "minutes"),
        (("simulate", "--out", "x.npz", "--plan", "run:100000@10"), "minutes"),
        (("simulate", "--out", "x.npz", "--plan", "run:1@60"), "km/h"),
        (("simulate", "--out", "x.txt"), ".npz or .csv"),
        (("simulate",), "strideload up"),
        (("home", "share", "--runner", "nobody"), "no runner"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_wrong_words_are_answered_in_a_sentence(words: tuple[str, ...], says: str, here: Here):
    done = here(*words)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_usage_errors_exit_with_2():
    assert run("day", "--nonsense").returncode == 2


def test_what_a_runner_records_is_nobody_elses(tmp_path: Path):
    """In a folder that everybody may read, and whose name means something in a URL."""
    folder = tmp_path / "run?s #1 ü"
    folder.mkdir(mode=0o755)
    ok(run("runner", "list", folder=folder))
    stored = [file for file in folder.iterdir() if file.name.startswith("strideload.db")]
    assert stored
    assert all(file.stat().st_mode & 0o077 == 0 for file in stored)
    assert [file.name for file in tmp_path.iterdir()] == [folder.name]


def test_the_runner_is_at_home_where_the_settings_say(tmp_path: Path):
    """Also when they say so after the first start."""
    ok(run("runner", "add", "Bob", folder=tmp_path, TZ="UTC"))
    (tmp_path / "strideload.toml").write_text('[runner]\ntime_zone = "Asia/Tokyo"\n')
    assert json.loads(ok(run("day", "--json", folder=tmp_path, TZ="UTC")))["zone"] == "Asia/Tokyo"


def test_a_pod_that_is_added_gets_a_password_of_its_own(tmp_path: Path):
    """Printed once as the pod's settings.toml; the host keeps only its hash."""
    pod = "00000000c0ffee01"
    settings = tomllib.loads(ok(run("pod", "add", pod, "--foot", "left", folder=tmp_path)))
    password = settings["STRIDELOAD_BROKER_PASSWORD"]
    assert settings["STRIDELOAD_POD_ID"] == settings["STRIDELOAD_BROKER_USER"] == pod
    assert len(settings["STRIDELOAD_STORE"]) == 32
    assert settings["STRIDELOAD_BROKER_CA_FILE"] == "ca.pem"
    kept = [file for file in tmp_path.rglob("*") if file.is_file() and password.encode() in file.read_bytes()]
    assert kept == []


def test_a_pod_that_is_added_again_keeps_its_password_and_what_is_not_said(tmp_path: Path):
    """Also while the host runs; a new password is one that the broker reads when it starts."""
    pod = "00000000c0ffee01"
    users = tmp_path / "broker" / "users"
    added = run("pod", "add", pod, "--foot", "left", folder=tmp_path)
    first, hashed = tomllib.loads(added.stdout), users.read_text()
    assert f"Copy {tmp_path / 'broker' / 'ca.pem'} beside settings.toml" in added.stderr
    assert "STRIDELOAD_WIFI_SSID and STRIDELOAD_WIFI_PASSWORD" in added.stderr
    with open(tmp_path / LOCK_NAME, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        again = run("pod", "add", pod, "--foot", "right", folder=tmp_path)
        refused = run("pod", "add", pod, "--new-password", folder=tmp_path)
    assert again.returncode == 0
    assert users.read_text() == hashed
    del first["STRIDELOAD_BROKER_PASSWORD"]
    assert tomllib.loads(again.stdout) == first
    assert "keeps its STRIDELOAD_BROKER_PASSWORD" in again.stderr
    assert refused.returncode == 1
    assert "end `strideload up` first" in refused.stderr
    assert "STRIDELOAD_BROKER_PASSWORD" in tomllib.loads(
        ok(run("pod", "add", pod, "--new-password", folder=tmp_path))
    )
    assert users.read_text() != hashed
    (listed,) = json.loads(ok(run("pod", "list", "--json", folder=tmp_path)))
    assert listed["foot"] == "right"


def test_a_pod_that_is_added_without_a_foot_is_listed(tmp_path: Path):
    ok(run("pod", "add", "00000000c0ffee01", folder=tmp_path))
    (listed,) = json.loads(ok(run("pod", "list", "--json", folder=tmp_path)))
    assert (listed["foot"], listed["last_heard_s"]) == ("unknown", None)


def test_a_pod_is_set_listed_and_cued_by_commands(tmp_path: Path):
    """In words and as JSON; without runs of the runner's own there is nothing to cue towards."""
    pod = "00000000c0ffee01"
    ok(run("pod", "add", pod, "--foot", "left", folder=tmp_path))
    said = ok(run("pod", "set", pod, "--odr-hz", 416, "--no-raw", "--raw-gives-way", folder=tmp_path))
    assert "left pod has not confirmed its settings 1" in said
    (listed,) = json.loads(ok(run("pod", "list", "--json", folder=tmp_path)))
    assert (listed["pod"], listed["foot"], listed["settings"]["version"]) == (pod, "left", 1)
    assert listed["settings"]["wanted"] == {"odr_hz": 416, "raw": False, "raw_gives_way": True, "cue": None}
    said = ok(run("pod", "set", pod, "--own", "odr-hz", "--own", "raw-gives-way", "--json", folder=tmp_path))
    assert json.loads(said)["settings"]["wanted"] == {"raw": False, "cue": None}
    cue = run("pod", "cue", pod, "--on", folder=tmp_path)
    assert (cue.returncode, cue.stdout) == (1, "")
    assert "3 runs of 10 minutes or more without a cue are needed within 30 days, and 0" in cue.stderr
    assert json.loads(ok(run("pod", "cue", pod, "--show", "--json", folder=tmp_path)))["target_cspm"] is None


def test_a_wrong_setting_is_named(tmp_path: Path):
    (tmp_path / "strideload.toml").write_text("[web]\nprot = 80\n")
    done = run("day", folder=tmp_path)
    assert done.returncode == 1
    assert "did you mean port?" in done.stderr


def test_the_doctor_says_what_is_wrong(tmp_path: Path):
    """A broker that nobody runs; everything else is well."""
    (tmp_path / "strideload.toml").write_text(f'[broker]\nhost = "127.0.0.1"\nport = {free_port()}\n')
    done = run("doctor", "--json", folder=tmp_path)
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 1
    assert not findings["Broker"]["good"]
    assert all(finding["good"] for name, finding in findings.items() if name != "Broker")


def test_a_runner_is_shared_with_homes_by_command(tmp_path: Path):
    assert "load and symptoms" in ok(run("home", "share", "--symptoms", folder=tmp_path))
    (one,) = json.loads(ok(run("home", "list", "--json", folder=tmp_path)))
    assert (one["runner"], one["day"], one["symptoms"], len(one["id"])) == ("me", True, True, 16)


# What stays up until it is told to end


def start(
    *words: str, folder: Path, program: tuple[str, ...] = ("-m", "strideload.cli")
) -> subprocess.Popen[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("STRIDELOAD_")}
    return subprocess.Popen(
        [sys.executable, *program, *words],
        env={**env, "STRIDELOAD_DIR": str(folder), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def line_with(process: subprocess.Popen[str], text: str) -> str:
    """The first line of output that has this text; pytest's time-out is the deadline."""
    assert process.stdout is not None
    seen: list[str] = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return line
    raise AssertionError(f"{text!r} never came: {''.join(seen)[-2000:]}")


def group(process: subprocess.Popen[str]) -> list[int]:
    """Processes below this one, by /proc: children and theirs."""
    found, todo = [], [process.pid]
    while todo:
        parent = todo.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            below = [int(pid) for pid in task.read_text().split()]
            found += below
            todo += below
    return found


def end(process: subprocess.Popen[str], number: signal.Signals) -> int:
    """Tell it to stop and read it out -> exit code."""
    process.send_signal(number)
    try:
        process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode


def are_gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_up_serves_until_it_is_told_to_end(number: signal.Signals, tmp_path: Path):
    """Page, broker and store come up, and nothing of them is left behind."""
    tools.program("mosquitto")
    process = start("up", "--port", "0", folder=tmp_path)
    try:
        url = line_with(process, "Page").split()[-1]
        assert json.load(urllib.request.urlopen(url + "healthz"))["ok"] is True
        assert b"strideload_well 1.0" in urllib.request.urlopen(url + "openmetrics").read()
        line_with(process, "Ctrl-C")
        below = group(process)
        assert below  # the broker
        second = run("up", "--port", "0", folder=tmp_path)
        assert second.returncode == 1
        assert "in use by another strideload" in second.stderr
    finally:
        code = end(process, number)
    assert code == 0
    until(lambda: are_gone(below))


def test_the_page_goes_on_the_network_by_https_and_only_once_there_is_a_password(tmp_path: Path):
    tools.program("mosquitto")
    (tmp_path / "strideload.toml").write_text(f"[web]\nlan_host = '127.0.0.1'\nlan_port = {free_port()}\n")
    refused = run("up", "--port", "0", "--page-lan", folder=tmp_path)
    assert refused.returncode == 1
    assert "only once Runner has a password: `strideload runner password`" in refused.stderr
    set_ = run(
        "runner", "password", "--login", "Ada", "--password-stdin", folder=tmp_path, typed=f"{PASSWORD}\n"
    )
    assert "logs in as ada, keeps the house" in ok(set_)
    process = start("up", "--port", "0", "--page-lan", folder=tmp_path)
    try:
        home = line_with(process, "Page").split()[-1]
        said = line_with(process, "https://")
        port = re.search(r":(\d+)/", said)
        assert port
        trust = ssl.create_default_context(cafile=said.strip().rpartition("authority ")[2])
        with urllib.request.urlopen(f"https://localhost:{port[1]}/", context=trust) as answer:
            assert answer.url.endswith("/log-in?next=%2F")
        with urllib.request.urlopen(home) as answer:
            assert "/log-in" in answer.url
        line_with(process, "Ctrl-C")
    finally:
        assert end(process, signal.SIGTERM) == 0
    assert (tmp_path / "broker" / "page.key").stat().st_mode & 0o077 == 0


def test_runners_are_added_listed_and_given_passwords(tmp_path: Path):
    added = run(
        "runner",
        "add",
        "Bob",
        "--id",
        "bob",
        "--login",
        "bob",
        "--password-stdin",
        folder=tmp_path,
        typed=PASSWORD,
    )
    assert ok(added) == "bob  Bob, logs in as bob\n"
    listed = json.loads(ok(run("runner", "list", "--json", folder=tmp_path)))
    assert [(one["runner"], one["has_password"], one["keeper"]) for one in listed] == [
        ("me", False, True), ("bob", True, False),
    ]  # fmt: skip


def test_up_tells_homes_of_who_opted_in(tmp_path: Path):
    """Through the managed broker, with the password that dashboards find in its folder."""
    tools.program("mosquitto")
    (tmp_path / "strideload.toml").write_text(f"[home]\nenabled = true\n[broker]\nport = {free_port()}\n")
    ok(run("home", "share", folder=tmp_path))
    process = start("up", "--port", "0", folder=tmp_path)
    try:
        line_with(process, "Home     homeassistant/")
        password = (tmp_path / "broker" / "dashboard.password").read_text()
        port = int((tmp_path / "strideload.toml").read_text().split()[-1])
        address = Address("127.0.0.1", port, "dashboard", password)
        with Talker(
            address,
            (
                f"strideload/runner/{HomeIds(tmp_path / 'home').id_of('me')}/summary",
                "homeassistant/device/+/config",
            ),
        ) as talker:
            until(lambda: len(talker.heard) == 2)
            ok(run("home", "stop", folder=tmp_path))
            until(lambda: [payload for _, payload in talker.heard[2:]] == [b"", b""])
    finally:
        assert end(process, signal.SIGTERM) == 0


def test_up_says_what_holds_up_collecting(tmp_path: Path):
    """A broker of the user's own that is not there: in the terminal, not only on the page."""
    (tmp_path / "strideload.toml").write_text(f'[broker]\nhost = "127.0.0.1"\nport = {free_port()}\n')
    process = start("up", "--port", "0", folder=tmp_path)
    try:
        assert "no connection to the broker" in line_with(process, "no connection")
    finally:
        end(process, signal.SIGTERM)


def test_up_ends_with_a_sentence_when_its_port_is_taken(tmp_path: Path):
    tools.program("mosquitto")
    process = start("up", "--port", "0", folder=tmp_path / "one")
    try:
        url = line_with(process, "Page").split()[-1]
        port = url.rstrip("/").rsplit(":", 1)[1]
        done = run("up", "--port", port, folder=tmp_path / "two")
        assert done.returncode == 1
        assert "another program uses this port" in done.stderr
    finally:
        end(process, signal.SIGTERM)


def test_the_demo_once_prints_a_day_that_went_through_every_part(tmp_path: Path):
    """A season, a run of today, one summary, exit code 0; the user's own folder is not touched, and one that is kept is
    the demo's runner's.
    """
    where = {"folder": tmp_path / "users", "TZ": noon_zone()}  # else a run of just now may be yesterday's
    out = ok(run("demo", "--once", "--dir", tmp_path / "kept", **where))
    assert "simulated" in out
    assert "min running" in out
    assert "simulated" in ok(run("day", "--dir", tmp_path / "kept", **where))
    assert not (tmp_path / "users").exists()


# Three weeks and a minute of today's run, at a low rate; all else is as in any demo.
SHORT_DEMO = """
from strideload import cli, demo
from strideload.simulate import season
season.WEEKS = 3
demo.TODAY_PLAN = [("run", 60.0, 10.4)]
demo.ODR_HZ = 104
cli.main()
"""


def test_the_demo_stays_up_with_a_pod_that_runs_live(tmp_path: Path):
    """The page answers, a cadence ticks, and Ctrl-C leaves no process and no folder behind."""
    process = start("demo", "--port", "0", folder=tmp_path, program=("-c", SHORT_DEMO))
    try:
        url = line_with(process, "The page is at").split("at ")[1].split(" ")[0]
        below = group(process)
        live = re.compile(rb'data-live="cadence">\d+<')
        until(lambda: live.search(urllib.request.urlopen(url + "part/live").read()), every_s=0.2)
        page = urllib.request.urlopen(url).read().decode()
        assert "simulated" in page
    finally:
        code = end(process, signal.SIGINT)
    assert code == 0
    assert len(below) >= 2  # broker and pod
    until(lambda: are_gone(below))


def test_the_demo_touches_no_folder_that_is_not_its_own(tmp_path: Path):
    (tmp_path / "diary.txt").write_text("mine")
    done = run("demo", "--once", "--dir", tmp_path)
    assert done.returncode == 1
    assert "touches nobody's data" in done.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["diary.txt"]
