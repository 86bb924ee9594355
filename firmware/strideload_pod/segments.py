"""The pages of one stream in files of a flat folder, a segment each. The newest segment grows.

A segment is named by its first number; a page lies at 512 * (number - first). The tail of the newest one after a power
cut:

- less than a page: nobody has seen it, for a page is read only after it was synced. Its number is given out again, in
  a new segment; the torn file is never continued.
- a full 512 bytes that are not whole: it may be a page that was read and spoilt later. Its number stays given out.

So the same number never stands for two different contents.
"""

from strideload_pod.page import PAGE_SIZE


class Segments:
    """Segments in `files`, whose names begin with `prefix` and which hold up to `limit` pages.

    `grouped`: many pages are written between two syncs. The file that grows stays open then while others are read.

    `firsts`: first number of each segment, rising. `next`: number after the last page that is synced; `written`: after
    the last one that is written. `pages`: how many there are. `lost`: pages that were written, and whose sync failed.
    """

    def __init__(self, files, prefix, limit, grouped=False):
        self.limit = limit
        self.firsts = []
        self.next = 0
        self.written = 0
        self.pages = 0
        self.lost = 0
        self._files = files
        self._prefix = prefix
        self._grouped = grouped
        self._tail_open = False  # the newest segment may be continued
        self._writer = None  # the newest segment while it is written
        self._reader = None
        self._reader_first = -1

    @property
    def oldest(self):
        """Number of the oldest page; `next` when there is none."""
        return self.firsts[0] if self.firsts else self.next

    def find(self, names):
        """Take over the segments among these names. -> True when the newest one ends in mid-page. OSError."""
        self.firsts = sorted(first for first in map(self._first_in, names) if first is not None)
        if not self.firsts:
            return False
        self._writer = self._files.open(self._name(self.firsts[-1]), "ab")
        # After a crash without a power cut the last page may be visible and not yet on flash.
        self._files.sync(self._writer)
        size = self._writer.seek(0, 2)
        self._close_writer()
        end = self.firsts[-1] + size // PAGE_SIZE
        is_torn = size % PAGE_SIZE != 0
        self._tail_open = not is_torn and end >= self.next
        self.next = self.written = max(end, self.next)  # numbers that were passed over stay so
        self.pages = sum(self._size(i) for i in range(len(self.firsts)))
        return is_torn

    def look_again(self):
        """After an interrupt in the midst of whatever stands here: go by what the files hold. OSError."""
        self._close_writer()
        self._close_reader()
        self.pass_to(self.next)
        self.pages = 0
        self.find(self._files.names())

    def pass_to(self, number):
        """Numbers below this one were given out, although their pages are not here: the next page gets this one."""
        self.next = self.written = number
        self._tail_open = False

    def first_of(self, number):
        """First number of the segment of a page that is there or was."""
        firsts = self.firsts
        low, high = 0, len(firsts)
        while high - low > 1:
            middle = (low + high) // 2
            if firsts[middle] <= number:
                low = middle
            else:
                high = middle
        return firsts[low]

    # Reading

    def read(self, number, buffer):
        """Fill `buffer` with the 512 bytes at the place of a page. False: there are not so many. OSError."""
        first = self.first_of(number)
        try:
            file = self._open_to_read(first)
            file.seek((number - first) * PAGE_SIZE)
            return file.readinto(buffer) == PAGE_SIZE
        except OSError:
            self._close_reader()
            raise

    def hole_end(self, number):
        """Where pages begin again at or after `number`: further on where its file is missing or too short. OSError."""
        first = self.first_of(number)
        size = self._open_to_read(first).seek(0, 2)
        if number < first + size // PAGE_SIZE:
            return number
        later = [other for other in self.firsts if other > number]
        return later[0] if later else self.next

    def _open_to_read(self, first):
        if self._reader is None or first != self._reader_first:
            self._close_reader()
            if not self._grouped or first == self.firsts[-1]:
                self.rest()
            self._reader = self._files.open(self._name(first), "rb")
            self._reader_first = first
        return self._reader

    # Writing

    def needs_new(self):
        """True when the next page begins a segment."""
        return not self._tail_open or self.written - self.firsts[-1] >= self.limit

    def begin(self):
        """Make the segment of the next page, empty. OSError: see `give_up`."""
        self.rest()
        self._close_reader()
        # "wb" also empties a file of this name, left by a write that failed in its first page.
        self._writer = self._files.open(self._name(self.written), "wb")
        self._files.sync(self._writer)
        if not self.firsts or self.firsts[-1] != self.written:
            self.firsts.append(self.written)
        self._tail_open = True

    def write(self, data):
        """Write the next page to the newest segment. OSError: see `give_up`."""
        if self._writer is None:
            if not self._grouped or self._reader_first == self.firsts[-1]:
                self._close_reader()
            self._writer = self._files.open(self._name(self.firsts[-1]), "ab")
        self._writer.write(data)
        self.written += 1
        self.pages += 1

    def sync(self):
        """What was written is to last, and may be read. OSError: see `give_up`."""
        if self.written != self.next:
            self._files.sync(self._writer)
            self.next = self.written

    def rest(self):
        """Sync, and close the file that grows. OSError: what was not synced is lost."""
        try:
            self.sync()
        except OSError:
            self.give_up()
            raise
        self._close_writer()

    def close(self):
        """Sync what is there, and let go of the files. What cannot be synced is lost, and counted."""
        try:
            self.rest()
        except OSError:
            pass
        self._close_reader()

    def give_up(self, end=None):
        """After an OSError: the file that grows ends; what was not synced is lost, and counted up to `end`."""
        self.lost += (self.written if end is None else min(end, self.written)) - self.next
        self.pages -= self.written - self.next
        self.written = self.next
        self._tail_open = False
        self._close_writer()

    def drop_oldest(self):
        """Remove the oldest segment. -> how many pages it had. OSError."""
        first = self.firsts[0]
        count = self._size(0)
        if len(self.firsts) == 1:
            self.rest()
            count = self._size(0)
            self._tail_open = False
        if first == self._reader_first:
            self._close_reader()
        # Off the list first: a removal that fails half-way must not be tried again and again.
        self.firsts.pop(0)
        self.pages -= count
        self._files.remove(self._name(first))
        return count

    def is_resting(self):
        """True when no file is open to be written."""
        return self._writer is None

    def _size(self, i):
        """Pages of a segment. What is missing between two of them was in neither."""
        end = self.firsts[i + 1] if i + 1 < len(self.firsts) else self.next
        return min(end - self.firsts[i], self.limit)

    # Files

    def _name(self, first):
        return "%s-%08x.seg" % (self._prefix, first)

    def _first_in(self, name):
        """First number in the name of a segment of this stream, None in other names."""
        if len(name) != len(self._prefix) + 13 or not name.startswith(self._prefix):
            return None
        try:
            first = int(name[-12:-4], 16)
        except ValueError:
            return None
        return first if name == self._name(first) else None

    def _close_writer(self):
        _close(self._writer)
        self._writer = None

    def _close_reader(self):
        _close(self._reader)
        self._reader = None
        self._reader_first = -1


def _close(file):
    try:
        if file is not None:
            file.close()
    except OSError:
        # A buffered file writes again what it could not write before. What counts was synced, or has failed.
        pass
