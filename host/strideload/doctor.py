"""Looks at what a host needs, and says in words what is wrong and what to do."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from strideload.errors import StrideloadError
from strideload.settings import Settings, load_settings

FREE_BYTES_LEAST = 200_000_000  # a year of daily running in pages is about 70 MB a pod


@dataclass(frozen=True)
class Finding:
    """One thing looked at. A finding that is not good says what to do, and so does a warning: there is no fault, and
    something that a host does otherwise is not done.
    """

    name: str
    good: bool
    words: str
    warning: bool = False


def examine(folder: Path | None) -> list[Finding]:
    """Look at everything; one thing that is broken hides none of the others."""
    try:
        settings = load_settings(folder)
    except StrideloadError as error:
        return [Finding("Settings", False, str(error))]
    findings = [_finding("Settings", lambda: _settings(settings))]
    for name, look in _looks(settings):
        findings.append(_finding(name, look))
    return findings


def in_words(findings: list[Finding]) -> str:
    """A line each, and a sentence of conclusion."""
    width = max(len(finding.name) for finding in findings)
    lines = [f"{_mark(finding):<4}  {finding.name:<{width}}  {finding.words}" for finding in findings]
    lines.append(_conclusion(findings))
    return "\n".join(lines)


def _mark(finding: Finding) -> str:
    if not finding.good:
        return "BAD"
    return "warn" if finding.warning else "ok"


def _conclusion(findings: list[Finding]) -> str:
    bad = sum(not finding.good for finding in findings)
    warnings = sum(finding.good and finding.warning for finding in findings)
    warned = f"{warnings} {'warning' if warnings == 1 else 'warnings'}"
    if bad:
        return f"{bad} of {len(findings)} need attention{f'; {warned} besides' if warnings else ''}."
    return f"Nothing is broken; {warned}." if warnings else "Everything that was looked at is well."


def to_json(findings: list[Finding]) -> str:
    return json.dumps({"good": all(f.good for f in findings), "findings": [asdict(f) for f in findings]})


class Bad(Exception):
    """Raised by a look: what is wrong, in words."""


class Warned(Exception):
    """Raised by a look: what is no fault, and is to be known."""


def _finding(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, look())
    except Warned as warning:
        return Finding(name, True, str(warning), warning=True)
    except (Bad, StrideloadError) as error:
        return Finding(name, False, str(error))
    except OSError as error:
        return Finding(name, False, f"{error.filename or ''}: {error.strerror or error}".removeprefix(": "))


def _looks(settings: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "Python", _python
    yield "Folder", lambda: _folder(settings)
    yield "Store", lambda: _store(settings)
    yield "Pods", lambda: _pods(settings)
    yield "Broker", lambda: _broker(settings)
    yield "Clock", lambda: _clock(settings)


def _python() -> str:
    if sys.maxsize <= 2**32:
        raise Bad("this Python is 32-bit, for which numpy has no wheels: use a 64-bit system")
    return sys.version.split()[0]


def _settings(settings: Settings) -> str:
    return f"runner {settings.runner.id}, time zone {settings.time_zone()}"


def _folder(settings: Settings) -> str:
    folder = settings.folder
    if not folder.exists():
        return f"{folder} is made at the first `strideload up`"
    probe = folder / ".doctor"
    probe.write_bytes(b"")
    probe.unlink()
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES_LEAST:
        raise Bad(f"{folder} has {free / 1e6:.0f} MB free; pods keep their pages when it is full. Make room")
    return f"{folder}, {free / 1e9:.1f} GB free"


def _store(settings: Settings) -> str:
    from strideload.store import open_store

    where = settings.store_url()
    if isinstance(where, Path) and not where.exists():
        return "none yet"
    with open_store(where) as store:
        store.check()
        aside = sum(store.rejections().values())
        nobody = "" if store.runners() else ", no runner yet"
        return f"{store.store_id}, {store.page_count()} pages, {aside} kept aside{nobody}"


def _pods(settings: Settings) -> str:
    from strideload.pod_settings import known_pods
    from strideload.store import open_store
    from strideload.words.pods import pod_name, standing

    where = settings.store_url()
    if isinstance(where, Path) and not where.exists():
        return "none yet"
    with open_store(where) as store:
        pods = known_pods(store)
    said = [standing(pod_name(pod.pod, pod.foot), pod.settings) for pod in pods if pod.settings]
    if any(pod.settings and pod.settings["status"] == "refused" for pod in pods):
        raise Bad(" ".join(said))
    return " ".join([f"{len(pods)} known.", *said])


def _broker(settings: Settings) -> str:
    from strideload.collect import mosquitto
    from strideload.collect.address import refusal
    from strideload.collect.broker import own_address

    if settings.broker.host is not None:
        address = own_address(settings, settings.broker.host)
        reason = refusal(address)
        if reason is not None:
            raise Bad(f"your broker at {address.host}:{address.port} does not let us in: {reason}")
        return f"your own at {address.host}:{address.port} answers"
    found = mosquitto.program()
    if settings.broker.managed == "mosquitto" and found is None:
        raise Bad(
            "the settings ask for Mosquitto, and it is not installed (Debian: apt-get install mosquitto)"
        )
    if found is not None and settings.broker.managed != "amqtt":
        return f"managed Mosquitto, {found}"
    return "amqtt, for this computer only; pods on the network need Mosquitto (Debian: apt-get install mosquitto)"


def _clock(settings: Settings) -> str:
    from strideload.collect.clock import synchronised_utc_ms

    if settings.clock.trust:
        return "trusted by the settings; pods take their time from it"
    if synchronised_utc_ms() is None:
        raise Warned(
            "not synchronised, so pods get no time from this computer; set clock.trust if you know that it is right"
        )
    return "synchronised; pods take their time from it"
