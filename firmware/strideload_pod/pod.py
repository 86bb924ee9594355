"""The loop of the pod: samples from the chip become steps, steps become pages in the log, and pages go to the host."""

from array import array

from strideload_pod import FIRMWARE_VERSION, detector
from strideload_pod import page as pages
from strideload_pod.imu import BusError, FifoStalled, Imu, ImuError, open_driver
from strideload_pod.log import Log, LogFailed, LogFull
from strideload_pod.page import Page
from strideload_pod.sync import Sync

CHIPS = {"LSM6DSO32": pages.CHIP_LSM6DSO32, "LSM6DSOX": pages.CHIP_LSM6DSOX}
ORIGINS = {
    "sensor": pages.ORIGIN_SENSOR,
    "recording": pages.ORIGIN_RECORDING,
    "simulated": pages.ORIGIN_SIMULATED,
}
KIND_NAMES = ("uncertain", "walk", "run")  # by page.STEP_KIND_*
ANCHOR_NAMES = {
    pages.ANCHOR_NTP: "ntp",
    pages.ANCHOR_HOST: "host",
    pages.ANCHOR_RTC: "rtc",
    pages.ANCHOR_OPERATOR: "operator",
}
DEFAULTS = {
    "STRIDELOAD_CHIP": "LSM6DSO32",
    "STRIDELOAD_ODR_HZ": 416,
    "STRIDELOAD_RANGE_G": 32,  # tibial peaks reach 24.6 g: +-16 g clips at the shoe
    "STRIDELOAD_GYRO_DPS": 2000,  # 0: acceleration alone
    "STRIDELOAD_LOG_PAGES": 16384,  # 8 MB
    "STRIDELOAD_ORIGIN": "sensor",
    "STRIDELOAD_RESAMPLED": 0,
    "STRIDELOAD_STORE": "",
}

PAGE_CLOSES_MS = 10_000  # what a pulled battery may cost
SESSION_ENDS_MS = 600_000  # ten quiet minutes
ANCHOR_EVERY_MS = 600_000
ALIVE_EVERY_MS = 43_200_000  # twice a day: the shortest calendar day has 23 hours and is still met
LIVE_EVERY_MS = 1_000
LIVE_STALE_MS = 3_000  # a cadence older than the longest stride is no cadence
SESSIONS_A_BOOT = 4096  # a session's number is boot * 4096 + count, so no boot repeats another's
RETRY_MS = 100


