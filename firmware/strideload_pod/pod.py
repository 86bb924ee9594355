"""The loop of the pod: samples from the chip become steps, steps become pages in the log, and pages go to the host.

Nothing that goes wrong ends the loop: a fault of chip, bus, log or line is counted, told and tried again, and sample
numbers go on true. docs/pod.md says what a runner sees of it.
"""

from array import array

from strideload_pod import FIRMWARE_VERSION, detector, lamp
from strideload_pod import page as pages
from strideload_pod.imu import BusError, BusStuck, FifoStalled, Imu, ImuError, NoBus, WrongScale, open_driver
from strideload_pod.log import Log, LogFailed, LogFull
from strideload_pod.page import Page
from strideload_pod.settings import CHIP_NAMES, CHIPS, ORIGINS, HostSettings, read_settings
from strideload_pod.sync import Sync

# Raw capture, cue and motor are imported where they are first needed: most pods have none of them, and little RAM.

KIND_NAMES = ("uncertain", "walk", "run")  # by page.STEP_KIND_*
ANCHOR_NAMES = {
    pages.ANCHOR_NTP: "ntp",
    pages.ANCHOR_HOST: "host",
    pages.ANCHOR_RTC: "rtc",
    pages.ANCHOR_OPERATOR: "operator",
}
BLOCK_NUMBERS = 768  # 128 samples of six axes, 256 of three
BLOCKS_A_ROUND = 8  # more than FIFO and buffer hold: one round brings the loop up to date
PAGE_CLOSES_MS = 10_000  # what a pulled battery may cost
SESSION_ENDS_MS = 600_000  # ten quiet minutes
ANCHOR_EVERY_MS = 600_000
ALIVE_EVERY_MS = 43_200_000  # twice a day: the shortest calendar day has 23 hours and is still met
LIVE_EVERY_MS = 1_000
LIVE_STALE_MS = 3_000  # a cadence older than the longest stride is no cadence
CHECK_EVERY_MS = 10_000  # a register that changed by itself costs no more than a pulled battery
CHIP_CLOCK_MS = (
    10_000_000  # unread for longer, the chip's clock (29 bits, 3.7 h) cannot count what is missing
)
READ_EVERY_MS = 500  # at the latest, so that live is told in time; mostly the FIFO asks for it sooner
RETRY_MS = 50  # the FIFO, read when a quarter full, still has room after it: 154 ms at the highest rate
EARLY_WAITS = 8  # in a row that INT1 ended without samples: it is stuck
INT1_AGAIN_MS = 60_000  # and asked again after so long
LONG_PRESS_MS = 2_000  # begins or ends a session; a shorter one makes a mark
HELD_MS = 5_000  # the detector tells of a contact within 1.7 strides, and no stride is longer than 2.5 s
CUE_RUN_MS = 600_000  # so long was run at least: it counts as a run of the cue's programme
WALKING_MS = 120_000  # after a step, and
WAKING_MS = (
    30_000  # after motion woke the pod, somebody walks: a line that keeps the loop waiting has to wait
)
BATTERY_EVERY_MS = 60_000
SYNC_PATIENCE_MS = 120_000  # so long a pod that wants to sleep waits for its host
WRITE_TRIES = 2  # of a page: after a failed write the log takes another file
END_TRIES = 3  # who is impatient presses Ctrl-C again
TICK_DRIFT = 5_000  # 1 / 200 ppm, what crystals of microcontrollers keep
SESSIONS_A_BOOT = 4096  # a session's number is boot * 4096 + count: no boot of a million repeats another's
SESSIONS_MOST = 0xFFFFFFFF  # 32 bits, and 0 is none


def session_number(boot, count):
    """Number of the boot's session `count` (from 1): 1 to 2**32 - 1. It begins anew after 1 048 575 boots."""
    return (boot * SESSIONS_A_BOOT + count - 1) % SESSIONS_MOST + 1


def zeros(code, count):
    """An array of so many zeros, made without a copy beside it: the detector's takes 22 KB."""
    made = array(code, range(count))
    for i in range(count):
        made[i] = 0
    return made


