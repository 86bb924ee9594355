"""What a pod says when it is checked (`strideload_pod.check`), read with bounds and told in words."""

import json
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from strideload.doctor import Finding
from strideload.errors import StrideloadError
from strideload.web.pod_words import BATTERY_LOW_MV
from strideload_pod import FIRMWARE_VERSION
from strideload_pod.check import REPORT_VERSION
from strideload_pod.imu import WHO_AM_I

LINE_LIMIT: Final = 8192

# RMS in mg at a full scale in g: the LSM6DS family's data sheets, normal mode. At 32 g the figure of 16 g is taken.
NOISE_MG: Final = {2: 1.8, 4: 2.0, 8: 2.4, 16: 3.0, 32: 3.0}
NOISE_TIMES: Final = 3  # above so many times the figure it is the bus, the supply or a hand
MOVED_MG: Final = 50.0  # RMS that no chip at rest has
REST_MG: Final = (900, 1100)  # zero-g offset and sensitivity over temperature stay well within
HALF_MG: Final = (400, 600)
TWICE_MG: Final = (1800, 2200)
RATE_OFF: Final = 0.02  # of the trimmed rate, by the board's crystal over two seconds
PAGES_AN_HOUR: Final = 380  # one in ten seconds, and the notes beside
HOURS_LOW: Final = 2
CLOCK_OFF_MS: Final = 5_000

BROKER_NOT_ASKED: Final = Finding(
    "Broker", True, "not looked at: start `strideload up --lan`, then `strideload pod check`"
)

Text = Annotated[str, Field(max_length=400)]
U32 = Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
Utc = Annotated[int, Field(ge=0, lt=2**53)]
T = TypeVar("T")


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Failed(_Part):
    """A part that could not be looked at: the error's name, and what it says."""

    error: Text
    text: Text


class PodSettings(_Part):
    chip: Text
    odr_hz: U32
    range_g: U32
    store: Text | None


class ChipReport(_Part):
    identity: U32
    rest_mg: U32
    noise_ug: U32
    rate_mhz: U32
    measured_mhz: U32
    lost: U32
    bad_words: U32
    temperature_c: Annotated[int, Field(ge=-300, le=300)]


class LogReport(_Part):
    log: Text
    free_pages: U32
    waiting: U32
    store: Text | None


class BatteryReport(_Part):
    mv: U32 | None


class ClockReport(_Part):
    utc_ms: Utc | None


class BrokerReport(_Part):
    connected_ms: U32


class Report(_Part):
    """A whole report. Without `settings` that a pod can have, the other parts are not there."""

    check: Literal[REPORT_VERSION]  # pyright: ignore[reportInvalidTypeForm]
    firmware: Text
    interpreter: Text
    pod: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    settings: PodSettings | Failed
    chip: ChipReport | Failed | None = None
    log: LogReport | Failed | None = None
    battery: BatteryReport | Failed | None = None
    clock: ClockReport | Failed | None = None
    broker: BrokerReport | Failed | None = None


class NoReport(StrideloadError):
    """What the pod printed has no report in it."""

    def __init__(self, why: str, printed: str) -> None:
        last = printed.strip().splitlines()[-1:]
        super().__init__(f"The pod gave no report: {why}{'; it said: ' + last[0][:200] if last else ''}")


def read_report(printed: str) -> Report:
    """The report in what a pod printed: its last line of JSON. NoReport."""
    for line in reversed(printed.splitlines()):
        if line.startswith("{"):
            break
    else:
        raise NoReport("there is none in what it printed", printed)
    if len(line) > LINE_LIMIT:
        raise NoReport(f"its line has more than {LINE_LIMIT} letters", "")
    try:
        return Report.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(name) for name in first["loc"])
        raise NoReport(f"{where or 'the line'}: {first['msg']}", "") from error


