"""Ctrl-C at any line of the firmware: the session has its end, each step is there once, and every page can be read."""

import functools
from unittest.mock import patch

import numpy as np
import pytest

from strideload.protocol import pages as protocol
from strideload.simulate.chip import CTRL1_XL, FIFO_CTRL3
from strideload_pod import imu
from strideload_pod.log import STREAMS, Log
from strideload_pod.page import (
    KIND_ALIVE,
    KIND_ANCHOR,
    KIND_CUE,
    KIND_GAP,
    KIND_MARK,
    KIND_SESSION_END,
    KIND_SESSION_START,
    KIND_STEPS,
    PAGE_SIZE,
    STREAM_RAW,
    STREAM_STEPS,
    UNKNOWN_U64,
)
from strideload_pod.pod import LONG_PRESS_MS
from support.files import Flash
from support.interrupts import Files, Forks, aside, assert_one_content
from support.pod_bench import CHIP_ADDRESS, LOG_ID, UID, Bench, running

pytestmark = pytest.mark.usefixtures("no_waiting")

SECONDS = 30
RUN = running(SECONDS)
STRIDE = 73  # samples: the runner's
NEAR = STRIDE / 4  # the newest contact still moves while the detector holds it
# (what the chip has is read, what the detector holds is released)
ENDS = ((True, True), (False, True), (False, False))
HOT = ("detector.py", "rest.py", "_decode")  # files and functions that run for each sample
HOT_IN_COOL = 100


class Walk(Bench):
    """A pod that runs until `SECONDS`. `script`: (second, what happens then), in order.

    `at_round` is called at the begin of each round; `rounds` counts them.
    """

    def __init__(self, script, **more):
        self.script = list(script)
        self.at_round = lambda: None
        self.rounds = 0
        self.is_lit = False
        super().__init__(RUN.source, files=Files(), host=True, STRIDELOAD_RAW=1, **more)
        self.host.tells_time = True

    def light(self, on):
        self.is_lit = on

    def stopping(self):
        """Called between two rounds."""
        while self.script and self.script[0][0] <= self.second:
            self.script.pop(0)[1](self)
        self.at_round()
        self.rounds += 1
        return self.second >= SECONDS

    def end_with(self, may_read, may_finish):
        """-> the contacts that an end now keeps."""
        self.pod.may_read &= may_read
        if not may_finish:
            self.pod._release_steps = self.pod._add_steps
        self.pod.end()
        return self.contacts().tolist()


def a_run():
    """A mark, samples that are lost, the host's word and mark, cues; the host has each page as soon as it is there."""
    return Walk(
        [
            (1.0, lambda walk: walk.say_settings(1, cue={"target_cspm": 12_000, "first_run": 1})),
            (5.0, lambda walk: walk.press()),
            (10.0, lambda walk: walk.pause(6)),
            (
                20.0,
                lambda walk: walk.say_settings(2, cue={"target_cspm": 12_000, "first_run": 1}, mark=[1, 7]),
            ),
        ],
        STRIDELOAD_MOTOR="pin",
    )


def orders_and_faults():
    """The button ends the session, which goes on after all, and ends; a stuck bus, a register that changes, another
    rate. Samples go to a card, and the driver is MicroPython's."""
    with patch.object(imu, "ON_MICROPYTHON", True):
        return Walk(
            [
                (9.0, lambda walk: walk.press(LONG_PRESS_MS)),
                (11.0, lambda walk: walk.press(LONG_PRESS_MS)),
                (13.0, lambda walk: walk.i2c.hold_sda(9)),
                (15.0, lambda walk: walk.chip.poke(FIFO_CTRL3, 0)),
                (21.0, lambda walk: walk.press(LONG_PRESS_MS)),
                (27.0, lambda walk: walk.press(LONG_PRESS_MS)),
                (29.0, lambda walk: walk.say_settings(1, odr_hz=208)),
            ],
            raw_files=Files(),
            STRIDELOAD_RAW_PAGES=4096,
        )


EVERYWHERE = {KIND_STEPS, KIND_SESSION_START, KIND_SESSION_END, KIND_ANCHOR, KIND_ALIVE, KIND_GAP}
SCENES = {a_run: EVERYWHERE | {KIND_MARK, KIND_CUE}, orders_and_faults: EVERYWHERE}


@functools.cache
def kept_by_round(scene):
    """Of each round of a scene without Ctrl-C: the contacts that an end at its begin keeps, by ENDS."""
    walk = scene()
    kept = []
    walk.at_round = lambda: kept.append(
        {words: aside(lambda words=words: walk.end_with(*words)) for words in ENDS}
    )
    walk.pod.run()
    assert set(walk.pages()["kind"].tolist()) == SCENES[scene]
    assert len(walk.pages(stream=STREAM_RAW)) > 20
    return kept


def without(contacts, others):
    """Those of which there is none among `others`."""
    others = np.array(others)
    return [c for c in contacts if not len(others) or np.abs(others - c).min() > NEAR]