class Pod:
    """A pod on a board. `run` goes on until the board says that it is stopping; `step` is one round of it.

    `by_hand`: what the button said in the boot before, where that made way for other settings.
    ValueError: settings that no pod has. LogError: the log cannot be opened. OSError: the board has no bus.
    """

    def __init__(self, board, by_hand=None):
        self.board = board
        self.i2c = board.i2c
        settings = read_settings(board.settings)
        self.page = Page(board.uid)
        self.log = Log(
            board.files,
            board.uid,
            settings["STRIDELOAD_LOG_PAGES"],
            board.random_u32,
            board.raw_files,
            settings["STRIDELOAD_RAW_PAGES"],
        )
        if settings["STRIDELOAD_STORE"] and self.log.store != settings["STRIDELOAD_STORE"]:
            self.log.pair(settings["STRIDELOAD_STORE"])
        self.host = HostSettings(board.files)
        self.settings = settings = self.host.hold(board.settings, self.log.store)
        self.log.raw_gives_way = bool(settings["STRIDELOAD_RAW_GIVES_WAY"])
        self.axes = 6 if settings["STRIDELOAD_GYRO_DPS"] else 3
        self.block = zeros("h", BLOCK_NUMBERS)
        size = detector.state_size(1000 * settings["STRIDELOAD_ODR_HZ"], settings["STRIDELOAD_GYRO_DPS"])
        self.detector_state = zeros("i", size)
        self.steps = zeros("i", detector.STEP_SIZE * detector.STEPS_LIMIT)
        self.capture = None  # until samples are to be kept
        self.chip_known = False  # it was started once in this boot, and `imu` reads it
        self.mend = self._start_chip  # what the chip needs before it can be read; None: nothing
        self.reading = False  # the last read went well
        self.read_every_ms = RETRY_MS
        self.early_waits = 0
        self.int1_from_ms = None  # INT1 is stuck, and not asked before this tick; None: it is believed
        self.line_held = False  # the line kept the loop waiting outside a session; not read since
        self.bad_words = 0
        self.sample = 0  # samples since the chip's first start in this boot, those that were lost included
        self.looked_tick_ms = 0  # when the chip's FIFO was looked at last
        self.drained_tick_ms = board.clock.ticks_ms()  # `sample` belongs to this tick
        self.sure = (0, 0)  # (tick, sample) when the chip was last known to be set up right
        self.slept = False  # and the chip was not set up since
        self.may_read = (
            True  # False while the chip is asked: broken off there, what it has still follows on nothing
        )
        self.may_finish = False  # the same of the detector and what it holds
        self.found = iter(())  # which steps of `steps` are still to be taken
        self.write_failed = False
        self.is_again = False  # the loop ends so that another boot begins
        self.session = 0
        self.sessions_begun = 0
        self.by_hand = by_hand  # "on" or "off" as the button said, which goes before the settings
        self.closing = None  # (reason, sample, tick) of a session that ends once its last contacts are told
        self.withheld = []  # (sample, tick, step) of contacts since then, for a session that goes on after all
        self.cue = None
        self.strides = 0
        self.raw_dropped = 0  # pages of the raw stream that the log did not take
        self.counters = {
            "int1_stuck": 0,  # times that INT1 was found high without samples
            "line_gaps": 0,  # overruns because the line kept the loop waiting outside a session
        }
        self.session_sample = 0  # at which the session began
        self.last_contact_sample = 0
        self.last_contact_tick_ms = 0
        self.last_step_tick_ms = 0  # when the detector released it
        self.last_stride = -1
        self.last_peak_mg = -1
        self.last_kind = pages.STEP_KIND_UNCERTAIN
        self.page_tick_ms = 0  # of the first contact in the open page
        self.host_time = None  # (utc_ms, tick_ms) as last told by the host
        self.time_heard_ms = None  # tick at which someone last told the time
        self.anchor_tick_ms = 0
        self.alive_tick_ms = 0
        self.busy_tick_ms = board.clock.ticks_ms()  # when the pod last had a reason to be awake
        self.lamp_tick_ms = 0
        self.sync_from_ms = 0  # no line before this tick
        self.walks_until_ms = 0  # until this tick somebody walks, for all that is known
        if board.woken == "motion":
            self.walks_until_ms = board.clock.ticks_ms() + WAKING_MS
        self.battery_tick_ms = None  # when the battery was last looked at
        self.live_second = -1
        self.client = board.client()
        self.sync = None
        if self.client is not None:
            self.sync = Sync(self.log, self.client, self.state, board.random_u32)

    def run(self):
        """Begin, go round until the board is stopping, close what is open. -> True: begin anew, with other settings."""
        try:
            self.begin()
            while not (self.is_again or self.board.stopping()):
                self.step()
            self.end()
        except (Exception, KeyboardInterrupt):
            # What leaves for a deep sleep is neither: there the chip goes on watching.
            for _ in range(END_TRIES):
                try:
                    self._recover()
                    self.end()
                    break
                except KeyboardInterrupt:
                    pass
            raise
        return self.is_again

    def begin(self):
        """Start the chip if it answers, and write down that this boot lives."""
        fields = self.page.fields
        settings = self.settings
        fields["boot"] = self.log.boot
        fields["odr_hz"] = settings["STRIDELOAD_ODR_HZ"]
        fields["chip"] = CHIPS[settings["STRIDELOAD_CHIP"]]
        fields["acc_range_g"] = settings["STRIDELOAD_RANGE_G"]
        fields["gyro_range_dps"] = settings["STRIDELOAD_GYRO_DPS"] or pages.UNKNOWN_U16
        fields["origin"] = ORIGINS[settings["STRIDELOAD_ORIGIN"]]
        fields["flags"] = pages.FLAG_RESAMPLED if settings["STRIDELOAD_RESAMPLED"] else 0
        fields["firmware"] = FIRMWARE_VERSION[0] << 16 | FIRMWARE_VERSION[1] << 8 | FIRMWARE_VERSION[2]
        fields["detector"] = detector.DETECTOR_VERSION
        self._take_samples()
        self._note_alive()

    def step(self):
        """Drain the chip, keep the clock, close what is due, talk to the host, and wait for the next samples."""
        wait_ms = self._take_samples()
        now_ms = self.board.clock.ticks_ms()
        self._keep_time(now_ms)
        self._hear_button(now_ms)
        self._keep_session(now_ms)
        self._close_what_is_due(now_ms)
        self._save_raw(self.log.commit, now_ms)
        if self.sync is not None:
            self._talk(self.sync, now_ms)
        self.board.light(lamp.is_lit(self.lamp_pattern(), now_ms, self.lamp_tick_ms))
        self.lamp_tick_ms = now_ms
        if self._may_sleep(now_ms):
            self._sleep(now_ms)
        else:
            self._wait(wait_ms)

    def end(self):
        """Read what is there, release what the detector holds, end the session, leave nothing in memory only."""
        if self.may_read:
            self._take_samples()
            self.may_read = False  # an end that is broken off goes on from here
        self._release_steps()
        reason = pages.SESSION_SETTINGS if self.is_again else pages.SESSION_STOPPED
        self._end_session(*(self.closing or (reason, self.sample, self.drained_tick_ms)))
        self._flush()
        self._save_raw(self.log.settle)
        if self.chip_known:
            self._ask_chip(self.imu.stop)
        if self.sync is not None:
            self.sync.close()
        self.log.close()
        self.board.light(False)

    def _recover(self):
        """Finish or drop what was broken off half-way; docs/pod.md says what may be lost by it."""
        self._take_bus()
        try:
            # Nobody is left who holds its lock.
            self.i2c.try_lock()
            self.i2c.unlock()  # pyright: ignore[reportAttributeAccessIssue] - NoBus has refused before
        except OSError:
            pass  # there is no bus
        if not self.may_read:
            self.reading = False
        try:
            self.log.look_again()
        except LogFailed:
            self.page.count_fault("log_errors")
        if self.capture is not None:
            self.capture.page.drop_kept(self.log.next(pages.STREAM_RAW))
        page = self.page
        is_whole = page.drop_kept(self.log.next(pages.STREAM_STEPS)) or page.count > 0
        kind = page.fields["kind"] if is_whole else None
        self._flush()  # the open page, whatever its kind is
        if self.session and kind == pages.KIND_SESSION_END:
            self._leave_session()
        elif not self.session:
            if kind != pages.KIND_SESSION_START:
                page.fields["session"] = 0
            self.session = page.fields["session"]
        if self.closing is None:
            self._take_back_end()
        self._add_steps()

    # Samples

    def _take_samples(self):
        """Mend the chip if it needs it, and read what it has. -> ms to wait until the next time."""
        try:
            if self.chip_known and self.mend is None and self._unread_ms() > CHIP_CLOCK_MS:
                self.mend = self._start_chip_again
            if self.mend is not None:
                self.may_read = False
                self.mend()
                self.mend = None
            more = True
            for _ in range(BLOCKS_A_ROUND):
                more = self._drain()
                if not more:
                    self.line_held = False
                    break
            if self.drained_tick_ms - self.sure[0] >= CHECK_EVERY_MS:
                self.imu.check()
                if not self.imu.is_behind():
                    self.sure = (self.drained_tick_ms, self.sample)
            self.reading = True
            return 0 if more else max(0, self.read_every_ms - self._unread_ms())
        except ImuError as error:
            wait_ms = self._count_chip_fault(error)
            self.reading = False
            self.may_read = True
            return wait_ms

    def _wait(self, wait_ms):
        """Wait for the next samples: by INT1, unless it is stuck, or high because the chip cannot be read."""
        clock = self.board.clock
        now_ms = clock.ticks_ms()
        by_int1 = self.reading and (self.int1_from_ms is None or now_ms >= self.int1_from_ms)
        self.board.wait(wait_ms, by_int1)
        if not by_int1 or wait_ms == 0:
            return
        ended_ms = clock.ticks_ms()
        if ended_ms - now_ms >= wait_ms or ended_ms - self.looked_tick_ms >= self.imu.watermark_ms // 2:
            self.early_waits = 0
            self.int1_from_ms = None
            return
        # The FIFO was empty then, and cannot be a quarter full yet. A button or an edge from before ends one wait only.
        self.early_waits += 1
        if self.int1_from_ms is not None or self.early_waits >= EARLY_WAITS:
            if self.int1_from_ms is None:
                self.counters["int1_stuck"] += 1
            self.int1_from_ms = ended_ms + INT1_AGAIN_MS

    def _unread_ms(self):
        return self.board.clock.ticks_ms() - self.drained_tick_ms

    def _count_chip_fault(self, error):
        """Count a fault of bus or chip, and say what mends it. -> ms to wait until the next try."""
        if isinstance(error, BusError):
            # Nothing is lost by it yet: the FIFO waits, or runs over and says so. What was to be mended still is.
            self.page.count_fault("bus_errors")
            # Not every board tells a stuck bus from a silent chip: a second failure in a row is taken for one.
            if (isinstance(error, BusStuck) or not self.reading) and self.board.free_bus():
                self.page.count_fault("bus_frees")
                self._take_bus()
        elif isinstance(error, FifoStalled):
            self.page.count_fault("fifo_stalls")
            self.mend = self._restart_fifo
            return 0
        else:
            self.page.count_fault("register_errors")
            self.mend = self._start_chip_again if self.chip_known else self._start_chip
        return RETRY_MS

    def _take_bus(self):
        """Go on over the bus that the board has now."""
        try:
            self.i2c = self.board.i2c
        except OSError:
            self.i2c = NoBus()  # the next transfer fails, and the board is asked again
        if self.chip_known:
            self.imu.attach(self.i2c)

    def _ask_chip(self, question):
        """What the chip answers, beside the samples; None, and a fault counted, when it does not."""
        answer = None
        may_read, self.may_read = self.may_read, False
        try:
            answer = question()
        except ImuError as error:
            self._count_chip_fault(error)
        self.may_read = may_read
        return answer

    def _start_chip(self):
        """Set the chip up for the first time in this boot. ImuError."""
        settings = self.settings
        imu = Imu(
            open_driver(settings["STRIDELOAD_CHIP"], self.i2c),
            self.board.clock.sleep_ms,
            settings["STRIDELOAD_CHIP"],
            settings["STRIDELOAD_ODR_HZ"],
            settings["STRIDELOAD_RANGE_G"],
            settings["STRIDELOAD_GYRO_DPS"],
        )
        imu.start()
        self.imu = imu
        self.chip_known = True
        self.read_every_ms = min(imu.watermark_ms, READ_EVERY_MS)
        self._set_up_detector()
        self.drained_tick_ms = self.board.clock.ticks_ms()
        self.sure = (self.drained_tick_ms, self.sample)

    def _set_up_detector(self):
        """Let the detector begin anew at the chip's own rate."""
        imu = self.imu
        self.may_finish = False
        self.page.fields["rate_mhz"] = imu.rate_mhz
        size = detector.state_size(imu.rate_mhz, imu.gyro_udps_lsb)
        if len(self.detector_state) < size:  # this chip is far off its nominal rate
            self.detector_state = zeros("i", 0)  # no room for both
            self.detector_state = zeros("i", size)
        detector.setup(self.detector_state, imu.rate_mhz, imu.acc_ug_lsb, imu.gyro_udps_lsb)
        self.may_finish = True

    def _start_chip_again(self):
        """Set the chip up anew. Its clock is lost by it: the pod's own says what is missing. ImuError."""
        cause = pages.GAP_BUS if self._unread_ms() > CHIP_CLOCK_MS else pages.GAP_STALL
        self.imu.start()
        self.bad_words = self.imu.bad_words  # the registers were wrong, not the bus
        now_ms = self.board.clock.ticks_ms()
        passed_ms = now_ms - self.sure[0]
        due = self.sure[1] + (passed_ms * self.imu.rate_mhz + 500_000) // 1_000_000
        if self.page.fields["rate_mhz"] != self.imu.rate_mhz:
            # The rate was read wrong before: what was found until now is said by that rate, what comes by this one.
            self._release_steps()
            self._flush()
            self._set_up_detector()
            detector.gap(self.detector_state, self.sample % detector.SAMPLE_WRAP)
        self._pass_gap(max(0, due - self.sample), 0, pages.GAP_ASLEEP if self.slept else cause, now_ms)
        self.slept = False
        self.sure = (self.drained_tick_ms, self.sample)

    def _restart_fifo(self):
        """Let the FIFO run again; the chip's clock says what is missing. ImuError."""
        self.imu.restart()
        self._pass_gap(self.imu.take_lost(), 0, pages.GAP_STALL, self.board.clock.ticks_ms())

    def _drain(self):
        """Read one block and detect in it. -> True when there is more. ImuError."""
        imu = self.imu
        self.may_read = False
        tick_ms = self.board.clock.ticks_ms()
        looks = imu.looks
        n = imu.read(self.block)
        if imu.looks != looks:
            self.looked_tick_ms = (
                tick_ms  # the samples made until then were there, however long reading takes
            )
        lost = imu.take_lost()
        if imu.is_torn():
            # What is left lies behind a loss that is not counted yet: how old it is says nothing of what was read.
            drained_ms = self.drained_tick_ms + (lost + n) * 1_000_000 // imu.rate_mhz
        else:
            drained_ms = self.looked_tick_ms - imu.left() * 1_000_000 // imu.rate_mhz
        if lost:
            self._pass_gap(lost, n, self._count_cause(), drained_ms)
        else:
            # In one go here and in a gap: an anchor tells what belongs together, also after Ctrl-C.
            self.sample, self.drained_tick_ms = self.sample + n, drained_ms
        self.page.count_fault("clipped_samples", imu.take_clipped())
        if self.session and self.settings["STRIDELOAD_RAW"]:
            self._add_raw(n)
        self.may_finish = False
        self.found = iter(range(detector.process(self.detector_state, self.block, n, self.steps)))
        self.may_finish = self.may_read = True
        self._add_steps()
        return imu.has_more()

    def _fetch(self):
        """Take what the FIFO holds into the buffer, and note when that was looked at. ImuError."""
        imu = self.imu
        # The samples made until now are there, however long reading takes.
        tick_ms = self.board.clock.ticks_ms()
        looks = imu.looks
        try:
            imu.fetch()
        finally:
            if imu.looks != looks:
                self.looked_tick_ms = tick_ms

    def _add_raw(self, n):
        if self.capture is None:
            from strideload_pod.capture import Capture

            self.capture = Capture(self.board.uid, self.axes, self._keep_raw)
        self.capture.add(self.page.fields, self.block, n, self.sample - n)

    def _flush_raw(self):
        if self.capture is not None:
            self.capture.flush()

    def _count_cause(self):
        """Why samples are missing that were to be read: spoilt on the bus, or the FIFO ran over."""
        spoilt = self.imu.bad_words != self.bad_words
        self.bad_words = self.imu.bad_words
        if self.line_held and not spoilt:
            self.counters["line_gaps"] += 1
            return pages.GAP_LINE
        self.page.count_fault("bus_errors" if spoilt else "fifo_overruns")
        return pages.GAP_BUS if spoilt else pages.GAP_OVERRUN

    def _pass_gap(self, lost, n, cause, tick_ms):
        """Go on past `lost` samples and the `n` that were read behind them, up to this tick, and write it down."""
        detector.gap(self.detector_state, lost)
        if cause not in (pages.GAP_ASLEEP, pages.GAP_LINE):
            self.page.count_fault("samples_lost", lost)
        first = self.sample
        self.sample, self.drained_tick_ms = first + lost + n, tick_ms
        self._note(pages.KIND_GAP, first, lost, cause, bytes(7))

    # Steps and sessions

    def _release_steps(self):
        """Take the steps that the detector holds, unless it was broken off; it begins as after set-up then."""
        if self.may_finish:
            self.may_finish = False
            self.found = iter(range(detector.finish(self.detector_state, self.steps)))
        self._add_steps()

    def _add_steps(self):
        """Take the steps that were found, none of them twice: one that is broken off is not tried again."""
        for i in self.found:
            self._add_step(i * detector.STEP_SIZE)

    def _add_step(self, at):
        steps = self.steps
        sample = self.sample - (self.sample - steps[at + detector.IC_SAMPLE]) % detector.SAMPLE_WRAP
        tick_ms = self._tick_of(sample)
        now_ms = self.board.clock.ticks_ms()
        self.last_step_tick_ms = now_ms
        self.walks_until_ms = now_ms + WALKING_MS
        if self.closing is not None and sample > self.closing[1]:
            self.withheld.append((sample, tick_ms, steps[at : at + detector.STEP_SIZE]))
            return
        if not self.session:
            if self.recording() == "off":
                return
            self._begin_session(sample, tick_ms, pages.SESSION_MOTION)
        if sample < self.session_sample:
            return  # of before a session that was begun by hand
        self._keep_step(sample, tick_ms, steps, at)
        if self.cue is not None:
            stride = steps[at + detector.STRIDE]
            self._hear_stride(self.cue, stride, steps[at + detector.KIND], steps[at + detector.FLAGS])

    def _keep_step(self, sample, tick_ms, steps, at):
        page = self.page
        if page.count == 0:
            page.open(pages.KIND_STEPS, sample)
            self.page_tick_ms = tick_ms
        contact = steps[at + detector.CONTACT]
        stride = steps[at + detector.STRIDE]
        rise_g_s = steps[at + detector.RISE_G_S]
        peak_mg = steps[at + detector.PEAK_MG]
        page.add(
            (sample - page.fields["first_sample"]) * 256 + steps[at + detector.IC_FRAC],
            pages.UNKNOWN_U32 if contact < 0 else contact,
            pages.UNKNOWN_U32 if stride < 0 else stride,
            pages.UNKNOWN_U32 if rise_g_s < 0 else rise_g_s,
            pages.UNKNOWN_U16 if peak_mg < 0 else peak_mg,
            steps[at + detector.KIND],
            steps[at + detector.FLAGS],
            0,
        )
        self.strides += 1
        self.last_contact_sample = sample
        self.last_contact_tick_ms = tick_ms
        self.last_stride = stride
        self.last_peak_mg = peak_mg
        self.last_kind = steps[at + detector.KIND]
        if page.is_full():
            self._flush()

    def _take_back_end(self):
        """The session goes on: what was withheld since it was to end is a part of it."""
        self.closing = None
        while self.withheld:
            sample, tick_ms, step = self.withheld.pop(0)
            self._keep_step(sample, tick_ms, step, 0)

    def recording(self):
        """ "auto", "on" or "off": by the button, else by the settings."""
        return self.by_hand or self.settings["STRIDELOAD_RECORDING"]

    def _begin_session(self, sample, tick_ms, reason):
        self.sessions_begun += 1
        number = session_number(self.log.boot, self.sessions_begun)
        self.page.fields["session"] = number
        self.session_sample = self.last_contact_sample = sample
        self.last_contact_tick_ms = tick_ms
        if self.host.cue is not None:
            from strideload_pod.cue import Cue

            self.cue = Cue(*self.host.cue, tick_ms)
        self._check_rest()
        self._note(
            pages.KIND_SESSION_START,
            sample,
            tick_ms,
            self._utc_ms_at(tick_ms),
            reason,
            bytes(7),
        )
        self.session = number  # no session without its start
        self._anchor()

    def _check_rest(self):
        """Hold the chip against 1 g, at rest before this session: another part than was set up reads half or double."""
        try:
            self.page.fields["rest_mg"] = self.imu.check_rest()
        except WrongScale as error:
            self.page.fields["rest_mg"] = error.mg
            self.page.count_fault("rest_errors")

    def _end_session(self, reason, sample, tick_ms):
        if not self.session:
            return
        self._flush_raw()
        self._anchor()
        self._note(pages.KIND_SESSION_END, sample, tick_ms, self._utc_ms_at(tick_ms), reason, bytes(7))
        self._leave_session()

    def _leave_session(self):
        """Its end is written, or was refused."""
        self.withheld.clear()
        self.closing = None
        self.busy_tick_ms = self.board.clock.ticks_ms()
        self.sync_from_ms = 0  # there is something to bring home
        if self.cue is not None:
            self._end_cued_run(self.cue)
        self.page.fields["session"] = 0
        self.session = 0

    def _hear_button(self, now_ms):
        held_ms = self.board.pressed_ms()
        if held_ms is None:
            return
        self.busy_tick_ms = now_ms
        if held_ms < LONG_PRESS_MS:
            self._mark(pages.MARK_BUTTON, 0)
        else:
            self.by_hand = "off" if self.session and self.closing is None else "on"

    def _keep_session(self, now_ms):
        """Begin and end sessions where the button or the settings say so."""
        recording = self.recording()
        by = pages.SESSION_SETTINGS if self.by_hand is None else pages.SESSION_BUTTON
        if self.session and recording == "off" and self.closing is None:
            self.closing = (by, self.sample, self.drained_tick_ms)
        elif not self.session and recording == "on" and self.chip_known:
            self._begin_session(self.sample, self.drained_tick_ms, by)
        elif recording != "off" and self.closing is not None:
            self._take_back_end()
        if self.closing is not None and now_ms - self.closing[2] >= HELD_MS:
            self._end_session(*self.closing)

    def _mark(self, source, code):
        sample, tick_ms = self.sample, self.drained_tick_ms
        if not self.reading:
            sample, tick_ms = pages.UNKNOWN_U64, self.board.clock.ticks_ms()
        self._note(pages.KIND_MARK, sample, tick_ms, self._utc_ms_at(tick_ms), source, bytes(3), code)

    # The cadence cue

    def _hear_stride(self, cue, stride, kind, flags):
        """Tell the cue of a stride, and buzz if it is due; all of it is written down."""
        if kind != pages.STEP_KIND_RUN or stride <= 0 or flags & pages.STEP_AFTER_GAP:
            cue.forget()
            return
        tick_ms = self.last_step_tick_ms
        if not cue.hear(stride * 1_000_000_000 // (256 * self.imu.rate_mhz), tick_ms):
            return
        outcome = pages.CUE_FADED
        if cue.is_given(tick_ms):
            from strideload_pod import motor

            buzzed = motor.buzz(self.settings["STRIDELOAD_MOTOR"], self.board)
            outcome = pages.CUE_GIVEN if buzzed else pages.CUE_FAILED
        self._note(
            pages.KIND_CUE,
            self.sample,
            self.drained_tick_ms,
            cue.target_cspm,
            cue.cadence_cspm,
            outcome,
            cue.run,
            cue.share_percent,
            0,
        )

    def _end_cued_run(self, cue):
        self.cue = None
        if cue.running_ms >= CUE_RUN_MS:
            try:
                self.host.next_run()
            except OSError:
                self.page.count_fault("log_errors")

    # Time

    def _tick_of(self, sample):
        return self.drained_tick_ms - (self.sample - sample) * 1_000_000 // self.imu.rate_mhz

    def _utc_ms_at(self, tick_ms):
        """UTC in ms at a tick of this boot; UNKNOWN_UTC_MS while no one has told."""
        told = self._time()
        return pages.UNKNOWN_UTC_MS if told is None else told[0] + tick_ms - told[1]

    def _time(self):
        """(UTC in ms, its tick, tick at which it was last told, ANCHOR_* who told it), by the newest word; None: no one
        has told."""
        clock = self.board.clock
        utc_ms = clock.utc_ms()
        if utc_ms is not None:
            heard_ms = clock.utc_heard_ms()
            if self.host_time is None or heard_ms >= self.host_time[1]:
                return utc_ms, clock.ticks_ms(), heard_ms, clock.utc_source
        if self.host_time is None:
            return None
        return self.host_time[0], self.host_time[1], self.host_time[1], pages.ANCHOR_HOST

    def _keep_time(self, now_ms):
        """Take an anchor when the time is told for the first time in a boot or a while, and all along a session."""
        by_host = self.sync.take_time() if self.sync is not None else None
        if by_host is not None:
            self.host_time = by_host
        told = self._time()
        is_news = False
        if told is not None:
            is_news = self.time_heard_ms is None or told[2] - self.time_heard_ms >= ANCHOR_EVERY_MS
            self.time_heard_ms = told[2]
        if is_news or (self.session and now_ms - self.anchor_tick_ms >= ANCHOR_EVERY_MS):
            self._anchor()

    def _anchor(self):
        """Tie sample, tick and UTC together, if UTC is known."""
        tick_ms = self.drained_tick_ms
        told = self._time()
        self.anchor_tick_ms = self.board.clock.ticks_ms()
        if told is None:
            return
        utc_ms, utc_tick_ms, heard_ms, source = told
        # An answer may lie unheard for a round of the loop, and the pod's own clock drifts from it.
        uncertainty_ms = self.read_every_ms + max(0, tick_ms - heard_ms) // TICK_DRIFT
        self._note(
            pages.KIND_ANCHOR,
            self.sample if self.session else pages.UNKNOWN_U64,
            tick_ms,
            utc_ms + tick_ms - utc_tick_ms,
            min(uncertainty_ms, pages.UNKNOWN_U16 - 1),
            source,
            bytes(5),
        )

    # Pages

    def _note(self, kind, *values):
        """Write a page of one record, after the steps that came before it."""
        self._flush()
        self.page.open(kind, self.sample)
        self.page.add(*values)
        self._flush()

    def _note_alive(self):
        tick_ms = self.board.clock.ticks_ms()
        self.alive_tick_ms = tick_ms
        self._note(
            pages.KIND_ALIVE,
            tick_ms,
            self._utc_ms_at(tick_ms),
            self.log.waiting(),
            self.log.free(),
        )

    def _flush(self):
        """Write the open page. One that is not kept is counted, and shown by `state`."""
        page = self.page
        if page.count == 0:
            return
        temperature = None
        if self.reading:
            self._ask_chip(self._fetch)  # the write may take longer than the FIFO has room
            temperature = self._ask_chip(self.imu.temperature)
        if temperature is None or not -pages.INT16_MOST <= temperature <= pages.INT16_MOST:
            temperature = pages.UNKNOWN_TEMPERATURE
        page.fields["temperature"] = temperature
        self._look_at_battery()
        is_kept = self._keep(page, self.sample)
        self.write_failed = not is_kept and self.log.free() > 0
        if not is_kept:
            page.count_fault("pages_dropped")
        page.count = 0

    def _look_at_battery(self):
        battery_mv = self.board.battery_mv()
        self.battery_tick_ms = self.board.clock.ticks_ms()
        if not battery_mv or not 0 < battery_mv < pages.UNKNOWN_U16:
            battery_mv = pages.UNKNOWN_U16
        self.page.fields["battery_mv"] = battery_mv

    def _keep_raw(self, page, sample):
        if not self._keep(page, sample):
            self.raw_dropped += 1

    def _save_raw(self, save, *now_ms):
        """Let the log sync the raw pages that it was given; those that it could not are counted."""
        try:
            save(*now_ms)
        except LogFailed:
            self.page.count_fault("log_errors")
        self.raw_dropped += self.log.take_lost()

    def _keep(self, page, sample):
        """Write a page to the log. -> False when the log is full, or its files refused every try."""
        for _ in range(WRITE_TRIES):
            try:
                self.log.append(page, sample, self.drained_tick_ms)
            except LogFull:
                return False
            except LogFailed:
                self.page.count_fault("log_errors")
            else:
                return True
        return False

    def _close_what_is_due(self, now_ms):
        # The next look is a round later: what would be too old by then is due now. A contact's tick is rounded, and the
        # chip's clock is not ours: 2 ms cover both.
        if self.page.count and now_ms + self.read_every_ms + 2 - self.page_tick_ms >= PAGE_CLOSES_MS:
            self._flush()
        if now_ms - self.alive_tick_ms >= ALIVE_EVERY_MS:
            self._note_alive()
        is_quiet = now_ms - self.last_contact_tick_ms >= SESSION_ENDS_MS and self.closing is None
        if is_quiet and self.session and (self.by_hand or self.settings["STRIDELOAD_RECORDING"] != "on"):
            # The ten minutes were no part of it.
            self._end_session(pages.SESSION_QUIET, self.last_contact_sample, self.last_contact_tick_ms)
            self.by_hand = None

    # Asleep

    def _may_sleep(self, now_ms):
        """True when nobody walks, nothing is to be done, and the host has all or was waited for long enough."""
        after_ms = 1000 * self.settings["STRIDELOAD_SLEEP_AFTER_S"]
        if after_ms == 0 or not self.board.can_sleep:
            return False
        if self.session or not self.reading or self.mend is not None or self.int1_from_ms is not None:
            return False
        idle_ms = now_ms - max(self.busy_tick_ms, self.last_step_tick_ms)
        if idle_ms < after_ms or self.is_again:
            return False
        sync = self.sync
        if sync is None or not self._may_talk(now_ms) or sync.drained:
            return True
        return idle_ms >= after_ms + SYNC_PATIENCE_MS

    def _sleep(self, now_ms):
        """Sleep until the shoe moves, the button is pressed or an alive record is due. Some boards wake anew."""
        self._flush()
        self._save_raw(self.log.settle)
        self.mend = self._start_chip_again  # whatever comes of it
        try:
            self.imu.watch_motion()
        except ImuError as error:
            self._count_chip_fault(error)
            self.busy_tick_ms = now_ms
            return
        if self.sync is not None:
            self.sync.close()
        self.board.light(False)
        self.sure = (self.drained_tick_ms, self.sample)
        self.slept = True
        why = self.board.sleep(max(1, self.alive_tick_ms + ALIVE_EVERY_MS - now_ms))
        self.busy_tick_ms = woke_ms = self.board.clock.ticks_ms()
        if woke_ms - now_ms >= SESSION_ENDS_MS:
            self.by_hand = None
        if why == "motion":
            self.walks_until_ms = woke_ms + WAKING_MS

    # The host

    def _may_talk(self, now_ms):
        """True while a line may be had: there is a broker, the battery carries it, and no session would wait for it."""
        if self.sync is None or now_ms < self.sync_from_ms:
            return False
        if self.page.fields["battery_mv"] < self.settings["STRIDELOAD_SYNC_LEAST_MV"]:
            return False
        return self.sync.is_on or not (self.client.blocks and now_ms < self.walks_until_ms)

    def _talk(self, sync, now_ms):
        if self.battery_tick_ms is None or now_ms - self.battery_tick_ms >= BATTERY_EVERY_MS:
            self._look_at_battery()
        if not self._may_talk(now_ms):
            if not sync.is_off:
                sync.close()
            return
        sync.step(now_ms)
        if self.client.blocks and not self.session:
            self.line_held = self.board.clock.ticks_ms() - now_ms > self.read_every_ms
        if now_ms // LIVE_EVERY_MS != self.live_second:
            self.live_second = now_ms // LIVE_EVERY_MS
            sync.send_live(self.live(now_ms))
        told = sync.take_settings()
        if told is not None:
            self._hear_settings(told)
            sync.tell_state()
        pause_s = self.settings["STRIDELOAD_SYNC_PAUSE_S"]
        if pause_s and not self.session and sync.may_rest(now_ms):
            sync.close()
            self.sync_from_ms = now_ms + 1000 * pause_s

    def _hear_settings(self, told):
        """Do what the host says. Another rate or range begins another boot: within one, samples are of one kind."""
        cue = self.host.cue
        try:
            is_news, mark = self.host.take(told, self.log.store, self.board.settings)
        except OSError:
            self.page.count_fault("log_errors")
            return
        if mark is not None:
            self._mark(pages.MARK_HOST, mark)
        if is_news:
            had, self.settings = self.settings, self.host.over(self.board.settings)
            self.is_again = any(had[name] != self.settings[name] for name in CHIP_NAMES)
            if had["STRIDELOAD_RECORDING"] != self.settings["STRIDELOAD_RECORDING"]:
                self.by_hand = None
                if self.session and had["STRIDELOAD_RECORDING"] == "on":
                    # What was kept while nobody walked is a part of it; the ten quiet minutes begin now.
                    self.last_contact_sample, self.last_contact_tick_ms = self.sample, self.drained_tick_ms
            if cue != self.host.cue:
                self.cue = None  # another programme begins with the next session
            self.log.raw_gives_way = bool(self.settings["STRIDELOAD_RAW_GIVES_WAY"])
            if not self.settings["STRIDELOAD_RAW"]:
                self._flush_raw()

    def why_not_recording(self):
        """Why a step made now would not be kept, in a word or two; None: it is kept."""
        if not self.reading:
            return "chip"
        if self.write_failed:
            return "flash"
        if self.log.free() == 0:
            return "log full"
        return "off" if self.recording() == "off" else None

    def lamp_pattern(self):
        why_not = self.why_not_recording()
        if why_not == "off":
            return lamp.DARK
        if why_not is not None:
            return lamp.NOT_RECORDING
        return lamp.IN_SESSION if self.session else lamp.WATCHING

    def state(self):
        """The `state` message as a dict; sync adds what it and the log know."""
        fields = self.page.fields
        settings = self.settings
        battery_mv = fields["battery_mv"]
        cue = self.host.cue
        tick_ms = self.board.clock.ticks_ms()
        told = self._time()
        faults = {name: fields[name] for name in pages.COUNTERS}
        faults.update(self.counters)
        return {
            "firmware": "%d.%d.%d" % FIRMWARE_VERSION,
            "detector": detector.DETECTOR_VERSION,
            "chip": settings["STRIDELOAD_CHIP"],
            "origin": settings["STRIDELOAD_ORIGIN"],
            "odr_hz": settings["STRIDELOAD_ODR_HZ"],
            "recording": self.why_not_recording() is None,
            "why_not": self.why_not_recording(),
            "session": self.session or None,
            "woken": self.board.woken,
            "settings": self.host.version or None,
            "settings_refused": self.host.refused,
            "raw": bool(settings["STRIDELOAD_RAW"]),
            "raw_dropped": self.raw_dropped,
            "raw_gave_way": self.log.gave_way,
            "raw_free_pages": self.log.free_raw(),
            "rest_mg": self.imu.rest.mg if self.chip_known and self.imu.rest.is_wrong() else None,
            "cue": None if cue is None else {"target_cspm": cue[0], "run": cue[1]},
            "battery_mv": None if battery_mv == pages.UNKNOWN_U16 else battery_mv,
            "faults": faults,
            "clock": {
                "source": None if told is None else ANCHOR_NAMES[told[3]],
                "utc_ms": None if told is None else told[0] + tick_ms - told[1],
                "tick_ms": tick_ms,
            },
        }

    def _cadence_spm(self):
        """Steps a minute of both feet, from this foot's last stride: 120 s over a stride in 1/256 sample."""
        return round(self.imu.rate_mhz * 30.72 / self.last_stride, 1)

    def live(self, now_ms):
        """The `live` message as a dict: the last stride while it is fresh, and the steps since this boot."""
        fresh = self.session and now_ms - self.last_step_tick_ms < LIVE_STALE_MS and self.last_stride > 0
        return {
            "v": 1,
            "cadence_spm": self._cadence_spm() if fresh else None,
            "peak_g": self.last_peak_mg / 1000 if fresh and self.last_peak_mg >= 0 else None,
            "steps": 2 * self.strides,
            "kind": KIND_NAMES[self.last_kind] if fresh else None,
            "tick_ms": now_ms,
        }
