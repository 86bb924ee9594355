"""What can be wrong with bytes that came over the wire."""

from strideload.errors import StrideloadError


class ProtocolError(StrideloadError):
    """Bytes that are not what they should be."""


class PageError(ProtocolError):
    """A page's header and its records do not fit together."""


class MessageError(ProtocolError):
    """A message is too large, not JSON, or not of the agreed shape. `field`: where, "" for the whole."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.reason = reason
        self.field = field
