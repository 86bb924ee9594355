"""Pages -> flash: a ring that survives a power cut at any byte and forgets only what was acknowledged.

Pages lie in segment files (segments.py), a step page synced before `append` returns. Raw pages come up to 50 times a
second: they are synced together, and are read, sent and numbered for others only from then on.

What else is to be remembered lies in two small files with sequence and CRC, written in turn: log id, boot count, the
paired store, and of each stream what that store wants, the newest segment, and up to where numbers may be given out.
So a folder that was emptied, or another card, is known, and what may have been written there is passed over.
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
from strideload_pod.segments import Segments

STREAMS = (STREAM_STEPS, STREAM_RAW)

# 63 pages fill eight blocks of littlefs, whose files also hold their own list of blocks; the 64th would take a ninth.
# A full 8 MB log is 261 files, and one removal makes room for ten minutes of steps.
SEGMENT_PAGES = 63
CAPACITY_LEAST = 256  # one growing segment and one to free for each stream

# A folder of thousands of files is slow on FAT, and its names alone fill a board's memory.
RAW_SEGMENTS = 128  # on a card of their own, whatever its size

# A full log whose host was restored from an older copy is freed by telling that host what is gone: room for that stays.
GONE_RESERVE = 8
# A raw capture fills 8 MB in ten minutes. It never takes the last quarter: steps are what the pod is for.
RAW_SHARE = (3, 4)

# With rounds of the loop of half a second at most, a power cut costs less than a second of raw samples.
RAW_SYNC_MS = 500
RAW_RESTS_MS = 2_000  # without a raw page: the capture has ended, and its last pages may be sent

# Of steps and raw: pages between two notes of what the host wants (what is not noted is only sent once more, and flash
# wears), and numbers that are set aside at once.
NOTE_PAGES = (SEGMENT_PAGES, 1024)

META_NAMES = ("meta.0", "meta.1")
META_MAGIC = b"SLM2"
# magic, sequence, pod, log, boot, paired store (zeros: none); then, each of steps and raw, the next number wanted, the
# first number of the newest segment, and the number from which on none was given out; then a CRC-32
META_FORMAT = "<4sI8sII16sIIIIII"
META_SIZE = struct.calcsize(META_FORMAT)
UNPAIRED = bytes(16)
NOT_BEGUN = 0xFFFFFFFF

BOOT_FIELD = HEADER_NAMES.index("boot")

ENOSPC = 28  # MicroPython's errno does not name it


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
    `raw_files`: another folder, on a card, for up to `raw_pages` pages of the raw stream; None: they share `files`.
    `raw_gives_way`: in a shared folder that is full, step pages take the place of the oldest raw ones, sent or not.

    Opening takes a new boot number. It lists each folder once, and reads the ends of the newest segments and the
    metadata, no page. LogForeign: another pod's log. LogFailed: the files cannot be written.

    `formatted`: nothing was there, the log id is new. `recovered`: pages were there but no metadata; they keep their
    log id and numbers, the pairing is lost. `torn`: tails of less than a page, found at opening. `unreadable`: reads
    that found no whole page where one should be. `gave_way`: raw pages given up for steps.
    """

    def __init__(
        self, files, pod, capacity_pages, random_u32, raw_files=None, raw_pages=0, raw_gives_way=False
    ):
        for pages in (capacity_pages, CAPACITY_LEAST if raw_files is None else raw_pages):
            if pages < CAPACITY_LEAST:
                raise ValueError("a log holds at least %d pages, got %d" % (CAPACITY_LEAST, pages))
        self.pod = bytes(pod)
        self.capacity = capacity_pages
        self.raw_capacity = raw_pages
        self.formatted = False
        self.recovered = False
        self.torn = 0
        self.unreadable = 0
        self.gave_way = 0
        self.id = 0
        self.boot = 0
        self._store = UNPAIRED
        self._files = files
        self._raw_files = raw_files
        self.raw_gives_way = raw_gives_way
        self._parts = [
            Segments(files, "%d" % stream, SEGMENT_PAGES, stream == STREAM_RAW) for stream in STREAMS
        ]
        self._sequence = 0
        self._wanted = [0 for _ in STREAMS]
        self._saved = [0 for _ in STREAMS]  # `wanted` as it stands on flash
        self._begun = [NOT_BEGUN for _ in STREAMS]  # first number of the newest segment
        self._set_aside = [0 for _ in STREAMS]  # no number from this one on was given out
        self._refused = [False for _ in STREAMS]  # the files have no room, whatever the capacity says
        self._unsynced_ms = None  # when the first raw page was written that is not synced
        self._raw_ms = 0  # when the last raw page was written
        try:
            self._open(random_u32)
        except (OSError, UnicodeError) as error:  # a spoilt folder of FAT may list names that are no text
            raise LogFailed("the log cannot be opened: %s" % error) from error

    # What is there

    @property
    def store(self):
        """Id of the paired store, 32 hex digits; None when unpaired."""
        return None if self._store == UNPAIRED else hexlify(self._store).decode()

    def oldest(self, stream):
        """Number of the oldest page that is kept; `next` when there is none."""
        return self._parts[stream].oldest

    def next(self, stream):
        """Number after the last page that can be read; of steps the one that the next page gets."""
        return self._parts[stream].next

    def sendable(self, stream):
        """Number after the last page that can be read at no cost to a capture: up to the raw file that grows."""
        part = self._parts[stream]
        return part.next if stream == STREAM_STEPS or part.is_resting() else part.firsts[-1]

    def wanted(self, stream):
        """Next number that the paired host wants. After a restart up to NOTE_PAGES older than what it said last."""
        return self._wanted[stream]

    def waiting(self):
        """Pages that the paired host has not acknowledged."""
        return sum(self._waiting(stream) for stream in STREAMS)

    def free(self):
        """Pages of steps that fit before the log is full, if nothing else is acknowledged."""
        if self._refused[STREAM_STEPS]:
            return 0
        held = self._held(STREAM_STEPS)
        if self._shared() and not self.raw_gives_way:
            held += self._held(STREAM_RAW)
        return max(0, self.capacity - GONE_RESERVE - held)

    def free_raw(self):
        """Pages of raw samples that fit before recording them stops, if nothing else is acknowledged."""
        if self._refused[STREAM_RAW]:
            return 0
        held = self._held(STREAM_RAW) + (self._held(STREAM_STEPS) if self._shared() else 0)
        return max(0, self._limit(STREAM_RAW, None) - held)

    def take_lost(self):
        """Raw pages that were written and not yet synced when the files refused, since this was last asked."""
        part = self._parts[STREAM_RAW]
        lost, part.lost = part.lost, 0
        return lost

    def read(self, stream, number, buffer):
        """Fill `buffer` (512 bytes) with a page. False: not here any more, not yet, or unreadable (then counted)."""
        if not self.oldest(stream) <= number < self.next(stream):
            return False
        if self._fetch(self._parts[stream], number, buffer):
            pod, log, page_stream, page_number = key(buffer)
            if (log, page_stream, page_number) == (self.id, stream, number) and pod == self.pod.hex():
                return True
        self.unreadable += 1
        return False

    def hole_end(self, stream, number):
        """Where a stream goes on at or after `number`, further on when the file is missing or was cut short there."""
        if self.oldest(stream) <= number < self.next(stream):
            try:
                return self._parts[stream].hole_end(number)
            except OSError:
                pass
        return number

    # What changes it

    def append(self, page, sample, tick_ms):
        """Number, seal and write a page of `page`'s stream; closed at `sample` and `tick_ms`. -> its number.

        A page of steps is synced, one of raw samples soon is. LogFull: nothing may be freed. LogFailed: the files
        refused. The page has no number then and is not kept.
        """
        if page.fields["pod"] != self.pod:
            raise ValueError("a page of another pod: %s" % page.fields["pod"].hex())
        stream = page.fields["stream"]
        part = self._parts[stream]
        if stream == STREAM_RAW and self._refused[STREAM_RAW]:
            # Looking for room again would take a full card seconds.
            raise LogFull("the files have no room for raw pages")
        self._make_room(stream, page.fields["kind"])
        while True:
            number = part.written
            try:
                if part.needs_new() or number >= self._set_aside[stream]:
                    self._set_more_aside(stream, part)
                    number = part.written
                part.write(page.close(self.id, number, sample, tick_ms))
                self._sync_when_due(stream, tick_ms)
                self._refused[stream] = False
                return number
            except OSError as error:
                part.give_up(number)
                if error.errno != ENOSPC:
                    raise LogFailed("a page of stream %d was not written: %s" % (stream, error)) from error
            if not self._free_one(stream):
                self._refused[stream] = True
                raise LogFull("the files have no room, and %d pages wait for the host" % self.waiting())

    def commit(self, now_ms):
        """Sync what raw pages wait for it, at tick `now_ms`; call it in every round. LogFailed: see `take_lost`."""
        part = self._parts[STREAM_RAW]
        try:
            if self._unsynced_ms is not None and now_ms - self._unsynced_ms >= RAW_SYNC_MS:
                self._sync_raw()
            if not part.is_resting() and now_ms - self._raw_ms >= RAW_RESTS_MS:
                part.rest()
        except OSError as error:
            raise self._raw_failed(error) from error

    def settle(self):
        """Sync all that was written, and let all of it be sent: before a sleep, or at the end. LogFailed."""
        self._unsynced_ms = None
        self._refused[STREAM_RAW] = False
        try:
            self._parts[STREAM_RAW].rest()
        except OSError as error:
            raise self._raw_failed(error) from error

    def acknowledge(self, stream, number):
        """The paired host wants `number` next: forward or back. ValueError: never written. LogFailed: not noted."""
        if not 0 <= number <= self.next(stream):
            raise ValueError("stream %d was written up to %d, got %d" % (stream, self.next(stream), number))
        self._wanted[stream] = number
        self._refused = [False for _ in STREAMS]
        if number < self._saved[stream]:
            self._note(2)
        elif number - self._saved[stream] >= NOTE_PAGES[stream]:
            self._note(1)

    def pair(self, store_id):
        """Obey the store of this id (32 hex digits) from now on; a new one has acknowledged nothing yet."""
        store = unhexlify(store_id)
        if len(store) != len(UNPAIRED) or store == UNPAIRED:
            raise ValueError("a store id has 32 hex digits, not all zero, got %r" % store_id)
        if store != self._store:
            self._store = store
            self._wanted = [self.oldest(stream) for stream in STREAMS]
            self._note(2)

    def look_again(self):
        """After an interrupt, which may come in the midst of any change: go by what the files hold, as a boot does.

        A page whose `append` was broken off is not in the log, or its number is below `next`. LogFailed.
        """
        try:
            for stream in STREAMS:
                part = self._parts[stream]
                part.look_again()
                # What was not noted yet is noted before the next page.
                self._set_aside[stream] = min(self._set_aside[stream], part.written)
        except (OSError, UnicodeError) as error:
            raise LogFailed("the files cannot be read: %s" % error) from error

    def close(self):
        """Sync what is there, and let go of the files: another log may be opened on them."""
        for part in self._parts:
            part.close()

    # Opening

    def _open(self, random_u32):
        names = self._files.names()
        shared = self._parts if self._shared() else self._parts[:1]
        self.torn = sum(part.find(names) for part in shared)
        if not (self._load(names) or self._recover(shared)):
            self._format(shared, random_u32)
        card = self._raw_files
        if card is not None:
            # A card may come from another pod, or from a log of this one that was formatted since.
            raw = self._parts[STREAM_RAW] = Segments(
                card,
                "%08x" % self.id,
                max(SEGMENT_PAGES, self.raw_capacity // RAW_SEGMENTS),
                True,
            )
            self.torn += raw.find(card.names())
        self._pass_over_what_is_missing()
        self.boot += 1
        # Twice, as the newer one may spoil: no boot number is ever used again.
        self._save()
        self._save()

    def _pass_over_what_is_missing(self):
        for stream in STREAMS:
            part = self._parts[stream]
            begun = self._begun[stream]
            end = max(part.next, self._wanted[stream])
            if begun != NOT_BEGUN and (not part.firsts or part.firsts[-1] < begun):
                end = max(end, self._set_aside[stream])
            if end > part.next:
                part.pass_to(end)

    def _newest_origin(self, part):
        """(pod in hex, log, boot) of the newest whole page of a stream, None when there is none."""
        buffer = bytearray(PAGE_SIZE)
        for number in range(part.next - 1, part.oldest - 1, -1):
            if self._fetch(part, number, buffer):
                pod, log, _, _ = key(buffer)
                return pod, log, int(struct.unpack_from(HEADER_FORMAT, buffer)[BOOT_FIELD])
        return None

    def _load(self, names):
        """Take over the newer of the two metadata files. False: neither is good."""
        found = None
        for name in META_NAMES:
            meta = self._read_meta(name) if name in names else None
            if meta and (found is None or meta[1] > found[1]):
                found = meta
        if found is None:
            return False
        _, self._sequence, pod, self.id, self.boot, self._store = found[:6]
        self._wanted = list(found[6:8])
        self._saved = list(self._wanted)
        self._begun = list(found[8:10])
        self._set_aside = list(found[10:])
        if pod != self.pod:
            raise LogForeign(pod.hex())
        return True

    def _read_meta(self, name):
        """The fields of META_FORMAT, None when the file is torn or spoilt."""
        file = self._files.open(name, "rb")
        data = file.read()
        file.close()
        if len(data) != META_SIZE + 4 or data[:4] != META_MAGIC:
            return None
        if crc32(data[:META_SIZE]) != struct.unpack_from("<I", data, META_SIZE)[0]:
            return None
        return struct.unpack_from(META_FORMAT, data)

    def _recover(self, parts):
        """Without metadata: go on in the log that the pages name, nothing acknowledged. False: there are no pages."""
        origins = [origin for origin in map(self._newest_origin, parts) if origin is not None]
        if not origins:
            return False
        pod, self.id, _ = origins[0]
        if pod != self.pod.hex():
            raise LogForeign(pod)
        self.boot = max(boot for _, log, boot in origins if log == self.id)
        self.recovered = True
        self._wanted = [part.oldest for part in self._parts]
        self._begun = [part.firsts[-1] if part.firsts else NOT_BEGUN for part in self._parts]
        return True

    def _format(self, parts, random_u32):
        """Nothing is there that could be read: a new log id, so that numbers may begin at 0."""
        for part in parts:
            while part.firsts:
                part.drop_oldest()
            part.pass_to(0)
        self.formatted = True
        self.id = random_u32()

    # Room

    def _shared(self):
        return self._raw_files is None

    def _limit(self, stream, kind):
        """Most pages that the folder of a stream may hold before one of this kind is written."""
        if stream == STREAM_RAW and not self._shared():
            return self.raw_capacity
        limit = self.capacity - (0 if kind == KIND_GONE else GONE_RESERVE)
        return limit * RAW_SHARE[0] // RAW_SHARE[1] if stream == STREAM_RAW else limit

    def _make_room(self, stream, kind):
        limit = self._limit(stream, kind)
        while self._pages_beside(stream) >= limit:
            if not self._free_one(stream):
                raise LogFull("%d pages wait for the host, of %d" % (self.waiting(), limit))

    def _pages_beside(self, stream):
        """Pages in the folder of a stream."""
        pages = self._parts[stream].pages
        return pages + self._parts[1 - stream].pages if self._shared() else pages

    def _waiting(self, stream):
        part = self._parts[stream]
        return min(part.pages, part.next - max(self._wanted[stream], part.oldest))

    def _held(self, stream):
        """Pages of a stream that stay when all is removed that may be."""
        part = self._parts[stream]
        if not part.firsts or self._wanted[stream] <= part.oldest:
            return part.pages
        return max(0, part.pages - (part.first_of(self._wanted[stream]) - part.oldest))

    def _free_one(self, stream):
        """Remove the oldest segment that may go for a page of `stream`, raw first. False: there is none. LogFailed."""
        try:
            return self._remove_one(stream)
        except OSError as error:
            raise LogFailed("no segment was removed: %s" % error) from error

    def _remove_one(self, stream):
        for other in (STREAM_RAW, STREAM_STEPS) if self._shared() else (stream,):
            part = self._parts[other]
            if len(part.firsts) > 1 and part.firsts[1] <= self._wanted[other]:
                if part.firsts[1] > self._saved[other]:
                    self._save()
                part.drop_oldest()
                return True
        if (
            stream == STREAM_STEPS
            and self.raw_gives_way
            and self._shared()
            and self._parts[STREAM_RAW].firsts
        ):
            self.gave_way += self._parts[STREAM_RAW].drop_oldest()
            return True
        return False

    # Writing and reading

    def _set_more_aside(self, stream, part):
        """Before the first page of a segment, and before the numbers set aside run out. OSError."""
        if part.needs_new():
            part.begin()
        self._begun[stream] = part.firsts[-1]
        self._set_aside[stream] = part.written + NOTE_PAGES[stream]
        self._save()

    def _sync_when_due(self, stream, tick_ms):
        if stream == STREAM_STEPS:
            self._parts[STREAM_STEPS].sync()
            return
        self._raw_ms = tick_ms
        if self._unsynced_ms is None:
            self._unsynced_ms = tick_ms
        elif tick_ms - self._unsynced_ms >= RAW_SYNC_MS:
            self._sync_raw()

    def _sync_raw(self):
        self._unsynced_ms = None
        self._parts[STREAM_RAW].sync()

    def _raw_failed(self, error):
        self._parts[STREAM_RAW].give_up()
        return LogFailed("raw pages were not synced: %s" % error)

    def _note(self, times):
        """Save the metadata; both files for what must not come back when the newer one spoils. LogFailed."""
        try:
            for _ in range(times):
                self._save()
        except OSError as error:
            raise LogFailed("the log's metadata was not written: %s" % error) from error

    def _save(self):
        """Write the older of the metadata files anew. OSError."""
        sequence = self._sequence + 1
        meta = struct.pack(
            META_FORMAT,
            META_MAGIC,
            sequence,
            self.pod,
            self.id,
            self.boot,
            self._store,
            *self._wanted,
            *self._begun,
            *self._set_aside,
        )
        file = self._files.open(META_NAMES[sequence & 1], "wb")
        try:
            file.write(meta + struct.pack("<I", crc32(meta)))
            self._files.sync(file)
        finally:
            try:
                file.close()
            except OSError:
                pass  # what counts was synced, or has failed
        self._sequence = sequence
        self._saved = list(self._wanted)

    def _fetch(self, part, number, buffer):
        """Read what lies at the place of a page. False: that is no whole page."""
        try:
            return part.read(number, buffer) and is_whole(buffer)
        except OSError:
            return False
