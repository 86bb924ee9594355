"""A host in the foreground: broker, collector, store and page, until it is told to stop."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from fastapi import FastAPI

from strideload.collect import certificates
from strideload.collect.certificates import own_names
from strideload.collect.credentials import make_private_folder
from strideload.errors import StrideloadError
from strideload.host import BROKER_FOLDER, Host, open_host
from strideload.page_doors import CollectorLive, StoreDays
from strideload.settings import Settings
from strideload.web.app import Entrance, make_app
from strideload.web.arrival import networks
from strideload.web.doors import Doors
from strideload.web.serve import Server, serve
from strideload.web.shield import LOOPBACK_HOSTS

Say = Callable[[str], None]

LOOPBACK = "127.0.0.1"
TROUBLE_EVERY_S = 1.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # SIGHUP: the terminal was closed


class NoPassword(StrideloadError):
    """The page would be seen by others, and nothing keeps them out."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The page goes on the network only once {name} has a password: `strideload runner password`."
        )


def up(settings: Settings, *, port: int | None, lan: bool, page_lan: bool, say: Say) -> None:
    """Run until SIGINT or SIGTERM. HostRunning, BrokerError, StoreError, ServeError, NoPassword."""
    with told_to_stop() as stop, open_host(settings, lan=lan) as host, ExitStack() as stack:
        if page_lan or settings.web.trusted_proxies:
            require_password(host)
        app = page_of(host, page_lan=page_lan)
        server = stack.enter_context(serve(app, LOOPBACK, settings.web.port if port is None else port))
        say(f"Page     {server.url}")
        if page_lan:
            stack.enter_context(
                serve(app, settings.web.lan_host, settings.web.lan_port, page_certificate(settings))
            )
            say(f"         {_lan_in_words(settings)}")
        say(f"Broker   {_broker_in_words(host)}")
        say(f"Store    {host.store.store_id} in {settings.folder}")
        say("Ctrl-C ends it.")
        trouble = None
        while not stop.wait(TROUBLE_EVERY_S):
            if host.collector.trouble != trouble:
                trouble = host.collector.trouble
                say(trouble or "All is well again.")
        say("Stopping.")


def open_page(host: Host, port: int | None) -> Server:
    """Serve the page of a host on this computer; None: the port of the settings."""
    return serve(page_of(host, page_lan=False), LOOPBACK, host.settings.web.port if port is None else port)


def page_of(host: Host, *, page_lan: bool) -> FastAPI:
    """The page of a host, under the names by which it can be asked."""
    store, web = host.store, host.settings.web
    live = CollectorLive(store, host.collector)
    doors = Doors(store, live, lambda runner: StoreDays(store, runner), host.settings.runner.id)
    own = sorted(own_names()) if page_lan else []
    names = [f"[{name}]" if ":" in name else name for name in (*own, *web.names)]
    entrance = Entrance(
        hosts=(*LOOPBACK_HOSTS, *names),
        proxies=networks(web.trusted_proxies),
        lasting_https=web.lasting_https,
    )
    return make_app(doors, entrance)


def require_password(host: Host) -> None:
    """NoPassword."""
    account = host.store.accounts.find(host.settings.runner.id)
    if account is None or not account.has_password:
        raise NoPassword(account.name if account else host.settings.runner.name)


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
