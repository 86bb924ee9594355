"""A part of the store: one matter, in the store's own transactions."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import sqlalchemy as sa

Turn = Callable[[], AbstractContextManager[sa.Connection]]


class Part:
    """Each of its methods is one transaction. Errors: StoreError and its children; then nothing was stored."""

    def __init__(self, reading: Turn, writing: Turn, erasing: Turn) -> None:
        self._reading = reading
        self._writing = writing
        self._erasing = erasing  # writes, and leaves no bytes of what it deletes
