"""One microcontroller with its pins, its drive and its radio, and the two programs that CircuitPython runs on it."""

import builtins
import struct
import time as real_time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from strideload.simulate.bus import Device

from . import buses, network, pins
from .drive import Drive, Volume, os_module, storage_module
from .power import DeepSleep, alarm_module

FIRMWARE = Path(__file__).parents[3] / "firmware"
TICK_WRAP = 1 << 29
WRAPS_AFTER_MS = 65_000  # supervisor.ticks_ms turns so soon after power-on, so that programs meet it

__all__ = ["DeepSleep", "Machine", "Reset"]


class Reset(BaseException):
    """The chip starts anew."""


# Pins as `board` has them: name -> GPIO. Only what the tests name.
BOARDS: dict[str, dict[str, Any]] = {
    "raspberry_pi_pico_w": {
        "chip": "rp2040",
        "pins": {f"GP{i}": i for i in [*range(23), 26, 27, 28]} | {"LED": 100, "VOLTAGE_MONITOR": 29},
        "uid": bytes.fromhex("e66118604b2f3a21"),
    },
    "raspberry_pi_pico2_w": {
        "chip": "rp2350",
        "pins": {f"GP{i}": i for i in [*range(23), 26, 27, 28]} | {"LED": 100, "VOLTAGE_MONITOR": 29},
        "uid": bytes.fromhex("a1b2c3d4e5f60718"),
    },
    "adafruit_feather_esp32s3_4mbflash_2mbpsram": {
        "chip": "esp32s3",
        "pins": {"SDA": 3, "SCL": 4, "D5": 5, "D6": 6, "D9": 9, "D10": 10, "LED": 13, "A0": 18, "A5": 8}
        | {"NEOPIXEL": 33, "MOSI": 35, "SCK": 36, "MISO": 37, "RX": 38},
        "uid": bytes.fromhex("7cdfa1e2b3c4"),
    },
}


