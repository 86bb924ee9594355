"""Ids of what a runner says: drawn before it is stored, so that what is sent twice is there once."""

import re
import secrets
from typing import Final

PATTERN: Final = "[0-9a-f]{32}"

_ID: Final = re.compile(PATTERN)


def new_id() -> str:
    return secrets.token_hex(16)


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None
