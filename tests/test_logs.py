"""The log: a line each, in the journal's form where the journal reads, and nobody's secrets or name in it."""

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collect.pod import make_pages
from collect.talker import Talker
from strideload.collect.address import Address
from strideload.collect.broker import address_of_running
from strideload.collect.credentials import Users
from strideload.host import BROKER_FOLDER
from strideload.logs import OneLine
from strideload.settings import load_settings
from strideload.store import open_store
from support import tools
from support.ports import free_port
from support.waiting import PATIENCE_S, until

POD = "00000000000000aa"
NAME = "Xanthippe Unverwechselbar"
PASSWORD = "correct-horse-battery-staple"


def record(
    level: int, message: str, *arguments: object, error: BaseException | None = None
) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("strideload.x", level, __file__, 1, message, arguments, info)


def raised() -> ValueError:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        return error


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        (logging.DEBUG, "<7>"),
        (logging.INFO, "<6>"),
        (logging.WARNING, "<4>"),
        (logging.ERROR, "<3>"),
        (logging.CRITICAL, "<2>"),
    ],
)
def test_the_journal_gets_priorities(level: int, priority: str) -> None:
    assert OneLine(True).format(record(level, "pod %s is here", POD)) == f"{priority}pod {POD} is here"


def test_a_record_is_one_line_whatever_is_in_it() -> None:
    """Lines, escapes of a terminal, and an error that nobody foresaw: its kind and its place.

    Its text may hold what somebody wrote.
    """
    line = OneLine(True).format(record(logging.ERROR, "%s", "a\nb\r\x1b[31mred"))
    assert line == "<3>a b ?[31mred"
    line = OneLine(True).format(record(logging.ERROR, "it failed", error=raised()))
    assert line.startswith("<3>it failed (ValueError; at test_logs.py:")
    assert "two" not in line
    full = OneLine(True).format(record(logging.ERROR, "it failed", error=OSError(28, "a text", "a name")))
    assert full.startswith("<3>it failed (OSError, No space left on device; at ")
    assert OneLine(False).format(record(logging.INFO, "x")).endswith(" INFO x")


@contextmanager
def up(folder: Path, log: Path, *words: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A host whose both streams go to a file that the journal is said to read."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("STRIDELOAD_")} | more
    with log.open("wb") as stream:
        found = os.fstat(stream.fileno())
        env["JOURNAL_STREAM"] = f"{found.st_dev}:{found.st_ino}"
        process = subprocess.Popen(
            [sys.executable, "-m", "strideload.cli", "up", "--port", "0", "--dir", folder, *words],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def broker_of(parent: int) -> int:
    (found,) = [
        int(pid)
        for file in Path(f"/proc/{parent}/task").glob("*/children")
        for pid in file.read_text().split()
    ]
    return found


def test_a_hosts_life_is_told_without_a_secret_or_a_name(tmp_path: Path) -> None:
    """Pods, pages, refusals, settings, a broker that is killed, the end; and what systemd is told meanwhile."""
    tools.program("mosquitto")
    folder, log = tmp_path / "host", tmp_path / "log"
    folder.mkdir()
    (folder / "strideload.toml").write_text(f'[runner]\nname = "{NAME}"\nid = "xanthippe"\n')
    (folder / BROKER_FOLDER).mkdir()
    password = Users(folder / BROKER_FOLDER).add_pod(POD)
    settings = load_settings(folder)

    def has(words: str) -> Callable[[], bool]:
        return lambda: words in log.read_text()

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE_S)
        with up(folder, log, NOTIFY_SOCKET=str(tmp_path / "notify")) as process:
            assert manager.recv(4096) == b"READY=1\nSTATUS=All is well."
            assert manager.recv(4096) == b"WATCHDOG=1"
            at = address_of_running(settings, folder / BROKER_FOLDER)
            until(has("connected to the broker"))
            with Talker(Address(at.host, at.port, POD, password)) as pod:
                pod.publish(f"strideload/pod/{POD}/online", b"1", retain=True)
                pod.publish(f"strideload/pod/{POD}/pages", b"".join(make_pages(3, pod=POD)), b"no page")
                pod.publish(f"strideload/pod/{POD}/state", NAME.encode())
                until(has("state cannot be read"))
                pod.publish(f"strideload/pod/{POD}/online", b"0", retain=True)
                until(has("is offline"))
            with open_store(settings.store_url()) as store:
                store.change_settings(POD, raw=True)
            until(has("settings sent"))
            os.kill(broker_of(process.pid), signal.SIGKILL)
            until(lambda: log.read_text().count("connected to the broker") == 2)
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)
            heard = [b""]
            while heard[-1] != b"STOPPING=1":
                heard.append(manager.recv(4096))
        assert process.returncode == 0
    text = log.read_text()
    lines = text.splitlines()
    assert all(line[:3] in ("<3>", "<4>", "<6>") for line in lines), text
    for words in (
        "<6>Strideload ",
        f"<6>pod {POD} is online",
        f"<6>pod {POD}: 3 new pages stored",
        "<4>1 not stored: length is not a multiple of 512",
        "<4>1 not stored: state cannot be read",
        f"<6>pod {POD} is offline",
        f"<6>pod {POD}: settings sent, version 1",
        "<4>Mosquitto ended and is started anew",
        "<4>the connection to the broker broke",
        "<6>stopping",
        "<6>stopped",
    ):
        # Settings are said again to a broker that may have forgotten them.
        most = 2 if "settings sent" in words else 1
        assert 1 <= sum(line.startswith(words) for line in lines) <= most, (words, text)
    host_password = (folder / BROKER_FOLDER / "host.password").read_text()
    for secret in (
        password,
        host_password,
        *Users(folder / BROKER_FOLDER).read().values(),
        NAME,
        "xanthippe",
    ):
        assert secret.lower() not in text.lower()


def test_a_broker_of_ones_own_that_refuses_is_told_without_the_password(tmp_path: Path) -> None:
    """And a level of `warning` leaves out what merely happens."""
    (tmp_path / "strideload.toml").write_text(
        f'[broker]\nhost = "127.0.0.1"\nport = {free_port()}\nuser = "strideload"\n[log]\nlevel = "debug"\n'
    )
    log = tmp_path / "log"
    more = {"STRIDELOAD_BROKER_PASSWORD": PASSWORD}
    with up(tmp_path, log, "--log-level", "warning", **more):
        until(lambda: "no connection to the broker" in log.read_text())
    text = log.read_text()
    assert text.startswith("<4>There is no connection to the broker at 127.0.0.1:")
    assert PASSWORD not in text
    assert "<6>" not in text
