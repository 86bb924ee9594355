"""Pages -> flash: segment files that survive a power cut at any byte and forget only what was acknowledged.

A segment is a file of up to 64 pages of one stream, named by the stream and its first number; a page lies at
512 * (number - first). The last segment of a stream grows. Its tail after a power cut:

- less than a page: nobody has seen it, for a page is sent only after its write was synced. Its number is given out
  again, in a new segment; the torn file is never continued.
- a full 512 bytes that are not whole: it may be a page that was sent and spoilt later. Its number stays given out.

So the same key never stands for two different contents. What else is to be remembered (log id, boot count, the paired
store, what that store wants) lies in two small files with sequence and CRC, written in turn.
"""

import struct
from binascii import crc32, hexlify, unhexlify

from strideload_pod.page import (
    HEADER_FORMAT,
    HEADER_NAMES,
    KIND_GONE,
    PAGE_SIZE,
    STREAM_RAW,
    STREAM_STEPS,
    is_whole,
    key,
)

STREAMS = (STREAM_STEPS, STREAM_RAW)

SEGMENT_PAGES = (
    64  # 32 KiB: a full 8 MB log is 256 files, and one removal makes room for ten minutes of steps
)
CAPACITY_LEAST = 4 * SEGMENT_PAGES  # one growing segment and one to free for each stream

# A full log whose host was restored from an older copy is freed by telling that host what is gone: room for that stays.
GONE_RESERVE = 8
# A raw capture fills 8 MB in twenty minutes. It never takes the last quarter: steps are what the pod is for.
RAW_SHARE = (3, 4)

META_NAMES = ("meta.0", "meta.1")
META_MAGIC = b"SLM1"
# magic, sequence, pod, log, boot, paired store (zeros: none), next number wanted of steps and of raw; then a CRC-32
META_FORMAT = "<4sI8sII16sII"
META_SIZE = struct.calcsize(META_FORMAT)
UNPAIRED = bytes(16)

BOOT_FIELD = HEADER_NAMES.index("boot")


class LogError(Exception):
    """What can go wrong with the log."""


class LogFull(LogError):
    """Only pages are left that the paired host has not acknowledged."""


class LogFailed(LogError):
    """The files refused to write; the page was not kept, and its number goes to the next one."""


class LogForeign(LogError):
    """The folder holds the log of another pod. `pod`: its id in hex."""

    def __init__(self, pod):
        super().__init__("the folder holds the log of pod %s" % pod)
        self.pod = pod


