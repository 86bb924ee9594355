"""A pain entry as it comes over MQTT: level, site and moment one by one, then it is sent off.

Anyone who may publish there can send anything: every part is bounded and compared with what may be chosen.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from strideload.home.facts import Answer, PainChoices
from strideload.load.symptoms import PAIN_MOST
from strideload.protocol.topics import PAIN_SEND_PAYLOAD

COMMAND_BYTES: Final = 64
CHOICE: Final = "not one of the choices"
LEVEL: Final = f"not a whole number from 0 to {PAIN_MOST}"
TOO_LONG: Final = f"over {COMMAND_BYTES} bytes"
NOT_SEND: Final = "not the word that sends it"

_LEVEL = re.compile(r"[0-9]{1,2}")


@dataclass(frozen=True)
class Draft:
    """An entry in the making. `answer`: what became of the last command that was answered."""

    level: int | None = None
    site: str | None = None
    moment: str | None = None
    answer: Answer = "none"
    reason: str | None = None
    answered: datetime | None = None


class CommandRefused(Exception):
    """A command that is not understood; `reason` names no word of the sender's."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def with_part(draft: Draft, part: str, payload: bytes, choices: PainChoices) -> Draft:
    """The draft with its level, site or moment set. CommandRefused."""
    text = _text(payload)
    if part == "level":
        if not _LEVEL.fullmatch(text) or int(text) > PAIN_MOST:
            raise CommandRefused(LEVEL)
        return replace(draft, level=int(text))
    known = choices.sites if part == "site" else choices.moments
    if text not in known:
        raise CommandRefused(CHOICE)
    change: dict[str, Any] = {part: text}
    return replace(draft, **change)


def check_send(payload: bytes) -> None:
    """CommandRefused: it is not the word."""
    if _text(payload) != PAIN_SEND_PAYLOAD:
        raise CommandRefused(NOT_SEND)


def after_storing(draft: Draft, now: datetime) -> Draft:
    """Ready for the next: level and moment have to be chosen anew, so that none is entered twice by one press more."""
    return Draft(site=draft.site, answer="stored", answered=now)


def to_choose_anew(draft: Draft) -> Draft:
    """Without what was chosen for a run that is asked about no more."""
    return replace(draft, level=None, moment=None)


def is_begun(draft: Draft) -> bool:
    """Whether what was chosen already is about a run."""
    return draft.level is not None or draft.moment is not None


def _text(payload: bytes) -> str:
    if len(payload) > COMMAND_BYTES:
        raise CommandRefused(TOO_LONG)
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise CommandRefused(CHOICE) from None
