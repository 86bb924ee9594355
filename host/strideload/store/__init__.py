"""Pages verbatim, and what is derived from them. The only part that speaks SQL."""

from strideload.store.database import PodRow, Store, open_store
from strideload.store.errors import StoreBusy, StoreError, StoreFailed, StoreFull
from strideload.store.intake import Outcome, Received
from strideload.store.wanting import Wanted

__all__ = [
    "Outcome",
    "PodRow",
    "Received",
    "Store",
    "StoreBusy",
    "StoreError",
    "StoreFailed",
    "StoreFull",
    "Wanted",
    "open_store",
]