class Log:
    """The pages of one pod, in `files`: open, names, remove, sync; a flat folder, a write writes all or raises OSError.

    `pod`: 8 bytes. `capacity_pages`: most pages kept at once, 256 or more. `random_u32()` gives 32 random bits.
    Opening takes a new boot number; it reads names, the tails of the last segments and the two metadata files only.
    LogForeign: another pod's log. LogFailed: the files cannot be written.

    `formatted`: nothing was there, the log id is new. `recovered`: pages were there but no metadata; they keep their
    log id and numbers, the pairing is lost. `torn`: tails of less than a page, found at opening. `unreadable`: reads
    that found no whole page where one should be.
    """

    def __init__(self, files, pod, capacity_pages, random_u32):
        if capacity_pages < CAPACITY_LEAST:
            raise ValueError("a log holds at least %d pages, got %d" % (CAPACITY_LEAST, capacity_pages))
        self.pod = bytes(pod)
        self.capacity = capacity_pages
        self.formatted = False
        self.recovered = False
        self.torn = 0
        self.unreadable = 0
        self.id = 0
        self.boot = 0
        self._store = UNPAIRED
        self._files = files
        self._handles = {}  # (name, mode) -> file: none or one
        self._sequence = 0
        self._wanted = [0 for _ in STREAMS]
        self._saved = [0 for _ in STREAMS]  # `wanted` as it stands on flash
        self._tail_open = [True for _ in STREAMS]  # the last segment may be continued
        try:
            self._open(random_u32)
        except OSError as error:
            raise LogFailed("the log cannot be opened: %s" % error) from error

    # What is there

    @property
    def store(self):
        """Id of the paired store, 32 hex digits; None when unpaired."""
        return None if self._store == UNPAIRED else hexlify(self._store).decode()

    def oldest(self, stream):
        """Number of the oldest page that is kept; `next` when there is none."""
        firsts = self._segments[stream]
        return firsts[0] if firsts else self._next[stream]

    def next(self, stream):
        """The number that the next page gets."""
        return self._next[stream]

    def wanted(self, stream):
        """Next number that the paired host wants. After a restart up to a segment older than what it said last."""
        return self._wanted[stream]

    def waiting(self):
        """Pages that the paired host has not acknowledged."""
        return sum(self._next[s] - max(self._wanted[s], self.oldest(s)) for s in STREAMS)

    def free(self):
        """Pages of steps that fit before the log is full, if nothing else is acknowledged."""
        return max(0, self.capacity - GONE_RESERVE - sum(self._held(stream) for stream in STREAMS))

    def read(self, stream, number, buffer):
        """Fill `buffer` (512 bytes) with a page. False: not here any more, not yet, or unreadable (then counted)."""
        if not self.oldest(stream) <= number < self._next[stream]:
            return False
        if self._fetch(stream, number, buffer):
            pod, log, page_stream, page_number = key(buffer)
            if (log, page_stream, page_number) == (self.id, stream, number) and pod == self.pod.hex():
                return True
        self.unreadable += 1
        return False

    # What changes it

    def append(self, page, sample, tick_ms):
        """Number, seal, write and sync a page of `page`'s stream; closed at `sample` and `tick_ms`. -> its number.

        LogFull: nothing may be freed. LogFailed: the files refused. The page has no number then and is not kept.
        """
        if page.fields["pod"] != self.pod:
            raise ValueError("a page of another pod: %s" % page.fields["pod"].hex())
        stream = page.fields["stream"]
        number = self._next[stream]
        try:
            self._make_room(stream, page.fields["kind"])
            self._write(stream, number, page.close(self.id, number, sample, tick_ms))
        except OSError as error:
            self._tail_open[stream] = False
            self._let_go()
            raise LogFailed("page %d of stream %d was not written: %s" % (number, stream, error)) from error
        self._next[stream] = number + 1
        return number

    def acknowledge(self, stream, number):
        """The paired host wants `number` next: forward or back. ValueError: never written. LogFailed: not noted."""
        if not 0 <= number <= self._next[stream]:
            raise ValueError("stream %d was written up to %d, got %d" % (stream, self._next[stream], number))
        self._wanted[stream] = number
        if number < self._saved[stream]:
            self._save_twice()
        elif number - self._saved[stream] >= SEGMENT_PAGES:
            # Not at every step: what is not noted is only sent once more, and flash wears.
            self._save()

    def pair(self, store_id):
        """Obey the store of this id (32 hex digits) from now on; a new one has acknowledged nothing yet."""
        store = unhexlify(store_id)
        if len(store) != len(UNPAIRED) or store == UNPAIRED:
            raise ValueError("a store id has 32 hex digits, not all zero, got %r" % store_id)
        if store != self._store:
            self._store = store
            self._wanted = [self.oldest(stream) for stream in STREAMS]
            self._save_twice()

    def close(self):
        """Let go of the files: another log may be opened on them."""
        self._let_go()

    # Opening

    def _open(self, random_u32):
        self._segments = _segments(self._files.names())
        self._next = [self._find_end(stream) for stream in STREAMS]
        newest = [self._newest_origin(stream) for stream in STREAMS]
        if not (self._load() or self._recover(newest)):
            self._format(random_u32)
        for stream in STREAMS:
            if self._wanted[stream] > self._next[stream]:
                # The last segment is missing: its numbers were stored by the host and are not given out again.
                self._next[stream] = self._wanted[stream]
                self._tail_open[stream] = False
        # The newest metadata may be the spoilt one: no boot number is ever used twice.
        for origin in newest:
            if origin is not None and origin[1] == self.id:
                self.boot = max(self.boot, origin[2])
        self.boot += 1
        self._save()

    def _find_end(self, stream):
        """Number after the last page of a stream. Files without one full page go, for nobody has seen them."""
        firsts = self._segments[stream]
        while firsts:
            file = self._use(_name(stream, firsts[-1]), "ab")
            # After a crash without a power cut the last page may be visible and not yet on flash.
            self._files.sync(file)
            size = file.seek(0, 2)
            self.torn += size % PAGE_SIZE != 0
            if size >= PAGE_SIZE:
                self._tail_open[stream] = size % PAGE_SIZE == 0
                return firsts[-1] + size // PAGE_SIZE
            self._remove(stream, firsts.pop())
        return 0

    def _newest_origin(self, stream):
        """(pod in hex, log, boot) of the newest whole page of a stream, None when there is none."""
        buffer = bytearray(PAGE_SIZE)
        for number in range(self._next[stream] - 1, self.oldest(stream) - 1, -1):
            if self._fetch(stream, number, buffer):
                pod, log, _, _ = key(buffer)
                return pod, log, int(struct.unpack_from(HEADER_FORMAT, buffer)[BOOT_FIELD])
        return None

    def _load(self):
        """Take over the newer of the two metadata files. False: neither is good."""
        found = None
        for name in META_NAMES:
            meta = self._read_meta(name)
            if meta and (found is None or meta[1] > found[1]):
                found = meta
        if found is None:
            return False
        _, self._sequence, pod, self.id, self.boot, self._store, steps, raw = found
        self._wanted = [steps, raw]
        self._saved = list(self._wanted)
        if pod != self.pod:
            raise LogForeign(pod.hex())
        return True

    def _read_meta(self, name):
        """The fields of META_FORMAT, None when the file is missing, torn or spoilt."""
        if name not in self._files.names():
            return None
        data = self._use(name, "rb").read()
        self._let_go()
        if len(data) != META_SIZE + 4 or data[:4] != META_MAGIC:
            return None
        if crc32(data[:META_SIZE]) != struct.unpack_from("<I", data, META_SIZE)[0]:
            return None
        return struct.unpack_from(META_FORMAT, data)

    def _recover(self, newest):
        """Without metadata: go on in the log that the pages name, nothing acknowledged. False: there are no pages."""
        for origin in newest:
            if origin is not None:
                pod, self.id, _ = origin
                if pod != self.pod.hex():
                    raise LogForeign(pod)
                self.recovered = True
                self._wanted = [self.oldest(stream) for stream in STREAMS]
                self._save_twice()
                return True
        return False

    def _format(self, random_u32):
        """Nothing is there that could be read: a new log id, so that numbers may begin at 0."""
        for stream in STREAMS:
            for first in self._segments[stream]:
                self._remove(stream, first)
        self._segments = [[] for _ in STREAMS]
        self._next = [0 for _ in STREAMS]
        self._tail_open = [True for _ in STREAMS]
        self.formatted = True
        self.id = random_u32()
        self._save_twice()

    # Writing

    def _make_room(self, stream, kind):
        limit = self.capacity - (0 if kind == KIND_GONE else GONE_RESERVE)
        if stream == STREAM_RAW:
            limit = limit * RAW_SHARE[0] // RAW_SHARE[1]
        while sum(self._next[s] - self.oldest(s) for s in STREAMS) >= limit:
            if not self._free_one():
                raise LogFull("%d pages wait for the host, of %d" % (self.waiting(), self.capacity))

    def _held(self, stream):
        """Pages of a stream that stay when all is removed that may be."""
        first = self.oldest(stream)
        if self._segments[stream] and self._wanted[stream] > first:
            first = _first_of(self._segments[stream], self._wanted[stream])
        return self._next[stream] - first

    def _free_one(self):
        """Remove the oldest acknowledged segment, raw ones first. False: there is none."""
        for stream in (STREAM_RAW, STREAM_STEPS):
            firsts = self._segments[stream]
            if len(firsts) > 1 and firsts[1] <= self._wanted[stream]:
                if firsts[1] > self._saved[stream]:
                    self._save()
                # Off the list first: a removal that fails half-way must not be tried again and again.
                self._remove(stream, firsts.pop(0))
                return True
        return False

    def _write(self, stream, number, data):
        firsts = self._segments[stream]
        if self._tail_open[stream] and firsts and number - firsts[-1] < SEGMENT_PAGES:
            file = self._use(_name(stream, firsts[-1]), "ab")
        else:
            # "wb" also empties a file of this name, left by a write that failed in its first page.
            file = self._use(_name(stream, number), "wb")
            if not firsts or firsts[-1] != number:
                firsts.append(number)
        file.write(data)
        self._files.sync(file)
        self._tail_open[stream] = True

    def _save_twice(self):
        """Both metadata files: for what must not come back when the newer one spoils."""
        self._save()
        self._save()

    def _save(self):
        self._sequence += 1
        meta = struct.pack(
            META_FORMAT, META_MAGIC, self._sequence, self.pod, self.id, self.boot, self._store, *self._wanted
        )
        try:
            file = self._use(META_NAMES[self._sequence & 1], "wb")
            file.write(meta + struct.pack("<I", crc32(meta)))
            self._files.sync(file)
        except OSError as error:
            self._sequence -= 1
            raise LogFailed("the log's metadata was not written: %s" % error) from error
        finally:
            self._let_go()
        self._saved = list(self._wanted)

    # Files: FAT on a board allows one handle a file, so one is open at a time.

    def _use(self, name, mode):
        if (name, mode) not in self._handles:
            self._let_go()
            self._handles[(name, mode)] = self._files.open(name, mode)
        return self._handles[(name, mode)]

    def _let_go(self):
        while self._handles:
            try:
                self._handles.popitem()[1].close()
            except OSError:
                # A buffered file writes again what it could not write before. What counts was synced, or has failed.
                pass

    def _remove(self, stream, first):
        self._let_go()
        self._files.remove(_name(stream, first))

    def _fetch(self, stream, number, buffer):
        """Read what lies at the place of a page. False: that is no whole page."""
        first = _first_of(self._segments[stream], number)
        try:
            file = self._use(_name(stream, first), "rb")
            file.seek((number - first) * PAGE_SIZE)
            return file.readinto(buffer) == PAGE_SIZE and is_whole(buffer)
        except OSError:
            self._let_go()
            return False


def _name(stream, first):
    return "%d-%08x.seg" % (stream, first)


def _segments(names):
    """Sorted first numbers of the segment files of each stream; other names are not ours."""
    found = [[] for _ in STREAMS]
    for name in names:
        try:
            stream, first = int(name[:1]), int(name[2:10], 16)
        except ValueError:
            continue
        if stream < len(found) and name == _name(stream, first):
            found[stream].append(first)
    for firsts in found:
        firsts.sort()
    return found


def _first_of(firsts, number):
    """The greatest of `firsts` that is not above `number`, which is not below the first."""
    low, high = 0, len(firsts)
    while high - low > 1:
        middle = (low + high) // 2
        if firsts[middle] <= number:
            low = middle
        else:
            high = middle
    return firsts[low]
