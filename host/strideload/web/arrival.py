"""How a request came: from which address, encrypted or not, straight or by a reverse proxy."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Scope

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

# Any of them says that a proxy stands between: such a request is none of this computer's own.
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "via")

UNNAMED = (
    "This came by a reverse proxy that Strideload does not know: name its address in web.trusted_proxies."
)


@dataclass(frozen=True)
class Arrival:
    address: str  # of whoever asks, as far as it can be known
    secure: bool  # encrypted on all of its way over the network
    at_home: bool  # from this computer itself, with nothing between


def networks(texts: Sequence[str]) -> Networks:
    """Addresses, or networks as 192.168.1.0/24. ValueError."""
    return tuple(ip_network(text) for text in texts)


def arrival(scope: Scope, proxies: Networks) -> Arrival:
    """HTTPException 403: over the network without encryption, or by a proxy that nobody named."""
    headers = Headers(scope=scope)
    peer = _address(scope["client"][0]) if scope.get("client") else None
    if peer is not None and any(peer in network for network in proxies):
        return _by_proxy(headers, peer, proxies)
    secure = scope["scheme"] == "https"
    forwarded = any(name in headers for name in FORWARDED)
    at_home = peer is not None and peer.is_loopback and not secure and not forwarded
    if secure and forwarded:
        # Whoever asks by it would all be counted as one, and a proxy may say what it likes.
        raise HTTPException(HTTPStatus.FORBIDDEN, UNNAMED)
    if not secure and not at_home:
        raise HTTPException(HTTPStatus.FORBIDDEN, "Strideload is not shown over the network without HTTPS.")
    return Arrival(str(peer), secure, at_home)


def _by_proxy(headers: Headers, peer: Address, proxies: Networks) -> Arrival:
    if headers.getlist("x-forwarded-proto") != ["https"]:
        raise HTTPException(
            HTTPStatus.FORBIDDEN,
            "The reverse proxy does not say that the request came by HTTPS (X-Forwarded-Proto).",
        )
    # From the right: each proxy adds whom it heard, and what stands left of the last stranger is the stranger's word.
    hops = ",".join(headers.getlist("x-forwarded-for")).split(",")
    asked: Address = peer
    for hop in reversed(hops):
        address = _address(hop.strip())
        if address is None:
            break
        asked = address
        if not any(address in network for network in proxies):
            break
    return Arrival(str(asked), secure=True, at_home=False)


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
