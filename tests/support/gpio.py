"""The kernel's GPIO chips underneath the real gpiod package, which refuse what the kernel refuses."""

import errno
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from gpiod import EdgeEvent, _ext, chip, line_settings
from gpiod.line import Value


class Kernel:
    """`chips`: path -> how many lines. `levels`: offset -> high or low, what is on the wire; open ones follow the bias.

    `in_use`: offsets that are another program's. `loses_edges`: the level changes and no event says so.
    """

    def __init__(self, chips: Mapping[str, int]) -> None:
        self.chips = dict(chips)
        self.levels: dict[int, bool] = {}
        self.in_use: set[int] = set()
        self.loses_edges = False
        self.requests: dict[int, Request] = {}
        self.driven: list[tuple[int, bool]] = []

    @contextmanager
    def installed(self) -> Iterator["Kernel"]:
        """Within it, gpiod finds these chips and no other."""
        names = SimpleNamespace(Chip=lambda path: Chip(self, path), LineConfig=LineConfig)
        settings = SimpleNamespace(**{**vars(_ext), "LineSettings": SimpleNamespace})
        with patch.object(chip, "_ext", names), patch.object(line_settings, "_ext", settings):
            yield self
        for request in list(self.requests.values()):
            request.release()

    def set_level(self, offset: int, level: bool) -> None:
        """As the wire does it."""
        was = self.level(offset)
        self.levels[offset] = level
        request = self.requests.get(offset)
        if request is not None and was != level and not self.loses_edges:
            request.note_edge(level)

    def level(self, offset: int) -> bool:
        if offset in self.levels:
            return self.levels[offset]
        request = self.requests.get(offset)
        return request is not None and request.settings.bias == _ext.BIAS_PULL_UP


class LineConfig:
    def __init__(self) -> None:
        self.offsets: list[int] = []
        self.settings: Any = None

    def add_line_settings(self, offsets: list[int], settings: Any) -> None:
        self.offsets += offsets
        self.settings = settings


class Chip:
    def __init__(self, kernel: Kernel, path: str) -> None:
        if path not in kernel.chips:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        self._kernel = kernel
        self._lines = kernel.chips[path]

    def get_info(self) -> Any:
        return SimpleNamespace(num_lines=self._lines)

    def get_line_name(self, _offset: int) -> None:
        return None

    def request_lines(self, config: LineConfig, _consumer: str | None, _buffer: int | None) -> "Request":
        (offset,) = config.offsets
        if offset in self._kernel.in_use or offset in self._kernel.requests:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        return Request(self._kernel, offset, config.settings)

    def close(self) -> None:
        pass


class Request:
    chip_name = "gpiochip0"

    def __init__(self, kernel: Kernel, offset: int, settings: Any) -> None:
        if settings.edge_detection != _ext.EDGE_NONE and settings.direction != _ext.DIRECTION_INPUT:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self.settings = settings
        self.offsets = [offset]
        self.gone = False
        self._kernel = kernel
        self._events: list[EdgeEvent] = []
        self.fd, self._signal = os.pipe()
        kernel.requests[offset] = self
        if settings.direction == _ext.DIRECTION_OUTPUT:
            kernel.driven.append((offset, False))

    def note_edge(self, level: bool) -> None:
        rising = level != self.settings.active_low
        if self.settings.edge_detection in (
            _ext.EDGE_BOTH,
            _ext.EDGE_RISING if rising else _ext.EDGE_FALLING,
        ):
            kind = _ext.EDGE_EVENT_TYPE_RISING if rising else _ext.EDGE_EVENT_TYPE_FALLING
            self._events.append(EdgeEvent(kind, time.monotonic_ns(), self.offsets[0], 0, 0))
            os.write(self._signal, b"e")

    def read_edge_events(self, _limit: int | None) -> list[EdgeEvent]:
        self._check()
        events, self._events = self._events, []
        os.read(self.fd, 4096)
        return events

    def get_values(self, _offsets: list[int], values: list[Value]) -> None:
        self._check()
        active = self._kernel.level(self.offsets[0]) != self.settings.active_low
        values[0] = Value.ACTIVE if active else Value.INACTIVE

    def set_values(self, values: dict[int, Value]) -> None:
        self._check()
        if self.settings.direction != _ext.DIRECTION_OUTPUT:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        self._kernel.driven += [(offset, value is Value.ACTIVE) for offset, value in values.items()]

    def release(self) -> None:
        if self._kernel.requests.pop(self.offsets[0], None) is not None:
            os.close(self.fd)
            os.close(self._signal)

    def pull_out(self) -> None:
        """The chip goes, as one on USB does: its line is readable, and nothing works."""
        self.gone = True
        os.write(self._signal, b"g")

    def _check(self) -> None:
        if self.gone:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
