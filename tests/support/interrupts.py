"""KeyboardInterrupt at chosen lines of the firmware, as Ctrl-C raises it between any two steps of a program.

The program runs once. At each chosen line a child process is forked, in which the line raises; the parent goes on.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from types import CodeType, FrameType
from typing import Any

from strideload_pod.page import PAGE_SIZE, is_whole, key
from support.files import Flash

CODE = ("/strideload_pod/", "/adafruit_bus_device/")  # the lock of a bus is taken in the latter
CHILD_S = 60  # one that takes longer hangs
DETECTOR = "detector.py"  # most of all lines
ENDS_LINES = 3500  # that run while a pod ends, but for the detector's


class Forks:
    """`choose(code)` is asked at each line, and True where to break off. `before(place)` runs in the child there, and
    `after()` once the KeyboardInterrupt has left the program; they raise what is wrong. With a `pod` there is another
    one while it ends.

    A place is the stack within the firmware, the innermost line first. `faults`: place -> what was wrong; `done`: how
    many children there were.
    """

    def __init__(
        self,
        choose: Callable[[CodeType], bool],
        before: Callable[[str], None],
        after: Callable[[], None],
        pod: Any = None,
    ) -> None:
        self.faults: dict[str, str] = {}
        self.done = 0
        self.lines = 0
        self._choose = choose
        self._before = before
        self._after = after
        self._pod = pod

    def run(self, program: Callable[[], Any]) -> None:
        """Run the program to its end, and a child for each chosen line."""
        self._parent = os.getpid()
        sys.settrace(self._see_call)
        try:
            program()
        except BaseException as error:
            self._leave(error)
            raise
        finally:
            sys.settrace(None)
        self._leave(None)

    def assert_no_faults(self) -> None:
        said = "\n".join(f"{place}\n{fault}" for place, fault in self.faults.items())
        assert not said, said

    def _see_call(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        return self._see_line if is_firmware(frame) else None

    def _see_line(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            self.lines += 1
            if self._choose(frame.f_code) and self._is_child(place_of(frame)):
                raise KeyboardInterrupt
        return self._see_line

    def _is_child(self, place: str) -> bool:
        read, self._write = os.pipe()
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(CHILD_S)
            os.close(read)
            self._before(place)
            if self._pod is not None:
                self._interrupt_again()
            return True
        os.close(self._write)
        self.done += 1
        fault, status = _answer(read, child)
        if fault or status:
            self.faults[f"{self.lines}: {place}"] = fault or f"exit status {status}"
        return False

    def _interrupt_again(self) -> None:
        """Once more as the pod ends, so many lines after it began to."""
        left = self.lines % ENDS_LINES
        recover = self._pod._recover

        def see_line(frame: FrameType, event: str, _arg: Any) -> Any:
            nonlocal left
            left -= event == "line"
            if left < 0:
                self._before(place_of(frame))
                raise KeyboardInterrupt
            return see_line

        def recover_seen() -> None:
            self._pod._recover = recover
            sys.settrace(lambda frame, _event, _arg: see_line if is_seen(frame) else None)
            recover()

        def is_seen(frame: FrameType) -> bool:
            return is_firmware(frame) and not frame.f_code.co_filename.endswith(DETECTOR)

        self._pod._recover = recover_seen

    def _leave(self, error: BaseException | None) -> None:
        """End a child, and tell what is wrong."""
        sys.settrace(None)
        if os.getpid() == self._parent:
            return
        try:
            if not isinstance(error, KeyboardInterrupt):
                raise AssertionError("the KeyboardInterrupt did not leave the program") from error
            self._after()
        except BaseException as fault:  # noqa: BLE001 - the parent tells it
            os.write(self._write, "".join(traceback.format_exception(fault)[-12:]).encode())
        os._exit(0)


class Files(Flash):
    """A small file that was left open is closed with the frame that opened it. Of a segment that stays an error."""

    def open(self, name: str, mode: str) -> Any:
        if not name.endswith(".seg"):
            self.forget(name)
        return super().open(name, mode)


def assert_one_content(folders: Sequence[Flash]) -> None:
    """In all segments only whole pages lie, and none of them twice with different bytes."""
    seen: dict[tuple[Any, ...], bytes] = {}
    for files in folders:
        for name, held in files.content.items():
            for at in range(0, len(held) if name.endswith(".seg") else 0, PAGE_SIZE):
                page = bytes(held[at : at + PAGE_SIZE])
                assert is_whole(page), name
                assert seen.setdefault(key(page), page) == page, key(page)


def aside(ask: Callable[[], Any]) -> Any:
    """What `ask` gives in a child process: here nothing has happened. It has to be JSON."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        sys.settrace(None)
        os.close(read)
        try:
            with open(write, "w") as answer:
                json.dump(ask(), answer)
        finally:
            os._exit(0)
    os.close(write)
    said, status = _answer(read, child)
    assert status == 0
    return json.loads(said)


def is_firmware(frame: FrameType) -> bool:
    return any(part in frame.f_code.co_filename for part in CODE)


def place_of(frame: FrameType | None) -> str:
    places = []
    while frame is not None:
        if is_firmware(frame):
            file = frame.f_code.co_filename.rsplit("/", 1)[1]
            places.append(f"{file}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(places)


def _answer(read: int, child: int) -> tuple[str, int]:
    """What a child said, and its exit status."""
    with open(read, "rb") as answer:
        said = answer.read().decode()
    return said, os.waitpid(child, 0)[1]
