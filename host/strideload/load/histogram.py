"""By which edges impacts are counted: those of the facts, made for the tibia, evenly for the shoe, or one's own."""

from itertools import pairwise
from math import isfinite
from typing import Final

from strideload.errors import StrideloadError
from strideload.load.gait import DEFAULTS

TIBIA_EDGES_G: Final = DEFAULTS.bin_edges_g
# Every 2 g up to where a ±32 g sensor ends. No source gives bins for the shoe, whose peaks are higher than the tibia's.
SHOE_EDGES_G: Final = tuple(float(edge) for edge in range(0, 32, 2))
MOST_EDGES: Final = 40
HIGHEST_G: Final = 200.0  # beyond any sensor here


class EdgesInvalid(StrideloadError):
    """What was written is no edges of bins; says why."""


def edges_of(written: str) -> tuple[float, ...]:
    """ "0, 6, 21" -> edges in g that rise. EdgesInvalid."""
    parts = [part.strip() for part in written.replace(";", ",").split(",") if part.strip()]
    try:
        edges = tuple(float(part) for part in parts[: MOST_EDGES + 1])
    except ValueError:
        raise EdgesInvalid("Edges are numbers in g with commas between, such as 0, 6, 21.") from None
    if not 1 <= len(edges) <= MOST_EDGES:
        raise EdgesInvalid(f"There are 1 to {MOST_EDGES} edges.")
    if not all(isfinite(edge) and 0 <= edge <= HIGHEST_G for edge in edges):
        raise EdgesInvalid(f"An edge lies at 0 to {HIGHEST_G:.0f} g.")
    if any(high <= low for low, high in pairwise(edges)):
        raise EdgesInvalid("Each edge is higher than the one before.")
    return edges
