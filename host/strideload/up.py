"""A host in the foreground: broker, collector, store and page, until it is told to stop."""

import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from fastapi import FastAPI

from strideload import __version__, logs
from strideload.collect import certificates
from strideload.collect.certificates import own_names
from strideload.collect.credentials import make_private_folder
from strideload.errors import StrideloadError
from strideload.home_doors import telling_homes
from strideload.host import BROKER_FOLDER, Host, open_host
from strideload.page_doors import CollectorLive, HostWatch, StoreDays
from strideload.preparing import preparing
from strideload.service.notify import Notifier
from strideload.settings import Settings
from strideload.web.app import Entrance, make_app
from strideload.web.arrival import networks
from strideload.web.doors import Doors
from strideload.web.serve import Server, serve
from strideload.web.shield import LOOPBACK_HOSTS

Say = Callable[[str], None]

LOOPBACK = "127.0.0.1"
TROUBLE_EVERY_S = 1.0
WELL = "All is well."
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # SIGHUP: the terminal was closed

log = logging.getLogger(__name__)


class NoPassword(StrideloadError):
    """The page would be seen by others, and nothing keeps them out."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The page goes on the network only once {name} has a password: `strideload runner password`."
        )


def up(
    settings: Settings, *, port: int | None, lan: bool, page_lan: bool, level: logs.Level | None, say: Say
) -> None:
    """Run until SIGINT or SIGTERM. HostRunning, BrokerError, StoreError, ServeError, NoPassword.

    As a service it tells systemd that it is ready, that it lives, and what troubles it.
    """
    logs.set_up(level or settings.log.level)
    systemd = Notifier()
    with told_to_stop() as stop, open_host(settings, lan=lan) as host, ExitStack() as stack:
        if page_lan or settings.web.trusted_proxies:
            require_password(host)
        app = page_of(host, page_lan=page_lan)
        server = stack.enter_context(serve(app, LOOPBACK, settings.web.port if port is None else port))
        if page_lan:
            stack.enter_context(
                serve(app, settings.web.lan_host, settings.web.lan_port, page_certificate(settings))
            )
        stack.enter_context(preparing(host.store))
        home = stack.enter_context(telling_homes(host))
        log.info("Strideload %s is up: page %s, broker %s", __version__, server.url, _broker_in_words(host))
        if not logs.is_journal(sys.stdout.fileno()):
            say(f"Page     {server.url}")
            if page_lan:
                say(f"         {_lan_in_words(settings)}")
            say(f"Broker   {_broker_in_words(host)}")
            say(f"Store    {host.store.store_id} in {settings.folder}")
            if home is not None:
                prefix = settings.home.discovery_prefix
                say(f"Home     {prefix}/... for Home Assistant, strideload/... for any other")
            say("Ctrl-C ends it.")
        systemd.tell("READY=1", f"STATUS={WELL}")
        trouble = None
        while not stop.wait(TROUBLE_EVERY_S):
            found = host.collector.trouble or (home.trouble if home is not None else None)
            if found != trouble:
                trouble = found
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


def open_page(host: Host, port: int | None, *, demo: bool = False) -> Server:
    """Serve the page of a host on this computer; None: the port of the settings."""
    page = page_of(host, page_lan=False, demo=demo)
    return serve(page, LOOPBACK, host.settings.web.port if port is None else port)


def page_of(host: Host, *, page_lan: bool, demo: bool = False) -> FastAPI:
    """The page of a host, under the names by which it can be asked. `demo`: it says so on every page."""
    store, web = host.store, host.settings.web
    live = CollectorLive(store, host.collector)
    doors = Doors(
        store,
        live,
        lambda runner: StoreDays(store, runner),
        host.settings.runner.id,
        watch=HostWatch(host),
        demo=demo,
    )
    own = sorted(own_names()) if page_lan else []
    names = [f"[{name}]" if ":" in name else name for name in (*own, *web.names)]
    entrance = Entrance(
        hosts=(*LOOPBACK_HOSTS, *names),
        proxies=networks(web.trusted_proxies),
        lasting_https=web.lasting_https,
    )
    return make_app(doors, entrance)


def require_password(host: Host) -> None:
    """NoPassword: nobody who keeps the house has one."""
    keepers = [account for account in host.store.accounts.all() if account.keeper]
    if not any(account.has_password for account in keepers):
        raise NoPassword(keepers[0].name if keepers else host.settings.runner.name)


def page_certificate(settings: Settings) -> tuple[Path, Path]:
    """Certificate and key of the page: the user's own, else of the house's authority, which pods have as well."""
    own = settings.page_certificate()
    if own is not None:
        return own
    folder = settings.folder / BROKER_FOLDER
    make_private_folder(folder)
    certificates.ensure_certificates(folder, own_names() | set(settings.web.names), certificates.PAGE)
    return folder / certificates.PAGE.file, folder / certificates.PAGE.key_file


def _lan_in_words(settings: Settings) -> str:
    web = settings.web
    name = web.names[0] if web.names else f"{socket.gethostname().partition('.')[0]}.local"
    words = f"https://{name}:{web.lan_port}/ for whoever logs in"
    if settings.page_certificate() is None:
        words += f"; authority {settings.folder / BROKER_FOLDER / certificates.CA_FILE}"
    return words


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
