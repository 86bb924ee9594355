"""A board behind a serial port, spoken to by its raw REPL: MicroPython's and CircuitPython's are the same there."""

import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO
from typing import Any

from mpremote.transport import TransportError, TransportExecError, _convert_filesystem_error
from mpremote.transport_serial import SerialTransport

from strideload.errors import StrideloadError

SOFT_RESET = b"\x04"  # Ctrl-D
WRITE_BYTES = 1536  # in one go: a board with little memory left takes it
ANSWER_S = 10  # until a program that runs has been stopped
READ_S = 5.0  # a board that says nothing for so long while it is asked is not there


class PortError(StrideloadError):
    """The board behind a port does not answer as one."""


class BoardRaised(PortError):
    """What was run on the board raised; `traceback` as the board gave it."""

    def __init__(self, port: str, traceback: str) -> None:
        lines = traceback.strip().splitlines()
        super().__init__(f"{port}: {lines[-1] if lines else 'an error without words'}")
        self.traceback = traceback


class Port:
    """An open port whose board's program was stopped."""

    def __init__(self, name: str, transport: SerialTransport) -> None:
        self.name = name
        self._transport = transport

    def run(self, code: str, within_s: int = 10) -> str:
        """Run code -> what it printed. `within_s`: longest silence. BoardRaised, PortError; OSError as raised."""
        with self._told():
            printed, raised = self._transport.exec_raw(code, timeout=within_s)
            if raised:
                raise _converted(self.name, raised.decode(errors="replace"))
            return printed.decode(errors="replace")

    def ask(self, code: str, expression: str) -> Any:
        """The value of an expression, once code has run. PortError, OSError."""
        if code:
            self.run(code)
        with self._told():
            return self._transport.eval(expression)

    def write(self, path: str, data: bytes) -> None:
        """Write a whole file. OSError, PortError."""
        self.run(f"import binascii\nwhole = binascii.a2b_base64\nfile = open({path!r}, 'wb')")
        for at in range(0, len(data), WRITE_BYTES):
            # As Python writes bytes they would be twice as long.
            self.run(f"file.write(whole({b64encode(data[at : at + WRITE_BYTES])!r}))")
        self.run("file.close()")

    def make_folder(self, path: str) -> None:
        """Make a folder that may be there. OSError, PortError."""
        self.run(f"try:\n os.mkdir({path!r})\nexcept OSError:\n os.stat({path!r})")

    def hash_of(self, path: str) -> bytes:
        """SHA-256 of a file. OSError, PortError."""
        with self._told():
            return bytes(self._transport.fs_hashfile(path, "sha256"))

    def begin_anew(self) -> None:
        """Let go of all that was loaded and stay stopped: MicroPython only. PortError."""
        with self._told():
            self._transport.enter_raw_repl(soft_reset=True)
            self._transport.exec("import os")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """mpremote's errors as ours; it also prints what it cannot make sense of."""
        try:
            yield
        except TransportExecError as error:
            raise _converted(self.name, error.error_output) from error
        except (TransportError, ValueError, SyntaxError) as error:
            raise PortError(
                f"The board at {self.name} stopped answering ({error}): plug it in anew."
            ) from error
        except OSError as error:
            if isinstance(error, FileNotFoundError | FileExistsError | PermissionError) or error.errno:
                raise
            # pyserial's own: the cable was pulled
            raise PortError(f"The board at {self.name} is gone: plug it in anew.") from error


def _converted(port: str, traceback: str) -> Exception:
    found = _convert_filesystem_error(TransportExecError(0, traceback), port)
    if isinstance(found, OSError) and found.errno:
        return OSError(found.errno, traceback.strip().splitlines()[-1], port)
    return BoardRaised(port, traceback)


@contextmanager
def open_port(name: str) -> Iterator[Port]:
    """Stop the program of the board at a port, for as long as this is open; then it begins anew. PortError."""
    try:
        with _quiet():
            transport = SerialTransport(name, timeout=READ_S)
    except (TransportError, OSError) as error:
        raise PortError(
            f"{name} cannot be opened ({error}): is the board plugged in, does no other program use the port, and may "
            "you (group dialout)?"
        ) from error
    try:
        try:
            with _quiet():
                transport.enter_raw_repl(soft_reset=False, timeout_overall=ANSWER_S)
                transport.exec("import os")
        except (TransportError, OSError) as error:
            raise PortError(
                f"The board at {name} does not answer as MicroPython or CircuitPython: press its reset button, and try "
                "again."
            ) from error
        try:
            yield Port(name, transport)
        finally:
            with suppress(OSError):  # it was pulled
                transport.exit_raw_repl()
                transport.serial.write(SOFT_RESET)
    finally:
        with suppress(OSError):
            transport.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """mpremote prints what it did not expect: nothing for a person."""
    with redirect_stdout(StringIO()):
        yield


def ports() -> list[str]:
    """Serial ports at which USB says that a device is."""
    from serial.tools.list_ports import comports

    return sorted(port.device for port in comports() if port.vid is not None)


def is_port(name: str) -> bool:
    """True for what looks like the name of a serial port rather than of a folder."""
    return name.startswith("/dev/") or (sys.platform == "win32" and name.upper().startswith("COM"))
