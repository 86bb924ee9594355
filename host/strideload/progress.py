"""Progress on a terminal, silence elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Advance = Callable[[float], None]
"""Takes the share done, 0..1."""
Progress = Callable[[str], AbstractContextManager[Advance]]

APPEARS_AFTER_S = 2.0


@contextmanager
def progress(title: str) -> Iterator[Advance]:
    """Give a function that takes the share done, 0..1; a bar appears on stderr once it has taken two seconds."""
    if not sys.stderr.isatty():
        yield lambda share: None
        return
    import time

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    began_s = time.monotonic()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task(title, total=1.0)

    def advance(share: float) -> None:
        if not bar.live.is_started and time.monotonic() - began_s > APPEARS_AFTER_S:
            bar.start()
        bar.update(task, completed=share)

    try:
        yield advance
    finally:
        bar.stop()
