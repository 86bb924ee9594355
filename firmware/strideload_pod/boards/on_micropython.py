"""MicroPython 1.22 and later as a board: a Pico W or Pico 2 W (rp2), or an ESP32-S3 (esp32).

Settings are flat keys of `settings.toml` in the root of the flash, as on CircuitPython; the log lies in `log/`.

| key | meaning |
|---|---|
| STRIDELOAD_SCL_PIN, STRIDELOAD_SDA_PIN, STRIDELOAD_INT1_PIN | the chip's pins (PINS of the port; "": no INT1) |
| STRIDELOAD_BUTTON_PIN, STRIDELOAD_LAMP_PIN | button to ground, lamp (the same) |
| STRIDELOAD_MOTOR_PIN | motor (none) |
| STRIDELOAD_BATTERY_PIN, STRIDELOAD_BATTERY_DIVIDER | battery's divider (none); its percent of the pin (200) |
| STRIDELOAD_SD_SCK_PIN, STRIDELOAD_SD_MOSI_PIN, STRIDELOAD_SD_MISO_PIN, STRIDELOAD_SD_CS_PIN | microSD card (none) |
| STRIDELOAD_WIFI_SSID, STRIDELOAD_WIFI_PASSWORD | the network (none: no sync) |
| STRIDELOAD_NTP_HOST | who is asked for the time before the broker is called (none; with TLS pool.ntp.org) |
| STRIDELOAD_BROKER_HOST, STRIDELOAD_BROKER_PORT | where the broker is (no host: no sync; 1883, with TLS 8883) |
| STRIDELOAD_BROKER_USER, STRIDELOAD_BROKER_PASSWORD | who the pod is there |
| STRIDELOAD_BROKER_CA_FILE | PEM file of the authority that signed the broker, on the flash: TLS |

What stands here of MicroPython's own modules was read in its sources. No board was at hand.
"""

import errno
import gc
import os
import sys
import time

import machine
from machine import Pin

from strideload_pod.page import ANCHOR_NTP

SETTINGS_NAME = "settings.toml"
LOG_FOLDER = "log"
CARD = "/sd"

BUS_HZ = 400_000
FREE_CLOCKS = 9  # so many free a device that was stopped in mid-byte [UM10204, 3.1.16]
HALF_CLOCK_US = 5

RESTART_AFTER_MS = 10_000
LOOK_MS = 5  # between two looks for a reason to end a wait
BOUNCE_MS = 30  # shorter than this nobody holds a button
UTC_HOLDS_MS = 3_600_000  # a crystal of 200 ppm is 0.7 s off by then
IS_FILE = 0x8000  # of os.ilistdir
EPOCH_2000_S = 946_684_800

# While the pod's code is loaded, garbage is collected after so many bytes of it: what lives stays close together, and
# large blocks find room behind it. Without this a pod needs 30 KB more.
gc.threshold(4096)


class BoardError(Exception):
    """The board or its settings do not make a pod."""


