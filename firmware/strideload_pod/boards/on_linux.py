"""Linux as a board: a Raspberry Pi with a chip on its I2C bus, or any computer with a simulated one.

Settings are flat keys of `settings.toml` in the pod's folder, as on CircuitPython; the log lies in `log/` below it. A
line is written CHIP:LINE, such as /dev/gpiochip0:17, and needs the package gpiod.

| key | meaning |
|---|---|
| STRIDELOAD_POD_ID | this pod's id, 16 hex digits (a Raspberry Pi's serial number, else a hash of the machine id) |
| STRIDELOAD_I2C_BUS | number N of /dev/i2c-N (1) |
| STRIDELOAD_RAW_DIR | where raw pages lie, relative to the folder (raw) |
| STRIDELOAD_INT1_LINE | the chip's INT1 (none: the chip is read by time alone, and nothing wakes the pod) |
| STRIDELOAD_BUTTON_LINE | a button to ground (none) |
| STRIDELOAD_LAMP_LINE, STRIDELOAD_MOTOR_LINE | a lamp and a motor's driver, high: on (none) |
| STRIDELOAD_CLOCK_TRUSTED | 1: the computer's clock is right even where the kernel does not say so |
| STRIDELOAD_BROKER_HOST, STRIDELOAD_BROKER_PORT | where the broker is (no host: no sync; 1883, with TLS 8883) |
| STRIDELOAD_BROKER_USER, STRIDELOAD_BROKER_PASSWORD | who we are there |
| STRIDELOAD_BROKER_CA_FILE | PEM file of the authority that signed the broker: TLS |
"""

import ctypes
import errno
import fcntl
import os
import queue
import select
import signal
import socket
import ssl
import sys
import threading
import time
import tomllib
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from hashlib import blake2b
from io import FileIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from strideload_pod.log import LogError, LogFailed
from strideload_pod.page import ANCHOR_NTP, ANCHOR_OPERATOR

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from gpiod import LineRequest

SETTINGS_NAME = "settings.toml"
LOG_FOLDER = "log"
LOCK_NAME = "pod.lock"
RAW_FOLDER = "raw"
DEFAULT_FOLDER = "~/.local/share/strideload-pod"

SERIAL_FILE = Path("/proc/device-tree/serial-number")
MACHINE_ID_FILE = Path("/etc/machine-id")

TIMEX_SIZE = 512  # struct timex of linux/timex.h has 208 bytes; all zero asks and sets nothing
TIME_ERROR = 5  # linux/timex.h: the clock is not synchronised

EX_CONFIG = 78  # of sysexits.h: the same start once more would fail alike

DEBOUNCE = timedelta(milliseconds=10)

KEEPALIVE_S = 30
CONNECT_TIMEOUT_S = 5.0
GOODBYE_S = 1.0
# The pod sends a few messages ahead; a broker that has left so many unconfirmed for so long is not there.
UNCONFIRMED_LIMIT = 16


class BoardError(Exception):
    """The computer or its settings do not make a pod."""


class BoardBusy(BoardError):
    """Something that the pod needs is another program's, or not there yet: later it may be had."""


