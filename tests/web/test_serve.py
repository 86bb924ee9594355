"""The web server is up when `serve` returns, and its port is free again when `stop` returns."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from strideload.errors import StrideloadError
from strideload.web.serve import PortBusy, ServeError, serve


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert {thread for thread in set(threading.enumerate()) - before if thread.name == "web"} == set()


def test_serves_from_the_moment_it_returns() -> None:
    with serve(hello, "127.0.0.1", 0) as server:
        assert server.alive()
        assert httpx.get(server.url).text == "hello"
    assert not server.alive()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


def test_a_port_can_be_had_again_at_once() -> None:
    with serve(hello, "127.0.0.1", 0) as first:
        httpx.get(first.url)
    with serve(hello, "127.0.0.1", first.port) as second:
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
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 5
