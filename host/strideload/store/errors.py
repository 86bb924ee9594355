"""What can go wrong with the store. After any of these nothing of the call was stored."""

from strideload.errors import StrideloadError


class StoreError(StrideloadError):
    """The database refused, or cannot be opened."""


class StoreFull(StoreError):
    """The disk is full, or the database has reached its limit."""


class StoreBusy(StoreError):
    """Another process held the database for longer than we wait."""


class StoreFailed(StoreError):
    """The database, or the way to it, does not work; whoever asked is not to blame."""


class StoreOutdated(StoreError):
    """Another process has stored the same, or erased it, since we last looked."""


class StoreRefused(StoreError):
    """The database does not take these values, however often it is asked."""
