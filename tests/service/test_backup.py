"""A backup is made while pages come, and becomes the identical host elsewhere; what is none changes nothing."""

import fcntl
import gzip
import io
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.conftest import season, tree
from store.making import T0_MS
from strideload import days
from strideload.collect.address import Address, refusal
from strideload.collect.credentials import Users
from strideload.deliver import Receiver, deliver
from strideload.errors import StrideloadError
from strideload.host import BROKER_FOLDER, HostRunning, held, open_host
from strideload.load.day import to_json
from strideload.service import archive, folders
from strideload.service.archive import BackupError
from strideload.service.backup import backup
from strideload.service.restore import restore
from strideload.settings import STORE_NAME, Settings, load_settings
from strideload.simulate.pod import ScratchFiles
from strideload.store import Store, StoreError, open_store
from strideload.store.keys import digest
from strideload_pod.boards.on_linux import PahoClient
from strideload_pod.log import Log
from strideload_pod.sync import Sync
from support import tools
from support.processes import UID, fill_log
from support.waiting import PATIENCE_S

DAY = datetime.fromtimestamp(T0_MS / 1000, UTC).date()


def nothing(share: float) -> None:
    pass


def back_up(settings: Settings, file: Path, *, replace: bool = False) -> Any:
    return backup(settings, file, replace=replace, advance=nothing)


def bring_back(file: Path, folder: Path, *, replace: bool = False, keep_access: bool = False) -> Any:
    return restore(file, folder, replace=replace, advance=nothing, keep_access=keep_access)


def day_and_digest(store: Store) -> tuple[str, str]:
    """The day's JSON as `strideload day --json` prints it, and the digest of all that is derived."""
    store.derive()
    return json.dumps(to_json(days.day_of(store, "me", DAY)), allow_nan=False), store.derived_digest()


@pytest.fixture
def file(settings: Settings, tmp_path: Path) -> Path:
    """A backup of the host."""
    target = tmp_path / "host.backup.tar.gz"
    back_up(settings, target)
    return target


def test_what_is_restored_is_the_identical_host(settings: Settings, file: Path, tmp_path: Path) -> None:
    """Day and derived rows to the byte, settings, users and certificates; the folder is its owner's alone."""
    elsewhere = tmp_path / "other" / "host"
    said = bring_back(file, elsewhere)
    with open_store(settings.store_url()) as here, open_store(elsewhere / STORE_NAME) as there:
        assert there.store_id == here.store_id
        assert day_and_digest(there) == day_and_digest(here)
        assert there.page_count() == here.page_count() == said.store.pages
        assert json.loads(day_and_digest(there)[0])["steps"] > 0
    before, after = tree(settings.folder), tree(elsewhere)
    store_files = {name for name in before if name.startswith(STORE_NAME)}
    assert {name: after.get(name) for name in before.keys() - store_files} == {
        name: before[name] for name in before.keys() - store_files
    }
    assert {name.removeprefix("broker/") for name in after if name.startswith("broker/")} >= {
        "users",
        "host.password",
        "ca.pem",
        "ca.key",
        "server.pem",
        "server.key",
    }
    assert load_settings(elsewhere).runner.name == "Ada"
    assert all(path.stat().st_mode & 0o077 == 0 for path in [elsewhere, *elsewhere.rglob("*")])


@pytest.mark.parametrize("keep_access", [False, True])
def test_what_was_ended_since_the_backup_lets_nobody_in_again(
    settings: Settings, tmp_path: Path, keep_access: bool
) -> None:
    """Log-ins, tokens, links to a diary and to set a password, of which no byte stays; unless they shall hold."""
    with open_store(settings.store_url()) as store:
        now, keys = time.time_ns() // 1000, store.keys
        store.accounts.set_password("me", "hash", login="ada")
        login, offer = keys.log_in("me", now), keys.offer_password("me", now)
        token = keys.add_token("me", "t", ["read"], now, None)
        link = keys.share("me", "Dr Quinn", DAY, DAY, now, now + 3_600_000_000)
    file, elsewhere = tmp_path / "a.tar.gz", tmp_path / "elsewhere"
    back_up(settings, file)
    said = bring_back(file, elsewhere, keep_access=keep_access)
    assert ("were ended since as well" in said.in_words()) is keep_access
    raw = (elsewhere / STORE_NAME).read_bytes()
    secrets = (login, token, link, offer)
    assert [digest(secret).encode() in raw for secret in secrets] == [keep_access] * 4
    with open_store(elsewhere / STORE_NAME) as there:
        found = [
            there.keys.login(login, now),
            there.keys.token(token, now),
            there.keys.shared(link, now),
            there.keys.offered(offer, now),
        ]
        assert there.accounts.password_hash("me") == "hash"
    assert [one is not None for one in found] == [keep_access] * 4