def findings(
    report: Report, store_id: str | None, utc_ms: int | None, broker_asked: bool = True
) -> list[Finding]:
    """What is well and what is not. `store_id`: this host's; `utc_ms`: its time. None: not known.

    `broker_asked`: False where the pod was not asked whether its broker lets it in.
    """
    found = [_firmware(report), _settings(report.settings)]
    if not isinstance(report.settings, PodSettings):
        return found
    settings = report.settings
    found += _chip(report.chip, settings)
    for name, part, tell in (
        ("Log", report.log, _log),
        ("Pairing", report.log, lambda log: _pairing(log, settings, store_id)),
        ("Battery", report.battery, _battery),
        ("Clock", report.clock, lambda clock: _clock(clock, utc_ms)),
    ):
        found += _told(name, part, tell)
    return [*found, _broker(report.broker) if broker_asked else BROKER_NOT_ASKED]


def to_json(report: Report, found: list[Finding]) -> str:
    shown = {
        "good": all(one.good for one in found),
        "report": report.model_dump(mode="json"),
        "findings": [{"name": one.name, "good": one.good, "words": one.words} for one in found],
    }
    return json.dumps(shown)


def _told(name: str, part: Any, tell: Callable[[Any], tuple[bool, str]]) -> Iterator[Finding]:
    """A finding on a part that was looked at; of one that failed only the first name it has says so."""
    if isinstance(part, Failed):
        if name != "Pairing":
            yield Finding(name, False, f"could not be looked at: {part.text or part.error}")
    elif part is not None:
        yield Finding(name, *tell(part))


def _firmware(report: Report) -> Finding:
    words = f"{report.pod}, {report.interpreter}, firmware {report.firmware}"
    ours = ".".join(str(number) for number in FIRMWARE_VERSION)
    if report.firmware != ours:
        return Finding(
            "Pod", False, f"{words}; this host has firmware {ours}: `strideload pod install` puts it on"
        )
    return Finding("Pod", True, words)


def _settings(settings: PodSettings | Failed) -> Finding:
    if isinstance(settings, Failed):
        return Finding("Settings", False, f"{settings.text}: correct it in settings.toml (docs/pod.md)")
    return Finding("Settings", True, f"{settings.chip}, {settings.odr_hz} Hz, +-{settings.range_g} g")


# The chip

WIRING: Final = (
    "look at its four wires (3V3, GND, SDA, SCL) and, with an own bus, at the pins in settings.toml"
)


def _chip(chip: ChipReport | Failed | None, settings: PodSettings) -> list[Finding]:
    if chip is None:
        return []
    if isinstance(chip, Failed):
        return [Finding("Chip", False, _chip_failed(chip, settings))]
    return [
        Finding("Chip", True, f"identity 0x{chip.identity:02x}, {chip.temperature_c} degrees C"),
        Finding("1 g", *_rest(chip, settings)),
        Finding("Noise", *_noise(chip, settings)),
        Finding("Rate", *_rate(chip, settings)),
    ]


def _chip_failed(chip: Failed, settings: PodSettings) -> str:
    if "/dev/i2c-" in chip.text:
        return f"this computer has no such I2C bus ({chip.text}): turn I2C on, or set STRIDELOAD_I2C_BUS"
    if chip.error in ("BusError", "BusStuck", "OSError"):
        return f"it does not answer ({chip.text}): {WIRING}"
    if chip.error == "WrongChip" or (chip.error == "ImuError" and settings.chip in chip.text):
        parts = " or ".join(WHO_AM_I)
        return f"{chip.text}: another chip is there than STRIDELOAD_CHIP says; this firmware reads {parts}"
    return (
        f"it answers, but not as it should ({chip.text}): take the power away and check again; then {WIRING}"
    )


def _rest(chip: ChipReport, settings: PodSettings) -> tuple[bool, str]:
    words = f"{chip.rest_mg} mg at rest"
    if chip.noise_ug > MOVED_MG * 1000:
        return False, f"{words}, but it was moved: lay the pod on a table and check again"
    if REST_MG[0] <= chip.rest_mg <= REST_MG[1]:
        return True, words
    if (other := _swapped(chip.rest_mg, settings)) is not None:
        return False, (
            f"{words}: the chip is {other}, and the settings say {settings.chip}. Set STRIDELOAD_CHIP to {other} "
            "in settings.toml; what was recorded until now has wrong peaks"
        )
    return (
        False,
        f"{words}, where 1000 belong: the chip is damaged, or strained by its solder; use another one",
    )