class Board:
    """This computer. `folder` defaults to STRIDELOAD_POD_DIR, or ~/.local/share/strideload-pod. BoardError.

    `uid_source` says where the 8 bytes of `uid` come from: "settings", "serial number" or "machine id".
    """

    woken = "power"

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = Path(folder).expanduser() if folder else own_folder()
        self.settings = read_settings(self.folder / SETTINGS_NAME)
        self.uid, self.uid_source = find_uid(self.settings)
        self.files = Files(self.folder / LOG_FOLDER)
        self._lock = hold(self.folder / LOCK_NAME)
        self.raw_files = Files(self.folder / self.settings.get("STRIDELOAD_RAW_DIR", RAW_FOLDER))
        self.clock = Clock(trusted=bool(self.settings.get("STRIDELOAD_CLOCK_TRUSTED")))
        self._i2c: SmbusI2C | None = None
        self._int1 = self._open_line("STRIDELOAD_INT1_LINE", open_int1)
        self.can_sleep = self._int1 is not None
        self._button = self._open_line("STRIDELOAD_BUTTON_LINE", Button)
        self._lamp = self._open_line("STRIDELOAD_LAMP_LINE", Output)
        self._motor = self._open_line("STRIDELOAD_MOTOR_LINE", Output)
        self._stopping = threading.Event()
        self._waker, self._wakened = socket.socketpair()  # what a signal does to a wait
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda _number, _frame: self.stop())

    def _open_line(self, setting: str, kind: "Callable[[str, int], GpioLine]") -> Any:
        """What a setting names; None: it names none. BoardError, BoardBusy."""
        value = self.settings.get(setting)
        if not value:
            return None
        chip, _, offset = str(value).rpartition(":")
        if not chip or not offset.isdecimal():
            raise BoardError(f"{setting} is like /dev/gpiochip0:17, got {value!r}")
        try:
            return kind(chip, int(offset))
        except ImportError as error:
            raise BoardError(
                f"{setting} needs the package gpiod ({error}): `pip install gpiod` into the environment that runs the "
                "pod"
            ) from error
        except (OSError, ValueError) as error:
            refusal = BoardBusy if isinstance(error, OSError) else BoardError
            raise refusal(f"{setting} = {value!r} cannot be used: {error}") from error

    @property
    def i2c(self) -> "SmbusI2C":
        """The bus, opened when it is first asked for. OSError."""
        if self._i2c is None:
            self._i2c = SmbusI2C(self.settings.get("STRIDELOAD_I2C_BUS", 1))
        return self._i2c

    def free_bus(self) -> bool:
        """Open the kernel's device anew. -> False: its lines are the kernel's, and `i2c` is the same object."""
        if self._i2c is not None:
            try:
                self._i2c.reopen()
            except OSError:
                pass  # the former one stays
        return False

    def wait(self, ms: int, by_int1: bool = True) -> None:
        """Up to `ms`, less when the button was let go, the pod is to stop or, asked `by_int1`, INT1 is or goes high."""
        self._wait(ms, lambda button: button.held_ms is not None, self._int1 if by_int1 else None)

    def sleep(self, ms: int) -> str:
        """Until INT1 rises ("motion"), the button is pressed ("button"), `ms` have passed ("time") or "stop".

        Without INT1 no motion could wake the pod: it does not sleep then, and "motion" comes at once.
        """
        if self._int1 is None:
            return "motion"
        called = self._wait(ms, lambda button: button.is_pressed or button.held_ms is not None, self._int1)
        return "stop" if self._stopping.is_set() else called or "time"

    def _wait(self, ms: int, concerns: "Callable[[Button], bool]", int1: "GpioLine | None") -> str | None:
        """Until "motion" at `int1`, or the "button" is as `concerns` says; None: `ms` have passed, or stopping."""
        until_s = time.monotonic() + ms / 1000
        if int1 is not None:
            int1.take_edges()  # of before. From here on the level counts as well: a lost edge must not stall.
        while not self._stopping.is_set():
            if int1 is not None and (int1.take_edges() or int1.is_active()):
                return "motion"
            if self._button is not None and concerns(self._button.look()):
                return "button"
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return None
            watched = [line for line in (int1, self._button) if line is not None and line.is_open]
            select.select([self._wakened, *watched], [], [], left_s)
        return None

    def pressed_ms(self) -> int | None:
        """How long the button was held, once after it was let go; None: it was not."""
        return None if self._button is None else self._button.look().take_held_ms()

    def light(self, on: bool) -> None:
        if self._lamp is not None:
            self._lamp.set(on)

    def buzz(self, ms: int) -> bool:
        """Drive the motor for so long beside the program. False: there is none."""
        if self._motor is None:
            return False
        self._motor.set_for(ms)
        return True

    def client(self) -> "PahoClient | None":
        """A client of the broker in the settings; None when there is none."""
        setting = self.settings.get
        if not setting("STRIDELOAD_BROKER_HOST"):
            return None
        ca_file = setting("STRIDELOAD_BROKER_CA_FILE")
        return PahoClient(
            setting("STRIDELOAD_BROKER_HOST", ""),
            setting("STRIDELOAD_BROKER_PORT", 8883 if ca_file else 1883),
            client_id="strideload-" + self.uid.hex(),
            user=setting("STRIDELOAD_BROKER_USER"),
            password=setting("STRIDELOAD_BROKER_PASSWORD"),
            ca_file=ca_file and str(self.folder / ca_file),
        )

    def battery_mv(self) -> None:
        """A computer does not know its supply."""

    def random_u32(self) -> int:
        return int.from_bytes(os.urandom(4), "little")

    def stopping(self) -> bool:
        """True once SIGTERM or SIGINT came. A board made outside the main thread is stopped by `stop`."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Also in a signal handler, and from another thread."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._waker.send(b"s")


def own_folder() -> Path:
    """The folder of this computer's own pod: STRIDELOAD_POD_DIR, or the default."""
    return Path(os.environ.get("STRIDELOAD_POD_DIR") or DEFAULT_FOLDER).expanduser()


