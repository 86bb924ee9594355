"""The loop of the pod: samples from the chip become steps, steps become pages in the log, and pages go to the host.

Nothing that goes wrong ends the loop: a fault of chip, bus, log or line is counted, told and tried again, and sample
numbers go on true. docs/pod.md says what a runner sees of it.
"""

from array import array

from strideload_pod import FIRMWARE_VERSION, detector
from strideload_pod import page as pages
from strideload_pod.imu import (
    ACC_CODES,
    GYRO_CODES,
    RATE_CODES,
    BusError,
    BusStuck,
    FifoStalled,
    Imu,
    ImuError,
    open_driver,
)
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
    "STRIDELOAD_ODR_HZ": 833,  # an impact peak needs 500 Hz and more (docs/metrics.md)
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
CHECK_EVERY_MS = 10_000  # a register that changed by itself costs no more than a pulled battery
CHIP_CLOCK_MS = (
    10_000_000  # unread for longer, the chip's clock (29 bits, 3.7 h) cannot count what is missing
)
READ_EVERY_MS = 500  # at the latest, so that live is told in time; mostly the FIFO asks for it sooner
RETRY_MS = 50  # the FIFO, read when a quarter full, still has room after it: 154 ms at the highest rate
WRITE_TRIES = 2  # of a page: after a failed write the log takes another file
TICK_DRIFT = 5_000  # 1 / 200 ppm, what crystals of microcontrollers keep
SESSIONS_A_BOOT = 4096  # a session's number is boot * 4096 + count: no boot of a million repeats another's
SESSIONS_MOST = 0xFFFFFFFF  # 32 bits, and 0 is none


def session_number(boot, count):
    """Number of the boot's session `count` (from 1): 1 to 2**32 - 1. It begins anew after 1 048 575 boots."""
    return (boot * SESSIONS_A_BOOT + count - 1) % SESSIONS_MOST + 1


def read_settings(given):
    """DEFAULTS, and of them what `given` says otherwise. ValueError: no pod has that."""
    settings = {name: given.get(name, DEFAULTS[name]) for name in DEFAULTS}
    for name in DEFAULTS:
        if not isinstance(settings[name], type(DEFAULTS[name])):
            raise ValueError("%s is like %r, got %r" % (name, DEFAULTS[name], settings[name]))
    _need_one_of(settings, "STRIDELOAD_CHIP", CHIPS)
    _need_one_of(settings, "STRIDELOAD_ODR_HZ", RATE_CODES)
    _need_one_of(settings, "STRIDELOAD_RANGE_G", ACC_CODES[settings["STRIDELOAD_CHIP"]])
    if settings["STRIDELOAD_GYRO_DPS"]:
        _need_one_of(settings, "STRIDELOAD_GYRO_DPS", GYRO_CODES)
    _need_one_of(settings, "STRIDELOAD_ORIGIN", ORIGINS)
    store = settings["STRIDELOAD_STORE"]
    if store and (len(store) != 32 or set(store) - set("0123456789abcdef")):
        raise ValueError("STRIDELOAD_STORE has 32 hex digits, got %r" % store)
    return settings


def _need_one_of(settings, name, known):
    if settings[name] not in known:
        raise ValueError("%s is one of %s, got %r" % (name, sorted(known), settings[name]))