def _swapped(rest_mg: int, settings: PodSettings) -> str | None:
    """The part that shows so much at rest where the settings say another. Full scale of the one is half the other's."""
    part = settings.chip
    if TWICE_MG[0] <= rest_mg <= TWICE_MG[1] and part == "LSM6DSO32":
        return "LSM6DSOX"
    if HALF_MG[0] <= rest_mg <= HALF_MG[1] and part == "LSM6DSOX":
        return "LSM6DSO32"
    return None


def _noise(chip: ChipReport, settings: PodSettings) -> tuple[bool, str]:
    noise_mg = chip.noise_ug / 1000
    figure_mg = NOISE_MG.get(settings.range_g, max(NOISE_MG.values()))
    words = f"{noise_mg:.1f} mg RMS; the data sheet has {figure_mg:.1f}"
    if noise_mg == 0:
        return (
            False,
            "0 mg: the samples never change, so it measures nothing. Take the power away and check again",
        )
    if noise_mg > MOVED_MG:
        return False, f"{words}: it was moved; lay the pod on a table and check again"
    if noise_mg > NOISE_TIMES * figure_mg:
        return False, f"{words}: keep it still, and away from motors; then look at its supply"
    return True, words


def _rate(chip: ChipReport, settings: PodSettings) -> tuple[bool, str]:
    measured_hz, rate_hz = chip.measured_mhz / 1000, chip.rate_mhz / 1000
    words = f"{measured_hz:.1f} Hz by the board's clock, {rate_hz:.1f} by the chip's own trim"
    if chip.lost or chip.bad_words:
        return False, (
            f"{words}; {chip.lost} samples lost and {chip.bad_words} spoilt within two seconds: the bus is too slow or "
            "disturbed. 400 kHz and short wires are needed"
        )
    if abs(measured_hz / rate_hz - 1) > RATE_OFF if rate_hz else True:
        return (
            False,
            f"{words}: they must agree to {RATE_OFF:.0%}. Check again; then use another chip or board",
        )
    return True, words


# What is beside it


def _log(log: LogReport) -> tuple[bool, str]:
    hours = log.free_pages / PAGES_AN_HOUR
    words = f"{log.log}, room for {hours:.1f} hours of running, {log.waiting} pages wait for the host"
    if hours < HOURS_LOW:
        return False, f"{words}: let it sync with the host, or `strideload import` its log"
    return True, words


def _pairing(log: LogReport, settings: PodSettings, store_id: str | None) -> tuple[bool, str]:
    paired = settings.store or log.store
    if paired is None:
        return False, "with no host, so it forgets nothing and fills up: `strideload pod install` pairs it"
    if store_id is not None and paired != store_id:
        return False, (
            f"with another host (store {paired[:8]}...): `strideload pod install --replace` pairs it with this one"
        )
    return True, "with this host" if store_id is not None else f"with store {paired[:8]}..."


def _battery(battery: BatteryReport) -> tuple[bool, str]:
    if battery.mv is None:
        return True, "not measured on this board"
    if battery.mv < BATTERY_LOW_MV:
        return False, f"{battery.mv} mV: charge it"
    return True, f"{battery.mv} mV"


def _clock(clock: ClockReport, utc_ms: int | None) -> tuple[bool, str]:
    if clock.utc_ms is None:
        return True, "it does not know the time yet; the host tells it when it syncs"
    if utc_ms is None:
        return True, "it knows the time"
    off_ms = clock.utc_ms - utc_ms
    if abs(off_ms) > CLOCK_OFF_MS:
        return (
            False,
            f"{off_ms / 1000:+.0f} s off this computer's: runs would be dated wrongly. Look at both clocks",
        )
    return True, "as this computer's"


def _broker(broker: BrokerReport | Failed | None) -> Finding:
    if broker is None:
        return Finding("Broker", True, "none in its settings: its pages come by `strideload import`")
    if isinstance(broker, Failed):
        return Finding(
            "Broker",
            False,
            f"it does not let the pod in ({broker.text or broker.error}): is `strideload up --lan` running, and are "
            "Wi-Fi, name and password right?",
        )
    return Finding("Broker", True, f"let the pod in within {broker.connected_ms} ms")
