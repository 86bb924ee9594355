"""What can go wrong with a broker."""

from strideload.errors import StrideloadError


class BrokerError(StrideloadError):
    """A broker that cannot be started, reached or changed; `lines` are the last words of a managed one."""

    def __init__(self, message: str, lines: tuple[str, ...] = ()) -> None:
        super().__init__("\n  ".join((message, *lines)))
        self.lines = lines
