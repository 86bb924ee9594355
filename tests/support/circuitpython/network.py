"""wifi, socketpool and ssl over the computer's own sockets: with send and recv_into only, few, in small pieces."""

from __future__ import annotations

import errno
import ipaddress
import select
import socket as real_socket
import ssl as real_ssl
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .machine import Machine

SOCKETS_LIMIT = 8  # RP2040
SEND_LIMIT = 2920  # two segments of TCP: what lwIP takes at once
CERT_VERIFY_FAILED = -0x2700  # mbedTLS


class Radio:
    """wifi.radio."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._enabled = True
        self._name: str | None = None
        self.sockets: list[Socket] = []
        self.pools = 0
        self.joins = 0

    @property
    def enabled(self) -> bool:
        return self._enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        self._enabled = value
        if not value:
            self._name = None
            for found in list(self.sockets):
                found.close()

    @property
    def connected(self) -> bool:
        return self._enabled and self._name in self._machine.access_points

    def connect(
        self,
        ssid: str,
        password: str = "",
        *,
        channel: int = 0,
        bssid: bytes | None = None,
        timeout: float | None = None,
    ) -> None:
        if not self._enabled:
            raise RuntimeError("WiFi is not enabled")
        if password and not 8 <= len(password) <= 64:
            raise ValueError("password length must be 8-64")
        self.joins += 1
        if ssid not in self._machine.access_points:
            raise ConnectionError("No network with that ssid")
        if self._machine.access_points[ssid] != password:
            raise ConnectionError("Authentication failure")
        self._name = ssid


class Socket:
    """socketpool.Socket: TCP. What CircuitPython's has not, this has not: read, write, recv, makefile, fileno."""

    __slots__ = ("_machine", "_real", "_timeout", "type")

    def __init__(self, machine: Machine) -> None:
        if len(machine.radio.sockets) >= SOCKETS_LIMIT:
            raise RuntimeError("Out of sockets")
        self._machine = machine
        self._real: Any = real_socket.socket(real_socket.AF_INET, real_socket.SOCK_STREAM)
        self._timeout: float | None = None
        self.type = 1
        machine.radio.sockets.append(self)

    def settimeout(self, value: float | None) -> None:
        self._timeout = value

    def connect(self, address: tuple[str, int]) -> None:
        self._need_network()
        if address[0] in self._machine.unreachable:
            raise OSError(errno.ETIMEDOUT, "ETIMEDOUT")
        self._real.settimeout(self._timeout)
        try:
            self._real.connect(address)
        except TimeoutError:
            raise OSError(errno.ETIMEDOUT, "ETIMEDOUT") from None
        self._real.setblocking(False)

    def send(self, data: Any) -> int:
        self._need_network()
        self._wait(write=True)
        return self._try(lambda: self._real.send(memoryview(data)[:SEND_LIMIT]))

    def recv_into(self, buffer: Any, bufsize: int = 0) -> int:
        if bufsize > len(buffer):
            raise ValueError("buffer too small for requested bytes")
        view = memoryview(buffer)[: bufsize or len(buffer)]
        if not len(view):
            return 0
        self._need_network()
        self._wait(write=False)
        return self._try(lambda: self._real.recv_into(view))

    def close(self) -> None:
        self._real.close()
        if self in self._machine.radio.sockets:
            self._machine.radio.sockets.remove(self)

    def _need_network(self) -> None:
        if self._real.fileno() < 0:
            raise OSError(errno.EBADF, "EBADF")
        if not self._machine.radio.connected:
            raise OSError(errno.ENOTCONN, "ENOTCONN")

    def _wait(self, *, write: bool) -> None:
        if self._timeout != 0:
            descriptors = [self._real]
            found = select.select(
                [] if write else descriptors, descriptors if write else [], [], self._timeout
            )
            if not (found[0] or found[1]):
                raise OSError(errno.ETIMEDOUT, "ETIMEDOUT")

    def _try(self, call: Any) -> int:
        try:
            return call()
        except BlockingIOError:
            raise OSError(errno.EAGAIN, "EAGAIN") from None


