"""What a pod is set to: `settings.toml` of its board, and over it what its host said.

The host's word lies in two small files, written in turn with a sequence and a CRC, so that a power cut leaves the
former one. With it lies what a new boot must know of it: the run of the cue's programme, and the newest mark.
"""

import json
from binascii import crc32

from strideload_pod import page as pages
from strideload_pod.imu import ACC_CODES, GYRO_CODES, RATE_CODES

CHIPS = {"LSM6DSO32": pages.CHIP_LSM6DSO32, "LSM6DSOX": pages.CHIP_LSM6DSOX}
ORIGINS = {
    "sensor": pages.ORIGIN_SENSOR,
    "recording": pages.ORIGIN_RECORDING,
    "simulated": pages.ORIGIN_SIMULATED,
}
RECORDINGS = ("auto", "on", "off")
MOTORS = ("", "pin", "drv2605")

DEFAULTS = {
    "STRIDELOAD_CHIP": "LSM6DSO32",
    "STRIDELOAD_ODR_HZ": 833,  # an impact peak needs 500 Hz and more (docs/metrics.md)
    "STRIDELOAD_RANGE_G": 32,  # tibial peaks reach 24.6 g: +-16 g clips at the shoe
    "STRIDELOAD_GYRO_DPS": 2000,  # 0: acceleration alone
    "STRIDELOAD_LOG_PAGES": 16384,  # 8 MB
    "STRIDELOAD_RAW_PAGES": 4194304,  # 2 GB of a card: 45 hours of six axes at 833 Hz
    "STRIDELOAD_ORIGIN": "sensor",
    "STRIDELOAD_RESAMPLED": 0,
    "STRIDELOAD_STORE": "",
    "STRIDELOAD_RECORDING": "auto",
    "STRIDELOAD_RAW": 0,
    "STRIDELOAD_RAW_GIVES_WAY": 1,
    "STRIDELOAD_SLEEP_AFTER_S": 60,  # 0: never
    "STRIDELOAD_SYNC_LEAST_MV": 3400,
    "STRIDELOAD_SYNC_PAUSE_S": 0,
    "STRIDELOAD_MOTOR": "",
}

# What the host may say -> the name that it stands for.
HOST_NAMES = {
    "odr_hz": "STRIDELOAD_ODR_HZ",
    "range_g": "STRIDELOAD_RANGE_G",
    "gyro_dps": "STRIDELOAD_GYRO_DPS",
    "raw": "STRIDELOAD_RAW",
    "raw_gives_way": "STRIDELOAD_RAW_GIVES_WAY",
    "recording": "STRIDELOAD_RECORDING",
}
# A change of these begins a new boot: within one, samples are of one kind.
CHIP_NAMES = ("STRIDELOAD_ODR_HZ", "STRIDELOAD_RANGE_G", "STRIDELOAD_GYRO_DPS")
CUE_CSPM = (12_000, 24_000)  # a runner's cadence, in 1/100 step a minute
RUN_MOST = 0xFE  # a page has eight bits for it; by then the programme is long over

MESSAGE_LIMIT = 1024
VERSION_LIMIT = 2**31
FILE_NAMES = ("host.0", "host.1")


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
    _need_one_of(settings, "STRIDELOAD_RECORDING", RECORDINGS)
    _need_one_of(settings, "STRIDELOAD_MOTOR", MOTORS)
    for name in ("STRIDELOAD_SLEEP_AFTER_S", "STRIDELOAD_SYNC_PAUSE_S"):
        if settings[name] < 0:
            raise ValueError("%s is 0 or more, got %d" % (name, settings[name]))
    store = settings["STRIDELOAD_STORE"]
    if store and (len(store) != 32 or set(store) - set("0123456789abcdef")):
        raise ValueError("STRIDELOAD_STORE has 32 hex digits, got %r" % store)
    return settings


def _need_one_of(settings, name, known):
    if settings[name] not in known:
        raise ValueError("%s is one of %s, got %r" % (name, sorted(known), settings[name]))


