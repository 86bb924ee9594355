"""Lives of a log in folders of memory, what it promised in them, and whether a cut of the power broke a promise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from strideload_pod.log import CAPACITY_LEAST, GONE_RESERVE, SEGMENT_PAGES, Log, LogFull
from strideload_pod.page import KIND_ALIVE, KIND_RAW, PAGE_SIZE, STREAM_RAW, STREAM_STEPS, Page, is_whole, key
from support.files import Cut, Flash, Power

POD = bytes.fromhex("0011223344556677")
STORE = "0123456789abcdef0123456789abcdef"
OTHER_STORE = "f" * 32
STREAMS = (STREAM_STEPS, STREAM_RAW)
CAPACITY = CAPACITY_LEAST
ROOM = CAPACITY - GONE_RESERVE
EDGE = 6  # pages at either end of a stream that are looked at after each cut; all of them after every FULL_LOOKth
FULL_LOOK = 64


def counting_from(first: int) -> Callable[[], int]:
    """A source of "random" numbers that never gives the same one twice."""
    state = {"next": first}

    def random_u32() -> int:
        state["next"] += 1
        return state["next"]

    return random_u32


def page_of(boot: int, stream: int, value: int) -> Page:
    """An open page that carries `value`."""
    page = Page(POD, stream)
    page.fields["boot"] = boot
    if stream == STREAM_RAW:
        page.open(KIND_RAW, value, six_axes=False)
        page.add(value % 30000, 0, 0)
    else:
        page.open(KIND_ALIVE, value)
        page.add(value, value, 0, 0)
    return page


def read(log: Log, stream: int, number: int) -> bytes | None:
    """Bytes of a page, None when the log does not give it."""
    buffer = bytearray(PAGE_SIZE)
    return bytes(buffer) if log.read(stream, number, buffer) else None


def pages_of(log: Log) -> dict[tuple, bytes]:
    """key -> bytes of all that can be read."""
    pages = {}
    for stream in STREAMS:
        for number in range(log.oldest(stream), log.next(stream)):
            data = read(log, stream, number)
            if data is not None:
                pages[key(data)] = data
    return pages


@dataclass
class Witness:
    """Whoever sees pages: what it saw under a key once must stay the only bytes of that key."""

    seen: dict[tuple, bytes] = field(default_factory=dict)

    def see(self, log: Log) -> None:
        for data in pages_of(log).values():
            self.see_page(data)

    def see_page(self, data: bytes) -> None:
        assert is_whole(data)
        assert self.seen.setdefault(key(data), data) == data, f"two contents for {key(data)}"


@dataclass
class Promise:
    """A page that could be read from point `since` on."""

    stream: int
    number: int
    data: bytes
    since: int


class Life:
    """A log, in one folder or with the raw stream in a second, and what it promises as it goes on.

    `before`: what each folder held; `make` gives the folder, a Flash or another. `log` is open. Options go to the log.
    """

    def __init__(
        self, *before: Any, after: "Life | None" = None, make: Callable[..., Any] = Flash, **options
    ):
        self.make = make
        power = Power()
        self.flashes = [make(held, power=power) for held in before]
        self.before = [flash.left("synced") for flash in self.flashes]
        power.history.clear()  # of a flash that was formatted
        power.points = 0
        self.options = options
        self.random_u32 = after.random_u32 if after else counting_from(0xA0000000)
        self.promises: list[Promise] = []
        self.acknowledged: list[tuple[int, int, int]] = []  # (point, stream, number)
        self.gave_way: list[tuple[int, int]] = []  # (point, raw pages below this number)
        self.boots: list[tuple[int, int, int]] = []  # (point, log, boot)
        self.value = after.value if after else 0
        self._written: dict[tuple[int, int], bytes] = {}  # (stream, number) -> what is not promised yet
        self.restart()

    def continued(self, left: Sequence[Any] | None = None, by: int | None = None) -> "Life":
        """The life that follows, with the promises that this one made by a point (its end); its folders hold `left`."""
        by = self.point if by is None else by
        left = left or [flash.left("synced") for flash in self.flashes]
        life = Life(*left, after=self, make=self.make, **self.options)
        life.promises += [replace(promise, since=0) for promise in self.promises if promise.since <= by]
        life.acknowledged += [(0, *which) for when, *which in self.acknowledged if when <= by]
        life.gave_way += [(0, end) for when, end in self.gave_way if when <= by]
        life.boots += [(0, *which) for when, *which in self.boots if when <= by]
        return life

    @property
    def point(self) -> int:
        return self.flashes[0].points

    def restart(self) -> None:
        """The pod starts anew without a cut."""
        for flash in self.flashes:
            flash.reset()
        self.log = open_again(self, self.flashes)
        self.boots.append((self.point, self.log.id, self.log.boot))
        self._note()

    def append(self, stream: int = STREAM_STEPS, count: int = 1, tick_ms: int = 0) -> int:
        """Pages of growing value. -> how many, fewer when the log is full."""
        for done in range(count):
            dropped, begin = self.log.gave_way, self.point
            page = page_of(self.log.boot, stream, self.value)
            try:
                number = self.log.append(page, self.value, tick_ms or 10 * self.value)
            except LogFull:
                return done
            self._written[stream, number] = bytes(page.buffer)
            self.value += 1
            if self.log.gave_way != dropped:
                self.gave_way.append((begin, self.log.oldest(STREAM_RAW)))
            self._note()
        return count

    def acknowledge(self, stream: int, number: int) -> None:
        self.acknowledged.append((self.point, stream, number))
        self.log.acknowledge(stream, number)

    def commit(self, now_ms: int) -> None:
        self.log.commit(now_ms)
        self._note()

    def settle(self) -> None:
        self.log.settle()
        self._note()

    def _note(self) -> None:
        for stream, number in list(self._written):
            if number < self.log.next(stream):
                data = self._written.pop((stream, number))
                self.promises.append(Promise(stream, number, data, self.point))

    def may_be_gone(self, stream: int, number: int, point: int) -> bool:
        """By a point of this life the host had said that it has this page, or it gave way."""
        acknowledged = [
            wanted for when, which, wanted in self.acknowledged if when <= point and which == stream
        ]
        gave_way = [end for when, end in self.gave_way if when <= point and stream == STREAM_RAW]
        return number < max([0, *acknowledged, *gave_way])


def open_again(life: Life, flashes: Sequence[Any]) -> Log:
    """The log of a life as the next boot opens it, in these folders."""
    options = dict(life.options)
    if len(flashes) > 1:
        options.setdefault("raw_pages", CAPACITY)
        options["raw_files"] = flashes[1]
    return Log(flashes[0], POD, options.pop("capacity", CAPACITY), life.random_u32, **options)


def assert_kept(cut: Cut, life: Life, thorough: bool) -> None:
    """After this cut each promise holds, nothing has two contents, and the next boots go on from there."""
    flashes = [life.make(held) for held in cut.left]
    log = open_again(life, flashes)
    place = f"{cut.how} {cut.first}..{cut.last}"
    boots = [boot for when, log_id, boot in life.boots if when <= cut.last and log_id == log.id]
    assert log.boot > max(boots, default=0), place
    witness = Witness()
    kept = [promise for promise in life.promises if promise.since <= cut.last]
    looked_at = kept if thorough else kept[:EDGE] + kept[-2 * EDGE :]
    ids = {key(promise.data)[1] for promise in kept}
    assert not kept or log.id in ids, place
    for promise in looked_at:
        witness.see_page(promise.data)
        found = read(log, promise.stream, promise.number)
        if found is None:
            assert promise.number < log.oldest(promise.stream), (place, promise.stream, promise.number)
            # The removal may be what the cut was in: it was allowed by then.
            assert life.may_be_gone(promise.stream, promise.number, cut.last + 1), (place, promise)
        else:
            witness.see_page(found)
    for stream in STREAMS:
        ends = [promise.number + 1 for promise in kept if promise.stream == stream]
        assert log.next(stream) >= max(ends, default=0), (place, stream)
    before = [log.next(stream) for stream in STREAMS]
    for stream in STREAMS:
        for number in range(max(log.oldest(stream), before[stream] - EDGE), before[stream]):
            found = read(log, stream, number)
            if found is not None:
                witness.see_page(found)
        try:
            log.append(page_of(log.boot, stream, 999_999), 0, 0)
            log.settle()
        except LogFull:
            continue
        witness.see_page(read(log, stream, before[stream]) or b"")
    if thorough:
        witness.see(log)
    last = open_again(life, [life.make(flash.left("synced")) for flash in flashes])
    assert last.boot > log.boot or last.id != log.id, place
    for stream in STREAMS:
        for number in range(before[stream], log.next(stream)):
            assert read(last, stream, number) == read(log, stream, number) is not None, place


# Lives that meet all that a log does


def two_boots(make: Callable[..., Any] = Flash) -> Life:
    """From nothing: pairing, pages of both streams, acknowledgements, going back, another store."""
    life = Life(None, make=make)
    for boot in range(2):
        if boot:
            life.restart()
        life.log.pair(STORE)
        for _ in range(2):
            for stream in STREAMS:
                life.append(stream)
        life.settle()
        life.acknowledge(STREAM_STEPS, life.log.next(STREAM_STEPS))
        life.acknowledge(STREAM_STEPS, 1)
    life.log.pair(OTHER_STORE)
    return life


def full_ring(make: Callable[..., Any] = Flash) -> Life:
    """A full log whose first segment the host has: pages that free it, one that begins a segment, a host that goes on
    and frees the next."""
    full = Life(None, make=make)
    full.log.pair(STORE)
    full.append(count=ROOM)
    full.acknowledge(STREAM_STEPS, SEGMENT_PAGES + 3)
    assert full.append() == 1
    assert full.append(count=SEGMENT_PAGES - 3) == SEGMENT_PAGES - 3
    life = full.continued()
    life.acknowledge(STREAM_STEPS, 2 * SEGMENT_PAGES + 1)
    assert life.append(count=5) == 5
    return life


def raw_on_a_card(make: Callable[..., Any] = Flash) -> Life:
    """Raw pages in groups, on a card that is all but full, with a page of steps and an acknowledgement between."""
    full = Life(None, None, make=make)
    full.log.pair(STORE)
    full.append(STREAM_RAW, CAPACITY_LEAST - 1)
    full.settle()
    full.acknowledge(STREAM_RAW, SEGMENT_PAGES)
    life = full.continued()
    life.acknowledge(STREAM_RAW, SEGMENT_PAGES)
    for tick_ms in (0, 100, 200):
        assert life.append(STREAM_RAW, tick_ms=1000 + tick_ms)
    assert life.append(STREAM_STEPS)
    life.commit(1500)
    assert life.append(STREAM_RAW, 2, tick_ms=1600)
    life.settle()
    assert life.log.oldest(STREAM_RAW) == SEGMENT_PAGES
    return life


def raw_gives_way(make: Callable[..., Any] = Flash) -> Life:
    """A full log that nobody has read: steps take the place of raw pages."""
    full = Life(None, make=make, raw_gives_way=True)
    raw = full.append(STREAM_RAW, CAPACITY_LEAST)
    full.settle()
    full.append(count=ROOM - raw)
    assert not full.gave_way
    life = full.continued()
    assert life.append(count=3) == 3
    assert life.log.gave_way == SEGMENT_PAGES
    return life


LIVES = (two_boots, full_ring, raw_on_a_card, raw_gives_way)


def evening(make: Callable[..., Any] = Flash) -> Life:
    """A run with a raw capture beside it, and the host taking its pages, until segments of both have gone round."""
    life = Life(None, make=make)
    life.log.pair(STORE)
    for minute in range(30):
        tick_ms = 60_000 * minute
        life.append(STREAM_RAW, 9, tick_ms=tick_ms + 1)
        life.append(count=6, tick_ms=tick_ms + 10_000)
        life.append(STREAM_RAW, 9, tick_ms=tick_ms + 20_000)
        life.commit(tick_ms + 21_000)
        for stream in STREAMS:
            life.acknowledge(stream, life.log.next(stream) * 9 // 10)
    life.settle()
    assert life.log.oldest(STREAM_RAW) > SEGMENT_PAGES
    return life