def refuse(error: Exception) -> None:
    """End in one line where a pod cannot begin for a known reason, and return for any other. SystemExit: EX_CONFIG, or
    1 where it may go by itself, as with a folder or a bus that is not there yet, or what another program holds.
    """
    if isinstance(error, BoardError | LogError | ValueError | OSError):
        print(f"strideload pod: {error}", file=sys.stderr)
        raise SystemExit(1 if isinstance(error, OSError | BoardBusy | LogFailed) else EX_CONFIG) from None


def read_settings(file: Path) -> dict[str, Any]:
    """Flat keys of a settings.toml, none when there is no such file. BoardError: no TOML, or not flat."""
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError
        raise BoardError(f"{file} cannot be read: {error}") from error
    for key, value in settings.items():
        if not isinstance(value, str | int):
            raise BoardError(f"{file}: {key} is neither text nor a whole number")
    return settings


def hold(file: Path) -> IO[bytes]:
    """A lock that is this process's as long as the file is open: two pods in one folder would give the same numbers to
    different pages. BoardBusy: another process has it.
    """
    opened = file.open("ab")
    try:
        fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        opened.close()
        raise BoardBusy(f"a pod runs in {file.parent} already") from None
    return opened


def find_uid(settings: dict[str, Any]) -> tuple[bytes, str]:
    """(8 bytes, where from). BoardError: nothing on this computer tells it apart from others."""
    given = settings.get("STRIDELOAD_POD_ID")
    if given is not None:
        uid = _eight_bytes(str(given))
        if uid is None:
            raise BoardError(f"STRIDELOAD_POD_ID has 16 hex digits, got {given!r}")
        return uid, "settings"
    if SERIAL_FILE.is_file():
        uid = _eight_bytes(SERIAL_FILE.read_text(encoding="ascii", errors="replace").strip("\0\n "))
        if uid is not None:
            return uid, "serial number"
    if MACHINE_ID_FILE.is_file():
        # machine-id(5) asks that it is never shown to others as it is.
        machine_id = MACHINE_ID_FILE.read_bytes().strip()
        if machine_id:
            return blake2b(machine_id, digest_size=8, person=b"strideload pod").digest(), "machine id"
    raise BoardError("no serial number and no machine id here: set STRIDELOAD_POD_ID, 16 hex digits")


def _eight_bytes(text: str) -> bytes | None:
    try:
        uid = bytes.fromhex(text)
    except ValueError:
        return None
    return uid if len(uid) == 8 and len(text) == 16 else None