def test_a_backup_in_the_middle_of_collecting_is_one_moment(tmp_path: Path) -> None:
    """While another thread adds pages and derives: what is restored is what the store was after so many messages."""
    folder = tmp_path / "host"
    folder.mkdir()
    settings = load_settings(folder)
    messages, begun, enough, backed_up = season(), *(threading.Event() for _ in range(3))
    with open_store(settings.store_url()) as store:
        store.ensure_runner("me", "Me", "UTC")

        def collect() -> None:
            for number, message in enumerate(messages):
                store.add([message])
                if number % 5 == 0:
                    store.derive()
                if number == len(messages) // 4:
                    begun.set()
                    enough.wait(PATIENCE_S)
                if number == len(messages) - 2:
                    backed_up.wait(PATIENCE_S)

        collector = threading.Thread(target=collect)
        collector.start()
        assert begun.wait(PATIENCE_S)
        enough.set()
        files = [tmp_path / f"{number}.tar.gz" for number in range(3)]
        made = []
        for file in files:
            made.append(back_up(settings, file))
            backed_up.set()
        collector.join()
    counts = [one.store.pages for one in made]
    assert 0 < counts[0] < store.page_count()
    for file, count in zip(files, counts, strict=True):
        bring_back(file, tmp_path / file.stem)
        with open_store(tmp_path / "like" / f"{count}.db") as like:
            like.ensure_runner("me", "Me", "UTC")
            pages = 0
            for message in messages:
                if pages < count:
                    like.add([message])
                    pages += len(message.payload) // 512
            assert pages == count
            with open_store(tmp_path / file.stem / STORE_NAME) as found:
                assert day_and_digest(found) == day_and_digest(like)


def test_pods_connect_to_what_was_restored_and_send_again_what_came_after(
    settings: Settings, tmp_path: Path
) -> None:
    """The password that a pod has still opens; a log whose every page was acknowledged is asked for the newer ones."""
    tools.program("mosquitto")
    password = Users(settings.folder / BROKER_FOLDER).add_pod(UID.hex())
    log, file = tmp_path / "log", tmp_path / "last-week.tar.gz"
    fill_log(log, 40)
    with open_host(settings) as host:
        old = host.store.page_count()
        assert (
            deliver(Receiver(host.store, host.broker.address), UID, ScratchFiles(log), nothing).stored == 40
        )
        back_up(settings, file)
    fill_log(log, 30)
    with open_host(settings) as host:
        assert (
            deliver(Receiver(host.store, host.broker.address), UID, ScratchFiles(log), nothing).stored == 30
        )
        whole = day_and_digest(host.store)
    bring_back(file, tmp_path / "new computer")
    with open_host(load_settings(tmp_path / "new computer")) as host:
        at = host.broker.address
        assert host.store.page_count() == 40 + old
        pod = Address(at.host, at.port, UID.hex(), password)
        assert refusal(pod) is None
        say_hello(pod, log, until=lambda: host.store.page_count() == 70 + old)
        assert day_and_digest(host.store) == whole


def say_hello(host: Address, folder: Path, *, until: Callable[[], bool]) -> None:
    """A pod whose log was acknowledged to its end connects, and does what it is told."""
    log = Log(ScratchFiles(folder), UID, 4096, lambda: 0x5EED)
    client = PahoClient(host.host, host.port, client_id="pod", user=host.user, password=host.password)
    sync = Sync(log, client, dict, lambda: 1)
    assert sync.drained
    began_s = time.monotonic()
    try:
        while not until():
            sync.step(int((time.monotonic() - began_s) * 1000), 10)
            assert time.monotonic() - began_s < PATIENCE_S
    finally:
        sync.close()


