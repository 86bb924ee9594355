"""Plugs are pulled in mid-sync: nothing is missing and nothing is double. Real processes, a real Mosquitto."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support import tools
from support.processes import House, fill_log

KILLS = 8
PAGES_TO_A_KILL = 24
PAGES = 100 * KILLS  # more than come to the store up to the last kill
TARGETS = ("collector", "broker", "pod")


def pull_the_plug(house: House, target: str) -> list[int]:
    """Sync a log of PAGES pages, and kill the target at KILLS seeded moments of it -> pages stored at each kill."""
    chance = random.Random(f"plug of the {target}")
    killed_at: list[int] = []
    try:
        for name in ("broker", "collector", "pod"):
            house.start(name)
        for _ in range(KILLS):
            house.wait_for(house.count() + 1 + chance.randrange(PAGES_TO_A_KILL))  # it goes on again
            time.sleep(chance.random() * 0.1)
            killed_at.append(house.count())
            house.kill(target)
            house.start(target)
        house.wait_for(PAGES)
    finally:
        house.stop()
    return killed_at


def test_no_page_is_lost_or_doubled_whatever_is_killed(tmp_path: Path):
    """kill -9 of the collector, of the broker and of the pod, each at eight moments of its own sync."""
    tools.program("mosquitto")
    houses = [House(tmp_path / target) for target in TARGETS]
    for house in houses:
        fill_log(house.log_folder, PAGES)
    with ThreadPoolExecutor(len(TARGETS)) as together:
        kills = list(together.map(pull_the_plug, houses, TARGETS))
    for target, house, killed_at in zip(TARGETS, houses, kills, strict=True):
        assert len(killed_at) == KILLS
        # A sync under way: neither before its first page nor after its last one.
        assert killed_at[0] > 0, target
        assert killed_at[-1] < PAGES, target
        stored, written = house.stored(), house.written()
        assert set(range(PAGES)) <= set(stored), target
        # One key has one content, here and there; the primary key leaves no room for a second.
        assert all(written[number] == data for number, data in stored.items()), target
        assert house.table("losses") == [], target
        assert house.table("aside") == [], target