class WholeFile(FileIO):
    """A file without a buffer: what could not be written is not tried again later, when it is closed."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """All of `data`, or OSError; some of it may stand in the file then."""
        whole = memoryview(data).cast("B")
        written = 0
        while written < len(whole):  # a disk that fills up takes the first part, and refuses at the next call
            written += super().write(whole[written:])
        return written


class Files:
    """A flat folder, made when it is missing. What was synced outlives a power cut, the file's name included."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def open(self, name: str, mode: str) -> IO[bytes]:
        """`rb`, `wb` or `ab`. OSError."""
        path = self._path(name)
        is_new = mode != "rb" and not path.exists()
        file = WholeFile(path, mode)
        if is_new:
            self._sync_folder()
        return file

    def names(self) -> list[str]:
        return sorted(entry.name for entry in os.scandir(self.folder) if entry.is_file())

    def remove(self, name: str) -> None:
        self._path(name).unlink()
        self._sync_folder()

    def sync(self, file: IO[bytes]) -> None:
        os.fsync(file.fileno())

    def _path(self, name: str) -> Path:
        if name != os.path.basename(name) or name in ("", ".", ".."):
            raise OSError(errno.EINVAL, "not a plain name", name)
        return self.folder / name

    def _sync_folder(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def is_synchronised() -> bool:
    """True while the kernel holds the computer's clock for right: a time service keeps it. [adjtimex(2)]"""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_SIZE))
    except (OSError, AttributeError):  # no libc that has it
        return False
    return 0 <= state < TIME_ERROR


class Clock:
    """Ticks in ms since this object was made, which is the boot; UTC only while it can be relied on."""

    def __init__(self, trusted: bool = False) -> None:
        self.utc_source = ANCHOR_OPERATOR if trusted else ANCHOR_NTP
        self._trusted = trusted
        self._boot_ns = time.monotonic_ns()

    def ticks_ms(self) -> int:
        return (time.monotonic_ns() - self._boot_ns) // 1_000_000

    def sleep_ms(self, ms: int) -> None:
        time.sleep(ms / 1000)

    def utc_ms(self) -> int | None:
        """ms since 1970; None while neither the kernel nor the settings vouch for the clock."""
        return time.time_ns() // 1_000_000 if self._trusted or is_synchronised() else None

    def utc_heard_ms(self) -> int:
        """Tick at which UTC was last told: now, for whoever vouches for the clock keeps it right all the time."""
        return self.ticks_ms()


class GpioLine:
    """One line of a GPIO chip. A fault while it is used (a chip that was pulled out) is told once; it is still then.

    OSError: no such chip, or the line is another program's. ValueError: the chip has no such line.
    """

    def __init__(self, chip: str, offset: int, **settings: Any) -> None:
        import gpiod

        self._offset = offset
        self._name = f"{chip}:{offset}"
        self._request: LineRequest | None = gpiod.request_lines(
            chip, config={offset: gpiod.LineSettings(**settings)}, consumer="strideload"
        )
        self._faults = (OSError, gpiod.RequestReleasedError)

    @property
    def is_open(self) -> bool:
        return self._request is not None

    def fileno(self) -> int:
        """For select, while `is_open`."""
        return -1 if self._request is None else self._request.fd

    def is_active(self) -> bool:
        from gpiod.line import Value

        return self._ask(lambda request: request.get_value(self._offset) is Value.ACTIVE, False)

    def take_edges(self) -> list[Any]:
        """gpiod.EdgeEvents since the last call."""

        def read(request: "LineRequest") -> list[Any]:
            found: list[Any] = []
            while request.wait_edge_events(0):
                found += request.read_edge_events()
            return found

        return self._ask(read, [])

    def _ask(self, question: "Callable[[LineRequest], Any]", otherwise: Any) -> Any:
        if self._request is None:
            return otherwise
        try:
            return question(self._request)
        except self._faults as error:
            self._request = None
            print(f"GPIO line {self._name} is gone: {error}", file=sys.stderr)
            return otherwise


def open_int1(chip: str, offset: int) -> GpioLine:
    """The chip drives INT1 both ways; a wire that is not there reads low."""
    from gpiod.line import Bias, Direction, Edge

    return GpioLine(chip, offset, direction=Direction.INPUT, edge_detection=Edge.RISING, bias=Bias.PULL_DOWN)


