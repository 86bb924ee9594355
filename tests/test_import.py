"""A folder that was copied off a pod: all whole pages of it go into the store, once, and the folder stays as it is."""

import json
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from store.making import LOG, POD, Pod, changed, messages
from strideload.cli import app
from strideload.deliver import Receiver, deliver
from strideload.host import open_host
from strideload.import_folder import Imported, import_folder
from strideload.pod import log_files
from strideload.pod.logs import logs
from strideload.pod_settings import known_pods
from strideload.progress import progress
from strideload.settings import Settings, load_settings
from strideload.simulate.pod import ScratchFiles
from strideload.store import Store, open_store
from strideload_pod.boards.on_linux import LOCK_NAME, Files
from strideload_pod.log import SEGMENT_PAGES, Log
from strideload_pod.page import KIND_RAW, PAGE_SIZE, STREAM_RAW, Page
from strideload_pod.settings import FILE_NAMES
from support import tools

UID = bytes.fromhex(POD)


def life() -> list[bytes]:
    """The pages of a pod's life: three runs, the second without a date of its own."""
    pod = Pod()
    pod.alive(0)
    pod.run(10, session=1, strides=400)
    pod.run(1000, session=2, strides=500, anchored=False)
    pod.run(2000, session=3, strides=400)
    return pod.pages


LIFE = life()


class Ready(Page):
    """A page that was sealed already, handed to the log as it is."""

    def __init__(self, sealed: bytes) -> None:
        super().__init__(UID)
        self.sealed = bytearray(sealed)

    def close(self, log: int, number: int, sample: int, tick_ms: int) -> bytearray:
        return self.sealed


def write_log(folder: Path, pages: list[bytes]) -> Log:
    """A log that the firmware wrote."""
    log = Log(ScratchFiles(folder), UID, 4096, lambda: LOG)
    for data in pages[log.next(0) :]:
        log.append(Ready(data), 0, 0)
    return log


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "host")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_log(tmp_path / "copied", LIFE)
    return tmp_path / "copied"


def take(home: Settings, folder: Path) -> Imported:
    return import_folder(home, folder, progress)


def stored(home: Settings) -> dict[int, bytes]:
    with closing(sqlite3.connect(home.folder / "strideload.db")) as connection:
        return dict(connection.execute("SELECT number, bytes FROM pages"))


def digest(store: Store) -> str:
    store.derive()
    return store.derived_digest()


def synced(folder: Path, pages: list[bytes]) -> str:
    """The digest of a store that got all of it by messages."""
    with open_store(folder / "other.db") as store:
        store.ensure_runner("me", "Runner", "UTC")
        store.add(messages(pages))
        return digest(store)


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    found = {}
    for file in folder.rglob("*"):
        if file.is_file():
            found[str(file)] = file.read_bytes(), file.stat().st_mtime_ns
    return found


def test_a_copied_log_is_as_good_as_a_sync(home: Settings, folder: Path, tmp_path: Path):
    before = snapshot(folder)
    imported = take(home, folder)
    assert len(LIFE) > SEGMENT_PAGES  # more than one file
    assert (imported.pages, imported.stored, imported.sessions) == (len(LIFE), len(LIFE), 3)
    assert imported.others == []
    assert (imported.spoilt, imported.misplaced, imported.torn) == (0, 0, 0)
    assert stored(home) == dict(enumerate(LIFE))
    with open_store(home.store_url()) as store:
        assert store.wanted(POD, LOG, 0) == len(LIFE)
        assert digest(store) == synced(tmp_path, LIFE)
    assert snapshot(folder) == before


def test_again_is_no_change(home: Settings, folder: Path):
    take(home, folder)
    again = take(home, folder)
    assert (again.pages, again.stored, again.repeated, again.sessions) == (len(LIFE), 0, len(LIFE), 0)
    assert "No change" in again.in_words()


def test_what_came_by_messages_is_not_doubled(home: Settings, folder: Path, tmp_path: Path):
    """Every third message arrived before, in no order."""
    with open_store(home.store_url()) as store:
        store.add(messages(LIFE, size=4)[::-3])
        had = store.page_count()
        store.derive()
    imported = take(home, folder)
    assert (imported.stored, imported.repeated) == (len(LIFE) - had, had)
    with open_store(home.store_url()) as store:
        assert digest(store) == synced(tmp_path, LIFE)


def test_other_bytes_under_the_same_number_are_set_aside(home: Settings, folder: Path):
    other = changed(LIFE[5], 120, b"\x99")
    with open_store(home.store_url()) as store:
        store.add(messages([other]))
    imported = take(home, folder)
    assert (imported.conflicts, imported.stored) == (1, len(LIFE) - 1)
    assert stored(home)[5] == other
    with open_store(home.store_url()) as store:
        assert sum(store.rejections().values()) == 1
    assert "set them aside" in imported.in_words()


