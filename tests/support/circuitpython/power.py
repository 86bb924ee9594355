"""alarm: what wakes a chip out of deep sleep."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from .pins import Pin

if TYPE_CHECKING:
    from .machine import Machine

RTC_PINS_LIMIT = 22  # of the ESP32-S3: only these wake it


class DeepSleep(BaseException):
    """CircuitPython's DeepSleepRequest: no Exception, so that no program catches it by chance. `alarms` wake it."""

    def __init__(self, alarms: tuple[Any, ...]) -> None:
        super().__init__("deep sleep")
        self.alarms = alarms


class PinAlarm:
    def __init__(self, pin: Pin, value: bool, edge: bool = False, pull: bool = False) -> None:
        if pin.owner is not None:
            raise ValueError(f"{pin.name} in use")
        if edge and pin.machine.chip == "esp32s3":
            raise ValueError("Cannot wake on pin edge. Only level.")
        self.pin = pin
        self.value = value
        self.pull = pull


def alarm_module(machine: Machine) -> ModuleType:
    from .machine import module, short_float

    class TimeAlarm:
        def __init__(self, *, monotonic_time: float | None = None, epoch_time: int | None = None) -> None:
            if monotonic_time is None or epoch_time is not None:
                raise ValueError("Supply one of monotonic_time or epoch_time")
            if short_float(monotonic_time) <= machine.monotonic():
                raise ValueError("Time is in the past.")
            self.monotonic_time = monotonic_time

    def exit_and_deep_sleep_until_alarms(*alarms: Any, preserve_dios: tuple[Any, ...] = ()) -> None:
        for alarm in alarms:
            if not isinstance(alarm, (PinAlarm, TimeAlarm)):
                raise TypeError("Expected a kind of Alarm")
            if (
                isinstance(alarm, PinAlarm)
                and machine.chip == "esp32s3"
                and alarm.pin.number >= RTC_PINS_LIMIT
            ):
                raise ValueError("Can only alarm on RTC IO from deep sleep.")
        if preserve_dios:
            raise NotImplementedError("preserve_dios")
        raise DeepSleep(alarms)

    return module(
        "alarm",
        wake_alarm=machine.wake_alarm,
        pin=module("alarm.pin", PinAlarm=PinAlarm),
        time=module("alarm.time", TimeAlarm=TimeAlarm),
        exit_and_deep_sleep_until_alarms=exit_and_deep_sleep_until_alarms,
    )
