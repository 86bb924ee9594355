"""The pod's log: what is written stays until the paired host has it, wherever the power fails."""

import struct

import pytest

from strideload_pod import log as log_module
from strideload_pod.log import (
    CAPACITY_LEAST,
    GONE_RESERVE,
    NOT_BEGUN,
    SEGMENT_PAGES,
    Log,
    LogFailed,
    LogForeign,
    LogFull,
)
from strideload_pod.page import (
    GONE_OVERWRITTEN,
    KIND_ALIVE,
    KIND_GONE,
    PAGE_SIZE,
    STREAM_RAW,
    STREAM_STEPS,
    Page,
)
from strideload_pod.pod import session_number
from support.files import Flash, PowerCut, flips
from support.log_life import (
    CAPACITY,
    OTHER_STORE,
    POD,
    STORE,
    STREAMS,
    counting_from,
    page_of,
    pages_of,
    read,
)


def open_log(flash, capacity=CAPACITY, random_u32=None):
    return Log(flash, POD, capacity, random_u32 or counting_from(0xA0000000))


def append(log, stream=STREAM_STEPS, value=0):
    """Append a page that carries `value`, and settle. -> its number."""
    number = log.append(page_of(log.boot, stream, value), value, value)
    log.settle()
    return number


def fill(log, stream=STREAM_STEPS):
    """Append until the log is full. -> pages appended."""
    count = 0
    while True:
        try:
            append(log, stream, count)
        except LogFull:
            return count
        count += 1


def test_a_new_log_is_formatted_with_a_random_id():
    """Nothing there: a new id, boot 1, numbers from 0, no pairing."""
    log = open_log(Flash(), random_u32=lambda: 0xDEADBEEF)
    assert (log.formatted, log.id, log.boot, log.store) == (True, 0xDEADBEEF, 1, None)
    assert [(log.oldest(s), log.next(s), log.wanted(s)) for s in STREAMS] == [(0, 0, 0), (0, 0, 0)]


def test_pages_are_numbered_by_stream_and_read_back_after_a_restart():
    """What append wrote is what the next boot reads, byte for byte, under the same key."""
    flash = Flash()
    log = open_log(flash)
    numbers = [append(log, stream, 7) for stream in (0, 1, 0, 0, 1)]
    before = pages_of(log)
    again = open_log(Flash(flash.content))
    assert numbers == [0, 0, 1, 2, 1]
    assert (again.formatted, again.id, again.boot) == (False, log.id, 2)
    assert pages_of(again) == before
    assert sorted(before) == [
        (POD.hex(), log.id, *place) for place in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    ]


def test_what_is_not_there_is_not_read():
    """Before the oldest and from next on there is nothing, and that is not counted as unreadable."""
    log = open_log(Flash())
    append(log)
    assert [read(log, STREAM_STEPS, number) for number in (-1, 1, 2**32)] == [None, None, None]
    assert read(log, STREAM_RAW, 0) is None
    assert log.unreadable == 0


def test_a_page_of_another_pod_is_refused():
    with pytest.raises(ValueError, match="another pod"):
        open_log(Flash()).append(Page(bytes(8)), 0, 0)


@pytest.mark.parametrize("capacity", [0, CAPACITY_LEAST - 1])
def test_too_small_a_log_is_refused(capacity):
    with pytest.raises(ValueError, match=str(capacity)):
        open_log(Flash(), capacity)


@pytest.mark.parametrize("store", ["", "00", "0" * 32, "z" * 32, STORE + "00"])
def test_a_store_id_that_is_none_is_refused(store):
    with pytest.raises(ValueError, match=r"32 hex digits|[Nn]on-hex|[Oo]dd-length|digit"):
        open_log(Flash()).pair(store)


def test_the_log_of_another_pod_is_left_alone():
    """A card that was moved to another pod: named, and nothing in it is changed."""
    flash = Flash()
    append(open_log(flash))
    for content in (flash.content, {n: d for n, d in flash.content.items() if not n.startswith("meta")}):
        moved = Flash(content)
        with pytest.raises(LogForeign) as caught:
            Log(moved, bytes(8), CAPACITY, counting_from(0))
        assert caught.value.pod == POD.hex()
        assert moved.content == Flash(content).content


# Acknowledgement and pairing