class SSLSocket:
    """TLS as mbedTLS does it: names only, no addresses; the handshake is part of `connect`."""

    def __init__(self, context: real_ssl.SSLContext, sock: Socket, name: str | None) -> None:
        self._context = context
        self._sock = sock
        self._name = name
        self._tls: Any = None

    def settimeout(self, value: float | None) -> None:
        self._sock.settimeout(value)

    def connect(self, address: tuple[str, int]) -> None:
        self._sock.connect(address)
        if self._context.verify_mode != real_ssl.CERT_NONE and _is_address(self._name):
            raise OSError(CERT_VERIFY_FAILED, "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED")
        real = self._sock._real
        real.settimeout(self._sock._timeout)
        try:
            self._tls = self._context.wrap_socket(real, server_hostname=self._name)
        except real_ssl.SSLError as error:
            raise OSError(CERT_VERIFY_FAILED, str(error)) from None
        except TimeoutError:
            raise OSError(errno.ETIMEDOUT, "ETIMEDOUT") from None
        self._sock._real = self._tls
        self._tls.setblocking(False)

    def send(self, data: Any) -> int:
        self._sock._need_network()
        return self._try(lambda: self._tls.send(memoryview(data)[:SEND_LIMIT]))

    def recv_into(self, buffer: Any, bufsize: int = 0) -> int:
        self._sock._need_network()
        return self._try(lambda: self._tls.recv_into(memoryview(buffer)[: bufsize or len(buffer)]))

    def close(self) -> None:
        self._sock.close()

    def _try(self, call: Any) -> int:
        assert self._sock._timeout == 0, "after the handshake the firmware waits by itself"
        try:
            return call()
        except (real_ssl.SSLWantReadError, real_ssl.SSLWantWriteError):
            raise OSError(errno.EAGAIN, "EAGAIN") from None
        except real_ssl.SSLEOFError:
            return 0


def _is_address(name: str | None) -> bool:
    try:
        ipaddress.ip_address(name or "")
    except ValueError:
        return False
    return True


def socketpool_module(machine: Machine) -> ModuleType:
    from .machine import module

    class SocketPool:
        AF_INET = 2
        SOCK_STREAM = 1

        class gaierror(OSError):
            pass

        def __init__(self, radio: Radio) -> None:
            radio.pools += 1
            if radio.pools > 1:
                raise RuntimeError("Only one SocketPool can be created for each radio")

        def socket(self, family: int = 2, type: int = 1, proto: int = 0) -> Socket:
            return Socket(machine)

        def getaddrinfo(
            self, host: str, port: int, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
        ) -> list[Any]:
            if not machine.radio.connected:
                raise self.gaierror(-2, "Name or service not known")
            address = machine.names.get(host, host)
            if not _is_address(address):
                raise self.gaierror(-2, "Name or service not known")
            return [(2, 1, 0, "", (address, port))]

    return module("socketpool", SocketPool=SocketPool)


def ssl_module(machine: Machine) -> ModuleType:
    from .machine import module

    class SSLContext:
        def __init__(self) -> None:
            self._real = real_ssl.SSLContext(real_ssl.PROTOCOL_TLS_CLIENT)

        def load_verify_locations(
            self, cafile: str | None = None, capath: str | None = None, cadata: str | None = None
        ) -> None:
            if cafile is not None or capath is not None:
                raise NotImplementedError("cafile")
            if not isinstance(cadata, str):
                raise TypeError("can't convert to str")
            if cadata == "":
                self._real.check_hostname = False
                self._real.verify_mode = real_ssl.CERT_NONE  # as the real one does: nothing to verify with
            else:
                self._real.load_verify_locations(cadata=cadata)

        def wrap_socket(
            self, sock: Socket, *, server_side: bool = False, server_hostname: str | None = None
        ) -> SSLSocket:
            if not isinstance(sock, Socket):
                raise TypeError("no socket of socketpool")
            return SSLSocket(self._real, sock, server_hostname)

    return module("ssl", create_default_context=SSLContext, SSLContext=SSLContext)
