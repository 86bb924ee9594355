"""Serves the page from a thread: it answers when `serve` returns; its port is free when `stop` returns."""

import errno
import gc
import socket
import ssl
import threading
import time
from functools import cache
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from strideload.errors import StrideloadError
from strideload.web.listening import Listening

Certificate = tuple[Path, Path]  # PEM files of certificate and key

START_LIMIT_S = 10.0
# Requests are short (the page polls), so what still runs after this is a client that does not read.
GRACE_S = 2


class ServeError(StrideloadError):
    """The page cannot be served at this address."""

    def __init__(self, host: str, port: int, reason: str):
        self.host = host
        self.port = port
        super().__init__(f"The page cannot be served at {_netloc(host, port)}: {reason}.")


class PortBusy(ServeError):
    """Another program listens at this port."""

    def __init__(self, host: str, port: int):
        super().__init__(host, port, "another program uses this port; choose another with --port")


class Server:
    """A running web server. `url` is where it answers; `stop` ends it, and so does leaving a `with`."""

    def __init__(self, app: ASGIApp, listening: socket.socket, certificate: Certificate | None = None):
        host, port = listening.getsockname()[:2]
        self.host: str = host
        self.port: int = port
        self.url = f"{'https' if certificate else 'http'}://{_netloc(host, port)}/"
        self._socket = listening
        self._uvicorn = uvicorn.Server(_config(app, certificate))
        self._thread = threading.Thread(
            target=self._uvicorn.run, args=([listening],), name="web", daemon=True
        )

    def start(self) -> None:
        """Returns when the server answers. ServeError when it does not come up."""
        self._thread.start()
        deadline = time.monotonic() + START_LIMIT_S
        while not self._uvicorn.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise ServeError(self.host, self.port, "the web server did not start")
            time.sleep(0.01)

    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Ends the server and frees its port; a second call is no change."""
        self._uvicorn.should_exit = True
        if self._thread.is_alive():
            self._thread.join(GRACE_S + 5)
        self._socket.close()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(
    app: ASGIApp, host: str = "127.0.0.1", port: int = 8080, certificate: Certificate | None = None
) -> Server:
    """Serve `app` in a thread, with a certificate by TLS; port 0 takes a free one. PortBusy, ServeError."""
    if certificate is not None:
        _require_good(host, port, certificate)
    server = Server(app, _listen(host, port), certificate)
    _set_apart_what_stays()
    server.start()
    return server


@cache
def _set_apart_what_stays() -> None:
    """Modules, tables and templates stay for good. The collector does not look through them again each time that it
    looks through all: that is a tenth of a second for whoever waits for a page just then.
    """
    gc.collect()
    gc.freeze()


def _require_good(host: str, port: int, certificate: Certificate) -> None:
    """ServeError: uvicorn, in its thread, would only print it."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*certificate, password=_no_password)
    except (OSError, ValueError) as error:
        raise ServeError(
            host, port, f"certificate {certificate[0]} or its key cannot be used: {error}"
        ) from error


def _no_password() -> str:
    raise ValueError("the key has a password")


def _listen(host: str, port: int) -> Listening:
    """A socket that listens already, so that a busy port is known before anything else starts."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = Listening(family, kind, protocol)
    except OSError as error:
        raise ServeError(host, port, error.strerror or str(error)) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortBusy(host, port) from error
        raise ServeError(host, port, error.strerror or str(error)) from error
    return listening


def _config(app: ASGIApp, certificate: Certificate | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ssl_certfile=certificate[0] if certificate else None,
        ssl_keyfile=certificate[1] if certificate else None,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        proxy_headers=False,  # the gate reads them, of those proxies alone that were named
        log_config=None,  # its words go where all others go
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )


def _netloc(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