class Pod:
    """A pod on a board. `run` goes on until the board says that it is stopping; `step` is one round of it.

    ValueError: settings that no pod has. LogError: the log cannot be opened. OSError: the board has no bus.
    """

    def __init__(self, board):
        self.board = board
        self.i2c = board.i2c
        self.settings = settings = read_settings(board.settings)
        self.page = Page(board.uid)
        self.log = Log(board.files, board.uid, settings["STRIDELOAD_LOG_PAGES"], board.random_u32)
        if settings["STRIDELOAD_STORE"] and self.log.store != settings["STRIDELOAD_STORE"]:
            self.log.pair(settings["STRIDELOAD_STORE"])
        axes = 6 if settings["STRIDELOAD_GYRO_DPS"] else 3
        self.block = array("h", bytes(2 * axes * detector.BLOCK_LIMIT))
        self.detector_state = array("i", bytes(4 * detector.STATE_SIZE))
        self.steps = array("i", bytes(4 * detector.STEP_SIZE * detector.STEPS_LIMIT))
        self.chip_known = False  # it was started once in this boot, and `imu` reads it
        self.mend = self._start_chip  # what the chip needs before it can be read; None: nothing
        self.reading = False  # the last read went well
        self.read_every_ms = RETRY_MS
        self.bad_words = 0
        self.sample = 0  # samples since the chip's first start in this boot, those that were lost included
        self.drained_tick_ms = board.clock.ticks_ms()  # `sample` belongs to this tick
        self.sure = (0, 0)  # (tick, sample) when the chip was last known to be set up right
        self.write_failed = False
        self.session = 0
        self.sessions_begun = 0
        self.strides = 0
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
        self.live_second = -1
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
        self._close_what_is_due(now_ms)
        if self.sync is not None:
            self.sync.step(now_ms)
            if now_ms // LIVE_EVERY_MS != self.live_second:
                self.live_second = now_ms // LIVE_EVERY_MS
                self.sync.send_live(self.live(now_ms))
        self.board.clock.sleep_ms(wait_ms)

    def end(self):
        """Read what is there, release what the detector holds, end the session, leave nothing in memory only."""
        self._take_samples()
        self._add_steps(detector.finish(self.detector_state, self.steps))
        self._end_session(pages.SESSION_STOPPED, self.sample, self.drained_tick_ms)
        self._flush()
        if self.chip_known:
            self._ask_chip(self.imu.stop)
        if self.sync is not None:
            self.sync.close()

    # Samples

    def _take_samples(self):
        """Mend the chip if it needs it, and read what it has. -> ms to wait until the next time."""
        try:
            if self.chip_known and self._unread_ms() > CHIP_CLOCK_MS:
                self.mend = self._start_chip_again
            if self.mend is not None:
                self.mend()
                self.mend = None
            more = self._drain()
            if not more and self.imu.has_more():
                more = self._drain()
            if self.drained_tick_ms - self.sure[0] >= CHECK_EVERY_MS:
                self.imu.check()
                if not self.imu.is_behind():
                    self.sure = (self.drained_tick_ms, self.sample)
            self.reading = True
            return 0 if more else max(0, self.read_every_ms - self._unread_ms())
        except ImuError as error:
            wait_ms = self._count_chip_fault(error)
            self.reading = False
            return wait_ms

    def _unread_ms(self):
        return self.board.clock.ticks_ms() - self.drained_tick_ms

    def _count_chip_fault(self, error):
        """Count a fault of bus or chip, and say what mends it. -> ms to wait until the next try."""
        if isinstance(error, BusError):
            # Nothing is lost by it yet: the FIFO waits, or runs over and says so. What was to be mended still is.
            self.page.count_fault("bus_errors")
            # Not every board tells a stuck bus from a silent chip: a second failure in a row is taken for one.
            if (isinstance(error, BusStuck) or not self.reading) and self.board.free_bus():
                self.i2c = self.board.i2c
                if self.chip_known:
                    self.imu.attach(self.i2c)
        elif isinstance(error, FifoStalled):
            self.page.count_fault("fifo_stalls")
            self.mend = self._restart_fifo
            return 0
        else:
            self.page.count_fault("register_errors")
            self.mend = self._start_chip_again if self.chip_known else self._start_chip
        return RETRY_MS

    def _ask_chip(self, question):
        """What the chip answers, beside the samples; None, and a fault counted, when it does not."""
        try:
            return question()
        except ImuError as error:
            self._count_chip_fault(error)
            return None

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
        self.page.fields["rate_mhz"] = imu.rate_mhz
        detector.setup(self.detector_state, imu.rate_mhz, imu.acc_ug_lsb, imu.gyro_udps_lsb)
        self.drained_tick_ms = self.board.clock.ticks_ms()
        self.sure = (self.drained_tick_ms, self.sample)

    def _start_chip_again(self):
        """Set the chip up anew. Its clock is lost by it: the pod's own says what is missing. ImuError."""
        cause = pages.GAP_BUS if self._unread_ms() > CHIP_CLOCK_MS else pages.GAP_STALL
        self.imu.start()
        self.bad_words = self.imu.bad_words  # the registers were wrong, not the bus
        self.drained_tick_ms = self.board.clock.ticks_ms()
        passed_ms = self.drained_tick_ms - self.sure[0]
        due = self.sure[1] + (passed_ms * self.imu.rate_mhz + 500_000) // 1_000_000
        state, rate_mhz = self.detector_state, self.imu.rate_mhz
        if self.page.fields["rate_mhz"] != rate_mhz:
            # The rate was read wrong before: what was found until now is said by that rate, what comes by this one.
            self._add_steps(detector.finish(state, self.steps))
            self._flush()
            self.page.fields["rate_mhz"] = rate_mhz
            detector.setup(state, rate_mhz, self.imu.acc_ug_lsb, self.imu.gyro_udps_lsb)
            detector.gap(state, self.sample % detector.SAMPLE_WRAP)
        self._pass_gap(max(0, due - self.sample), 0, cause)
        self.sure = (self.drained_tick_ms, self.sample)

    def _restart_fifo(self):
        """Let the FIFO run again; the chip's clock says what is missing. ImuError."""
        self.imu.restart()
        self.drained_tick_ms = self.board.clock.ticks_ms()
        self._pass_gap(self.imu.take_lost(), 0, pages.GAP_STALL)

    def _drain(self):
        """Read one block and detect in it. -> True when there may be more. ImuError."""
        tick_ms = self.board.clock.ticks_ms()  # the samples made until now are read, however long that takes
        n = self.imu.read(self.block)
        lost = self.imu.take_lost()
        self.drained_tick_ms = tick_ms
        if lost:
            self._pass_gap(lost, n, self._count_cause())
        else:
            self.sample += n
        self.page.count_fault("clipped_samples", self.imu.take_clipped())
        self._add_steps(detector.process(self.detector_state, self.block, n, self.steps))
        return n == detector.BLOCK_LIMIT

    def _count_cause(self):
        """Why samples are missing that were to be read: spoilt on the bus, or the FIFO ran over."""
        spoilt = self.imu.bad_words != self.bad_words
        self.bad_words = self.imu.bad_words
        self.page.count_fault("bus_errors" if spoilt else "fifo_overruns")
        return pages.GAP_BUS if spoilt else pages.GAP_OVERRUN

    def _pass_gap(self, lost, n, cause):
        """Go on past `lost` samples and the `n` that were read behind them, and write it down."""
        detector.gap(self.detector_state, lost)
        self.page.count_fault("samples_lost", lost)
        first = self.sample
        self.sample += lost + n
        self._note(pages.KIND_GAP, first, lost, cause, bytes(7))

    # Steps and sessions

    def _add_steps(self, count):
        for i in range(count):
            self._add_step(i * detector.STEP_SIZE)

    def _add_step(self, at):
        steps = self.steps
        sample = self.sample - (self.sample - steps[at + detector.IC_SAMPLE]) % detector.SAMPLE_WRAP
        tick_ms = self._tick_of(sample)
        if not self.session:
            self._begin_session(sample, tick_ms)
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
        self.last_step_tick_ms = self.board.clock.ticks_ms()
        self.last_stride = stride
        self.last_peak_mg = peak_mg
        self.last_kind = steps[at + detector.KIND]
        if page.is_full():
            self._flush()

    def _begin_session(self, sample, tick_ms):
        self.sessions_begun += 1
        self.session = session_number(self.log.boot, self.sessions_begun)
        self.page.fields["session"] = self.session
        self._note(
            pages.KIND_SESSION_START,
            sample,
            tick_ms,
            self._utc_ms_at(tick_ms),
            pages.SESSION_MOTION,
            bytes(7),
        )
        self._anchor()

    def _end_session(self, reason, sample, tick_ms):
        if not self.session:
            return
        self._anchor()
        self._note(pages.KIND_SESSION_END, sample, tick_ms, self._utc_ms_at(tick_ms), reason, bytes(7))
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
        """Take an anchor when the time is told for the first time in a boot or a while, and all along a session."""
        told = self.sync.take_time() if self.sync is not None else None
        if told is not None:
            self.host_time = told
        heard_ms = now_ms if self.board.clock.utc_ms() is not None else told and told[1]
        is_news = False
        if heard_ms is not None:
            is_news = self.time_heard_ms is None or heard_ms - self.time_heard_ms >= ANCHOR_EVERY_MS
            self.time_heard_ms = heard_ms
        if is_news or (self.session and now_ms - self.anchor_tick_ms >= ANCHOR_EVERY_MS):
            self._anchor()

    def _anchor(self):
        """Tie sample, tick and UTC together, if UTC is known."""
        tick_ms = self.drained_tick_ms
        utc_ms = self._utc_ms_at(tick_ms)
        self.anchor_tick_ms = tick_ms
        if utc_ms == pages.UNKNOWN_UTC_MS:
            return
        # An answer may lie unheard for a round of the loop, and the pod's own clock drifts from it.
        heard_ms = tick_ms if self.time_heard_ms is None else self.time_heard_ms
        uncertainty_ms = self.read_every_ms + max(0, tick_ms - heard_ms) // TICK_DRIFT
        self._note(
            pages.KIND_ANCHOR,
            self.sample if self.session else pages.UNKNOWN_U64,
            tick_ms,
            utc_ms,
            min(uncertainty_ms, pages.UNKNOWN_U16 - 1),
            self._utc_source(),
            bytes(5),
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
        """Write the open page. One that is not kept is counted, and shown by `state`."""
        page = self.page
        if page.count == 0:
            return
        temperature = self._ask_chip(self.imu.temperature) if self.reading else None
        page.fields["temperature"] = pages.UNKNOWN_TEMPERATURE if temperature is None else temperature
        page.fields["battery_mv"] = self.board.battery_mv() or pages.UNKNOWN_U16
        if not self._keep():
            page.count_fault("pages_dropped")
        page.count = 0

    def _keep(self):
        """Write the page to the log. -> False when the log is full, or its files refused every try."""
        for _ in range(WRITE_TRIES):
            try:
                self.log.append(self.page, self.sample, self.drained_tick_ms)
                self.write_failed = False
                return True
            except LogFull:
                return False
            except LogFailed:
                self.write_failed = True
                self.page.count_fault("log_errors")
        return False

    def _close_what_is_due(self, now_ms):
        # The next look is a round later: what would be too old by then is due now. A contact's tick is rounded, and the
        # chip's clock is not ours: 2 ms cover both.
        if self.page.count and now_ms + self.read_every_ms + 2 - self.page_tick_ms >= PAGE_CLOSES_MS:
            self._flush()
        if now_ms - self.alive_tick_ms >= ALIVE_EVERY_MS:
            self._note_alive()
        if now_ms - self.last_contact_tick_ms >= SESSION_ENDS_MS:
            # The ten minutes were no part of it.
            self._end_session(pages.SESSION_QUIET, self.last_contact_sample, self.last_contact_tick_ms)

    # What the host is told

    def is_recording(self):
        """True while the chip is read and the log has room: a step made now is kept."""
        return self.reading and not self.write_failed and self.log.free() > 0

    def state(self):
        """The `state` message as a dict; sync adds what it and the log know."""
        fields = self.page.fields
        settings = self.settings
        battery_mv = fields["battery_mv"]
        tick_ms = self.board.clock.ticks_ms()
        utc_ms = self._utc_ms_at(tick_ms)
        is_known = utc_ms != pages.UNKNOWN_UTC_MS
        return {
            "firmware": "%d.%d.%d" % FIRMWARE_VERSION,
            "detector": detector.DETECTOR_VERSION,
            "chip": settings["STRIDELOAD_CHIP"],
            "origin": settings["STRIDELOAD_ORIGIN"],
            "odr_hz": settings["STRIDELOAD_ODR_HZ"],
            "recording": self.is_recording(),
            "session": self.session or None,
            "battery_mv": None if battery_mv == pages.UNKNOWN_U16 else battery_mv,
            "faults": {name: fields[name] for name in pages.COUNTERS},
            "clock": {
                "source": ANCHOR_NAMES[self._utc_source()] if is_known else None,
                "utc_ms": utc_ms if is_known else None,
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