class Button(GpioLine):
    """A button to ground. `look` takes in what it did; `held_ms`: of the last press, once it was let go."""

    def __init__(self, chip: str, offset: int) -> None:
        from gpiod.line import Bias, Direction, Edge

        super().__init__(
            chip,
            offset,
            direction=Direction.INPUT,
            edge_detection=Edge.BOTH,
            bias=Bias.PULL_UP,
            active_low=True,
            debounce_period=DEBOUNCE,
        )
        self.held_ms: int | None = None
        self._pressed_ns: int | None = None

    @property
    def is_pressed(self) -> bool:
        return self._pressed_ns is not None

    def look(self) -> "Button":
        for event in self.take_edges():
            if event.event_type is event.Type.RISING_EDGE:
                self._pressed_ns = event.timestamp_ns
            else:
                self._let_go(event.timestamp_ns)
        if self.is_pressed and not self.is_active():  # the edge was lost
            self._let_go(time.monotonic_ns())
        return self

    def take_held_ms(self) -> int | None:
        held_ms, self.held_ms = self.held_ms, None
        return held_ms

    def _let_go(self, now_ns: int) -> None:
        if self._pressed_ns is not None:
            self.held_ms = (now_ns - self._pressed_ns) // 1_000_000
            self._pressed_ns = None


class Output(GpioLine):
    """A line that is driven, low at first."""

    def __init__(self, chip: str, offset: int) -> None:
        from gpiod.line import Direction

        super().__init__(chip, offset, direction=Direction.OUTPUT)
        self._lock = threading.Lock()  # a request is one thread's at a time
        self._timer: threading.Timer | None = None

    def set(self, on: bool) -> None:
        from gpiod.line import Value

        value = Value.ACTIVE if on else Value.INACTIVE
        with self._lock:
            self._ask(lambda request: request.set_value(self._offset, value), None)

    def set_for(self, ms: int) -> None:
        """High for so long from now on, by a thread that also ends it when the program ends."""
        if self._timer is not None:
            self._timer.cancel()
        self.set(True)
        self._timer = threading.Timer(ms / 1000, self.set, (False,))
        self._timer.start()