def test_pairing_and_what_was_acknowledged_outlive_a_restart():
    """The paired store is remembered exactly; its wish at most one segment short, and never too far."""
    flash = Flash()
    log = open_log(flash)
    log.pair(STORE)
    for value in range(SEGMENT_PAGES + 6):
        append(log, value=value)
        log.acknowledge(STREAM_STEPS, log.next(STREAM_STEPS))
    again = open_log(Flash(flash.content))
    assert again.store == STORE
    assert log.wanted(STREAM_STEPS) == SEGMENT_PAGES + 6
    assert again.wanted(STREAM_STEPS) == SEGMENT_PAGES


def test_going_back_is_remembered_at_once():
    """A host restored from last week: a cut right after its wish does not bring back the greater number."""
    flash = Flash()
    log = open_log(flash)
    log.pair(STORE)
    for value in range(2 * SEGMENT_PAGES):
        append(log, value=value)
    log.acknowledge(STREAM_STEPS, 2 * SEGMENT_PAGES)
    log.acknowledge(STREAM_STEPS, 3)
    for name in (*log_module.META_NAMES, None):
        left = flash.left("synced")
        left.pop(name, None)  # either of the two files alone says it, too
        assert open_log(Flash(left)).wanted(STREAM_STEPS) == 3


@pytest.mark.parametrize("number", [-1, 3, 2**32, 10**30])
def test_more_than_was_written_is_not_acknowledged(number):
    log = open_log(Flash())
    append(log)
    append(log)
    with pytest.raises(ValueError, match="written up to 2"):
        log.acknowledge(STREAM_STEPS, number)
    assert log.wanted(STREAM_STEPS) == 0


def test_a_new_store_has_acknowledged_nothing():
    """Pairing with another store takes back all that the former one acknowledged; with the same one nothing."""
    log = open_log(Flash())
    log.pair(STORE)
    append(log)
    log.acknowledge(STREAM_STEPS, 1)
    log.pair(STORE)
    assert log.wanted(STREAM_STEPS) == 1
    log.pair(OTHER_STORE)
    assert (log.store, log.wanted(STREAM_STEPS)) == (OTHER_STORE, 0)


# A full log


def test_a_full_log_refuses_and_keeps_all_that_is_unacknowledged():
    log = open_log(Flash())
    free = log.free()
    count = fill(log)
    assert count == free == CAPACITY - GONE_RESERVE == log.waiting()
    assert log.free() == 0
    assert len(pages_of(log)) == count


def test_a_full_log_frees_the_oldest_acknowledged_segment_first():
    """Acknowledged pages stay as long as there is room, for a host may want them again; then whole segments go."""
    log = open_log(Flash())
    log.pair(STORE)
    count = fill(log)
    log.acknowledge(STREAM_STEPS, SEGMENT_PAGES + 1)
    assert log.oldest(STREAM_STEPS) == 0
    assert log.free() == SEGMENT_PAGES
    assert fill(log) == SEGMENT_PAGES
    assert log.oldest(STREAM_STEPS) == SEGMENT_PAGES
    assert len(pages_of(log)) == count


def test_acknowledged_raw_pages_go_before_steps():
    log = open_log(Flash())
    for stream in STREAMS:
        for value in range(SEGMENT_PAGES + 1):
            append(log, stream, value)
        log.acknowledge(stream, SEGMENT_PAGES + 1)
    while log.oldest(STREAM_RAW) == 0:
        append(log)
    assert log.oldest(STREAM_STEPS) == 0


def test_raw_pages_leave_room_for_steps():
    """An endless raw capture stops before the last quarter, and steps still fit."""
    log = open_log(Flash())
    raw = fill(log, STREAM_RAW)
    assert raw == (CAPACITY - GONE_RESERVE) * 3 // 4
    assert fill(log) == CAPACITY - GONE_RESERVE - raw


def test_a_full_log_can_still_say_what_is_gone():
    """Without this a pod whose host was restored could never be freed again; the room for it is bounded."""
    log = open_log(Flash())
    fill(log)
    page = Page(POD)
    for _ in range(GONE_RESERVE):
        page.open(KIND_GONE, 0)
        page.add(STREAM_STEPS, GONE_OVERWRITTEN, b"", 0, 1)
        log.append(page, 0, 0)
    page.open(KIND_GONE, 0)
    with pytest.raises(LogFull):
        log.append(page, 0, 0)


