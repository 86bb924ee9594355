"""The raw stream of the log: synced in groups, on a card of its own or beside the steps, never at their cost."""

import pytest

from strideload_pod.log import (
    CAPACITY_LEAST,
    GONE_RESERVE,
    NOTE_PAGES,
    RAW_RESTS_MS,
    RAW_SEGMENTS,
    RAW_SYNC_MS,
    SEGMENT_PAGES,
    Log,
    LogFailed,
    LogFull,
)
from strideload_pod.page import PAGE_SIZE, STREAM_RAW, STREAM_STEPS
from support.files import Flash
from support.log_life import OTHER_STORE, POD, STORE, STREAMS, counting_from, page_of, pages_of, read

RATE_PAGES = 25  # pages a second at 833 Hz, six axes


def open_log(flash, card=None, raw_pages=CAPACITY_LEAST, **options):
    if card is not None:
        options |= {"raw_files": card, "raw_pages": raw_pages}
    return Log(flash, POD, CAPACITY_LEAST, counting_from(0xA0000000), **options)


def append(log, stream, tick_ms=0, count=1):
    for _ in range(count):
        number = log.append(page_of(log.boot, stream, tick_ms), tick_ms, tick_ms)
    return number


def fill(log, stream):
    count = 0
    while True:
        try:
            append(log, stream)
        except LogFull:
            return count
        count += 1


@pytest.fixture(params=["shared", "card"])
def folders(request):
    """The folders of a log, the last of them with the raw stream."""
    return [Flash()] if request.param == "shared" else [Flash(), Flash()]


# Groups


def test_a_raw_page_is_read_only_after_its_sync(folders):
    """Until then a power cut may take it, and its number is given out again: nobody may have seen it."""
    log = open_log(*folders)
    assert append(log, STREAM_RAW, 1000) == 0
    assert append(log, STREAM_RAW, 1040) == 1
    log.commit(1000 + RAW_SYNC_MS - 1)
    assert (log.next(STREAM_RAW), read(log, STREAM_RAW, 0), log.waiting()) == (0, None, 0)
    log.commit(1000 + RAW_SYNC_MS)
    assert log.next(STREAM_RAW) == log.waiting() == 2
    assert read(log, STREAM_RAW, 1) is not None


