"""Samples -> pages of the raw stream: 33 of six axes or 66 of three in a page, none of them missing within it."""

from strideload_pod.page import KIND_RAW, STREAM_RAW, Page

# What a raw page says in its header by itself; all else is as in the pages of steps at that moment.
OWN_FIELDS = (
    "kind",
    "log",
    "stream",
    "record_size",
    "record_count",
    "number",
    "first_sample",
    "closed_sample",
    "closed_tick_ms",
)


class Capture:
    """`pod`: 8 bytes. `axes`: 3 or 6. `keep(page, sample)` writes a page that is closed at `sample`.

    `page`: what is not written yet.
    """

    def __init__(self, pod, axes, keep):
        self.page = Page(pod, STREAM_RAW)
        self._axes = axes
        self._keep = keep

    def add(self, fields, block, n, first_sample):
        """Take `n` samples of `block` (array("h")), the first is `first_sample`. `fields`: a header like theirs."""
        page = self.page
        if page.count and first_sample != self._next():
            self.flush()
        at = 0
        while at < n:
            if page.count == 0:
                for name in fields:
                    if name not in OWN_FIELDS:
                        page.fields[name] = fields[name]
                page.open(KIND_RAW, first_sample + at, self._axes == 6)
            taken = min(n - at, page.limit - page.count)
            page.add_samples(block, at * self._axes, taken)
            at += taken
            if page.is_full():
                self.flush()

    def flush(self):
        """Write what is open."""
        if self.page.count:
            self._keep(self.page, self._next())
            self.page.count = 0

    def _next(self):
        """The sample that continues the open page."""
        return self.page.fields["first_sample"] + self.page.count
