"""A log's pages go to the store as a pod sends them: by the firmware's sync, until all is acknowledged."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from strideload.collect.address import Address
from strideload.collect.broker import address_of_running
from strideload.errors import StrideloadError
from strideload.host import BROKER_FOLDER, HostRunning, open_home, open_host
from strideload.progress import Advance
from strideload.settings import Settings
from strideload.store import Store
from strideload.store.intake import CONFLICT
from strideload_pod.boards.on_linux import Files, PahoClient
from strideload_pod.log import Log
from strideload_pod.page import STREAM_STEPS
from strideload_pod.sync import Sync

CAPACITY_PAGES = 1 << 20
STUCK_S = 30.0  # without any new acknowledgement
POLL_S = 0.002


class NotDelivered(StrideloadError):
    """Nobody acknowledged: is the collector running and its store writable?"""


@dataclass(frozen=True)
class Receiver:
    """A store, and the broker over which its collector is reached."""

    store: Store
    address: Address


@dataclass(frozen=True)
class Delivered:
    """`pages` were acknowledged; `stored` were new to the store, `conflicts` are there with other bytes."""

    pages: int
    stored: int
    conflicts: int


@contextmanager
def receiver_for(settings: Settings) -> Iterator[Receiver]:
    """The host that collects into this folder already, or one of our own for as long as it is needed."""
    try:
        with open_host(settings) as host:
            yield Receiver(host.store, host.broker.address)
    except HostRunning:
        with open_home(settings) as store:
            yield Receiver(store, address_of_running(settings, settings.folder / BROKER_FOLDER))


def deliver(receiver: Receiver, uid: bytes, files: Files, advance: Advance) -> Delivered:
    """Send the log in `files` until the store has acknowledged all of it, then derive. NotDelivered."""
    log = Log(files, uid, CAPACITY_PAGES, lambda: random.getrandbits(32))
    log.pair(receiver.store.store_id)
    before, conflicts_before = receiver.store.page_count(uid.hex(), log.id), _conflicts(receiver.store)
    address = receiver.address
    client = PahoClient(
        address.host,
        address.port,
        client_id=f"strideload-{uid.hex()}-{random.getrandbits(32):08x}",
        user=address.user,
        password=address.password,
        ca_file=address.ca_file and str(address.ca_file),
    )
    sync = Sync(log, client, dict, lambda: random.getrandbits(32))
    try:
        _until_drained(sync, log, advance)
    finally:
        sync.close()
    receiver.store.derive()
    pages = log.next(STREAM_STEPS) - log.oldest(STREAM_STEPS)
    stored = receiver.store.page_count(uid.hex(), log.id) - before
    return Delivered(pages, stored, _conflicts(receiver.store) - conflicts_before)


def _conflicts(store: Store) -> int:
    return store.rejections().get(CONFLICT, 0)


def _until_drained(sync: Sync, log: Log, advance: Advance) -> None:
    began_s = moved_s = time.monotonic()
    wanted = -1
    while not sync.drained:
        sync.step(int((time.monotonic() - began_s) * 1000))
        if log.wanted(STREAM_STEPS) != wanted:
            wanted = log.wanted(STREAM_STEPS)
            moved_s = time.monotonic()
            advance(wanted / max(1, log.next(STREAM_STEPS)))
        if time.monotonic() - moved_s > STUCK_S:
            raise NotDelivered(
                f"no acknowledgement for {STUCK_S:.0f} s after {max(0, wanted)} of {log.next(STREAM_STEPS)} pages. "
                "`strideload doctor` looks at broker and store."
            )
        time.sleep(POLL_S)