class Board:
    """This board. `folder`: where settings and log lie. `port`: what the chip does its own way, port_rp2 or port_esp32.
    BoardError: another chip, or settings that cannot be read or that it cannot do.
    """

    def __init__(self, folder="", port=None):
        self.folder = folder
        self.settings = read_settings(folder + "/" + SETTINGS_NAME)
        self.uid = uid_of(machine.unique_id())
        self.clock = Clock()
        self.files = Files(folder + "/" + LOG_FOLDER)
        self._port = port = find_port() if port is None else port
        self.woken = port.why_woken()
        self._i2c = None
        self._stopping = False
        self._risen = False
        self._down_ms = None  # machine ticks at which the button went down
        self._held_ms = None
        self._lit = None
        self._int1 = self._pin("INT1", Pin.IN, Pin.PULL_DOWN)
        self._button = self._pin("BUTTON", Pin.IN, Pin.PULL_UP)
        self._lamp = self._pin("LAMP", Pin.OUT)
        self._motor = self._pin("MOTOR", Pin.OUT)
        self._motor_timer = None
        if self._motor is not None:
            self._motor.value(0)
            self._motor_timer = port.open_timer()
        battery = self._pin("BATTERY", Pin.IN)
        self._pin_mv = None if battery is None else self._set_up("BATTERY", lambda: port.open_adc(battery))
        self.raw_files = self._open_card()
        self.can_sleep = self._int1 is not None
        if self._int1 is not None:
            self._int1.irq(handler=self._on_int1, trigger=Pin.IRQ_RISING)
        if self._button is not None:
            self._button.irq(handler=self._on_button, trigger=Pin.IRQ_RISING | Pin.IRQ_FALLING)
        self._set_up("INT1 or BUTTON", lambda: port.wake_by(self._int1, self._button))

    # The chip's bus

    @property
    def i2c(self):
        """The bus, opened when it is first asked for. OSError; BoardError: these pins have none."""
        if self._i2c is None:
            self._i2c = self._open_i2c()
        return self._i2c

    def free_bus(self):
        """Clock out a device that holds SDA down, say stop, and open the bus anew."""
        self._i2c = None
        scl = self._need_pin("SCL", Pin.OPEN_DRAIN, Pin.PULL_UP, value=1)
        sda = self._need_pin("SDA", Pin.OPEN_DRAIN, Pin.PULL_UP, value=1)
        for _ in range(FREE_CLOCKS):
            if sda.value():
                break
            _pulse(scl)
        scl.value(0)
        sda.value(0)
        time.sleep_us(HALF_CLOCK_US)
        scl.value(1)
        time.sleep_us(HALF_CLOCK_US)
        sda.value(1)
        self._i2c = self._open_i2c()
        return True

    def _open_i2c(self):
        scl, sda = self._number("SCL"), self._number("SDA")
        return MachineI2C(self._set_up("SCL or SDA", lambda: self._port.open_i2c(scl, sda, BUS_HZ)))

    # Waiting and sleeping

    def wait(self, ms, by_int1=True):
        """Up to `ms`, less when the button was let go, the board is stopping or, asked `by_int1`, INT1 is up. Wi-Fi
        goes on.
        """
        began_ms = time.ticks_ms()
        while not (self._stopping or (by_int1 and self._is_risen())):
            self._look_at_button()
            left_ms = ms - time.ticks_diff(time.ticks_ms(), began_ms)
            if left_ms <= 0 or self._held_ms is not None:
                break
            time.sleep_ms(min(LOOK_MS, left_ms))
        self._risen = False

    def sleep(self, ms):
        """Until INT1 is up ("motion"), the button is down ("button") or `ms` are over ("time"). Wi-Fi has to be off.

        ESP32: a deep sleep, from which the program starts anew. Pico: light sleeps, one after the other.
        """
        self._risen = False
        end_ms = self.clock.ticks_ms() + ms
        while True:
            if self._stopping:
                return "stop"
            if self._is_risen():
                return "motion"
            if self._button is not None and not self._button.value():
                return "button"
            left_ms = end_ms - self.clock.ticks_ms()
            if left_ms <= 0:
                return "time"
            self._port.sleep(left_ms, self._button)

    def _is_risen(self):
        return self._risen or (self._int1 is not None and self._int1.value() == 1)

    def _on_int1(self, pin):
        self._risen = True

    # Button, lamp, motor, battery

    def pressed_ms(self):
        """How long the button was held, once after it was let go; None: it was not."""
        self._look_at_button()
        held_ms, self._held_ms = self._held_ms, None
        return held_ms

    def _on_button(self, pin):
        self._look_at_button()

    def _look_at_button(self):
        # The machine's own ticks: this runs between any two steps of the program, and Clock is no place for two.
        if self._button is None:
            return
        if not self._button.value():
            if self._down_ms is None:
                self._down_ms = time.ticks_ms()
        elif self._down_ms is not None:
            held_ms = time.ticks_diff(time.ticks_ms(), self._down_ms)
            self._down_ms = None
            if held_ms >= BOUNCE_MS:
                self._held_ms = held_ms

    def light(self, on):
        # Only what changes: the Pico's own lamp is at its Wi-Fi chip, behind another bus.
        if self._lamp is not None and on != self._lit:
            self._lamp.value(1 if on else 0)
            self._lit = on

    def buzz(self, ms):
        motor, timer = self._motor, self._motor_timer
        if motor is None or timer is None:
            return False
        # The end first: no motor stays on, wherever the program is broken off.
        timer.init(mode=machine.Timer.ONE_SHOT, period=ms, callback=lambda _timer: motor.value(0))
        motor.value(1)
        return True

    def battery_mv(self):
        """The battery's voltage behind a divider; None without one."""
        if self._pin_mv is None:
            return None
        return self._pin_mv() * self.settings.get("STRIDELOAD_BATTERY_DIVIDER", 200) // 100

    # Card

    def _open_card(self):
        """The card's files; None without one, or when it does not answer, which is said."""
        pins = [self._number(name) for name in ("SD_SCK", "SD_MOSI", "SD_MISO", "SD_CS")]
        if None in pins:
            return None
        try:
            _mount(self._set_up("SD_CS", lambda: self._port.open_card(*pins)), CARD)
            return Files(CARD + "/" + LOG_FOLDER)
        except (OSError, ImportError) as error:
            print("No card: %s" % error)
            return None

    # The rest

    def client(self):
        """A client of the broker in the settings; None when there is none, or no network.

        A pod asks for it once its code is loaded: from then on garbage is collected when the heap is full.
        """
        setting = self.settings.get
        gc.collect()
        gc.threshold(-1)
        if not setting("STRIDELOAD_BROKER_HOST") or not setting("STRIDELOAD_WIFI_SSID"):
            return None
        from strideload_pod.boards.wlan_client import WlanClient

        ca_file = setting("STRIDELOAD_BROKER_CA_FILE")
        return WlanClient(
            self,
            setting("STRIDELOAD_BROKER_HOST"),
            setting("STRIDELOAD_BROKER_PORT", 8883 if ca_file else 1883),
            "strideload-" + self.uid.hex(),
            ca_file and self.folder + "/" + ca_file,
            self._port.CONNECT_BLOCKS,
        )

    def random_u32(self):
        return int.from_bytes(os.urandom(4), "little")

    def stopping(self):
        """True after `stop`. A board's own program has no end but Ctrl-C, which raises KeyboardInterrupt."""
        return self._stopping

    def stop(self):
        self._stopping = True

    def restart(self):
        """Reset the chip after a pause, in which Ctrl-C still leaves to the console."""
        time.sleep_ms(RESTART_AFTER_MS)
        machine.reset()

    # Pins

    def _number(self, name):
        """Number or name of a pin by settings and wiring; None: there is none."""
        number = self.settings.get("STRIDELOAD_%s_PIN" % name, self._port.PINS.get(name))
        return None if number == "" else number

    def _pin(self, name, *words, **more):
        """The pin of that name; None: there is none. BoardError: the board has no such pin."""
        if self._number(name) is None:
            return None
        return self._need_pin(name, *words, **more)

    def _need_pin(self, name, *words, **more):
        return self._set_up(name, lambda: Pin(self._number(name), *words, **more))

    def _set_up(self, names, make):
        """What `make` gives. BoardError: the pin cannot do that, or there is none."""
        try:
            return make()
        except (ValueError, TypeError) as error:
            raise BoardError("STRIDELOAD_%s_PIN: %s" % (names, error)) from error


