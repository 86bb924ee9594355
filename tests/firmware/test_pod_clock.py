"""Sample, tick and UTC belong together in every page, however late the chip was read."""

import numpy as np
import pytest

from strideload.simulate.runner import Runner
from strideload_pod.page import ANCHOR_HOST, ANCHOR_OPERATOR, KIND_ANCHOR
from strideload_pod.pod import READ_EVERY_MS, TICK_DRIFT
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
    """The FIFO ran over behind a buffer that is still full: how much is missing is not known before that is read."""
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


STANDING = Runner(2).session([("stand", 10_000, 0)])


def test_time_that_was_told_once_grows_older():
    """As by a time server that is asked at each connection: the clock runs on by the board's own crystal."""
    bench = Bench(STANDING.source, STRIDELOAD_RECORDING="on")
    bench.clock.utc_heard_ms = lambda: 1000
    bench.run_until(3500)
    anchors = bench.records(KIND_ANCHOR)
    assert len(anchors) > 5
    age_ms = np.maximum(0, anchors["tick_ms"].astype(np.int64) - 1000)
    assert anchors["uncertainty_ms"].tolist() == (READ_EVERY_MS + age_ms // TICK_DRIFT).tolist()


@pytest.mark.parametrize("asked_s", [0, 120])
def test_the_time_is_by_whoever_told_it_last(asked_s):
    """The host from 20 seconds after the start to 90, the server at the start or after the host."""
    bench = Bench(STANDING.source, host=True, STRIDELOAD_RECORDING="on")
    bench.clock.utc_heard_ms = lambda: 1000 * asked_s if bench.second >= asked_s else 0
    bench.host.answers = False
    bench.run_until(20)
    bench.host.answers = bench.host.tells_time = True
    bench.run_until(90)
    bench.host.answers = False
    bench.run_until(700)
    last = bench.records(KIND_ANCHOR)[-1]
    assert int(last["tick_ms"]) > 500_000
    assert last["source"] == (ANCHOR_OPERATOR if asked_s else ANCHOR_HOST)
    assert bench.state()["clock"]["source"] == ("operator" if asked_s else "host")
