"""MicroPython's `esp32`: what ends a deep sleep. Only RTC pins can, on the S3 those from 0 to 21."""

WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True

EXT0 = []
EXT1 = []


def _need_rtc_pin(pin):
    if not 0 <= pin.number <= 21:
        raise ValueError("invalid pin")


def wake_on_ext0(pin, level):
    _need_rtc_pin(pin)
    EXT0[:] = [(pin.number, level)]


def wake_on_ext1(pins, level):
    for pin in pins:
        _need_rtc_pin(pin)
    EXT1[:] = [([pin.number for pin in pins], level)]