class HostSettings:
    """What the host said, kept in `files`. `version`: of its last message that was taken, 0 without one.

    `cue`: None, or (target in 1/100 step a minute, number of the present run from 1). `refused`: why the newest message
    was not taken, None if it was.
    """

    def __init__(self, files):
        self.refused = None
        self._files = files
        self._sequence = 0
        self._message = {}
        self._run = 0
        self._mark = 0
        self._load()

    @property
    def version(self):
        return self._message.get("version", 0)

    @property
    def cue(self):
        cue = self._message.get("cue")
        return None if cue is None else (cue["target_cspm"], self._run)

    def hold(self, given, store=None):
        """The settings that a boot begins with. ValueError: `given` is what no pod has.

        What another host than the paired `store` said is over (None: whoever it was). What this pod cannot do any
        more, its chip being another, is refused, and its own settings hold.
        """
        own = read_settings(given)
        if store is not None and self._message.get("store", store) != store:
            self._message = {}
        try:
            return self.over(given)
        except ValueError as error:
            self.refused = str(error)
            self._message = {}
            return own

    def over(self, given):
        """The settings that hold: `given`, and what the host said over it. ValueError."""
        settings = dict(given)
        for name, stands_for in HOST_NAMES.items():
            if name in self._message:
                value = self._message[name]
                settings[stands_for] = int(value) if isinstance(value, bool) else value
        return read_settings(settings)

    def take(self, payload, store, given):
        """Take a message of the paired `store` -> (True if it was news, code of a new mark or None).

        OSError: it could not be kept; the former one holds.
        """
        message = _read_message(payload)
        if message is None or store is None or message["store"] != store:
            return False, None  # not ours, or nobody's: no word of it
        if (
            message == self._message
        ):  # a host restored from an older copy may say another under the same version
            return False, None
        before = self._message, self._run, self._mark, self.refused
        mark = None
        try:
            self._check(message, given)
            if message.get("cue") and message["cue"] != self._message.get("cue"):
                self._run = message["cue"]["first_run"]
            if "mark" in message and message["mark"][0] > self._mark:
                self._mark, mark = message["mark"]
            self._message = message
            self.refused = None
            self._save()
        except (TypeError, ValueError, KeyError) as error:
            self.refused = str(error)
            return False, None
        except OSError:
            self._message, self._run, self._mark, self.refused = before
            raise
        return True, mark

    def next_run(self):
        """A run of the cue's programme is over. OSError: that was not kept."""
        self._run = min(self._run + 1, RUN_MOST)
        self._save()

    def _check(self, message, given):
        """ValueError, KeyError or TypeError: no pod can do that."""
        for name in ("raw", "raw_gives_way"):
            if name in message and not isinstance(message[name], bool):
                raise ValueError("%s is true or false" % name)
        cue = message.get("cue")
        if cue is not None:
            _need_int("cue.target_cspm", cue["target_cspm"], CUE_CSPM[0], CUE_CSPM[1])
            _need_int("cue.first_run", cue["first_run"], 1, RUN_MOST)
        if "mark" in message:
            number, code = message["mark"]
            _need_int("mark", number, 1, VERSION_LIMIT)
            _need_int("mark", code, 0, pages.UNKNOWN_U32)
        had, self._message = self._message, message
        try:
            self.over(given)
        finally:
            self._message = had

    # Files

    def _load(self):
        for name in FILE_NAMES:
            kept = self._read(name)
            if kept is not None and kept["sequence"] > self._sequence:
                self._sequence = kept["sequence"]
                self._message, self._run, self._mark = kept["message"], kept["run"], kept["mark"]

    def _read(self, name):
        """What a file holds; None when it is missing, torn or spoilt."""
        if name not in self._files.names():
            return None
        try:
            file = self._files.open(name, "rb")
            try:
                data = file.read()
            finally:
                file.close()
            if data[:8] != b"%08x" % crc32(data[8:]):
                return None
            return json.loads(str(data[8:], "utf-8"))
        except (OSError, ValueError):
            return None

    def _save(self):
        sequence = self._sequence + 1
        kept = {"sequence": sequence, "message": self._message, "run": self._run, "mark": self._mark}
        data = json.dumps(kept).encode()
        file = self._files.open(FILE_NAMES[sequence & 1], "wb")
        try:
            file.write(b"%08x" % crc32(data) + data)
            self._files.sync(file)
        finally:
            file.close()
        self._sequence = sequence


def _read_message(payload):
    """The settings message as a dict with version and store; None when it is not one."""
    if len(payload) > MESSAGE_LIMIT:
        return None
    try:
        message = json.loads(str(payload, "utf-8"))
    except (ValueError, RuntimeError):  # a UnicodeError is a ValueError; too many brackets are a RuntimeError
        return None
    if not isinstance(message, dict) or message.get("v") != 1 or not isinstance(message.get("store"), str):
        return None
    version = message.get("version")
    # type(), not isinstance: true is an int to Python
    if type(version) is not int or not 0 < version < VERSION_LIMIT:
        return None
    return message


def _need_int(name, value, least, most):
    if type(value) is not int or not least <= value <= most:
        raise ValueError("%s is a whole number from %d to %d" % (name, least, most))
