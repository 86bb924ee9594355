"""What every answer carries, so that no other page and no other host can read or frame a runner's days."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A page of another origin that points its own name at 127.0.0.1 (DNS rebinding) is refused by its host name.
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # "no-referrer" would take the origin from our own forms, too
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
ONLY_HTTPS = ("Strict-Transport-Security", "max-age=31536000")
PRIVATE = "no-store"  # a runner's days stay out of every cache
LASTING = "public, max-age=31536000, immutable"  # files whose address names their content


class Shield:
    """Adds the headers to each answer, and `no-store` where a route said nothing about caching."""

    def __init__(self, app: ASGIApp, lasting_https: bool = True):
        self.app = app
        self._lasting_https = lasting_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", PRIVATE)
                if scope["scheme"] == "https" and self._lasting_https:
                    headers.append(*ONLY_HTTPS)
            await send(message)

        await self.app(scope, receive, send_shielded if scope["type"] == "http" else send)
