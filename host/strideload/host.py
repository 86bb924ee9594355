"""What one folder's host is made of: store, broker and collector, opened together and closed in the right order."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from strideload.collect.broker import Broker, start_broker
from strideload.collect.collector import Collector
from strideload.errors import StrideloadError
from strideload.home.ledger import lies_at_broker
from strideload.settings import Settings
from strideload.store import Store, open_store
from strideload.store.people import SINCE_EVER

LOCK_NAME = "host.lock"
BROKER_FOLDER = "broker"
HOME_FOLDER = "home"


class HostRunning(StrideloadError):
    """Another process collects into this folder."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        super().__init__(f"{folder} is in use by another strideload{f' (process {pid})' if pid else ''}.")
        self.folder = folder
        self.pid = pid


@dataclass(frozen=True)
class Host:
    """A running host. The collector works in threads of its own until the host is closed."""

    settings: Settings
    store: Store
    broker: Broker
    collector: Collector


@contextmanager
def open_host(settings: Settings, *, lan: bool = False) -> Iterator[Host]:
    """Store, broker and collector of the settings' folder. HostRunning, StoreError, BrokerError."""
    make_folder(settings)
    with ExitStack() as stack:
        stack.enter_context(held(settings.folder))
        store = stack.enter_context(open_home(settings))
        clears_homes = lies_at_broker(settings.folder / HOME_FOLDER)
        broker = stack.enter_context(
            start_broker(settings, settings.folder / BROKER_FOLDER, lan=lan, clears_homes=clears_homes)
        )
        collector = Collector(store, broker.address, trust_clock=settings.clock.trust)
        collector.start()
        stack.callback(collector.stop)
        yield Host(settings, store, broker, collector)


def make_folder(settings: Settings) -> None:
    """The state folder, made when it is missing. StrideloadError: it cannot be."""
    try:
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StrideloadError(f"{settings.folder} cannot be made: {error.strerror}.") from error


def open_home(settings: Settings) -> Store:
    """The store of the settings, with their runner, who is made when there is none. StoreError."""
    store = open_kept(settings)
    if store.accounts.find(settings.runner.id) is None:
        store.ensure_runner(settings.runner.id, settings.runner.name, settings.time_zone())
    return store


def open_kept(settings: Settings) -> Store:
    """The store of the settings with the runners that it has; none is made. StoreError.

    The settings' runner is at home in their time zone, and a name in them goes before the one that was given on the
    page.
    """
    store = open_store(settings.store_url())
    runner = settings.runner
    if store.accounts.find(runner.id) is None:
        return store
    if "name" in runner.model_fields_set:
        store.ensure_runner(runner.id, runner.name, settings.time_zone())
    if runner.time_zone is not None:
        store.set_zone(runner.id, SINCE_EVER, runner.time_zone)
    return store


def is_running(folder: Path) -> bool:
    """True while a process collects into this folder."""
    try:
        with held(folder):
            return False
    except HostRunning:
        return True
    except FileNotFoundError:
        return False


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Be the only one that collects into this folder. HostRunning: another does.

    The kernel lets go of the lock when the process ends, however it ends.
    """
    with open(folder / LOCK_NAME, "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise HostRunning(folder, _pid_in(file)) from None
        if os.geteuid() == 0:  # as root, the folder is somebody else's, who is to open this too
            owner = folder.stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.truncate(0)
        json.dump({"pid": os.getpid()}, file)
        file.flush()
        yield


def _pid_in(file: IO[str]) -> int | None:
    file.seek(0)
    try:
        return int(json.load(file)["pid"])
    except (ValueError, KeyError, TypeError):
        return None