class Machine:
    """A board of BOARDS. `devices`: address -> what is on the I2C bus.

    Its clock moves while the program sleeps. `real`: it sleeps in earnest, and its work takes time too, both `speed`
    times as fast, but nothing else that the computer does.

    What a test changes: `levels` (pin -> what drives it), `pull_ups` of the bus, `stuck_clocks` (SDA is held for so
    many clocks), `adc` (pin -> volts), `access_points` (name -> password), `usb` (plugged in), `card` (a Volume).
    """

    def __init__(
        self,
        board: str = "raspberry_pi_pico_w",
        settings: Mapping[str, object] | str = "",
        devices: Mapping[int, Device] | None = None,
        *,
        version: tuple[int, int, int] = (10, 3, 0),
        real: bool = False,
        speed: int = 1,
        drive_bytes: int = 512 * 1024,
    ) -> None:
        self.board_id = board
        self.chip = BOARDS[board]["chip"]
        self.uid = BOARDS[board]["uid"]
        self.version = version
        self.devices = dict(devices or {})
        self.levels: dict[str, bool] = {}
        self.pull_ups = True
        self.stuck_clocks = 0
        self.adc: dict[str, float | None] = {}
        self.access_points: dict[str, str] = {}
        self.names: dict[str, str] = {}  # what the network's name service knows
        self.unreachable: set[str] = set()
        self.driven: list[tuple[str, bool, int]] = []  # (pin, value, us) of all outputs
        self.usb = False
        self.card: Volume | None = None
        self.pins = {name: pins.Pin(self, name, number) for name, number in BOARDS[board]["pins"].items()}
        self.drive = Drive(drive_bytes)
        if not isinstance(settings, str):
            settings = "".join(f"{key} = {_toml(value)}\n" for key, value in settings.items())
        self.drive.root.write("settings.toml", settings.encode())
        self.now_us = 0
        self.wake_alarm: Any = None
        self.reset_reason = "POWER_ON"
        self.printed: list[str] = []
        self._real = real
        self._speed = speed
        self._began_ns = real_time.thread_time_ns()
        self._slept_ns = 0
        self._timed: list[tuple[int, Callable[[], None]]] = []
        self.scanners: list[Any] = []
        self.begin()

    # A life

    def begin(self) -> None:
        """Reset: pins, buses, sockets and mounts are gone; boot.py's phase begins."""
        for pin in self.pins.values():
            pin.owner = None
        self.scanners = []
        self.booting = True
        self.drive.reset()
        self.radio = network.Radio(self)
        self.modules = self._modules()

    def boot(self) -> "Machine":
        """Run boot.py, then let USB begin, as at a start."""
        self.begin()
        try:
            self.load("boot.py")
        except Exception as error:  # noqa: BLE001 - CircuitPython notes it in boot_out.txt and goes on
            self.printed.append(f"boot.py: {error}")
        for pin in self.pins.values():
            pin.owner = None
        self.scanners = []
        self.booting = False
        return self

    def reset(self) -> None:
        """microcontroller.reset: the program ends where it is."""
        raise Reset

    def board(self) -> Any:
        """The Board of the firmware, in main.py's phase."""
        self.booting = False
        return self.load("strideload_pod/boards/on_circuitpython.py")["Board"]()

    def load(self, name: str) -> dict[str, Any]:
        """Run a firmware file with CircuitPython's imports and builtins. -> its globals."""
        found: dict[str, Any] = {"__name__": name.removesuffix(".py").replace("/", ".")}
        found["__builtins__"] = self._builtins()
        exec(compile((FIRMWARE / name).read_text(), str(FIRMWARE / name), "exec"), found)
        return found

    def _builtins(self) -> dict[str, Any]:
        return {
            **vars(builtins),
            "open": self.drive.open,
            "__import__": self._import,
            "print": lambda *words: self.printed.append(" ".join(map(str, words))),
        }

    def _import(
        self,
        name: str,
        globals_: Mapping[str, object] | None = None,
        locals_: Mapping[str, object] | None = None,
        fromlist: tuple[str, ...] = (),
        level: int = 0,
    ) -> Any:
        if name in self.modules:
            if self.modules[name] is None:
                raise ImportError(f"no module named '{name}'")
            return self.modules[name]
        if name.startswith("strideload_pod.boards."):
            # These run as the board runs them; the rest of the firmware is any interpreter's.
            loaded = ModuleType(name)
            vars(loaded).update(self.load(name.replace(".", "/") + ".py"))
            self.modules[name] = loaded
            return loaded
        return builtins.__import__(name, globals_, locals_, fromlist, level)

    def _modules(self) -> dict[str, ModuleType | None]:
        made: dict[str, ModuleType | None] = {
            "board": module("board", board_id=self.board_id, **self.pins),
            "microcontroller": pins.microcontroller_module(self),
            "digitalio": pins.digitalio_module(self),
            "analogio": pins.analogio_module(self),
            "keypad": pins.keypad_module(self),
            "busio": buses.busio_module(self),
            "sdcardio": buses.sdcardio_module(self),
            "storage": storage_module(self),
            "os": os_module(self),
            "supervisor": self._supervisor(),
            "time": module(
                "time", monotonic=self.monotonic, monotonic_ns=self.monotonic_ns, sleep=self.sleep
            ),
            "alarm": alarm_module(self) if self.chip != "rp2350" else None,
            "wifi": module("wifi", radio=self.radio),
            "socketpool": network.socketpool_module(self),
            "ssl": network.ssl_module(self),
            "sys": module(
                "sys", platform=self.chip, implementation=module("implementation", name="circuitpython")
            ),
        }
        for missing in (
            "typing",
            "dataclasses",
            "enum",
            "pathlib",
            "contextlib",
            "functools",
            "machine",
            "socket",
        ):
            made[missing] = None
        return made

    def _supervisor(self) -> ModuleType:
        made = module("supervisor", ticks_ms=self.ticks_ms)
        if self.version >= (10, 2, 0):
            made.get_setting = self.get_setting  # type: ignore[attr-defined]
        return made

    # Settings

    def get_setting(self, name: str, default: object = None) -> object:
        """What is written there: text, a whole or broken number, true or false. ValueError: none of them."""
        for line in self.drive.root.read("settings.toml").decode().split("\n"):
            key, equals, value = line.partition("=")
            if key.strip().startswith("["):
                break
            if equals and key.strip() == name:
                return _value(value.strip())
        return default

    def getenv(self, name: str, default: object = None) -> object:
        """9 and 10.1: text or a whole number. From 10.2: text only."""
        value = self.get_setting(name, default)
        if value is default or isinstance(value, str):
            return value
        if self.version >= (10, 2, 0) or isinstance(value, (bool, float)):
            raise ValueError("Expected quoted string")
        return value

    # Time

    def monotonic_ns(self) -> int:
        if self._real:
            return (real_time.thread_time_ns() - self._began_ns) * self._speed + self._slept_ns
        return self.now_us * 1000

    def monotonic(self) -> float:
        return short_float(self.monotonic_ns() / 1e9)

    def ticks_ms(self) -> int:
        return (self.monotonic_ns() // 1_000_000 - WRAPS_AFTER_MS) % TICK_WRAP

    def clock_us(self) -> int:
        return self.monotonic_ns() // 1000

    def sleep(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if self._real:
            real_time.sleep(seconds / self._speed)
            self._slept_ns += round(seconds * 1e9)
        else:
            self.pass_time(round(seconds * 1e6))

    def pass_time(self, us: int) -> None:
        """Let time pass: what was set for a time happens, keys are scanned soon after each change."""
        until = self.now_us + us
        while self.now_us < until:
            self._pass_to(min([until, *(at for at, _ in self._timed)]))
            due = [action for at, action in self._timed if at <= self.now_us]
            self._timed = [entry for entry in self._timed if entry[0] > self.now_us]
            for action in due:
                action()

    def _pass_to(self, us: int) -> None:
        if us - self.now_us > pins.SCAN_US:
            self.now_us += pins.SCAN_US
            self._scan()
        self.now_us = max(self.now_us, us)
        self._scan()

    def _scan(self) -> None:
        for scanner in self.scanners:
            scanner.scan()

    def after(self, ms: int, action: Callable[[], None]) -> None:
        """Do something when so much time has passed."""
        self._timed.append((self.now_us + 1000 * ms, action))

    @property
    def is_real(self) -> bool:
        return self._real

    def bus_names(self) -> tuple[str, str]:
        """Pins of SCL and SDA."""
        return ("SCL", "SDA") if "SCL" in self.pins else ("GP5", "GP4")

    def set_level(self, name: str, level: bool) -> None:
        self.levels[name] = level


def short_float(value: float) -> float:
    """As floats of a board are, with 30 bits: forty days after the start they tell a second at best."""
    bits = struct.unpack("<I", struct.pack("<f", value))[0]
    return struct.unpack("<f", struct.pack("<I", bits & ~3))[0]


def module(name: str, /, **members: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(members)
    return made


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _value(text: str) -> object:
    if text.startswith('"'):
        if text.count('"') < 2:
            raise ValueError("Invalid byte 'EOF'")
        return text[1 : text.rindex('"')].replace("\\n", "\n")
    text = text.partition("#")[0].strip()
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text, 0)
    except ValueError:
        return float(text)
