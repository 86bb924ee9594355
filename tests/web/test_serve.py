"""The web server is up when `serve` returns, and its port is free again when `stop` returns."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from strideload.errors import StrideloadError
from strideload.web import listening
from strideload.web.listening import MOST_OF_AN_ADDRESS
from strideload.web.serve import PortBusy, ServeError, serve
from support.ports import free_port
from support.waiting import PATIENCE_S, until


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert {thread for thread in set(threading.enumerate()) - before if thread.name == "web"} == set()


def test_serves_from_the_moment_it_returns() -> None:
    with serve(hello, "127.0.0.1", free_port()) as server:
        assert server.alive()
        assert httpx.get(server.url).text == "hello"
    assert not server.alive()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


def test_one_computer_does_not_hold_all_connections() -> None:
    """Nor so many files that the store opens none; what is closed makes room."""
    with serve(hello, "127.0.0.1", 0) as server:
        held = [socket.create_connection((server.host, server.port)) for _ in range(MOST_OF_AN_ADDRESS)]
        refused = (httpx.RemoteProtocolError, httpx.ReadError, httpx.ConnectError, httpx.WriteError)
        with pytest.raises(refused):
            httpx.get(server.url)
        other = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(transport=other) as client:
            assert client.get(server.url).text == "hello"
        for one in held:
            one.close()

        def is_let_in() -> bool:
            try:
                return httpx.get(server.url).text == "hello"
            except refused:
                return False

        until(is_let_in)


def test_there_is_a_bound_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "MOST", 3)
    with serve(hello, "127.0.0.1", 0) as server:
        made = [
            socket.create_connection((server.host, server.port), source_address=(f"127.0.0.{n}", 0))
            for n in range(1, 5)
        ]
        for one in made:
            one.settimeout(PATIENCE_S)
        assert made[3].recv(1) == b""
        made[0].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert made[0].recv(12) == b"HTTP/1.1 200"
        for one in made:
            one.close()


def test_a_port_can_be_had_again_at_once() -> None:
    port = free_port()
    with serve(hello, "127.0.0.1", port) as first:
        httpx.get(first.url)
    with serve(hello, "127.0.0.1", port) as second:
        assert httpx.get(second.url).text == "hello"


def test_stopping_twice_is_no_change() -> None:
    server = serve(hello, "127.0.0.1", 0)
    server.stop()
    server.stop()
    assert not server.alive()


def test_a_busy_port_is_named_and_the_other_program_stays() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortBusy, match=rf"127\.0\.0\.1:{port}.*--port") as caught:
            serve(hello, "127.0.0.1", port)
        assert (caught.value.host, caught.value.port) == ("127.0.0.1", port)
        socket.create_connection(("127.0.0.1", port)).close()


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_a_clear_error(host: str) -> None:
    with pytest.raises(ServeError, match="cannot be served") as caught:
        serve(hello, host, 0)
    assert isinstance(caught.value, StrideloadError)
    assert not isinstance(caught.value, PortBusy)


def test_ipv6_addresses_are_written_in_brackets() -> None:
    try:
        server = serve(hello, "::1", 0)
    except ServeError as error:
        pytest.skip(str(error))
    with server:
        assert server.url == f"http://[::1]:{server.port}/"
        assert httpx.get(server.url).text == "hello"


def test_an_answer_that_never_ends_does_not_hold_up_the_stop() -> None:
    """A client with an open stream is cut off after the grace."""

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        async def ticks():
            while True:
                yield b"tick\n"
                await asyncio.sleep(0.01)

        await StreamingResponse(ticks())(scope, receive, send)

    with serve(endless, "127.0.0.1", 0) as server, httpx.stream("GET", server.url) as answer:
        assert next(answer.iter_bytes()).startswith(b"tick")
        server.stop()
        assert not server.alive()
