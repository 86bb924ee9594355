"""Sample, tick and UTC belong together in every page, however late the chip was read."""

import numpy as np
import pytest

from strideload_pod.page import KIND_ANCHOR
from support.files import Flash
from support.pod_bench import Bench, running

pytestmark = pytest.mark.usefixtures("no_waiting")

RATE_HZ = 833
HANG_S = 0.7  # more than FIFO and buffer hold at this rate
APART_MS = 15  # a burst over the bus, and a sample or two


class SlowFlash(Flash):
    """Each write hangs for so long."""

    hang_s = 0.0
    bench = None

    def sync(self, file):
        super().sync(file)
        if self.bench is not None:
            self.bench.pause(self.hang_s)


def off_line_ms(bench, samples, ticks_ms):
    """How far ticks lie off the line by the chip's rate through the middle of them."""
    off = ticks_ms.astype(np.float64) - samples.astype(np.float64) * 1e6 / bench.pod.imu.rate_mhz
    return np.abs(off - np.median(off))


def test_samples_that_wait_behind_an_overrun_do_not_move_the_clock():
    """The chip's FIFO ran over behind a buffer that is still full: how much is missing is not known before it is read."""
    files = SlowFlash()
    bench = Bench(running(20).source, odr_hz=RATE_HZ, gyro_dps=2000, files=files)
    files.bench = bench
    bench.run_until(2)
    files.hang_s = HANG_S
    bench.run_until(24)
    pages = bench.pages()
    assert len(pages) > 5
    assert off_line_ms(bench, pages["closed_sample"], pages["closed_tick_ms"]).max() < APART_MS
    anchors = bench.records(KIND_ANCHOR)
    anchors = anchors[anchors["sample"] < 2**32]
    assert len(anchors) >= 1
    assert off_line_ms(bench, anchors["sample"], anchors["tick_ms"]).max() < APART_MS
    assert bench.faults()["fifo_overruns"] > 2
