"""The pages that the head of each page leads to, in order."""

from dataclasses import dataclass

from strideload.web.visitor import Right, Visitor


@dataclass(frozen=True)
class Place:
    """A page: its address, its name, and the right that it takes to see it."""

    href: str
    name: str
    right: Right = "read"


PLACES = (
    Place("/", "Today"),
    Place("/trend", "Trend"),
    Place("/symptoms", "Symptoms", "diary"),
    Place("/plan", "Plan", "diary"),
    Place("/strength", "Strength"),
    Place("/shoes", "Shoes"),
    Place("/cadence", "Cadence"),
    Place("/pods", "Pods"),
    Place("/live", "Live"),
    Place("/metrics", "The figures"),
    Place("/household", "Household", "keep"),
    Place("/account", "Account", "write"),
)

# Those of somebody who came by a link.
SHARED_PLACES = (Place("/share", "Diary"), Place("/trend", "Trend"), Place("/strength", "Strength"))


def places_of(visitor: Visitor) -> list[Place]:
    """Where a visitor may go."""
    places = SHARED_PLACES if visitor.by == "share" else PLACES
    return [place for place in places if visitor.may(place.right)]