def test_a_pod_synced_in_part_and_imported_goes_on_where_the_host_is(home: Settings, tmp_path: Path):
    """By MQTT the first half, by cable all of it, by MQTT again: the pod hears that all is there, and sends nothing."""
    tools.program("mosquitto")
    home.folder.mkdir(parents=True)
    pod_folder = tmp_path / "pod"
    write_log(pod_folder, LIFE[: len(LIFE) // 2])
    with open_host(home) as host:
        receiver = Receiver(host.store, host.broker.address)
        half = deliver(receiver, UID, Files(pod_folder), lambda share: None)
        write_log(pod_folder, LIFE)
        shutil.copytree(pod_folder, tmp_path / "copied")
        imported = take(home, tmp_path / "copied")  # beside the collector, in the same store
        rest = deliver(receiver, UID, Files(pod_folder), lambda share: None)
        assert half.stored == len(LIFE) // 2
        assert imported.stored == len(LIFE) - half.stored
        assert (rest.stored, rest.conflicts) == (0, 0)
        assert digest(host.store) == synced(tmp_path, LIFE)
    log = Log(Files(pod_folder), UID, 4096, lambda: 0)
    log.pair(receiver.store.store_id)
    assert log.waiting() < SEGMENT_PAGES  # noted once a segment


def spoil(folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)


def test_a_whole_drive_is_looked_through(home: Settings, folder: Path, tmp_path: Path):
    """Firmware and foreign files are named, links are not followed, two logs are two logs."""
    drive = tmp_path / "drive"
    shutil.copytree(folder, drive / "log")
    other = Pod(log=LOG + 1)
    other.run(0, session=1)
    write_other = Log(ScratchFiles(drive / "card" / "old"), UID, 4096, lambda: LOG + 1)
    for data in other.pages:
        write_other.append(Ready(data), 0, 0)
    spoil(drive, "code.py", b"print()")
    spoil(drive / "log", "0-0000000G.seg", b"")
    (drive / "away.seg").symlink_to(folder / "0-00000000.seg")
    imported = take(home, drive)
    assert imported.stored == len(LIFE) + len(other.pages)
    assert sorted(imported.others) == ["away.seg", "code.py", "log/0-0000000G.seg"]
    assert [key[1] for key in imported.streams] == [LOG + 1, LOG]
    assert "code.py" in imported.in_words()


def test_what_the_log_gave_up_is_left_out(home: Settings, folder: Path):
    """A write that failed leaves a page in one file, and its number begins the next one with other bytes."""
    first = SEGMENT_PAGES
    name = f"0-{first:08x}.seg"
    dead = changed(LIFE[first + 6], 130, b"\x77")
    data = (folder / name).read_bytes()
    spoil(folder, name, data[: 6 * PAGE_SIZE] + dead)
    spoil(folder, f"0-{first + 6:08x}.seg", data[6 * PAGE_SIZE :])
    imported = take(home, folder)
    assert (imported.misplaced, imported.conflicts, imported.stored) == (1, 0, len(LIFE))
    assert stored(home)[first + 6] == LIFE[first + 6]
    assert "given up" in imported.in_words()


def raw_pages(log: int, count: int) -> list[bytes]:
    """Sealed pages of the raw stream, without samples."""
    made: list[bytes] = []
    for number in range(count):
        page = Page(UID, STREAM_RAW)
        page.open(KIND_RAW, 0)
        made.append(bytes(page.close(log, number, 0, 0)))
    return made


def test_raw_pages_on_a_card_of_their_own_are_taken(home: Settings, folder: Path):
    """A card holds the files of two logs, and one that holds what its name does not say."""
    card = folder / "raw"
    card.mkdir()
    ours, older = raw_pages(LOG, 5), raw_pages(LOG + 1, 3)
    spoil(card, f"{LOG:08x}-00000000.seg", b"".join(ours[:2]))
    spoil(card, f"{LOG:08x}-00000002.seg", b"".join(ours[2:]))
    spoil(card, f"{LOG + 1:08x}-00000000.seg", b"".join(older))
    spoil(card, f"{LOG + 2:08x}-00000000.seg", older[0])
    imported = take(home, folder)
    assert (imported.misplaced, imported.spoilt, imported.others) == (1, 0, [])
    raw = {key[1]: one.stored for key, one in imported.streams.items() if key[2] == STREAM_RAW}
    assert raw == {LOG: 5, LOG + 1: 3}
    with open_store(home.store_url()) as store:
        assert store.wanted(POD, LOG, STREAM_RAW) == 5


def test_files_of_the_pod_without_pages_are_not_foreign(home: Settings, folder: Path):
    for name in (*FILE_NAMES, LOCK_NAME, "settings.toml"):
        spoil(folder, name, b"")
    assert take(home, folder).others == []


def test_where_nothing_can_be_taken_it_says_so(home: Settings, tmp_path: Path):
    (tmp_path / "bad").mkdir()
    spoil(tmp_path / "bad", "0-00000000.seg", bytes(2 * PAGE_SIZE))
    done = CliRunner().invoke(app, ["import", str(tmp_path / "bad"), "--dir", str(home.folder)])
    assert done.exit_code == 1
    assert "Nothing could be taken" in done.stdout


def test_a_spoilt_copy_is_not_said_to_be_all_there(home: Settings, folder: Path):
    take(home, folder)
    data = (folder / "0-00000000.seg").read_bytes()
    spoil(folder, "0-00000000.seg", bytes(PAGE_SIZE) + data[PAGE_SIZE:])
    said = take(home, folder).in_words()
    assert "all that could be read" in said
    assert "all of it" not in said


def test_an_import_is_no_word_of_the_pod(home: Settings, folder: Path):
    """Before it was heard, and after."""
    take(home, folder)
    with open_store(home.store_url()) as store:
        assert [row.last_seen_utc_us for row in store.pods()] == [None]
        assert [one.last_heard_s for one in known_pods(store)] == [None]
        assert "it was never heard" in logs(store, POD)[0].in_words(1)
        store.add(messages(LIFE[:1]))
        (heard,) = store.pods()
    take(home, folder)
    with open_store(home.store_url()) as store:
        assert heard.last_seen_utc_us is not None
        assert store.pods() == [heard]


def test_a_folder_without_a_log_is_refused(home: Settings, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    for words, says in ((tmp_path / "empty", "no pages of a pod"), (tmp_path / "none", "cannot be read")):
        done = CliRunner().invoke(app, ["import", str(words), "--dir", str(home.folder)])
        assert says in str(done.exception)
    assert not home.folder.exists()


def test_it_speaks_json(home: Settings, folder: Path):
    done = CliRunner().invoke(app, ["import", str(folder), "--json", "--dir", str(home.folder)])
    said = json.loads(done.stdout)
    assert (said["pages"], said["stored"], said["changed"]) == (len(LIFE), len(LIFE), True)
    (stream,) = said["streams"]
    assert stream == {
        "pod": POD,
        "log": f"{LOG:08x}",
        "stream": 0,
        "pages": len(LIFE),
        "stored": len(LIFE),
        "wanted": len(LIFE),
    }


# Cut and spoilt anywhere

COUNT = 20


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("short")
    write_log(folder, LIFE[:COUNT])
    return folder


@given(
    cut=st.integers(0, COUNT * PAGE_SIZE),
    flips=st.lists(st.integers(0, 8 * COUNT * PAGE_SIZE - 1), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_every_whole_page_of_a_cut_and_spoilt_file_is_taken_and_no_other(
    cut: int, flips: list[int], short: Path
):
    (found,) = log_files.segments({file.name: file.stat().st_size for file in short.glob("*.seg")})
    data = bytearray((short / found.name).read_bytes())
    for bit in set(flips):
        data[bit // 8] ^= 1 << bit % 8
    data = data[:cut]
    judged = log_files.judge(found, bytes(data))
    hit = {bit // 8 // PAGE_SIZE for bit in set(flips)}
    whole = [number for number in range(cut // PAGE_SIZE) if number not in hit]
    assert judged.pages == [LIFE[number] for number in whole]
    assert judged.spoilt == cut // PAGE_SIZE - len(whole)
    assert judged.torn_bytes == cut % PAGE_SIZE


@given(
    cuts=st.lists(st.tuples(st.integers(0, 2), st.integers(0, SEGMENT_PAGES * PAGE_SIZE)), max_size=3),
    flips=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8 * SEGMENT_PAGES * PAGE_SIZE)), max_size=8),
)
@settings(max_examples=8, deadline=None)
def test_a_spoilt_copy_and_then_a_good_one_are_a_full_sync(
    cuts: list[tuple[int, int]], flips: list[tuple[int, int]]
):
    """Nothing that a spoilt copy brings stands in the way of the good one."""
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name) / "copied", load_settings(Path(name) / "host")
        write_log(folder, LIFE)
        shutil.copytree(folder, Path(name) / "good")
        files = sorted(folder.glob("*.seg"))
        for index, bit in flips:
            data = bytearray(files[index % len(files)].read_bytes())
            if data:
                data[bit // 8 % len(data)] ^= 1 << bit % 8
            files[index % len(files)].write_bytes(data)
        for index, cut in cuts:
            with files[index % len(files)].open("r+b") as file:
                file.truncate(min(cut, file.seek(0, 2)))
        take(home, folder)
        good = take(home, Path(name) / "good")
        assert good.conflicts == 0
        assert stored(home) == dict(enumerate(LIFE))
        with open_store(home.store_url()) as store:
            assert store.wanted(POD, LOG, 0) == len(LIFE)
            assert digest(store) == synced(Path(name), LIFE)
