"""A host in the foreground: broker, collector, store and page, until it is told to stop."""

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from strideload import __version__, logs
from strideload.host import Host, open_host
from strideload.page_doors import CollectorLive, HostWatch, StoreDays
from strideload.service.notify import Notifier
from strideload.settings import Settings
from strideload.web.app import make_app
from strideload.web.serve import Server, serve

Say = Callable[[str], None]

LOOPBACK = "127.0.0.1"
TROUBLE_EVERY_S = 1.0
WELL = "All is well."
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # SIGHUP: the terminal was closed

log = logging.getLogger(__name__)


def up(settings: Settings, *, port: int | None, lan: bool, level: logs.Level | None, say: Say) -> None:
    """Run until SIGINT or SIGTERM. HostRunning, BrokerError, StoreError, PortBusy.

    As a service it tells systemd that it is ready, that it lives, and what troubles it.
    """
    logs.set_up(level or settings.log.level)
    systemd = Notifier()
    with told_to_stop() as stop, open_host(settings, lan=lan) as host, open_page(host, port) as server:
        log.info("Strideload %s is up: page %s, broker %s", __version__, server.url, _broker_in_words(host))
        if not logs.is_journal(sys.stdout.fileno()):
            say(f"Page     {server.url}")
            say(f"Broker   {_broker_in_words(host)}")
            say(f"Store    {host.store.store_id} in {settings.folder}")
            say("Ctrl-C ends it.")
        systemd.tell("READY=1", f"STATUS={WELL}")
        trouble = None
        while not stop.wait(TROUBLE_EVERY_S):
            if host.collector.trouble != trouble:
                trouble = host.collector.trouble
                _log_trouble(trouble)
                systemd.tell(f"STATUS={trouble or WELL}")
            if host.collector.alive() and server.alive():
                systemd.tell("WATCHDOG=1")
        systemd.tell("STOPPING=1")
        log.info("stopping")
    log.info("stopped")


def _log_trouble(trouble: str | None) -> None:
    if trouble is None:
        log.info("all is well again")
    else:
        log.warning("%s", trouble)


def open_page(host: Host, port: int | None) -> Server:
    """Serve the page of a host on this computer; None: the port of the settings."""
    app = make_app(
        StoreDays(host.store, host.settings.runner.id),
        CollectorLive(host.store, host.collector),
        watch=HostWatch(host),
    )
    return serve(app, LOOPBACK, host.settings.web.port if port is None else port)


@contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """An event that STOP_SIGNALS set, while in the context."""
    event = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        event.set()

    before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _broker_in_words(host: Host) -> str:
    broker = host.broker
    address = broker.address
    words = f"{broker.kind} at {address.host}:{address.port}"
    if broker.lan_port is not None:
        return f"{words}; pods on the network by TLS at port {broker.lan_port}, certificate {broker.ca_file}"
    return words if broker.kind == "own" else f"{words}, for this computer only"
