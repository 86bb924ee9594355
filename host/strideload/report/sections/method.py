"""What was measured, where, and what it does not say."""

from collections.abc import Iterator

from strideload.report import sources
from strideload.report.blocks import Block, note


def blocks() -> Iterator[Block]:
    for words in (sources.NO_DIAGNOSIS, sources.SIGNS, sources.PLACE, sources.SUMS, sources.DEFINITIONS):
        yield note(words)
