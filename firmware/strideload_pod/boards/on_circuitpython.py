"""CircuitPython 9 and 10 as a board: Pico W, Pico 2 W, ESP32-S3.

Settings are flat keys of `/settings.toml`; the log lies in `/log` of the CIRCUITPY drive, or on a microSD card. A pin
is named as the board prints it; "" is none.

| key | meaning |
|---|---|
| STRIDELOAD_SCL_PIN, STRIDELOAD_SDA_PIN | the chip's bus (SCL, SDA; on a Pico GP5, GP4) |
| STRIDELOAD_I2C_HZ | clock of the bus (400000; the chip takes 1000000) |
| STRIDELOAD_INT1_PIN | the chip's INT1 (on a Pico GP6, on a Feather D9) |
| STRIDELOAD_BUTTON_PIN | a button to ground (on a Pico GP15, on a Feather D5) |
| STRIDELOAD_LAMP_PIN | the lamp (LED, where the board has one) |
| STRIDELOAD_MOTOR_PIN | a motor's driver, high: it runs (none) |
| STRIDELOAD_BATTERY_PIN | middle of the battery's divider (none) |
| STRIDELOAD_BATTERY_DIVIDER | the battery's voltage in percent of what is at that pin (200) |
| STRIDELOAD_SD_CS_PIN | a microSD card's select (none) |
| STRIDELOAD_SD_SCK_PIN, STRIDELOAD_SD_MOSI_PIN, STRIDELOAD_SD_MISO_PIN | its bus (SCK, MOSI, MISO; GP18, GP19, GP16) |
| STRIDELOAD_LOG_ON_CARD | 1: the log of steps lies on the card, too |
| STRIDELOAD_WIFI_SSID, STRIDELOAD_WIFI_PASSWORD | the network (none: no sync) |
| STRIDELOAD_BROKER_HOST, STRIDELOAD_BROKER_PORT | where the broker is (none: no sync; 1883, with TLS 8883) |
| STRIDELOAD_BROKER_USER, STRIDELOAD_BROKER_PASSWORD | who we are there |
| STRIDELOAD_BROKER_CA_FILE | PEM file of the one authority that signed the broker: TLS |
| STRIDELOAD_BROKER_NAME | the broker's name in its certificate, where that is not STRIDELOAD_BROKER_HOST |
"""

import errno
import os
import time

import board
import busio
import digitalio
import microcontroller
import storage
import supervisor

from strideload_pod.page import ANCHOR_NTP

SETTINGS_FILE = "/settings.toml"
PREFIX = "STRIDELOAD_"
LOG_FOLDER = "/log"
CARD = "/sd"
RAW_FOLDER = "/raw"

# The first that the board has. But for the lamp they are only read: a pod drives nothing that may not be wired.
PINS = {
    "STRIDELOAD_SCL_PIN": ("SCL", "GP5"),
    "STRIDELOAD_SDA_PIN": ("SDA", "GP4"),
    "STRIDELOAD_INT1_PIN": ("GP6", "D9"),
    "STRIDELOAD_BUTTON_PIN": ("GP15", "D5"),
    "STRIDELOAD_LAMP_PIN": ("LED",),
    "STRIDELOAD_SD_SCK_PIN": ("SCK", "GP18"),
    "STRIDELOAD_SD_MOSI_PIN": ("MOSI", "GP19"),
    "STRIDELOAD_SD_MISO_PIN": ("MISO", "GP16"),
}

TICK_WRAP = 1 << 29  # of supervisor.ticks_ms
POLL_MS = 5  # how late a full FIFO or a button may be seen while the pod waits
RESTART_AFTER_MS = 10_000
HELD_MS = 3000  # a press that woke the pod is over by then
DOZE_MS = 100  # the same in a sleep without alarms
BUS_CLOCKS = 9  # a chip that holds SDA has at most a byte and its acknowledgement to say
BUS_HALF_US = 5
PAGE_SIZE = 512
LOG_PAGES = (256, 16384)  # least and most that the drive's size makes of the log's
SPARE_PAGES = 96  # the log's own notes, and what settings and fault reports may still need
BATTERY_READINGS = 8
IS_FOLDER = 0x4000  # in the mode that os.stat gives


class BoardError(Exception):
    """The board or its settings do not make a pod."""