# The file


def test_only_its_owner_may_read_it_and_nothing_is_left_beside(file: Path, tmp_path: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["host", file.name]


def test_a_file_that_is_there_is_only_replaced_when_told(settings: Settings, file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(BackupError, match="is there already"):
        back_up(settings, file)
    assert file.read_bytes() == before
    (settings.folder / "more.txt").write_text("new")
    back_up(settings, file, replace=True)
    assert file.read_bytes() != before


def test_a_disk_without_hard_links_takes_it_too(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    back_up(settings, tmp_path / "fat.tar.gz")
    assert bring_back(tmp_path / "fat.tar.gz", tmp_path / "new").store.pages


def test_what_a_killed_backup_left_is_removed_and_a_living_one_is_not_disturbed(
    settings: Settings, tmp_path: Path
) -> None:
    left = tmp_path / ".new.tar.gz.unfinished"
    left.mkdir(mode=0o700)
    (left / "gathered").mkdir()
    (left / "draft").write_bytes(b"half")
    descriptor = os.open(left, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(BackupError, match="Another strideload works in"):
        back_up(settings, tmp_path / "new.tar.gz")
    os.close(descriptor)
    back_up(settings, tmp_path / "new.tar.gz")
    assert not left.exists()


@pytest.mark.parametrize("told", [True, False])
def test_who_opted_out_of_dashboards_since_is_remembered_by_words(
    settings: Settings, tmp_path: Path, told: bool
) -> None:
    with (settings.folder / "strideload.toml").open("a") as file:
        file.write(f"[home]\nenabled = {str(told).lower()}\n")
    back_up(settings, tmp_path / "a.tar.gz")
    said = bring_back(tmp_path / "a.tar.gz", tmp_path / "elsewhere").in_words()
    assert ("strideload home stop" in said) is told


def test_what_cannot_go_into_it_is_named(settings: Settings, tmp_path: Path) -> None:
    """A password file elsewhere, a link to a folder, a socket."""
    (tmp_path / "secret").write_text("hunter2")
    (tmp_path / "photos").mkdir()
    (settings.folder / "photos").symlink_to(tmp_path / "photos")
    (settings.folder / "strideload.toml").write_text(
        f'[broker]\nhost = "broker.lan"\npassword_file = "{tmp_path / "secret"}"\n'
    )
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(settings.folder / "door"))
        notes = "\n".join(back_up(load_settings(settings.folder), tmp_path / "x.tar.gz").notes)
    assert f"{tmp_path / 'secret'}, which the settings name and which lies elsewhere" in notes
    assert "photos, which is a link to a folder" in notes
    assert "door, which is no file" in notes


REFUSED: dict[str, tuple[str, str]] = {
    "PostgreSQL": ('[store]\nurl = "postgresql+psycopg://localhost/strideload"', "pg_dump"),
    "a store elsewhere": ('[store]\nurl = "sqlite:////srv/x.db"', "outside of"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_store_that_is_not_in_the_folder_is_refused_with_what_to_do(
    case: str, settings: Settings, tmp_path: Path
) -> None:
    text, expected = REFUSED[case]
    (settings.folder / "strideload.toml").write_text(text)
    with pytest.raises(BackupError, match=expected):
        back_up(load_settings(settings.folder), tmp_path / "x.tar.gz")
    assert not (tmp_path / "x.tar.gz").exists()


def test_no_store_and_a_place_within_the_folder_are_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="lies in the folder"):
        back_up(settings, settings.folder / "x.tar.gz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BackupError, match="no store"):
        back_up(load_settings(tmp_path / "empty"), tmp_path / "x.tar.gz")


def test_a_damaged_store_is_not_backed_up_and_a_damaged_page_is_told(
    settings: Settings, tmp_path: Path
) -> None:
    store = settings.folder / STORE_NAME
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE pages SET bytes = zeroblob(512) WHERE number = 3")
    connection.close()
    made = back_up(settings, tmp_path / "page.tar.gz")
    assert made.store.damaged == 1
    assert "1 of the pages are damaged in the store itself" in made.in_words()
    assert bring_back(tmp_path / "page.tar.gz", tmp_path / "new").store.damaged == 1
    data = bytearray(store.read_bytes())
    data[8 * 4096 : 16 * 4096] = bytes(8 * 4096)
    store.write_bytes(data)
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        back_up(settings, tmp_path / "store.tar.gz")
    assert not (tmp_path / "store.tar.gz").exists()


# What is no whole backup


def refused(file: Path, folder: Path) -> str:
    """Restoring is refused in one sentence, and changes nothing."""
    before = tree(folder)
    with pytest.raises(StrideloadError) as told:
        bring_back(file, folder, replace=True)
    assert tree(folder) == before
    assert sorted(path.name for path in folder.parent.iterdir() if path.name.startswith(".")) == []
    assert "\n" not in str(told.value)
    return str(told.value)


def test_a_backup_that_was_cut_anywhere_changes_nothing(
    file: Path, settings: Settings, tmp_path: Path
) -> None:
    whole, cut = file.read_bytes(), tmp_path / "cut.tar.gz"
    places = [0, 1, 9, 10, 11, len(whole) // 2, *range(len(whole) - 12, len(whole))]
    for place in [*places, *random.Random(1).sample(range(len(whole)), 20)]:
        cut.write_bytes(whole[:place])
        assert str(cut) in refused(cut, settings.folder), place


def test_a_backup_with_a_flipped_bit_is_refused_or_the_same(file: Path, tmp_path: Path) -> None:
    """The form of gzip has bits that mean nothing, in its header and between blocks; any other is found."""
    whole, flipped, found = file.read_bytes(), tmp_path / "flipped.tar.gz", tmp_path / "found"
    bring_back(file, tmp_path / "good")
    good = tree(tmp_path / "good")
    places = [*range(12), *random.Random(2).sample(range(12, len(whole)), 30), len(whole) - 5]
    accepted = set(places)
    for place in places:
        flipped.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            bring_back(flipped, found)
        except StrideloadError:
            accepted.discard(place)
            assert not found.exists()
        else:
            assert tree(found) == good
            shutil.rmtree(found)
    assert len(accepted) < len(places) / 4
    assert not accepted & {0, 1, 2, len(whole) - 5}


def made_of(members: dict[str, bytes]) -> bytes:
    held_ = io.BytesIO()
    with tarfile.open(fileobj=held_, mode="w:gz") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return held_.getvalue()


def listing(**changes: Any) -> bytes:
    return json.dumps({"format": 1, "store": {}, "files": {}} | changes).encode()


NO_SHA = {"size": 1, "sha256": "0" * 64}
FOREIGN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no backup"),
    "text": (b"dear diary", "no backup"),
    "gzip of text": (gzip.compress(b"dear diary" * 99), "no backup"),
    "somebody's tar": (made_of({"photo.jpg": b"x"}), "no backup"),
    "empty tar": (made_of({}), "no backup"),
    "list is no JSON": (made_of({archive.LIST_NAME: b"{"}), "list of contents"),
    "list is a number": (made_of({archive.LIST_NAME: b"7"}), "list of contents"),
    "another format": (made_of({archive.LIST_NAME: listing(format=2)}), "another version"),
    "a name that climbs": (made_of({archive.LIST_NAME: listing(files={"../x": NO_SHA})}), "list of contents"),
    "an absolute name": (made_of({archive.LIST_NAME: listing(files={"/etc/x": NO_SHA})}), "list of contents"),
    "a file that is missing": (made_of({archive.LIST_NAME: listing(files={"a": NO_SHA})}), "a is missing"),
    "a file too many": (made_of({archive.LIST_NAME: listing(), "a": b"x"}), "not what its list says"),
    "other bytes": (made_of({archive.LIST_NAME: listing(files={"a": NO_SHA}), "a": b"x"}), "other bytes"),
    "no store": (made_of({archive.LIST_NAME: listing(store=None)}), "tell of a store"),
    "lists without end": (made_of({archive.LIST_NAME: b"[" * 100_000}), "list of contents"),
    "tables that are a number": (
        made_of({archive.LIST_NAME: listing(store={"tables": 7}, files={})}),
        "newer version",
    ),
    "newer tables": (made_of({archive.LIST_NAME: listing(store={"tables": "9999"})}), "newer version"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_file_that_is_no_backup_changes_nothing(case: str, settings: Settings, tmp_path: Path) -> None:
    data, expected = FOREIGN[case]
    file = tmp_path / "foreign.tar.gz"
    file.write_bytes(data)
    assert expected in refused(file, settings.folder)


def test_a_store_that_is_not_the_lists_changes_nothing(
    settings: Settings, file: Path, tmp_path: Path
) -> None:
    """A list that was written anew for other bytes: the store itself tells."""
    bring_back(file, tmp_path / "other")
    promised = json.loads(gzip.decompress(file.read_bytes())[512:].split(b"\0")[0])
    with sqlite3.connect(tmp_path / "other" / STORE_NAME) as connection:
        connection.execute("DELETE FROM steps")
    connection.close()
    archive.pack(tmp_path / "other", {"store": promised["store"]}, tmp_path / "forged.tar.gz", nothing)
    assert "not what its list says" in refused(tmp_path / "forged.tar.gz", settings.folder)


# The place


def test_a_host_that_runs_is_not_restored_over(settings: Settings, file: Path) -> None:
    before = tree(settings.folder)
    with held(settings.folder), pytest.raises(HostRunning, match="in use by another strideload"):
        bring_back(file, settings.folder, replace=True)
    assert tree(settings.folder).items() >= before.items()


def test_a_folder_with_something_in_it_is_refused_or_kept_aside(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "diary.txt").write_text("mine")
    with pytest.raises(BackupError, match="is not empty"):
        bring_back(file, folder)
    assert tree(folder).keys() == {"diary.txt"}
    aside = Path(bring_back(file, folder, replace=True).aside)
    assert (aside / "diary.txt").read_text() == "mine"
    assert STORE_NAME in tree(folder)
    assert "diary.txt" not in tree(folder)


def test_where_names_cannot_be_exchanged_it_works_too(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "exchange", lambda *_: False)
    test_a_folder_with_something_in_it_is_refused_or_kept_aside(file, tmp_path)


def test_an_empty_folder_and_a_link_to_one_are_filled(file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    bring_back(file, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert STORE_NAME in tree(tmp_path / "empty")


# Run by itself, without threads: it forks once for each step of a restore, and kills the child there.
KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from strideload.service import restore as restore_
file, place = Path(sys.argv[1]), Path(sys.argv[2])
os.fsync = lambda _: None  # a killed process takes no power from the disk
place.mkdir()
# All is imported then, and a child does nothing but restore.
restore_.restore(file, place / "warm", replace=True, advance=lambda share: None)

def restore_and_die(step):
    left = [step]
    def count(event, arguments):
        if event in STEPS and str(place) in repr(arguments):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(count)
    restore_.restore(file, place / "host", replace=True, advance=lambda share: None)
    os._exit(0)

STEPS = {"open", "os.mkdir", "os.rename", "shutil.rmtree"}
NEW = sorted(path.name for path in (place / "warm").iterdir())
outcomes, step = [], 0
while True:
    host = place / "host"
    host.mkdir(exist_ok=True)
    (host / "old.txt").write_text("old")
    child = os.fork()
    if not child:
        restore_and_die(step)
    _, status = os.waitpid(child, 0)
    names = sorted(path.name for path in host.iterdir() if path.name != "host.lock")
    old = any((aside / "old.txt").exists() for aside in place.glob("host.aside-*"))
    assert names == ["old.txt"] or (names == NEW and old), (step, names, old)
    outcomes.append("old" if names == ["old.txt"] else "new")
    for found in place.glob("host*"):
        shutil.rmtree(found)
    if status == 0:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL
    step += 1
restore_.restore(file, place / "last", replace=False, advance=lambda share: None)
print(" ".join(outcomes))
"""


def test_killed_at_any_step_the_folder_is_the_old_or_the_new_one(file: Path, tmp_path: Path) -> None:
    """kill -9 before each touch of the disk; what it leaves keeps nobody from restoring again."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, file, tmp_path / "place"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    outcomes = done.stdout.split()
    assert outcomes == sorted(outcomes, reverse=True)  # first the old one, from one step on the new one
    assert outcomes.count("old") > 10
    assert outcomes.count("new") > 1
