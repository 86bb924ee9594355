"""Which pod is meant: a drive, a serial port or a folder, named by the user or found."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from strideload.errors import StrideloadError
from strideload.pod import boards, serial_port
from strideload.pod.boards import CIRCUITPYTHON, LINUX, MICROPYTHON, Kind
from strideload.pod.places import FolderPlace, Place, PortPlace
from strideload.pod.serial_port import Port, open_port
from strideload_pod.boards.on_linux import SETTINGS_NAME, BoardError, find_uid, own_folder, read_settings

BOOT_OUT: Final = "boot_out.txt"
BOOT_OUT_LIMIT: Final = 4096
MOUNTS: Final = Path("/proc/self/mounts")
VOLUMES: Final = Path("/Volumes")  # macOS

_VERSION: Final = re.compile(r"CircuitPython (\d+)\.(\d+)\.(\d+)")
_FIELD: Final = re.compile(r"^(Board ID|UID):\s*(\S+)\s*$", re.M)
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")

_ASK_MICROPYTHON: Final = """
import sys
def identity():
    i = sys.implementation
    uid = b''
    try:
        import machine
        uid = machine.unique_id()
    except ImportError:
        try:
            import microcontroller
            uid = microcontroller.cpu.uid
        except ImportError:
            pass
    return (i.name, tuple(i.version[:3]), getattr(i, '_machine', ''), getattr(i, '_mpy', 0), bytes(uid))