def test_nothing_is_freed_beyond_what_stands_on_flash():
    """At every cut of an append that frees a segment: what is missing is below the wish that the next boot finds."""
    flash = Flash()
    log = open_log(flash)
    log.pair(STORE)
    fill(log)
    log.acknowledge(STREAM_STEPS, SEGMENT_PAGES + 40)  # noted
    for value in range(SEGMENT_PAGES):
        append(log, value=value)
    before = flash.left("synced")
    cut_at, freed = 0, False
    while not freed:
        cut = Flash(before)
        log = open_log(cut)
        log.acknowledge(STREAM_STEPS, 2 * SEGMENT_PAGES + 2)  # less than a segment on: not noted yet
        cut.cut_at = cut.points + cut_at
        with pytest.raises(PowerCut):
            append(log)
        again = open_log(Flash(cut.left("synced")))
        assert again.oldest(STREAM_STEPS) <= again.wanted(STREAM_STEPS)
        freed = again.oldest(STREAM_STEPS) == 2 * SEGMENT_PAGES
        cut_at += 1


def test_a_full_log_is_opened_without_reading_it():
    """8 MB: opening reads the newest page of each stream and the metadata, a few kilobytes."""
    pages = 8 * 1024 * 1024 // PAGE_SIZE
    flash = Flash()
    log = open_log(flash, pages)
    append(log, STREAM_RAW)
    fill(log)
    opened = Flash(flash.content)
    again = open_log(opened, pages)
    assert again.next(STREAM_STEPS) == pages - GONE_RESERVE - 1
    assert opened.bytes_read <= 2 * PAGE_SIZE + 200
    assert read(again, STREAM_STEPS, pages // 2) == read(log, STREAM_STEPS, pages // 2)


# Spoilt bytes


def test_a_flipped_bit_costs_one_page():
    """Wherever it is: that page is reported unreadable and counted, its number is not given out again, others stay."""
    flash = Flash()
    log = open_log(flash)
    for value in range(3):
        append(log, value=value)
    good = pages_of(log)
    name = "0-00000000.seg"
    for number in range(3):
        at = number * PAGE_SIZE
        for spoilt in flips(bytes(flash.content[name][at : at + PAGE_SIZE]), every=61):
            content = Flash(flash.content).content
            content[name][at : at + PAGE_SIZE] = spoilt
            again = open_log(Flash(content))
            assert pages_of(again) == {k: v for k, v in good.items() if k[3] != number}
            assert again.unreadable == 1
            assert append(again) == 3


def test_a_page_in_the_wrong_place_is_unreadable():
    """A whole page of another number, stream or log is never taken for the one that was asked for."""
    flash = Flash()
    log = open_log(flash)
    append(log, value=1)
    append(log, value=2)
    content = flash.content["0-00000000.seg"]
    content[:PAGE_SIZE], content[PAGE_SIZE:] = content[PAGE_SIZE:], content[:PAGE_SIZE]
    assert pages_of(open_log(Flash(flash.content))) == {}


@pytest.mark.parametrize("name", log_module.META_NAMES)
def test_one_spoilt_metadata_file_costs_nothing(name):
    """Any bit of either file: log id, pairing and boot order stay. At worst more is sent again."""
    flash = Flash()
    log = open_log(flash)
    log.pair(STORE)
    append(log)
    for spoilt in flips(bytes(flash.content[name])):
        again = open_log(Flash({**flash.content, name: spoilt}))
        assert (again.formatted, again.recovered, again.id, again.store) == (False, False, log.id, STORE)
        assert again.boot > log.boot
        assert again.wanted(STREAM_STEPS) <= 1


@pytest.mark.parametrize("damage", [b"", b"\xff" * 60, None])
def test_pages_without_metadata_keep_their_log_and_numbers(damage):
    """Both files lost: the pages say which log this is. Nothing counts as acknowledged, the pairing is lost, the boot
    number goes on."""
    flash = Flash()
    log = open_log(flash)
    log.pair(STORE)
    for value in range(5):
        append(log, value=value)
    log.acknowledge(STREAM_STEPS, 5)
    content = {name: data for name, data in flash.content.items() if name not in log_module.META_NAMES}
    if damage is not None:
        content |= dict.fromkeys(log_module.META_NAMES, damage)
    again = open_log(Flash(content))
    assert (again.formatted, again.recovered, again.id, again.store) == (False, True, log.id, None)
    assert (again.next(STREAM_STEPS), again.wanted(STREAM_STEPS)) == (5, 0)
    assert again.boot == log.boot + 1
    assert pages_of(again) == pages_of(log)


def test_files_without_a_readable_page_give_a_new_log():
    """Nothing valid is there: a new random id, so that numbers from 0 are no repeat of the old ones."""
    flash = Flash({"0-00000040.seg": b"\x00" * 1024, "1-00000000.seg": b"noise", "notes.txt": b"mine"})
    log = open_log(flash)
    assert (log.formatted, append(log)) == (True, 0)
    assert bytes(flash.content["notes.txt"]) == b"mine"


def test_a_shortened_segment_gives_no_acknowledged_number_out_again():
    """A file system that lost the end of a file: numbers that the host has are not used anew."""
    flash = Flash()
    log = open_log(flash)
    for value in range(SEGMENT_PAGES + 30):
        append(log, value=value)
    log.acknowledge(STREAM_STEPS, SEGMENT_PAGES + 30)
    del flash.content[f"0-{SEGMENT_PAGES:08x}.seg"][10 * PAGE_SIZE :]
    again = open_log(Flash(flash.content))
    assert append(again, value=500) == SEGMENT_PAGES + 30
    assert read(again, STREAM_STEPS, SEGMENT_PAGES + 30) is not None
    assert read(again, STREAM_STEPS, SEGMENT_PAGES + 9) is not None
    assert read(again, STREAM_STEPS, SEGMENT_PAGES + 10) is None


# Files that refuse


@pytest.mark.parametrize("room", range(0, PAGE_SIZE, 73))
def test_a_write_that_fails_gives_its_number_to_the_next_page(room):
    """The disk is full in mid-page: LogFull, and once there is room the log goes on, also after a restart."""
    flash = Flash()
    log = open_log(flash)
    append(log, value=1)
    for stream in STREAMS:
        flash.full_at = sum(map(len, flash.content.values())) + room
        for _ in range(2):
            with pytest.raises(LogFull):
                append(log, stream, 2)
            assert (log.free(), log.free_raw())[stream] == 0
        flash.full_at = None
        log.settle()
        assert append(log, stream, 3) == (1 if stream == STREAM_STEPS else 0)
    again = open_log(Flash(flash.left("synced")))
    assert pages_of(again) == pages_of(log)
    assert len(pages_of(log)) == 3


@pytest.mark.parametrize("pages_before", [0, 2])
def test_what_a_failed_sync_left_is_not_continued(pages_before):
    """The page stands in the file and is not sure to last: its number goes to the next page, in another file."""
    flash = Flash()
    log = open_log(flash)
    for value in range(pages_before):
        append(log, value=value)
    flash.syncs = False
    with pytest.raises(LogFailed):
        append(log, value=8)
    flash.syncs = True
    assert append(log, value=9) == pages_before
    again = open_log(Flash(flash.content))
    assert pages_of(again) == pages_of(log)
    assert len(pages_of(log)) == pages_before + 1


def test_metadata_that_cannot_be_written_is_reported():
    """And the wish is kept in memory; the log stays usable."""
    flash = Flash()
    log = open_log(flash)
    flash.full_at = 0
    with pytest.raises(LogFailed):
        log.pair(STORE)
    flash.full_at = None
    assert append(log) == 0
    with pytest.raises(LogFailed):
        open_log(_full(flash))


def test_a_folder_that_cannot_be_listed_is_reported():
    """A spoilt folder of FAT has names that are no text: MicroPython raises UnicodeError."""

    class Spoilt(Flash):
        def names(self):
            return [bytes([0xFF, 0xFE]).decode()]

    with pytest.raises(LogFailed, match="cannot be opened"):
        open_log(Spoilt())


@pytest.mark.parametrize("boot", [1, 2**20 - 1, 2**20, 2**31])
def test_a_session_has_a_number_in_every_boot(boot):
    """However often the battery was pulled, the number fits its 32 bits and is not 0, which means none."""
    flash = Flash()
    log = open_log(flash)
    for count in (1, 4095, 4096):
        page = Page(POD)
        page.fields["boot"] = boot
        page.fields["session"] = number = session_number(boot, count)
        page.open(KIND_ALIVE, 0)
        log.append(page, 0, 0)
        assert number > 0
    assert session_number(boot, 1) != session_number(boot, 2)


def _full(flash):
    flash = Flash(flash.content)
    flash.full_at = 0
    return flash


def test_the_metadata_layout_is_as_it_is_described():
    """Fields and sizes of the two small files, so that a tool can read them."""
    flash = Flash()
    log = open_log(flash)
    append(log)
    log.pair(STORE)
    data = bytes(flash.content[log_module.META_NAMES[1]])
    magic, sequence, pod, log_id, boot, store, *numbers, _ = struct.unpack("<4sI8sII16sIIIIIII", data)
    assert (magic, sequence, pod, log_id, boot, store.hex()) == (b"SLM2", 5, POD, log.id, 1, STORE)
    assert numbers == [0, 0, 0, NOT_BEGUN, SEGMENT_PAGES, 0]
