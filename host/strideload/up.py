"""A host in the foreground: broker, collector, store and page, until it is told to stop."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from strideload.home_doors import telling_homes
from strideload.host import Host, open_host
from strideload.page_doors import CollectorLive, StoreDays
from strideload.settings import Settings
from strideload.web.app import make_app
from strideload.web.serve import Server, serve

Say = Callable[[str], None]

LOOPBACK = "127.0.0.1"
TROUBLE_EVERY_S = 1.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # SIGHUP: the terminal was closed


def up(settings: Settings, *, port: int | None, lan: bool, say: Say) -> None:
    """Run until SIGINT or SIGTERM. HostRunning, BrokerError, StoreError, PortBusy."""
    with ExitStack() as stack:
        stop = stack.enter_context(told_to_stop())
        host = stack.enter_context(open_host(settings, lan=lan))
        server = stack.enter_context(open_page(host, port))
        home = stack.enter_context(telling_homes(host))
        say(f"Page     {server.url}")
        say(f"Broker   {_broker_in_words(host)}")
        say(f"Store    {host.store.store_id} in {settings.folder}")
        if home is not None:
            say(
                f"Home     {settings.home.discovery_prefix}/... for Home Assistant, strideload/... for any other"
            )
        say("Ctrl-C ends it.")
        trouble = None
        while not stop.wait(TROUBLE_EVERY_S):
            found = host.collector.trouble or (home.trouble if home is not None else None)
            if found != trouble:
                trouble = found
                say(trouble or "All is well again.")
        say("Stopping.")


def open_page(host: Host, port: int | None) -> Server:
    """Serve the page of a host on this computer; None: the port of the settings."""
    app = make_app(StoreDays(host.store, host.settings.runner.id), CollectorLive(host.store, host.collector))
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