def read_settings():
    """All keys of settings.toml that begin with STRIDELOAD_, none without the file. BoardError: a value that is none.

    CircuitPython reads the values. From 10.2 on os.getenv gives text only, and supervisor.get_setting what is written.
    """
    read = getattr(supervisor, "get_setting", None) or os.getenv
    settings = {}
    for name in _setting_names():
        try:
            value = read(name)
        except ValueError as error:
            raise BoardError("%s in %s cannot be read: %s" % (name, SETTINGS_FILE, error)) from error
        if not isinstance(value, (str, int)):
            raise BoardError("%s in %s is neither text nor a whole number" % (name, SETTINGS_FILE))
        settings[name] = value
    return settings


def _setting_names():
    try:
        with open(SETTINGS_FILE, "r") as file:
            lines = file.read().split("\n")
    except OSError:
        return []
    names = [line.split("=")[0].strip() for line in lines]
    return [name for name in names if name.startswith(PREFIX)]


def find_pin(settings, setting):
    """The pin that a setting names, else the first of PINS that this board has; None: none. BoardError: no such pin."""
    name = settings.get(setting)
    if name is None:
        for usual in PINS.get(setting, ()):
            if hasattr(board, usual):
                return getattr(board, usual)
        return None
    if name == "":
        return None
    pin = getattr(board, str(name), None)
    if pin is None:
        raise BoardError("%s: %s has no pin %r" % (setting, board.board_id, name))
    return pin


def need_pin(settings, setting):
    """The same, and BoardError where there is none."""
    pin = find_pin(settings, setting)
    if pin is None:
        raise BoardError("%s is not set" % setting)
    return pin