class Pod:
    """A pod on a board. `run` goes on until the board says that it is stopping; `step` is one round of it."""

    def __init__(self, board):
        self.board = board
        self.settings = settings = dict(DEFAULTS)
        settings.update(board.settings)
        self.page = Page(board.uid)
        self.log = Log(board.files, board.uid, settings["STRIDELOAD_LOG_PAGES"], board.random_u32)
        if settings["STRIDELOAD_STORE"] and self.log.store != settings["STRIDELOAD_STORE"]:
            self.log.pair(settings["STRIDELOAD_STORE"])
        self.imu = Imu(
            open_driver(settings["STRIDELOAD_CHIP"], board.i2c),
            board.clock.sleep_ms,
            settings["STRIDELOAD_CHIP"],
            settings["STRIDELOAD_ODR_HZ"],
            settings["STRIDELOAD_RANGE_G"],
            settings["STRIDELOAD_GYRO_DPS"],
        )
        axes = 6 if settings["STRIDELOAD_GYRO_DPS"] else 3
        self.block = array("h", bytes(2 * axes * detector.BLOCK_LIMIT))
        self.detector_state = array("i", bytes(4 * detector.STATE_SIZE))
        self.steps = array("i", bytes(4 * detector.STEP_SIZE * detector.STEPS_LIMIT))
        self.sample = 0  # samples since boot, those that were lost included
        self.drained_tick_ms = 0  # when the FIFO was last seen empty: `sample` belongs to this tick
        self.session = 0
        self.sessions_begun = 0
        self.strides = 0
        self.last_step_sample = 0
        self.last_step_tick_ms = 0
        self.last_stride = -1
        self.last_peak_mg = -1
        self.last_kind = pages.STEP_KIND_UNCERTAIN
        self.page_tick_ms = 0
        self.anchor_tick_ms = 0
        self.alive_tick_ms = 0
        self.live_tick_ms = 0
        self.log_is_full = False
        self.host_time = None  # (utc_ms, tick_ms) as last told by the host
        client = board.client()
        self.sync = None if client is None else Sync(self.log, client, self.state, board.random_u32)

    def run(self):
        """Begin, go round until the board is stopping, and close what is open."""
        self.begin()
        try:
            while not self.board.stopping():
                self.step()
        finally:
            self.end()

    def begin(self):
        """Start the chip and write down that this boot lives."""
        self.imu.start()
        detector.setup(self.detector_state, self.imu.rate_mhz, self.imu.acc_ug_lsb, self.imu.gyro_udps_lsb)
        fields = self.page.fields
        settings = self.settings
        fields["boot"] = self.log.boot
        fields["rate_mhz"] = self.imu.rate_mhz
        fields["odr_hz"] = settings["STRIDELOAD_ODR_HZ"]
        fields["chip"] = CHIPS[settings["STRIDELOAD_CHIP"]]
        fields["acc_range_g"] = settings["STRIDELOAD_RANGE_G"]
        fields["gyro_range_dps"] = settings["STRIDELOAD_GYRO_DPS"] or pages.UNKNOWN_U16
        fields["origin"] = ORIGINS[settings["STRIDELOAD_ORIGIN"]]
        fields["flags"] = pages.FLAG_RESAMPLED if settings["STRIDELOAD_RESAMPLED"] else 0
        fields["firmware"] = FIRMWARE_VERSION[0] << 16 | FIRMWARE_VERSION[1] << 8 | FIRMWARE_VERSION[2]
        fields["detector"] = detector.DETECTOR_VERSION
        fields["temperature"] = self.imu.temperature()
        self.drained_tick_ms = self.board.clock.ticks_ms()
        self._note_alive()

    def step(self):
        """Drain the chip, keep the clock, close what is due, talk to the host."""
        try:
            drained = self._drain()
        except ImuError as error:
            self._recover(error)
            drained = True
        now_ms = self.board.clock.ticks_ms()
        self._keep_time(now_ms)
        self._close_what_is_due(now_ms)
        if self.sync is not None:
            self.sync.step(now_ms)
            if now_ms - self.live_tick_ms >= LIVE_EVERY_MS:
                self.live_tick_ms = now_ms
                self.sync.send_live(self.live(now_ms))
        if drained:
            self.board.clock.sleep_ms(self.imu.watermark_ms)

    def end(self):
        """Release what the detector holds, end the session, and leave nothing in memory only."""
        self._add_steps(detector.finish(self.detector_state, self.steps))
        self._end_session(pages.SESSION_STOPPED)
        self._flush()
        self.imu.stop()
        if self.sync is not None:
            self.sync.close()

    # Samples

    def _drain(self):
        """Read one block and detect in it. -> True when the FIFO was left with less than a block."""
        n = self.imu.read(self.block)
        self._take_lost(pages.GAP_OVERRUN)
        self.sample += n
        self._count_clipped(n)
        self._add_steps(detector.process(self.detector_state, self.block, n, self.steps))
        if n == detector.BLOCK_LIMIT:
            return False
        self.drained_tick_ms = self.board.clock.ticks_ms()
        return True

    def _count_clipped(self, n):
        clipped = self.imu.take_clipped()
        if clipped:
            self.page.count_fault("clipped_samples", clipped)

    def _recover(self, error):
        """A fault on the bus or in the chip: count it, and go on from the same sample number."""
        if isinstance(error, BusError):
            self.page.count_fault(
                "bus_errors"
            )  # nothing is lost by it: the FIFO waits, or overruns and says so
        elif isinstance(error, FifoStalled):
            self.page.count_fault("fifo_stalls")
            self._try(self.imu.restart)
            self._take_lost(pages.GAP_STALL)
        else:
            self.page.count_fault("register_errors")
            self._start_anew()
        self.board.clock.sleep_ms(RETRY_MS)

    def _try(self, action):
        """True when the chip did it; a chip that does not answer is tried again in the next round."""
        try:
            action()
        except ImuError:
            self.page.count_fault("bus_errors")
            return False
        return True

    def _start_anew(self):
        """The chip lost its settings, and its clock with them: the pod's own clock says what is missing."""
        if not self._try(self.imu.start):
            return
        now_ms = self.board.clock.ticks_ms()
        lost = (now_ms - self.drained_tick_ms) * self.imu.rate_mhz // 1_000_000
        self.drained_tick_ms = now_ms
        self._gap(lost, pages.GAP_STALL)

    def _take_lost(self, cause):
        lost = self.imu.take_lost()
        if lost:
            self._gap(lost, cause)

    def _gap(self, lost, cause):
        detector.gap(self.detector_state, lost)
        if cause == pages.GAP_OVERRUN:
            self.page.count_fault("fifo_overruns")
        self.page.count_fault("samples_lost", lost)
        first = self.sample
        self.sample += lost
        self._note(pages.KIND_GAP, first, lost, cause, bytes(7))

    # Steps and sessions

    def _add_steps(self, count):
        for i in range(count):
            self._add_step(i * detector.STEP_SIZE)

    def _add_step(self, at):
        steps = self.steps
        sample = self.sample - (self.sample - steps[at + detector.IC_SAMPLE]) % detector.SAMPLE_WRAP
        if not self.session:
            self._begin_session(sample)
        page = self.page
        if page.count == 0:
            page.open(pages.KIND_STEPS, sample)
            self.page_tick_ms = self.board.clock.ticks_ms()
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
        self.last_step_sample = sample
        self.last_step_tick_ms = self.board.clock.ticks_ms()
        self.last_stride = stride
        self.last_peak_mg = peak_mg
        self.last_kind = steps[at + detector.KIND]
        if page.is_full():
            self._flush()

    def _begin_session(self, sample):
        self.sessions_begun += 1
        self.session = self.log.boot * SESSIONS_A_BOOT + self.sessions_begun
        self.page.fields["session"] = self.session
        tick_ms = self._tick_of(sample)
        self._note(
            pages.KIND_SESSION_START,
            sample,
            tick_ms,
            self._utc_ms_at(tick_ms),
            pages.SESSION_MOTION,
            bytes(7),
        )
        self._anchor()

    def _end_session(self, reason):
        if not self.session:
            return
        self._anchor()
        tick_ms = self.drained_tick_ms
        self._note(pages.KIND_SESSION_END, self.sample, tick_ms, self._utc_ms_at(tick_ms), reason, bytes(7))
        self.session = 0
        self.page.fields["session"] = 0

    # Time

    def _tick_of(self, sample):
        return self.drained_tick_ms - (self.sample - sample) * 1_000_000 // self.imu.rate_mhz

    def _utc_ms_at(self, tick_ms):
        """UTC in ms at a tick of this boot; UNKNOWN_UTC_MS while no one has told."""
        utc_ms = self.board.clock.utc_ms()
        if utc_ms is not None:
            return utc_ms - (self.board.clock.ticks_ms() - tick_ms)
        if self.host_time is not None:
            return self.host_time[0] + tick_ms - self.host_time[1]
        return pages.UNKNOWN_UTC_MS

    def _keep_time(self, now_ms):
        told = self.sync.take_time() if self.sync is not None else None
        if told is not None:
            first = self.host_time is None
            self.host_time = told
            if first and self.session:
                self._anchor()
        if self.session and now_ms - self.anchor_tick_ms >= ANCHOR_EVERY_MS:
            self._anchor()

    def _anchor(self):
        """Tie sample, tick and UTC together, if UTC is known."""
        tick_ms = self.drained_tick_ms
        utc_ms = self._utc_ms_at(tick_ms)
        self.anchor_tick_ms = tick_ms
        if utc_ms == pages.UNKNOWN_UTC_MS:
            return
        # The FIFO was empty somewhere since the read before: that is how well sample and tick belong together.
        uncertainty_ms = self.imu.watermark_ms
        self._note(
            pages.KIND_ANCHOR, self.sample, tick_ms, utc_ms, uncertainty_ms, self._utc_source(), bytes(5)
        )

    def _utc_source(self):
        clock = self.board.clock
        return pages.ANCHOR_HOST if clock.utc_ms() is None else clock.utc_source

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
        """Write the open page. A page that the full log refuses is counted, and shown by `state`."""
        page = self.page
        if page.count == 0:
            return
        page.fields["battery_mv"] = self.board.battery_mv() or pages.UNKNOWN_U16
        try:
            self.log.append(page, self.sample, self.drained_tick_ms)
            self.log_is_full = False
        except LogFull:
            self.log_is_full = True
            page.count_fault("pages_dropped")
        except LogFailed:
            page.count_fault("log_errors")
            page.count_fault("pages_dropped")
        page.count = 0

    def _close_what_is_due(self, now_ms):
        if self.page.count and now_ms - self.page_tick_ms >= PAGE_CLOSES_MS:
            self._flush()
        if now_ms - self.alive_tick_ms >= ALIVE_EVERY_MS:
            self._note_alive()
        quiet_ms = (self.sample - self.last_step_sample) * 1_000_000 // self.imu.rate_mhz
        if self.session and quiet_ms >= SESSION_ENDS_MS:
            self._end_session(pages.SESSION_QUIET)

    # What the host is told

    def state(self):
        """The `state` message as a dict; sync adds what it and the log know."""
        fields = self.page.fields
        settings = self.settings
        battery_mv = fields["battery_mv"]
        utc_ms = self._utc_ms_at(self.board.clock.ticks_ms())
        is_known = utc_ms != pages.UNKNOWN_UTC_MS
        return {
            "firmware": "%d.%d.%d" % FIRMWARE_VERSION,
            "detector": detector.DETECTOR_VERSION,
            "chip": settings["STRIDELOAD_CHIP"],
            "origin": settings["STRIDELOAD_ORIGIN"],
            "odr_hz": settings["STRIDELOAD_ODR_HZ"],
            "recording": not self.log_is_full,
            "session": self.session or None,
            "battery_mv": None if battery_mv == pages.UNKNOWN_U16 else battery_mv,
            "faults": {name: fields[name] for name in pages.COUNTERS},
            "clock": {
                "source": ANCHOR_NAMES[self._utc_source()] if is_known else None,
                "utc_ms": utc_ms if is_known else None,
                "tick_ms": self.board.clock.ticks_ms(),
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