"""


@dataclass(frozen=True)
class Found:
    """A pod that is here. `pod`: its id, None where it cannot be told. `mpy`: version of .mpy files that it takes."""

    kind: Kind
    interpreter: str
    version: str
    pod: str | None
    place: Place
    port: Port | None = None
    mpy: int = 0


@dataclass(frozen=True)
class Target:
    """What the user means: a folder (of CircuitPython or Linux) or a serial port."""

    folder: Path | None = None
    port: str | None = None


def target(to: str | None, board: str | None, drives: list[Path], ports: list[str]) -> Target:
    """By --to, else the only one that is there. StrideloadError: none, or several; UnknownBoard."""
    if board is not None:
        boards.by_name(board)
    if to is not None:
        return Target(port=to) if serial_port.is_port(to) else Target(folder=Path(to).expanduser())
    if board == LINUX:
        return Target(folder=own_folder())
    if len(drives) == 1:  # a board that shows a drive has a port as well
        return Target(folder=drives[0])
    if not drives and len(ports) == 1:
        return Target(port=ports[0])
    if not drives and not ports:
        raise StrideloadError(
            "No pod is plugged in: there is neither a drive with boot_out.txt nor a serial port. Plug it in with a "
            "cable that carries data, or name it with --to; `--board linux` is for a Raspberry Pi that is a pod itself."
        )
    listed = ", ".join([*map(str, drives), *([] if drives else ports)])
    raise StrideloadError(f"There is more than one: {listed}. Say which with --to.")


def target_to_ask(to: str | None, drives: list[Path], ports: list[str]) -> Target:
    """A pod that can be spoken to: a port, or a folder on Linux. StrideloadError: none, or several."""
    own = own_folder()
    if to is None and not ports and (own / SETTINGS_NAME).is_file():
        return Target(folder=own)
    return target(to, None, [] if ports else drives, ports)


def drives(mounts: Path = MOUNTS, volumes: Path = VOLUMES) -> list[Path]:
    """Mounted drives of CircuitPython boards."""
    if sys.platform == "darwin":
        points = list(volumes.iterdir())
    else:
        try:
            lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        except OSError:
            return []
        points = [Path(_unescaped(line.split()[1])) for line in lines if len(line.split()) > 1]
    return sorted({point for point in points if _has_boot_out(point)})


def _has_boot_out(point: Path) -> bool:
    try:
        return (point / BOOT_OUT).is_file()
    except OSError:
        return False


def _unescaped(text: str) -> str:
    """A mount point as it is: blanks are written in octal. [proc(5)]"""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), text)


@contextmanager
def found(wanted: Target, board: str | None, anyway: bool = False) -> Iterator[Found]:
    """Look at a target, and hold it open. `board`: what the user calls it; `anyway`: even if it calls itself otherwise.

    StrideloadError: it is no pod, none that is known, or another than `board`.
    """
    if wanted.port is not None:
        with open_port(wanted.port) as port:
            yield _at_port(port, board, anyway)
    else:
        assert wanted.folder is not None
        yield _in_folder(wanted.folder, board, anyway)


def _in_folder(folder: Path, board: str | None, anyway: bool) -> Found:
    if (folder / BOOT_OUT).is_file():
        return _drive(folder, board, anyway)
    if board == LINUX or (board is None and (folder / SETTINGS_NAME).is_file()):
        return _linux(folder)
    raise StrideloadError(
        f"{folder} has no {BOOT_OUT}, so it is no CircuitPython drive. "
        "`--board linux` makes it the folder of a pod on Linux."
    )


def _kind(where: str, board: str | None, look: Callable[[str], Kind], told: str, anyway: bool) -> Kind:
    """The board that calls itself `told`; one that is not known is what the user says. StrideloadError."""
    if board is None:
        return look(told)
    said = boards.by_name(board)
    if said.name == LINUX:
        raise StrideloadError(
            f"{where} is a board ({told}), and `--board linux` is for a computer with Linux."
        )
    try:
        itself = look(told)
    except boards.UnknownBoard:
        return said
    if itself != said and not anyway:
        raise StrideloadError(
            f"{where} calls itself {told}, which is {itself.name}, not {board}: leave --board out; --anyway takes "
            f"it for {board}."
        )
    return said


def _drive(folder: Path, board: str | None, anyway: bool) -> Found:
    with (folder / BOOT_OUT).open("rb") as file:
        text = file.read(BOOT_OUT_LIMIT).decode("utf-8", errors="replace")
    fields = dict(_FIELD.findall(text))
    version = _VERSION.search(text)
    if version is None or "Board ID" not in fields:
        raise StrideloadError(
            f"{folder / BOOT_OUT} does not tell version and board: put CircuitPython on anew."
        )
    kind = _kind(str(folder), board, boards.by_board_id, fields["Board ID"], anyway)
    boards.need_version(CIRCUITPYTHON, tuple(int(number) for number in version.groups()))
    pod = pod_id(fields["UID"], CIRCUITPYTHON) if "UID" in fields else None
    return Found(kind, CIRCUITPYTHON, ".".join(version.groups()), pod, FolderPlace(folder))


def pod_id(uid: str, interpreter: str) -> str | None:
    """The pod's id of the chip's own, in hex: as the firmware's board makes 8 bytes of it. None: it is no hex."""
    try:
        data = bytes.fromhex(uid)
    except ValueError:
        return None
    if interpreter == MICROPYTHON and data and len(data) != 8:
        return (data[:3] + b"\xff\xfe" + data[3:] if len(data) == 6 else sha256(data).digest()[:8]).hex()
    whole = bytearray(8)
    for at, value in enumerate(data):
        whole[(8 - len(data) + at) % 8] ^= value
    return whole.hex() if data else None


def _linux(folder: Path) -> Found:
    """A pod on Linux. Without an id of its own there it has this computer's."""
    try:
        settings = read_settings(folder / SETTINGS_NAME)
        pod = find_uid(settings)[0].hex()
    except BoardError as error:
        raise StrideloadError(f"{error}.") from error
    version = ".".join(str(number) for number in sys.version_info[:3])
    return Found(boards.by_name(LINUX), LINUX, version, pod, FolderPlace(folder))


def _at_port(port: Port, board: str | None, anyway: bool) -> Found:
    interpreter, version, machine, mpy, uid = port.ask(_ASK_MICROPYTHON, "identity()")
    if interpreter not in (MICROPYTHON, CIRCUITPYTHON):
        raise StrideloadError(
            f"{port.name} is {interpreter}, and the firmware needs MicroPython or CircuitPython."
        )
    boards.need_version(interpreter, version)
    if interpreter == MICROPYTHON:
        kind = _kind(port.name, board, boards.by_machine, machine, anyway)
    else:
        board_id = str(port.ask("import board", "board.board_id"))
        kind = _kind(port.name, board, boards.by_board_id, board_id, anyway)
    text = ".".join(map(str, version))
    return Found(kind, interpreter, text, pod_id(uid.hex(), interpreter), PortPlace(port), port, mpy & 0xFF)
