"""What a Pico W or Pico 2 W does its own way: MicroPython's port rp2."""

import machine
from machine import ADC, I2C, SPI, Pin

# The wiring of the build guide; the lamp is at the Wi-Fi chip.
PINS = {"SCL": 5, "SDA": 4, "INT1": 6, "BUTTON": 15, "LAMP": "LED"}
CONNECT_BLOCKS = True  # the Wi-Fi chip's firmware is loaded whenever Wi-Fi is turned on

# The limit is for a whole transfer, and the port's own is shorter than a full FIFO takes: 3584 bytes, 81 ms at 400 kHz.
BUS_TIMEOUT_US = 250_000
SUPPLY_MV = 3300
LIGHTSLEEP_MOST_MS = 3_600_000  # the port's own limit is 71 minutes


def open_i2c(scl, sda, freq):
    # Pins 0 and 1 belong to bus 0, 2 and 3 to bus 1, and so on.
    return I2C(sda >> 1 & 1, scl=Pin(scl), sda=Pin(sda), freq=freq, timeout=BUS_TIMEOUT_US)


def open_adc(pin):
    """-> function that gives the pin's voltage in mV, by the supply's."""
    adc = ADC(pin)
    return lambda: adc.read_u16() * SUPPLY_MV // 65535


def open_timer():
    return machine.Timer(-1)  # a software timer: the port has no others


def open_card(sck, mosi, miso, cs):
    """The card as a block device, by micropython-lib's driver. OSError; ImportError: the driver is not installed."""
    from sdcard import SDCard  # pyright: ignore[reportMissingImports]

    from strideload_pod.boards.whole_blocks import WholeBlocks

    # Pins 8 to 15 and 24 to 29 belong to bus 1, the others to bus 0.
    return WholeBlocks(SDCard(SPI(sck >> 3 & 1, sck=Pin(sck), mosi=Pin(mosi), miso=Pin(miso)), Pin(cs)))


def wake_by(int1, button):
    """Nothing to set: every pin that has a handler ends a light sleep."""


def sleep(ms, button):
    """Sleep lightly, at about a milliampere, up to `ms`; a pin may end it sooner."""
    machine.lightsleep(min(ms, LIGHTSLEEP_MOST_MS))


def why_woken():
    """A light sleep begins no boot."""
    return "power"
