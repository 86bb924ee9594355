"""The log on littlefs, as MicroPython has it: power cuts and spoilt bits below the file system, and what it costs."""

from collections.abc import Callable

import pytest

from strideload_pod.log import SEGMENT_PAGES, Log, LogError, LogFull
from strideload_pod.page import PAGE_SIZE, STREAM_RAW, STREAM_STEPS
from support.flash_costs import flash_ms
from support.full_log import PAGES_8_MB, fill_folder
from support.littlefs import BLOCK, LittleFlash, cuts
from support.log_life import LIVES, POD, STORE, Life, Witness, assert_kept, evening, page_of, read

# An evening has some thousand programs and erases; bench/test_log.py looks at all of them.
OF_AN_EVENING = 37
FLIPS = 150
OPENS_WITHIN_MS = 1000


@pytest.mark.parametrize("live", LIVES)
def test_power_may_fail_in_any_program_or_erase(live: Callable[..., Life]) -> None:
    """Before it and in the midst of it: littlefs mounts, and the log keeps what it promised."""
    life = live(LittleFlash)
    for cut in cuts(life.flashes, life.before):
        assert_kept(cut, life, thorough=False)


def test_power_may_fail_at_any_time_of_an_evening() -> None:
    life = evening(LittleFlash)
    for cut in cuts(life.flashes, life.before, every=OF_AN_EVENING):
        assert_kept(cut, life, thorough=False)


def test_power_may_fail_twice() -> None:
    """Cut anywhere, and again anywhere in the next boot."""
    first = evening(LittleFlash)
    for cut in cuts(first.flashes, first.before, every=first.point // 3):
        second = first.continued(cut.left, by=cut.last)
        second.append(STREAM_STEPS, 2)
        for again in cuts(second.flashes, second.before, every=3):
            assert_kept(again, second, thorough=False)


def test_a_flipped_bit_gives_no_false_page() -> None:
    """Anywhere on the flash: the log opens or says why not, and what it gives are pages that were written, whole."""
    life = Life(None, make=LittleFlash)
    life.append(STREAM_RAW, 20)
    life.settle()
    life.append(STREAM_STEPS, 70)
    image = life.flashes[0].left("synced")
    used = [block for block in range(len(image) // BLOCK) if image[block * BLOCK] != 0xFF]
    written = {promise.data for promise in life.promises}
    opened = 0
    for flip in range(FLIPS):
        at = used[flip % len(used)] * BLOCK + flip * 997 % BLOCK
        spoilt = bytearray(image)
        spoilt[at] ^= 1 << flip % 8
        try:
            log = Log(LittleFlash(bytes(spoilt)), POD, 256, lambda: 0xB0B0B0B0)
        except (LogError, OSError):
            continue
        opened += 1
        pages = [read(log, stream, number) for stream in (0, 1) for number in range(log.next(stream))]
        assert {page for page in pages if page is not None} <= written
    assert opened > 0.9 * FLIPS


def test_a_flash_smaller_than_the_setting_is_a_full_log_and_goes_round() -> None:
    """As on a Pico W with the default setting: no room on the flash is a full log, and what the host has goes first."""
    flash = LittleFlash(blocks=40)
    log = Log(flash, POD, PAGES_8_MB, lambda: 1)
    log.pair(STORE)
    witness = Witness()
    kept = 0
    for turn in range(3):
        while log.free():
            try:
                number = log.append(page_of(log.boot, STREAM_STEPS, kept), kept, kept)
            except LogFull:
                continue
            witness.see_page(read(log, STREAM_STEPS, number) or b"")
            kept += 1
        assert kept >= 2 * SEGMENT_PAGES
        assert log.oldest(STREAM_STEPS) <= log.wanted(STREAM_STEPS)
        log.acknowledge(STREAM_STEPS, log.next(STREAM_STEPS) - 10 - turn)
    again = Log(LittleFlash(flash.left("synced")), POD, PAGES_8_MB, lambda: 2)
    assert again.next(STREAM_STEPS) == kept
    witness.see(again)


def test_a_segment_fills_whole_blocks() -> None:
    """One page more would take another block: littlefs keeps a list of blocks within them."""
    used = []
    for pages in (SEGMENT_PAGES, SEGMENT_PAGES + 1):
        flash = LittleFlash()
        before = flash.used_blocks
        file = flash.open("0-00000000.seg", "wb")
        file.write(bytes(pages * PAGE_SIZE))
        file.close()
        used.append(flash.used_blocks - before)
    assert used == [8, 9]


def test_a_full_log_of_8_mb_is_open_within_a_second() -> None:
    """Mounted and opened, by what the flash does for it; and no page after it takes longer than the opening may."""
    flash = LittleFlash(blocks=2112)
    fill_folder(flash, PAGES_8_MB)
    image = flash.left("synced")
    flash = LittleFlash(image)
    log = Log(flash, POD, PAGES_8_MB, lambda: 1)
    assert log.next(STREAM_STEPS) > PAGES_8_MB - 2 * SEGMENT_PAGES
    assert flash.chip.reads < 15_000
    assert flash.chip.bytes_read < 600_000
    assert sum(flash.chip.erases) <= 2
    assert flash_ms(flash.chip) < OPENS_WITHIN_MS / 2
    for value in range(20):
        flash.chip.forget_costs()
        log.append(page_of(log.boot, STREAM_STEPS, value), 0, 0)
        assert flash_ms(flash.chip) < OPENS_WITHIN_MS
