"""What an ESP32-S3 does its own way: MicroPython's port esp32."""

import esp32
import machine
from machine import ADC, I2C, Pin

# Adafruit's Feather ESP32-S3, as the build guide wires it.
PINS = {"SCL": 4, "SDA": 3, "INT1": 9, "BUTTON": 5, "LAMP": 13}
CONNECT_BLOCKS = False  # beside what a name's look-up or TLS takes


def open_i2c(scl, sda, freq):
    return I2C(0, scl=Pin(scl), sda=Pin(sda), freq=freq)


def open_adc(pin):
    """-> function that gives the pin's voltage in mV, up to 3.1 V, by the chip's own calibration."""
    adc = ADC(pin, atten=ADC.ATTN_11DB)
    return lambda: adc.read_uv() // 1000


def open_timer():
    return machine.Timer(0)


def open_card(sck, mosi, miso, cs):
    """The card as a block device. OSError."""
    return machine.SDCard(slot=2, sck=Pin(sck), mosi=Pin(mosi), miso=Pin(miso), cs=Pin(cs))


def wake_by(int1, button):
    """Set what ends a deep sleep. ValueError: a pin that cannot; those from 0 to 21 can."""
    if int1 is not None:
        esp32.wake_on_ext0(int1, esp32.WAKEUP_ANY_HIGH)
    if button is not None:
        esp32.wake_on_ext1((button,), esp32.WAKEUP_ALL_LOW)


def sleep(ms, button):
    """Sleep deeply, at some microamperes, up to `ms`. Does not return: the program starts anew."""
    if button is not None:
        # Or its pull-up would be let go, and the pin read as pressed (micropython #15260).
        button.init(Pin.IN, Pin.PULL_UP, hold=True)
    machine.deepsleep(ms)


def why_woken():
    """What began this boot."""
    if machine.reset_cause() != machine.DEEPSLEEP_RESET:
        return "power"
    reasons = {machine.EXT0_WAKE: "motion", machine.EXT1_WAKE: "button", machine.TIMER_WAKE: "time"}
    return reasons.get(machine.wake_reason(), "power")