def find_port():
    """The module of this chip's port. BoardError: there is none."""
    try:
        return __import__("strideload_pod.boards.port_" + sys.platform, None, None, ("PINS",))
    except ImportError as error:
        raise BoardError("MicroPython's port %s is not known here: %s" % (sys.platform, error)) from error


def read_settings(path):
    """Flat keys of a settings.toml, none when there is no such file. BoardError: no TOML, or not flat."""
    from strideload_pod import boards
    from strideload_pod.boards import flat_toml

    try:
        with open(path) as file:
            return flat_toml.read(file)
    except OSError as error:
        if error.args[0] == errno.ENOENT:
            return {}
        raise
    except ValueError as error:  # a UnicodeError is one
        raise BoardError("%s: %s" % (path, error)) from error
    finally:
        # Its RAM is the pod's again.
        del sys.modules["strideload_pod.boards.flat_toml"]
        del boards.flat_toml  # pyright: ignore[reportAttributeAccessIssue]


def uid_of(machine_id):
    """The chip's own id in 8 bytes: as it is, a MAC of 6 bytes as EUI-64, anything else by its hash."""
    if len(machine_id) == 8:
        return bytes(machine_id)
    if len(machine_id) == 6:
        return bytes(machine_id[:3]) + b"\xff\xfe" + bytes(machine_id[3:])
    from hashlib import sha256

    return sha256(machine_id).digest()[:8]


def _pulse(pin):
    pin.value(0)
    time.sleep_us(HALF_CLOCK_US)
    pin.value(1)
    time.sleep_us(HALF_CLOCK_US)


