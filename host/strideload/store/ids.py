"""Ids of what a runner says: drawn before it is stored, so that what is sent twice is there once."""

import re
import secrets
from hashlib import blake2b
from typing import Final

PATTERN: Final = "[0-9a-f]{32}"

_ID: Final = re.compile(PATTERN)


def new_id() -> str:
    return secrets.token_hex(16)


def next_id(entry: str) -> str:
    """The id after one that is taken, the same each time: a form that is sent again with another answer has it."""
    return blake2b(entry.encode(), digest_size=16).hexdigest()


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None