class SmbusI2C:
    """busio.I2C's surface over /dev/i2c-`number`. OSError where nobody answers, RuntimeError without the lock.

    The bus clock is set by the system: dtparam=i2c_arm_baudrate=400000 in a Raspberry Pi's boot configuration.
    """

    def __init__(self, number: int) -> None:
        from smbus2 import SMBus, i2c_msg

        self._open = lambda: SMBus(number)
        self._bus = self._open()
        self._message = i2c_msg
        self._locked = False

    def try_lock(self) -> bool:
        if self._locked:
            return False
        self._locked = True
        return True

    def unlock(self) -> None:
        self._need_lock()
        self._locked = False

    def deinit(self) -> None:
        self._bus.close()

    def reopen(self) -> None:
        """The same bus by a new handle. OSError: it does not open, and the former handle stays."""
        former, self._bus = self._bus, self._open()
        former.close()

    def writeto(self, address: int, buffer: Any, *, start: int = 0, end: int | None = None) -> None:
        self._transfer(self._message.write(address, memoryview(buffer)[start:end]))

    def readfrom_into(self, address: int, buffer: Any, *, start: int = 0, end: int | None = None) -> None:
        view = memoryview(buffer)[start:end]
        read = self._message.read(address, len(view))
        self._transfer(read)
        view[:] = bytes(read)

    def writeto_then_readfrom(
        self,
        address: int,
        out_buffer: Any,
        in_buffer: Any,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None:
        """One transaction with a repeated start. Both may be the same buffer: what is written is copied first."""
        view = memoryview(in_buffer)[in_start:in_end]
        read = self._message.read(address, len(view))
        self._transfer(self._message.write(address, memoryview(out_buffer)[out_start:out_end]), read)
        view[:] = bytes(read)

    def _transfer(self, *messages: Any) -> None:
        self._need_lock()
        self._bus.i2c_rdwr(*messages)

    def _need_lock(self) -> None:
        if not self._locked:
            raise RuntimeError("the bus is not locked")


class PahoClient:
    """The pod's small MQTT client over paho-mqtt, which keeps the line on its own thread: nothing here waits for it.

    `connect` begins; `connected` tells. OSError of any other call: the line is dead; `close` and connect anew.
    """

    blocks = False

    def __init__(
        self,
        host: str,
        port: int,
        *,
        client_id: str,
        user: str | None = None,
        password: str | None = None,
        ca_file: str | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._client_id = client_id
        self._user = user
        self._password = password
        self._ca_file = ca_file
        self._line: _Line | None = None

    @property
    def connected(self) -> bool:
        return self._line is not None and self._line.is_up()

    def connect(self, will_topic: str, will_payload: bytes) -> None:
        """Begin to connect; the broker publishes the will, retained, when the line breaks. OSError: no such CA file."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

        self.close()
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        if self._user:
            client.username_pw_set(self._user, self._password)
        if self._ca_file:
            client.tls_set_context(ssl.create_default_context(cafile=self._ca_file))
        client.will_set(will_topic, will_payload, qos=1, retain=True)
        self._line = _Line(client)
        client.connect_async(self._host, self._port, keepalive=KEEPALIVE_S)
        client.loop_start()

    def subscribe(self, topic: str) -> None:
        line = self._living()
        line.expect(line.client.subscribe(topic, qos=1)[0])

    def publish(self, topic: str, payload: bytes | bytearray | memoryview, qos: int, retain: bool) -> None:
        """Hand a message to the line. OSError: the broker has left too many unconfirmed."""
        line = self._living()
        info = line.client.publish(topic, bytes(payload), qos=qos, retain=retain)
        line.expect(info.rc)
        if qos:
            line.unconfirmed.append(info)
            while line.unconfirmed and line.unconfirmed[0].is_published():
                line.unconfirmed.popleft()
            if len(line.unconfirmed) > UNCONFIRMED_LIMIT:
                raise OSError(errno.ETIMEDOUT, "the broker confirms nothing")

    def poll(self, timeout_ms: int) -> tuple[str, bytes] | None:
        """The next message, waited for up to `timeout_ms`."""
        line = self._living()
        try:
            message = line.received.get(block=timeout_ms > 0, timeout=timeout_ms / 1000 or None)
        except queue.Empty:
            return None
        return message.topic, message.payload

    def close(self) -> None:
        """Hang up: politely while the line is up, for at most two seconds, else at once."""
        line, self._line = self._line, None
        if line is not None:
            line.hang_up()

    def _living(self) -> "_Line":
        if self._line is None or self._line.ended.is_set():
            raise OSError(errno.ENOTCONN, self._line.why if self._line else "not connected")
        return self._line


class _Line:
    """One connection of paho's, and what its thread tells of it."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.received: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.unconfirmed: deque[Any] = deque()
        self.ended = threading.Event()
        self.why = ""
        self._up = threading.Event()
        self._given_up = False
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        # An exception in a callback would end paho's thread unseen: it only puts the message somewhere.
        client.on_message = lambda _client, _data, message: self.received.put(message)

    def is_up(self) -> bool:
        return self._up.is_set() and not self.ended.is_set()

    def expect(self, code: int) -> None:
        """OSError unless paho's return code says success."""
        if code:
            raise OSError(errno.EIO, f"paho-mqtt refused: {code}")

    def hang_up(self) -> None:
        self._given_up = True
        if self.is_up():
            if self.unconfirmed:
                self.unconfirmed[-1].wait_for_publish(GOODBYE_S)
            self.client.disconnect()
            self.ended.wait(GOODBYE_S)
        # paho's own loop_stop waits for confirmations that a dead broker never sends: end its thread by its socket.
        self.client.disconnect()
        connection = self.client.socket()
        if connection is not None:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed already

    def _on_connect(self, client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if self._given_up or reason.is_failure:
            self._end(str(reason))
            client.disconnect()
        else:
            self._up.set()

    def _on_connect_fail(self, client: Any, _data: Any) -> None:
        self._end("no broker answers")
        client.disconnect()  # or it would try again by itself

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._end(str(reason))

    def _end(self, why: str) -> None:
        self.why = self.why or why
        self.ended.set()