def test_raw_pages_are_synced_in_time_although_nobody_asks(folders):
    """At full rate, by `append` alone: at any moment less than a second of samples is not synced."""
    log = open_log(*folders)
    for i in range(4 * RATE_PAGES):
        number = append(log, STREAM_RAW, i * 1000 // RATE_PAGES)
        assert number + 1 - log.next(STREAM_RAW) < RATE_PAGES


def test_a_group_costs_one_sync():
    """25 pages a second are two syncs a second, and no file is opened for them."""
    flash, card = Flash(), Flash()
    log = open_log(flash, card)
    append(log, STREAM_RAW, 0)
    card.calls = dict.fromkeys(card.calls, 0)
    for i in range(1, 2 * RATE_PAGES):
        append(log, STREAM_RAW, i * 1000 // RATE_PAGES)
    assert card.calls == {"open": 0, "names": 0, "remove": 0, "sync": 2 * 1000 // RAW_SYNC_MS - 1}


def test_settle_brings_out_all_at_once(folders):
    log = open_log(*folders)
    append(log, STREAM_RAW, 5)
    log.settle()
    assert log.next(STREAM_RAW) == log.sendable(STREAM_RAW) == 1
    assert len(pages_of(open_log(*[Flash(flash.left("synced")) for flash in folders]))) == 1


def test_the_file_that_grows_is_not_sent_from(folders):
    """Its end would have to be closed and opened anew at every message. It is sent once the next one grows, or the
    capture rests."""
    log = open_log(*folders)
    append(log, STREAM_RAW, 0, SEGMENT_PAGES)
    log.commit(RAW_SYNC_MS)
    assert (log.next(STREAM_RAW), log.sendable(STREAM_RAW)) == (SEGMENT_PAGES, 0)
    append(log, STREAM_RAW, RAW_SYNC_MS)
    log.commit(2 * RAW_SYNC_MS)
    assert (log.next(STREAM_RAW), log.sendable(STREAM_RAW)) == (SEGMENT_PAGES + 1, SEGMENT_PAGES)
    log.commit(RAW_SYNC_MS + RAW_RESTS_MS)
    assert log.sendable(STREAM_RAW) == SEGMENT_PAGES + 1


def test_a_full_segment_is_read_while_the_next_one_grows(folders):
    """Two files are open then, and neither is opened again."""
    log = open_log(*folders)
    append(log, STREAM_RAW, 0, SEGMENT_PAGES + 1)
    assert read(log, STREAM_RAW, 0) is not None
    folders[-1].calls["open"] = 0
    for number in range(1, 9):
        append(log, STREAM_RAW, 100)
        assert read(log, STREAM_RAW, number) is not None
    assert folders[-1].calls["open"] == 0


def test_steps_are_synced_whatever_raw_does(folders):
    """A power cut in mid-group costs raw pages, never a step page."""
    log = open_log(*folders)
    append(log, STREAM_RAW, 0, 3)
    append(log, STREAM_STEPS, 10)
    again = open_log(*[Flash(flash.left("synced")) for flash in folders])
    assert [again.next(stream) for stream in STREAMS] == [1, 0]


# Files that refuse


def test_what_a_failed_sync_loses_is_counted_and_its_numbers_go_on(folders):
    """Of eight pages in a group all are lost, the capture goes on in another file, and no number has two contents."""
    log = open_log(*folders)
    append(log, STREAM_RAW, 0, 4)
    log.settle()
    append(log, STREAM_RAW, 100, 8)
    folders[-1].syncs = False
    with pytest.raises(LogFailed):
        log.commit(100 + RAW_SYNC_MS)
    folders[-1].syncs = True
    assert (log.take_lost(), log.take_lost(), log.next(STREAM_RAW)) == (8, 0, 4)
    assert append(log, STREAM_RAW, 1000) == 4
    log.settle()
    before = pages_of(log)
    for how in ("written", "synced"):
        assert pages_of(open_log(*[Flash(flash.left(how)) for flash in folders])) == before


@pytest.mark.parametrize("room", [0, 1, 511])
def test_a_page_that_is_refused_is_not_counted_twice(folders, room):
    """`append` says that the page at hand was not kept; `take_lost` tells of the others of its group."""
    log = open_log(*folders)
    append(log, STREAM_RAW, 0, 3)
    card = folders[-1]
    card.full_at = sum(map(len, card.content.values())) + room
    with pytest.raises(LogFull):
        append(log, STREAM_RAW, 10)
    card.full_at = None
    assert (log.take_lost(), log.free_raw()) == (3, 0)
    log.settle()
    assert append(log, STREAM_RAW, 20) == 0


def test_a_full_card_is_not_asked_again_and_again():
    """Looking for room takes a full FAT card seconds: the next capture asks, or the host's acknowledgement."""
    flash, card = Flash(), Flash()
    log = open_log(flash, card)
    log.pair(STORE)
    append(log, STREAM_RAW, 0, SEGMENT_PAGES + 2)
    log.settle()
    card.full_at = sum(map(len, card.content.values()))
    for _ in range(3):
        with pytest.raises(LogFull):
            append(log, STREAM_RAW)
    tried = dict(card.calls)
    with pytest.raises(LogFull):
        append(log, STREAM_RAW)
    assert card.calls == tried
    assert append(log, STREAM_STEPS) == 0
    log.acknowledge(STREAM_RAW, SEGMENT_PAGES)
    assert append(log, STREAM_RAW) == SEGMENT_PAGES + 2
    assert log.oldest(STREAM_RAW) == SEGMENT_PAGES


def test_a_disk_that_is_full_before_the_log_is_frees_what_was_acknowledged():
    """A board's flash may be smaller than the setting says: the ring goes round all the same."""
    flash = Flash()
    log = open_log(flash)
    log.pair(STORE)
    append(log, STREAM_STEPS, 0, SEGMENT_PAGES + 5)
    flash.full_at = sum(map(len, flash.content.values())) + 200
    with pytest.raises(LogFull):
        append(log, STREAM_STEPS)
    assert log.free() == 0
    log.acknowledge(STREAM_STEPS, SEGMENT_PAGES)
    assert log.free() > 0
    assert append(log, STREAM_STEPS) == SEGMENT_PAGES + 5
    assert log.oldest(STREAM_STEPS) == SEGMENT_PAGES


# A full log


def test_by_setting_raw_gives_way_to_steps():
    """Nobody has read anything: the oldest raw segments go, counted, until there is none; then the log is full."""
    log = open_log(Flash(), raw_gives_way=True)
    raw = fill(log, STREAM_RAW)
    log.settle()
    room = CAPACITY_LEAST - GONE_RESERVE
    assert log.free() == room
    assert fill(log, STREAM_STEPS) == room
    assert (log.gave_way, log.oldest(STREAM_RAW)) == (raw, raw)
    assert log.next(STREAM_RAW) == raw
    assert len(pages_of(log)) == room


def test_steps_wait_for_the_host_when_raw_does_not_give_way():
    log = open_log(Flash())
    raw = fill(log, STREAM_RAW)
    log.settle()
    assert fill(log, STREAM_STEPS) == CAPACITY_LEAST - GONE_RESERVE - raw
    assert (log.gave_way, log.oldest(STREAM_RAW)) == (0, 0)


def test_raw_never_gives_way_to_raw():
    log = open_log(Flash(), raw_gives_way=True)
    fill(log, STREAM_RAW)
    assert fill(log, STREAM_RAW) == 0
    assert log.gave_way == 0


def test_on_a_full_disk_raw_gives_way_too():
    flash = Flash()
    log = open_log(flash, raw_gives_way=True)
    append(log, STREAM_RAW, 0, SEGMENT_PAGES + 1)
    append(log, STREAM_STEPS)
    flash.full_at = sum(map(len, flash.content.values()))
    assert append(log, STREAM_STEPS) == 1
    assert log.gave_way == SEGMENT_PAGES


def test_a_card_has_its_own_room():
    """Raw fills the card, steps the flash; neither takes from the other."""
    log = open_log(Flash(), Flash(), raw_pages=CAPACITY_LEAST + 50, raw_gives_way=True)
    assert log.free_raw() == fill(log, STREAM_RAW) == CAPACITY_LEAST + 50
    assert log.free() == fill(log, STREAM_STEPS) == CAPACITY_LEAST - GONE_RESERVE
    assert (log.free(), log.free_raw(), log.gave_way) == (0, 0, 0)


def test_too_small_a_card_is_refused():
    with pytest.raises(ValueError, match="255"):
        open_log(Flash(), Flash(), raw_pages=255)


# Cards


def test_a_large_card_holds_few_files():
    """So that FAT finds one quickly, and their names fit a board's memory."""
    flash, card = Flash(), Flash()
    pages = RAW_SEGMENTS * 300
    log = open_log(flash, card, raw_pages=pages)
    append(log, STREAM_RAW, 0, 299)
    log.settle()
    assert sum(name.endswith(".seg") for name in card.content) == 1
    append(log, STREAM_RAW, 0, 2)
    log.settle()
    assert sum(name.endswith(".seg") for name in card.content) == 2


def test_the_card_of_another_log_is_left_alone():
    """Its files have that log's id in their names: nothing is removed, nothing is taken for ours."""
    card = Flash()
    other = open_log(Flash(), card)
    append(other, STREAM_RAW, 0, 3)
    other.settle()
    left = dict(card.content)
    log = Log(
        Flash(),
        bytes(POD[::-1]),
        CAPACITY_LEAST,
        lambda: 0xB0B0B0B0,
        raw_files=card,
        raw_pages=CAPACITY_LEAST,
    )
    assert (log.oldest(STREAM_RAW), log.next(STREAM_RAW)) == (0, 0)
    assert card.content == left


@pytest.mark.parametrize("written", [1, 70, NOTE_PAGES[STREAM_RAW] + 40])
def test_a_card_that_was_emptied_repeats_no_number(written):
    """Someone copied the pages over USB and deleted them, unacknowledged: a host may have them by their numbers."""
    flash, card = Flash(), Flash()
    log = open_log(flash, card, raw_pages=4 * CAPACITY_LEAST * 8)
    append(log, STREAM_RAW, 0, written)
    log.settle()
    again = open_log(Flash(flash.content), Flash(), raw_pages=4 * CAPACITY_LEAST * 8)
    assert written <= append(again, STREAM_RAW) < written + 2 * NOTE_PAGES[STREAM_RAW]
    again.settle()
    assert again.oldest(STREAM_RAW) == again.next(STREAM_RAW) - 1


def test_steps_that_were_deleted_repeat_no_number():
    """Copied over USB and deleted, but for the metadata."""
    flash = Flash()
    log = open_log(flash)
    append(log, STREAM_STEPS, 0, SEGMENT_PAGES + 9)
    content = {name: data for name, data in flash.content.items() if name.startswith("meta")}
    again = open_log(Flash(content))
    assert SEGMENT_PAGES + 9 <= append(again, STREAM_STEPS) <= 2 * SEGMENT_PAGES


def test_two_cards_in_turn_share_no_number():
    """In whatever order they come: every key has one content."""
    flash, cards, seen = Flash(), [Flash(), Flash()], {}
    for turn in (0, 1, 0, 0, 1, 1, 0):
        card = cards[turn] = Flash(cards[turn].content)
        flash = Flash(flash.content)
        log = open_log(flash, card)
        append(log, STREAM_RAW, len(seen), 3)
        log.settle()
        for page_key, data in pages_of(log).items():
            assert seen.setdefault(page_key, data) == data
    assert len(seen) == 7 * 3


def test_a_hole_is_passed_over_at_once():
    """One file of three was deleted: `hole_end` tells where pages go on, by no more than the ends of files."""
    flash, card = Flash(), Flash()
    log = open_log(flash, card)
    append(log, STREAM_RAW, 0, 3 * SEGMENT_PAGES - 5)
    log.settle()
    names = sorted(card.content)
    card.content[names[0]] = card.content[names[0]][: 10 * PAGE_SIZE]
    del card.content[names[1]]
    again = open_log(Flash(flash.content), Flash(card.content))
    ends = [again.hole_end(STREAM_RAW, number) for number in (0, 9, 10, SEGMENT_PAGES, 2 * SEGMENT_PAGES)]
    assert ends == [0, 9, 2 * SEGMENT_PAGES, 2 * SEGMENT_PAGES, 2 * SEGMENT_PAGES]
    assert again.hole_end(STREAM_RAW, again.next(STREAM_RAW)) == again.next(STREAM_RAW)


def test_a_new_store_wants_raw_pages_too():
    log = open_log(Flash(), Flash())
    log.pair(STORE)
    append(log, STREAM_RAW, 0, 2)
    log.settle()
    log.acknowledge(STREAM_RAW, 2)
    log.pair(OTHER_STORE)
    assert log.wanted(STREAM_RAW) == 0
