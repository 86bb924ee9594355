"""Pods in words: their names, and how far their settings have come; the same on the page and in the terminal."""

from collections.abc import Mapping
from typing import Any

from strideload.web.doors import SettingsNow
from strideload.words.numbers import THIN_SPACE, duration, number

# By the names of `PodSettings`; what stands at {} is the value.
SETTINGS = {
    "odr_hz": f"rate {{}}{THIN_SPACE}Hz",
    "range_g": f"range ±{{}}{THIN_SPACE}g",
    "gyro_dps": f"rotation ±{{}}{THIN_SPACE}°/s",
    "recording": "recording {}",
}
SWITCHES = {
    "raw": {True: "raw samples kept", False: "no raw samples"},
    "raw_gives_way": {
        True: "raw samples go before steps",
        False: "raw samples stay as long as steps",
    },
}
NO_ROTATION = "no rotation"
OWN_SETTINGS = "its own settings.toml"


def pod_name(pod: str, foot: str) -> str:
    """ "left pod", or the pod's last four digits while its foot is not known."""
    return f"{foot} pod" if foot in ("left", "right") else f"pod {pod[-4:]}"


def last_heard(ago_s: float | None) -> str:
    return "it was never heard" if ago_s is None else f"last heard {duration(ago_s)} ago"


def settings(wanted: Mapping[str, Any]) -> str:
    """ "rate 833 Hz, range ±32 g" of `PodSettings.as_dict`."""
    parts = [_setting(name, value) for name, value in wanted.items() if name != "cue"]
    if wanted.get("cue"):
        parts.append(f"cue at {spm(wanted['cue']['target_cspm'])}")
    return ", ".join(parts) or OWN_SETTINGS


def not_taken(name: str, now: SettingsNow) -> str | None:
    """Why what a pod is to have does not hold yet; None: it does."""
    which = f"settings {now['version']} ({settings(now['wanted'])})"
    if now["status"] == "refused":
        return f"The {name} refused its {which}: {(now['refused'] or '').rstrip('.')}. The former ones hold."
    if now["status"] == "pending":
        return f"The {name} has not confirmed its {which} yet. It takes them within seconds, or when it next connects."
    return None


def standing(name: str, now: SettingsNow) -> str:
    """A sentence in any case."""
    return not_taken(name, now) or (
        f"The {name} has its settings {now['version']} ({settings(now['wanted'])})."
    )


def spm(cspm: int) -> str:
    """1/100 step a minute -> "172.5 steps/min"."""
    return f"{number(cspm / 100, 1)}{THIN_SPACE}steps/min"


def _setting(name: str, value: Any) -> str:
    if name in SWITCHES:
        return SWITCHES[name][value]
    return NO_ROTATION if name == "gyro_dps" and value == 0 else SETTINGS[name].format(value)