def is_held(settings):
    """True when the button is pressed now and stays so for HELD_MS. It leaves the pin free."""
    pin = find_pin(settings, "STRIDELOAD_BUTTON_PIN")
    if pin is None:
        return False
    button = digitalio.DigitalInOut(pin)
    try:
        button.switch_to_input(pull=digitalio.Pull.UP)
        for _ in range(HELD_MS // POLL_MS):
            time.sleep(POLL_MS / 1000)  # the first time the pull-up charges the wire
            if button.value:
                return False
        return True
    finally:
        button.deinit()


def eight_bytes(uid):
    """A chip's id as 8 bytes: zeros before a shorter one (a MAC has 6), a longer one folded."""
    whole = bytearray(8)
    for i in range(len(uid)):
        whole[(8 - len(uid) + i) % 8] ^= uid[i]
    return bytes(whole)


class Board:
    """This microcontroller. BoardError: its settings name what it has not.

    `read_only`: the drive is the computer's (see boot.py), and nothing can be recorded.
    """

    def __init__(self):
        self.settings = settings = read_settings()
        self.uid = eight_bytes(microcontroller.cpu.uid)
        self.read_only = storage.getmount("/").readonly
        self._int1_pin = find_pin(settings, "STRIDELOAD_INT1_PIN")
        self._button_pin = find_pin(settings, "STRIDELOAD_BUTTON_PIN")
        self.can_sleep = self._int1_pin is not None
        self.woken = why_woken(self._button_pin)
        self.clock = Clock()
        self._lamp = self._output("STRIDELOAD_LAMP_PIN")
        self._motor = self._output("STRIDELOAD_MOTOR_PIN")
        self._motor_until_ms = 0
        self._take_inputs()
        self._i2c = None
        self._adc = None
        self._pool = None
        card = None if self.read_only else self._mount_card()
        self.raw_files = None if card is None else Files(card + RAW_FOLDER)
        self.files = self._open_log(card)

    # Files

    def _mount_card(self):
        """Where the card is mounted; None: no card, or no pin for one."""
        select = find_pin(self.settings, "STRIDELOAD_SD_CS_PIN")
        if select is None:
            return None
        import sdcardio

        try:
            bus = busio.SPI(
                need_pin(self.settings, "STRIDELOAD_SD_SCK_PIN"),
                need_pin(self.settings, "STRIDELOAD_SD_MOSI_PIN"),
                need_pin(self.settings, "STRIDELOAD_SD_MISO_PIN"),
            )
            card = storage.VfsFat(sdcardio.SDCard(bus, select))
            make_folder(CARD)  # CircuitPython mounts on a folder that is there
            storage.mount(card, CARD)
            make_folder(CARD + RAW_FOLDER)
        except OSError as error:
            print("No card: %s" % error)
            return None
        return CARD

    def _open_log(self, card):
        """The log's folder, and how many pages it may have where the settings do not say so."""
        root = ""
        if self.settings.get("STRIDELOAD_LOG_ON_CARD"):
            if card is None and not self.read_only:
                raise BoardError("STRIDELOAD_LOG_ON_CARD is set, and there is no card")
            root = card or ""
        files = Files(root + LOG_FOLDER, make=not self.read_only)
        if "STRIDELOAD_LOG_PAGES" not in self.settings:
            self.settings["STRIDELOAD_LOG_PAGES"] = fitting_pages(root or "/", files)
        return files

    # The bus

    @property
    def i2c(self):
        """The bus, opened when it is first asked for; `NoBus` if it does not open. BoardError: not on these pins."""
        if self._i2c is None:
            try:
                self._i2c = self._open_bus()
            except RuntimeError:  # a line is low: a chip holds it, or nothing is connected
                self._clock_bus()
                try:
                    self._i2c = self._open_bus()
                except RuntimeError as error:
                    self._i2c = NoBus(str(error))
        return self._i2c

    def _open_bus(self):
        scl = need_pin(self.settings, "STRIDELOAD_SCL_PIN")
        sda = need_pin(self.settings, "STRIDELOAD_SDA_PIN")
        try:
            return busio.I2C(scl, sda, frequency=self.settings.get("STRIDELOAD_I2C_HZ", 400_000))
        except ValueError as error:
            raise BoardError("no I2C by these STRIDELOAD_SCL_PIN, _SDA_PIN, _I2C_HZ: %s" % error) from error

    def free_bus(self):
        """Clock a stuck bus free. -> True: the former `i2c` is dead, and `i2c` opens anew."""
        if self._i2c is not None:
            self._i2c.deinit()
            self._i2c = None
        self._clock_bus()
        return True

    def _clock_bus(self):
        """Let a chip that holds SDA say what it has to say, and end the transfer by a stop condition."""
        pins = [need_pin(self.settings, name) for name in ("STRIDELOAD_SCL_PIN", "STRIDELOAD_SDA_PIN")]
        scl = digitalio.DigitalInOut(pins[0])
        sda = digitalio.DigitalInOut(pins[1])
        try:
            scl.switch_to_output(True, digitalio.DriveMode.OPEN_DRAIN)
            sda.switch_to_input(pull=digitalio.Pull.UP)
            for _ in range(BUS_CLOCKS):
                if sda.value:
                    break
                scl.value = False
                microcontroller.delay_us(BUS_HALF_US)
                scl.value = True
                microcontroller.delay_us(BUS_HALF_US)
            scl.value = False
            sda.switch_to_output(False, digitalio.DriveMode.OPEN_DRAIN)
            microcontroller.delay_us(BUS_HALF_US)
            scl.value = True
            microcontroller.delay_us(BUS_HALF_US)
            sda.value = True
            microcontroller.delay_us(BUS_HALF_US)
        finally:
            scl.deinit()
            sda.deinit()

    # Waiting and sleeping

    def _take_inputs(self):
        self._held_ms = None
        self._pressed_at = None
        self._keys = None
        self._int1 = None
        if self._int1_pin is not None:
            self._int1 = digitalio.DigitalInOut(self._int1_pin)
            # A wire that is not there reads low, but for the RP2350, whose pull-down is too weak.
            self._int1.switch_to_input(pull=digitalio.Pull.DOWN)
        if self._button_pin is not None:
            import keypad

            # The keys are scanned beside the program: a press while the flash is written is not lost.
            self._keys = keypad.Keys((self._button_pin,), value_when_pressed=False, pull=True)
            self._event = keypad.Event()

    def _leave_inputs(self):
        for held in (self._int1, self._keys):
            if held is not None:
                held.deinit()

    def wait(self, ms, by_int1=True):
        """Up to `ms`, less when the button was let go or, asked `by_int1`, INT1 is high. Its level counts, so that no
        edge can be missed.
        """
        until_ms = self.clock.ticks_ms() + ms
        while not self._is_called(by_int1):
            left_ms = until_ms - self.clock.ticks_ms()
            if left_ms <= 0:
                return
            self.clock.sleep_ms(min(left_ms, POLL_MS))

    def _is_called(self, by_int1):
        """True when something waits for the pod. Ends a buzz that is over."""
        if self._motor_until_ms and self.clock.ticks_ms() >= self._motor_until_ms:
            self._stop_motor()
        self._look_at_button()
        return self._held_ms is not None or (by_int1 and self._int1 is not None and self._int1.value)

    def sleep(self, ms):
        """Sleep until INT1 is high, the button is pressed or `ms` have passed, by `alarm` where the board has it.

        With it the program ends here: CircuitPython's request for deep sleep leaves as an exception that is no
        Exception, and `woken` of the next boot says why. Without it (RP2350), and where a pin cannot wake the chip,
        this returns. Without INT1 no motion could wake the pod: it does not sleep then, and "motion" comes at once.
        """
        if self._int1_pin is None:
            return "motion"
        self._stop_motor()
        self.light(False)
        alarms = find_alarms()
        if alarms is None:
            return self._doze(ms)
        alarm, pin_alarm, time_alarm = alarms
        self._leave_inputs()  # an alarm wants its pins free
        try:
            wakers = [
                time_alarm(monotonic_time=time.monotonic() + ms / 1000),
                pin_alarm(self._int1_pin, value=True, pull=True),
            ]
            if self._button_pin is not None:
                wakers.append(pin_alarm(self._button_pin, value=False, pull=True))
            alarm.exit_and_deep_sleep_until_alarms(*wakers)
        except ValueError as error:  # a pin that cannot wake this chip; or the time is over already
            print("No deep sleep: %s" % error)
        self._take_inputs()
        return self._doze(ms)

    def _doze(self, ms):
        """The same sleep with the program running on."""
        until_ms = self.clock.ticks_ms() + ms
        while True:
            self._look_at_button()
            if self._held_ms is not None or self._pressed_at is not None:
                return "button"
            if self._int1 is not None and self._int1.value:
                return "motion"
            left_ms = until_ms - self.clock.ticks_ms()
            if left_ms <= 0:
                return "time"
            self.clock.sleep_ms(min(left_ms, DOZE_MS))

    def stopping(self):
        """A board runs until its power goes."""
        return False

    def restart(self):
        """Reset the chip after a pause, in which Ctrl-C still leaves to the console."""
        self._stop_motor()
        time.sleep(RESTART_AFTER_MS / 1000)
        microcontroller.reset()

    # Button, lamp, motor, battery

    def _look_at_button(self):
        if self._keys is None:
            return
        while self._keys.events.get_into(self._event):
            if self._event.pressed:
                self._pressed_at = self._event.timestamp
            elif self._pressed_at is not None:
                self._held_ms = (self._event.timestamp - self._pressed_at) % TICK_WRAP
                self._pressed_at = None

    def pressed_ms(self):
        """How long the button was held, once after it was let go; None: it was not."""
        self._look_at_button()
        held_ms, self._held_ms = self._held_ms, None
        return held_ms

    def _output(self, setting):
        pin = find_pin(self.settings, setting)
        if pin is None:
            return None
        output = digitalio.DigitalInOut(pin)
        output.switch_to_output(False)
        return output

    def light(self, on):
        if self._lamp is not None:
            self._lamp.value = on

    def buzz(self, ms):
        """Drive the motor for so long, or until the next `wait` after it. False: there is none."""
        if self._motor is None:
            return False
        self._motor_until_ms = self.clock.ticks_ms() + ms
        self._motor.value = True
        return True

    def _stop_motor(self):
        self._motor_until_ms = 0
        if self._motor is not None:
            self._motor.value = False

    def battery_mv(self):
        """The battery's voltage; None: no pin for it, or the converter is with the Wi-Fi."""
        pin = find_pin(self.settings, "STRIDELOAD_BATTERY_PIN")
        if pin is None:
            return None
        try:
            if self._adc is None:
                import analogio

                self._adc = analogio.AnalogIn(pin)
            value = sum([self._adc.value for _ in range(BATTERY_READINGS)]) // BATTERY_READINGS
        except OSError:
            return None
        at_pin_mv = value * round(1000 * self._adc.reference_voltage) // 65535
        return at_pin_mv * self.settings.get("STRIDELOAD_BATTERY_DIVIDER", 200) // 100

    # The rest

    def client(self):
        """A client of the broker in the settings; None when there is none, or no network."""
        setting = self.settings.get
        host = setting("STRIDELOAD_BROKER_HOST")
        network = setting("STRIDELOAD_WIFI_SSID")
        if not host or not network:
            return None
        try:
            import wifi
        except ImportError:
            return None
        from strideload_pod.boards.minimqtt import Client, Network

        if self._pool is None:
            self._pool = Network(wifi.radio, network, str(setting("STRIDELOAD_WIFI_PASSWORD", "")))
        ca_file = setting("STRIDELOAD_BROKER_CA_FILE")
        user = setting("STRIDELOAD_BROKER_USER")
        return Client(
            self._pool,
            self.clock,
            host,
            setting("STRIDELOAD_BROKER_PORT", 8883 if ca_file else 1883),
            "strideload-" + self.uid.hex(),
            user and str(user),
            str(setting("STRIDELOAD_BROKER_PASSWORD", "")),
            ca_file and "/" + ca_file,
            setting("STRIDELOAD_BROKER_NAME", host),
        )

    def random_u32(self):
        return int.from_bytes(os.urandom(4), "little")


class NoBus:
    """In place of a bus that does not open: nobody answers, so that the pod goes on without its chip. OSError."""

    def __init__(self, why):
        self._why = why

    def try_lock(self):
        return True

    def unlock(self):
        pass

    def deinit(self):
        pass

    def writeto(self, address, buffer, start=0, end=None):
        raise OSError(errno.ENODEV, self._why)

    def readfrom_into(self, address, buffer, start=0, end=None):
        raise OSError(errno.ENODEV, self._why)

    def writeto_then_readfrom(self, address, out, into, out_start=0, out_end=None, in_start=0, in_end=None):
        raise OSError(errno.ENODEV, self._why)


def find_alarms():
    """`alarm` with its PinAlarm and TimeAlarm; None where the chip has none (RP2350)."""
    try:
        import alarm
    except ImportError:
        return None
    # They are attributes; the stubs know them as modules to import, which CircuitPython refuses.
    return alarm, alarm.pin.PinAlarm, alarm.time.TimeAlarm  # pyright: ignore[reportAttributeAccessIssue]


def why_woken(button_pin):
    """What began this boot: "power", "motion", "button" or "time"."""
    alarms = find_alarms()
    if alarms is None:
        return "power"
    alarm, pin_alarm, time_alarm = alarms
    wake = alarm.wake_alarm
    if isinstance(wake, time_alarm):
        return "time"
    if isinstance(wake, pin_alarm):
        return "button" if wake.pin == button_pin else "motion"
    return "power"


def has_slept():
    """True where this boot is the end of a deep sleep, as far as the chip tells."""
    slept = microcontroller.cpu.reset_reason == microcontroller.ResetReason.DEEP_SLEEP_ALARM
    return slept or why_woken(None) != "power"


def make_folder(path):
    try:
        os.mkdir(path)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise


def fitting_pages(root, files):
    """Pages that a log in `files` may have: what is free on its drive and what it has already, within LOG_PAGES."""
    status = os.statvfs(root)
    free = status[1] * status[3]
    pages = (free + files.size()) // PAGE_SIZE - SPARE_PAGES
    return max(LOG_PAGES[0], min(LOG_PAGES[1], pages))


class Files:
    """A flat folder on a FAT drive. OSError; on a drive that is the computer's, for every change."""

    def __init__(self, folder, make=True):
        self.folder = folder
        if make:
            make_folder(folder)

    def open(self, name, mode):
        """`rb`, `wb` or `ab`. Its `write` writes all or raises OSError, as FatFs does."""
        return open(self._path(name), mode)

    def names(self):
        try:
            names = os.listdir(self.folder)
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise  # taken for empty, it would be written over
            return []  # a drive of the computer's, without the folder
        return sorted([name for name in names if not os.stat(self._path(name))[0] & IS_FOLDER])

    def remove(self, name):
        os.remove(self._path(name))
        os.sync()

    def sync(self, file):
        """The file's bytes and its entry in the folder, then what the flash keeps back."""
        file.flush()
        os.sync()

    def size(self):
        return sum([os.stat(self._path(name))[6] for name in self.names()])

    def _path(self, name):
        if not name or "/" in name or name in (".", ".."):
            raise OSError(errno.EINVAL, "not a plain name: %s" % name)
        return self.folder + "/" + name


class Clock:
    """Ticks in ms since this object was made, which is the boot. The board knows no UTC: the host tells it.

    A real-time clock may be right after a reset and is wrong after a pulled battery, and nothing says which it was.
    """

    utc_source = ANCHOR_NTP

    def __init__(self):
        self._last = supervisor.ticks_ms()
        self._ticks_ms = 0

    def ticks_ms(self):
        """Asked for at least once in six days, or a turn of the counter is missed."""
        now = supervisor.ticks_ms()
        self._ticks_ms += (now - self._last) % TICK_WRAP
        self._last = now
        return self._ticks_ms

    def sleep_ms(self, ms):
        time.sleep(ms / 1000)

    def utc_ms(self):
        return None