def _mount(device, path):
    try:
        from vfs import mount
    except ImportError:  # before 1.23
        from os import mount
    mount(device, path)


class MachineI2C:
    """busio.I2C's surface over machine.I2C. OSError where nobody answers, RuntimeError without the lock."""

    def __init__(self, bus):
        self._bus = bus
        self._locked = False

    def try_lock(self):
        if self._locked:
            return False
        self._locked = True
        return True

    def unlock(self):
        self._need_lock()
        self._locked = False

    def writeto(self, address, buffer, *, start=0, end=None):
        self._need_lock()
        self._bus.writeto(address, _part(buffer, start, end))

    def readfrom_into(self, address, buffer, *, start=0, end=None):
        self._need_lock()
        self._bus.readfrom_into(address, _part(buffer, start, end))

    def writeto_then_readfrom(
        self, address, out_buffer, in_buffer, *, out_start=0, out_end=None, in_start=0, in_end=None
    ):
        """One transaction with a repeated start, straight into `in_buffer`. Both may be the same buffer."""
        self._need_lock()
        out = _part(out_buffer, out_start, out_end)
        into = _part(in_buffer, in_start, in_end)
        if len(out) == 1:
            # A register's number: all ports do this in one go.
            self._bus.readfrom_mem_into(address, out[0], into)
        else:
            self._bus.writeto(address, out, False)
            self._bus.readfrom_into(address, into)

    def _need_lock(self):
        if not self._locked:
            raise RuntimeError("the bus is not locked")


def _part(buffer, start, end):
    """A part of a buffer without a copy; the buffer itself where that is all of it."""
    if start == 0 and (end is None or end == len(buffer)):
        return buffer
    return memoryview(buffer)[start : len(buffer) if end is None else end]


class Files:
    """A flat folder on littlefs (the flash) or FAT (a card), made when it is missing.

    MicroPython's files write all or raise OSError. littlefs has a file's name on the flash when it was created, and off
    it when it was removed; its content when it was flushed. So has FAT, save that a cut in mid-creation can spoil it.
    """

    def __init__(self, folder):
        self._folder = folder
        try:
            os.mkdir(folder)
        except OSError as error:
            if error.args[0] != errno.EEXIST:
                raise

    def open(self, name, mode):
        """`rb`, `wb` or `ab`. OSError."""
        return open(self._path(name), mode)

    def names(self):
        return sorted(entry[0] for entry in os.ilistdir(self._folder) if entry[1] == IS_FILE)

    def remove(self, name):
        os.remove(self._path(name))

    def sync(self, file):
        file.flush()
        if hasattr(os, "sync"):
            os.sync()

    def _path(self, name):
        if "/" in name or name in ("", ".", ".."):
            raise OSError(errno.EINVAL, "not a plain name")
        return self._folder + "/" + name


class Clock:
    """Ticks in ms since this object was made, which is the boot; UTC once a time server told it, for an hour.

    MicroPython's ticks wrap after 12.4 days: `ticks_ms` has to be asked once in six.
    """

    utc_source = ANCHOR_NTP

    def __init__(self):
        self._last = time.ticks_ms()
        self._ms = 0
        self._utc_ms = 0
        self._utc_tick_ms = None

    def ticks_ms(self):
        now = time.ticks_ms()
        self._ms += time.ticks_diff(now, self._last)
        self._last = now
        return self._ms

    def sleep_ms(self, ms):
        time.sleep_ms(ms)

    def utc_ms(self):
        """ms since 1970; None while no server has told it within the last hour."""
        if self._utc_tick_ms is None:
            return None
        age_ms = self.ticks_ms() - self._utc_tick_ms
        return self._utc_ms + age_ms if age_ms < UTC_HOLDS_MS else None

    def utc_heard_ms(self):
        """Tick at which a server last told it; None: none has."""
        return self._utc_tick_ms

    def set_utc(self, utc_ms):
        """It is `utc_ms` now. The machine's own clock is set as well: TLS checks dates by it."""
        self._utc_ms = utc_ms
        self._utc_tick_ms = self.ticks_ms()
        # Ports count seconds from 1970 or from 2000.
        epoch_s = EPOCH_2000_S if time.gmtime(0)[0] == 2000 else 0
        year, month, day, hour, minute, second, weekday = time.gmtime(utc_ms // 1000 - epoch_s)[:7]
        machine.RTC().datetime((year, month, day, weekday, hour, minute, second, 0))
