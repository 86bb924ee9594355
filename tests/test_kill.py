"""Plugs are pulled in mid-sync: nothing is missing and nothing is double. Real processes, a real Mosquitto."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support import tools
from support.processes import House, fill_log

KILLS = 20
PAGES_BETWEEN_KILLS = 24
PAGES = PAGES_BETWEEN_KILLS * KILLS + 200  # more than can be under way at the last kill
TARGETS = ("collector", "broker", "pod")


def pull_the_plug(house: House, target: str) -> list[int]:
    """Sync a log of PAGES pages, and kill the target at KILLS seeded moments of it -> pages stored at each kill."""
    chance = random.Random(f"plug of the {target}")
    killed_at: list[int] = []
    try:
        for name in ("broker", "collector", "pod"):
            house.start(name)
        for kill in range(1, KILLS + 1):
            house.wait_for(kill * PAGES_BETWEEN_KILLS - chance.randrange(PAGES_BETWEEN_KILLS), within_s=60)
            time.sleep(chance.random() * 0.1)
            killed_at.append(house.count())
            house.kill(target)
            house.start(target)
        house.wait_for(PAGES, within_s=90)
    finally:
        house.stop()
    return killed_at


@pytest.mark.timeout(420)
def test_no_page_is_lost_or_doubled_whatever_is_killed(tmp_path: Path):
    """kill -9 of the collector, of the broker and of the pod, each at 20 moments of its own sync."""
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