class Look:
    """What has to hold after a KeyboardInterrupt, and after another one while the pod ends. `kept`: `kept_by_round`."""

    def __init__(self, walk, kept):
        self.walk = walk
        self.kept = kept
        self.may_read = self.may_finish = True
        self.in_hand = 0  # contacts that may be lost
        self.bus_is_stuck = False

    def before(self, place):
        pod = self.walk.pod
        self.bus_is_stuck |= self.walk.i2c._held_clocks > 0
        self.in_hand += "_add_step" in place or "_take_back_end" in place
        may_read, may_finish = pod.may_read, pod.may_finish
        if " end < " in place and "_take_samples" not in place:
            may_read = True  # what was there to be read has been read
            may_finish = "_release_steps" not in place or "_add_steps" in place
        self.may_read &= may_read
        self.may_finish &= may_finish

    def after(self):
        walk = self.walk
        assert not walk.is_lit
        assert not walk.host.connected
        assert walk.i2c.try_lock()
        at_rest = bytearray(1)
        walk.i2c.writeto_then_readfrom(CHIP_ADDRESS, bytes((CTRL1_XL,)), at_rest)
        assert at_rest[0] >> 4 == 0 or self.bus_is_stuck
        folders = [files for files in (walk.files, walk.raw_files) if files is not None]
        assert_one_content(folders)
        self.look_at_log(*(Flash(files.left("synced")) for files in folders))

    def look_at_log(self, *folders):
        """As the next boot finds it."""
        walk = self.walk
        log = Log(folders[0], UID, 4096, lambda: LOG_ID, *folders[1:], *([4096] if folders[1:] else []))
        data = {}
        for stream in STREAMS:
            assert log.next(stream) == walk.pod.log.next(stream)
            buffer = bytearray(PAGE_SIZE)
            data[stream] = b""
            for number in range(log.oldest(stream), log.next(stream)):
                assert log.read(stream, number, buffer), (stream, number)
                data[stream] += bytes(buffer)
        pages = protocol.headers(data[STREAM_STEPS])
        sessions_are_whole(pages)
        clock_is_one(pages, walk.pod.imu.rate_mhz if walk.pod.chip_known else 0)
        raw = protocol.headers(data[STREAM_RAW])
        ends = raw["first_sample"] + raw["record_count"]
        assert (raw["first_sample"][1:] >= ends[:-1]).all()
        assert (raw["closed_sample"] == ends).all()
        self.look_at_steps(pages[pages["kind"] == KIND_STEPS])

    def look_at_steps(self, pages):
        index, records = protocol.records(pages, KIND_STEPS)
        contacts = pages["first_sample"][index].astype(np.float64) + records["ic"] / 256
        assert (np.diff(contacts) > STRIDE / 2).all(), contacts
        # Where samples end the detector may tell of one more.
        ever = [contact for ends in self.kept for end in ends.values() for contact in end]
        assert without(contacts[:-1], ever) == []
        ends = self.kept[self.walk.rounds - 1] if self.walk.rounds else {words: [] for words in ENDS}
        lost = without(ends[self.may_read and self.may_finish, self.may_finish], contacts)
        assert len(lost) <= self.in_hand, (self.may_read, self.may_finish, lost)


def sessions_are_whole(pages):
    """Each begins and ends once, and what is in it lies between."""
    for session in set(pages["session"].tolist()) - {0}:
        kinds = pages["kind"][pages["session"] == session].tolist()
        assert kinds[0] == KIND_SESSION_START, kinds
        assert kinds[-1] == KIND_SESSION_END, kinds
        assert kinds.count(KIND_SESSION_START) == kinds.count(KIND_SESSION_END) == 1, kinds


def clock_is_one(pages, rate_mhz):
    """Samples and ticks belong together in every anchor, start and end."""
    off_ms = []
    for kind in (KIND_ANCHOR, KIND_SESSION_START, KIND_SESSION_END):
        for record in protocol.records(pages[pages["kind"] == kind], kind)[1]:
            if record["sample"] != UNKNOWN_U64:
                off_ms.append(int(record["tick_ms"]) - int(record["sample"]) * 1e6 / rate_mhz)
    assert not off_ms or np.ptp(off_ms) < 40, off_ms


def one_in(count):
    """Chooses lines: one in so many, and fewer of those that run for each sample."""
    seen = [0, 0]

    def choose(code):
        is_hot = code.co_filename.endswith(HOT) or code.co_name in HOT
        seen[is_hot] += 1
        return seen[is_hot] % (count * HOT_IN_COOL if is_hot else count) == count // 2

    return choose


# Of some 32 000 lines, primes, so that a loop hides none.
@pytest.mark.parametrize(("every", "again"), [(307, False), (601, True)], ids=["once", "again as it ends"])
@pytest.mark.parametrize("scene", SCENES)
def test_ctrl_c_at_any_line_leaves_a_whole_session(scene, every, again):
    kept = kept_by_round(scene)
    walk = scene()
    look = Look(walk, kept)
    forks = Forks(one_in(every), look.before, look.after, walk.pod if again else None)
    forks.run(walk.pod.run)
    forks.assert_no_faults()
    assert forks.done > 50
