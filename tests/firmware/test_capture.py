"""Samples of a raw capture are in pages, each of them once, and none is missing within a page."""

from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.protocol import pages as protocol
from strideload_pod.capture import Capture
from strideload_pod.page import KIND_RAW, STREAM_RAW, Page

POD = bytes(range(8))
LOG_ID = 77


class Kept:
    """What a capture wrote, as the host reads it."""

    def __init__(self, axes):
        self.axes = axes
        self.data = b""
        self.fields = Page(POD).fields
        self.fields["session"] = 5
        self.fields["odr_hz"] = 833
        self.capture = Capture(POD, axes, self.keep)

    def keep(self, page, sample):
        self.data += bytes(page.close(LOG_ID, len(self.data) // 512, sample, 0))

    def headers(self):
        return protocol.headers(self.data)

    def samples(self):
        """(sample numbers, values n x axes)"""
        headers = self.headers()
        index, records = protocol.records(headers, KIND_RAW)
        at = np.arange(len(index)) - np.searchsorted(index, index)
        values = np.array(records.tolist(), dtype=np.int64).reshape(-1, self.axes)
        return headers["first_sample"][index].astype(np.int64) + at, values


@pytest.mark.parametrize("axes", [3, 6])
@given(blocks=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 120)), max_size=12))
def test_every_sample_is_there_once_with_its_number_and_no_page_spans_a_gap(axes, blocks):
    kept = Kept(axes)
    first, numbers, values = 1000, [], []
    for lost, n in blocks:
        first += lost
        block = array("h", bytes(2 * axes * 128))
        for i in range(n * axes):
            block[i] = ((first * axes + i) * 7919 + 32768) % 65536 - 32768
        kept.capture.add(kept.fields, block, n, first)
        numbers += range(first, first + n)
        values += [list(block[i * axes : (i + 1) * axes]) for i in range(n)]
        first += n
    kept.capture.flush()
    found, what = kept.samples()
    assert found.tolist() == numbers
    assert what.tolist() == values
    headers = kept.headers()
    assert (headers["stream"] == STREAM_RAW).all()
    assert (headers["closed_sample"] == headers["first_sample"] + headers["record_count"]).all()


def test_a_raw_page_says_what_the_pages_of_steps_say():
    kept = Kept(6)
    kept.fields["fifo_overruns"] = 3
    kept.capture.add(kept.fields, array("h", bytes(12)), 1, 9)
    kept.capture.flush()
    (header,) = kept.headers()
    assert (header["session"], header["odr_hz"], header["fifo_overruns"]) == (5, 833, 3)
    assert (header["kind"], header["first_sample"], header["record_size"]) == (KIND_RAW, 9, 12)


def test_nothing_is_written_before_a_page_is_full_or_flushed():
    kept = Kept(6)
    kept.capture.add(kept.fields, array("h", bytes(12 * 32)), 32, 0)
    assert kept.data == b""
    kept.capture.add(kept.fields, array("h", bytes(12)), 1, 32)
    assert len(kept.data) == 512
    kept.capture.flush()
    assert len(kept.data) == 512
