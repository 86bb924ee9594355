"""microcontroller, digitalio, analogio and keypad."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .machine import Machine

SCAN_US = 20_000  # keypad's usual interval
REFERENCE_V = 3.3


class Pin:
    """A pin of the board, which one object has at a time."""

    def __init__(self, machine: Machine, name: str, number: int) -> None:
        self.machine = machine
        self.name = name
        self.number = number
        self.owner: object = None

    def claim(self, owner: object) -> None:
        if self.owner is not None:
            raise ValueError(f"{self.name} in use")
        self.owner = owner

    def level(self, pulled: bool | None) -> bool:
        """What is read: driven from outside, else pulled, else by chance (high, which is the worse chance)."""
        if self.name in self.machine.levels:
            return self.machine.levels[self.name]
        if pulled is False and self.machine.chip == "rp2350":
            return True  # erratum E9: the pull-down is too weak
        return pulled is not False


class Owner:
    """An object that has pins until it is deinitialised."""

    __slots__ = ("_pins",)

    def __init__(self, *pins: Any) -> None:
        for pin in pins:
            if not isinstance(pin, Pin):
                raise TypeError("Expected a Pin")
            if pin.owner is not None:
                raise ValueError(f"{pin.name} in use")
        self._pins = pins
        for pin in pins:
            pin.claim(self)

    def deinit(self) -> None:
        for pin in self._pins:
            pin.owner = None
        self._pins = ()

    def check(self) -> None:
        if not self._pins:
            raise ValueError("Object has been deinitialized and can no longer be used. Create a new object.")


class Constant:
    def __init__(self, name: str) -> None:
        self.name = name


class Pull:
    UP = Constant("UP")
    DOWN = Constant("DOWN")


class DriveMode:
    PUSH_PULL = Constant("PUSH_PULL")
    OPEN_DRAIN = Constant("OPEN_DRAIN")


class DigitalInOut(Owner):
    __slots__ = ("_drives", "_mode", "_pull", "_value")

    def __init__(self, pin: Pin) -> None:
        super().__init__(pin)
        self._drives = False
        self._value = False
        self._mode = DriveMode.PUSH_PULL
        self._pull: Constant | None = None

    def switch_to_output(self, value: bool = False, drive_mode: Constant = DriveMode.PUSH_PULL) -> None:
        self.check()
        self._drives, self._value, self._mode = True, value, drive_mode

    def switch_to_input(self, pull: Constant | None = None) -> None:
        self.check()
        self._drives, self._pull = False, pull

    @property
    def value(self) -> bool:
        self.check()
        (pin,) = self._pins
        if self._drives and (self._mode is DriveMode.PUSH_PULL or not self._value):
            return self._value
        machine = pin.machine
        if machine.stuck_clocks and pin.name == machine.bus_names()[1]:
            return False
        return pin.level(None if self._pull is None else self._pull is Pull.UP)

    @value.setter
    def value(self, value: bool) -> None:
        self.check()
        if not self._drives:
            raise AttributeError("Cannot set value when direction is input.")
        (pin,) = self._pins
        if value and not self._value and pin.name == pin.machine.bus_names()[0]:
            pin.machine.stuck_clocks = max(0, pin.machine.stuck_clocks - 1)
        self._value = value
        pin.machine.driven.append((pin.name, value, pin.machine.now_us))


class AnalogIn(Owner):
    __slots__ = ()

    def __init__(self, pin: Pin) -> None:
        super().__init__(pin)
        if pin.name not in pin.machine.adc:
            self.deinit()
            raise ValueError("Invalid pin")

    @property
    def value(self) -> int:
        self.check()
        (pin,) = self._pins
        volts = pin.machine.adc[pin.name]
        if volts is None:
            raise OSError("ESP_ERR_TIMEOUT")  # espidf.IDFError is one: the converter is with the Wi-Fi
        return max(0, min(65535, round(volts / REFERENCE_V * 65535)))

    reference_voltage = REFERENCE_V


class Event:
    def __init__(self, key_number: int = 0, pressed: bool = True, timestamp: int | None = None) -> None:
        self.key_number = key_number
        self.pressed = pressed
        self.timestamp = timestamp


class EventQueue:
    def __init__(self) -> None:
        self._events: list[tuple[int, bool, int]] = []

    def put(self, number: int, pressed: bool, timestamp: int) -> None:
        self._events.append((number, pressed, timestamp))

    def get_into(self, event: Event) -> bool:
        if not self._events:
            return False
        event.key_number, event.pressed, event.timestamp = self._events.pop(0)
        return True


class Keys(Owner):
    """Scanned beside the program. A key that is held at the beginning counts as pressed then."""

    def __init__(self, pins: tuple[Pin, ...], *, value_when_pressed: bool, pull: bool = True) -> None:
        super().__init__(*pins)
        self._machine = pins[0].machine
        self._pressed_value = value_when_pressed
        self._pull = not value_when_pressed if pull else None
        self._was = [False for _ in pins]
        self._scanned_us = -SCAN_US
        self.events = EventQueue()
        self._machine.scanners.append(self)

    def deinit(self) -> None:
        super().deinit()
        if self in self._machine.scanners:
            self._machine.scanners.remove(self)

    def scan(self) -> None:
        if self._machine.now_us - self._scanned_us < SCAN_US:
            return
        self._scanned_us = self._machine.now_us
        for number, pin in enumerate(self._pins):
            pressed = pin.level(self._pull) == self._pressed_value
            if pressed != self._was[number]:
                self._was[number] = pressed
                self.events.put(number, pressed, self._machine.ticks_ms())


def microcontroller_module(machine: Machine) -> ModuleType:
    from .machine import module

    reasons = module(
        "ResetReason", POWER_ON=Constant("POWER_ON"), DEEP_SLEEP_ALARM=Constant("DEEP_SLEEP_ALARM")
    )
    cpu = module("cpu", uid=bytearray(machine.uid), reset_reason=getattr(reasons, machine.reset_reason))
    return module(
        "microcontroller",
        Pin=Pin,
        ResetReason=reasons,
        cpu=cpu,
        delay_us=lambda us: None if machine.is_real else machine.pass_time(us),
        reset=machine.reset,
    )


def digitalio_module(_machine: Machine) -> ModuleType:
    from .machine import module

    return module("digitalio", DigitalInOut=DigitalInOut, Pull=Pull, DriveMode=DriveMode)


def analogio_module(_machine: Machine) -> ModuleType:
    from .machine import module

    return module("analogio", AnalogIn=AnalogIn)


def keypad_module(_machine: Machine) -> ModuleType:
    from .machine import module

    return module("keypad", Keys=Keys, Event=Event)
