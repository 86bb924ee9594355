"""A runner's days as an encrypted file, for the command `strideload share`."""

import time
from datetime import date, timedelta
from pathlib import Path

from strideload import whole_file
from strideload.load.zones import FIRST_DAY
from strideload.page_doors import StoreDays
from strideload.runners import require_known
from strideload.store import Store
from strideload.web.pages.account import SHARED_DAYS
from strideload.web.pages.sharing import sealed_days

ONE_DAY = timedelta(days=1)


def write(
    store: Store, runner: str, first: date | None, last: date | None, passphrase: str, file: Path
) -> str:
    """-> what was written, in words. None: six weeks, or as far as days go, up to today. StrideloadError."""
    require_known(store, runner)
    days = StoreDays(store, runner)
    last = last or days.today()
    first = first or max(last - (SHARED_DAYS - 1) * ONE_DAY, FIRST_DAY)
    sealed = sealed_days(store, days, runner, first, last, passphrase, time.time_ns() // 1000)
    whole_file.write(file, [sealed])
    return f"{file}: {first} to {last}, encrypted. Any browser opens it with the passphrase; tell that by another way."
