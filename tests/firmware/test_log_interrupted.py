"""Ctrl-C at any line of log.py, segments.py and page.py: no page is lost, doubled or spoilt, and the log goes on."""

import itertools
from array import array

import pytest

from strideload.protocol import pages as protocol
from strideload_pod.log import CAPACITY_LEAST, GONE_RESERVE, SEGMENT_PAGES, STREAMS, Log
from strideload_pod.page import KIND_ALIVE, KIND_RAW, PAGE_SIZE, STREAM_RAW, STREAM_STEPS, Page
from support.files import Flash
from support.interrupts import Files, Forks, assert_one_content

POD = bytes(range(8))
STORE = "01" * 16
EVERY = 5


class Book:
    """A log that is written as a pod writes it. The pages of a stream are counted in their `first_sample`."""

    def __init__(self, on_card):
        self.folders = [Files(), Files()] if on_card else [Files()]
        self.log = open_log(self.folders, raw_gives_way=not on_card)
        self.pages = [Page(POD, stream) for stream in STREAMS]
        self.values = [0, 0]
        self.tick_ms = 0

    def write(self, stream, count=1):
        page = self.pages[stream]
        for _ in range(count):
            self.tick_ms += 100
            value = self.values[stream]
            self.values[stream] += 1
            if stream == STREAM_RAW:
                page.open(KIND_RAW, value)
                page.add_samples(array("h", bytes(12)), 0, 1)
            else:
                page.open(KIND_ALIVE, value)
                page.add(0, 0, 0, 0)
            self.keep(page)
        return self

    def keep(self, page):
        self.log.append(page, 0, self.tick_ms)
        page.count = 0

    def go_on(self):
        """After an interrupt: what is open and not kept yet is kept, and each stream goes on."""
        self.log.look_again()
        for stream in STREAMS:
            page = self.pages[stream]
            if not page.drop_kept(self.log.next(stream)) and page.count:
                self.keep(page)
        for stream in STREAMS[: len(self.folders)]:  # steps take what room there is
            self.write(stream)
        self.log.close()

    def assert_whole(self):
        """Every page is there once and in order, but one that was not filled yet, and those that the host has."""
        assert_one_content(self.folders)
        log = open_log([Flash(files.left("synced")) for files in self.folders])
        for stream in STREAMS:
            buffer = bytearray(PAGE_SIZE)
            found = []
            for number in range(log.oldest(stream), log.next(stream)):
                assert log.read(stream, number, buffer), (stream, number)
                found.append(int(protocol.headers(bytes(buffer))["first_sample"][0]))
            steps = [later - value for value, later in itertools.pairwise(found)]
            assert found[-1] == self.values[stream] - 1
            assert steps.count(1) >= len(steps) - 1, found
            assert set(steps) <= {1, 2}, found
        assert log.oldest(STREAM_STEPS) <= log.wanted(STREAM_STEPS)


def open_log(folders, **options):
    raw = {"raw_files": folders[1], "raw_pages": CAPACITY_LEAST} if len(folders) > 1 else {}
    return Log(folders[0], POD, CAPACITY_LEAST, lambda: 7, **raw, **options)


def with_a_card(book):
    """Both streams, each over the end of a segment."""
    book.write(STREAM_STEPS, SEGMENT_PAGES - 2).write(STREAM_RAW, SEGMENT_PAGES - 2)
    yield
    for _ in range(2):
        book.write(STREAM_STEPS, 2).write(STREAM_RAW, 2)
        book.log.commit(book.tick_ms + 1000)
        book.log.acknowledge(STREAM_STEPS, book.log.next(STREAM_STEPS))
    book.log.settle()


def full(book):
    """A full log: raw pages give way, and what the host has is removed."""
    book.write(STREAM_RAW, 2 * SEGMENT_PAGES)
    book.log.settle()
    book.log.pair(STORE)
    book.write(STREAM_STEPS, CAPACITY_LEAST - GONE_RESERVE - 2 * SEGMENT_PAGES - 1)
    yield
    book.write(STREAM_STEPS, 2)
    book.log.acknowledge(STREAM_RAW, 2 * SEGMENT_PAGES)
    book.log.acknowledge(STREAM_STEPS, SEGMENT_PAGES + 1)
    book.write(STREAM_STEPS, SEGMENT_PAGES + 2)


# One line in so many: primes, so that a loop hides none.
@pytest.mark.parametrize(("scene", "on_card", "every"), [(with_a_card, True, 7), (full, False, 53)])
def test_a_log_goes_on_after_an_interrupt_at_any_line(scene, on_card, every):
    book = Book(on_card)
    program = scene(book)
    next(program)

    def after():
        book.go_on()
        book.assert_whole()

    lines = itertools.count()
    forks = Forks(lambda code: next(lines) % every == 0, lambda place: None, after)
    forks.run(lambda: next(program, None))
    forks.assert_no_faults()
    assert forks.done > 100


def test_numbers_that_were_passed_over_stay_so():
    """The host has pages that are not in the files any more."""
    book = Book(on_card=False).write(STREAM_STEPS, SEGMENT_PAGES + 3)
    book.log.pair(STORE)
    book.log.acknowledge(STREAM_STEPS, SEGMENT_PAGES + 3)
    left = book.folders[0].left("synced")
    newest = max(name for name in left if name.startswith("0-"))
    left[newest] = left[newest][:-PAGE_SIZE]
    book.log = open_log([Files(left)])
    for number in (SEGMENT_PAGES + 3, SEGMENT_PAGES + 4):
        book.log.look_again()
        assert book.log.next(STREAM_STEPS) == number
        book.write(STREAM_STEPS)
