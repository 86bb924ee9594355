"""Nothing that is remembered outlives what it was made from: after each change, pages and API say what they say in a
new process.

One house, looked at all the time as by a page that is open, while all that an answer depends on changes.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import httpx
import pytest

from runner.world import World
from store.making import T0_MS
from strideload import days, erase
from strideload.load.activity import track
from strideload.load.ladder import LadderSettings
from strideload.load.plan import PlanSettings
from strideload.page_doors import StoreDays
from strideload.remembered import forget_everything
from strideload.runner import planning
from strideload.runner.planning import LadderPlan, Settings
from strideload.runner.runs import RunRecord
from strideload.store import Store, open_store
from strideload.store.activities import Activity
from strideload.store.conditions import Worn
from strideload.store.diary import Entry
from strideload.web.app import make_app
from strideload.web.doors import Doors
from strideload.web.serve import serve
from web.house import House, a_live_pod

ME, FRIEND = "me", "friend"
POD, LATE_POD = "aa" * 8, "bb" * 8  # the boot of the latter never learns the time
TODAY = date(2026, 11, 20)
DAYS, RUNS = "from=2026-11-17&to=2026-11-20", "from=2026-01-01&to=2026-11-20"
SHOWN = ("/", "/shoes", "/api/v1/plan", f"/api/v1/days?{DAYS}", f"/api/v1/runs?{RUNS}")
DRAWN_ANEW = re.compile(r'[A-Za-z0-9_-]{43}|name="(id|entry)" value="[0-9a-f]+"')


@dataclass
class Looked:
    """A house, by its own clock, and what is asked of it."""

    world: World
    house: House
    client: httpx.Client
    clock: list[str]

    @property
    def store(self) -> Store:
        return self.world.store

    def look(self) -> dict[str, str]:
        answers = {one: self.client.get(one) for one in SHOWN}
        assert {found.status_code for found in answers.values()} == {200}
        return {one: f"{DRAWN_ANEW.sub('', found.text)}" for one, found in answers.items()}

    def run(self) -> RunRecord:
        return self.world.runs("2026-11-20")[0]

    def entry(self) -> Entry:
        return self.store.diary.everything(ME)[-1]


class ByTheClock(StoreDays):
    """Days of a runner, of whom today is by the house's clock."""

    def __init__(self, world: World, runner: str, clock: list[str]) -> None:
        super().__init__(world.store, runner)
        self._by = world, runner, clock

    def today(self) -> date:
        world, runner, clock = self._by
        return days.today(world.store, runner, world.now(clock[-1]))


@pytest.fixture
def looked(tmp_path: Path) -> Iterator[Looked]:
    world, house, clock = World(tmp_path / "store.db"), House(), ["2026-11-20 18:50"]
    world.store.ensure_runner(FRIEND, "Friend", "Europe/Berlin")
    world.run("2026-11-20 18:00", pod=POD)
    doors = Doors(
        world.store,
        house,
        lambda runner: ByTheClock(world, runner, clock),
        ME,
        lambda: world.now(clock[-1]),
    )
    with (
        world.store,
        serve(make_app(doors), "127.0.0.1", 0) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        yield Looked(world, house, client, clock)


def until(local: str) -> Callable[[Looked], object]:
    return lambda at: at.clock.append(local)


def a_run_is_synced(at: Looked) -> None:
    at.world.run("2026-11-19 18:00", 6, pod=POD)


def pain_is_entered(at: Looked) -> None:
    at.world.answers(at.run(), 1, 2)


def a_word_is_changed(at: Looked) -> None:
    held = at.entry()
    at.store.diary.write(ME, held.id, held.version, replace(held.saying, pain=4))


def a_word_is_deleted(at: Looked) -> None:
    at.store.diary.delete(ME, at.entry().id)


def strong_pain_is_entered(at: Looked) -> None:
    at.world.says("other", 7, at="2026-11-20 19:08", site="calf_left")


def a_pod_marks_a_moment(at: Looked) -> None:
    at.world.pods[POD].mark(at.world.us("2026-11-20 18:02") / 1e6 - T0_MS / 1e3)
    at.world.send(POD)


def a_pod_was_on_watch(at: Looked) -> None:
    noon = at.world.us("2026-11-18 12:00")
    at.world.pods[POD].alive(noon / 1e6 - T0_MS / 1e3, noon // 1000)
    at.world.send(POD)


def a_session_without_a_date_is_placed(at: Looked) -> None:
    at.world.run("2026-01-19 07:00", 7, pod=LATE_POD, anchored=False)
    at.store.place(at.store.undated()[0].session_id, at.world.us("2026-01-19 07:00"))


def its_place_is_taken_back(at: Looked) -> None:
    at.store.take_back_place(at.store.undated()[0].session_id)


def the_ladder_is_begun(at: Looked) -> None:
    on = Settings(ladder=LadderPlan(date(2026, 11, 1), LadderSettings(start_level=2)))
    planning.set_plan(at.store, ME, on, "runner", None)


def the_plan_is_adjusted(at: Looked) -> None:
    held = at.store.plans.current(ME)
    assert held
    careful = PlanSettings(step_down_percent=60, set_by="physiotherapist")
    planning.set_plan(at.store, ME, Settings(next_run=careful), "physiotherapist", held.set_utc_us)


def shoes_are_worn(at: Looked) -> None:
    at.store.conditions.add_shoe(ME, "Blue", date(2026, 11, 1), "b" * 16)
    at.store.conditions.set_usual(ME, at.world.us("2026-11-01 00:00"), Worn("b" * 16, "laces", "road"))


def a_run_was_on_grass(at: Looked) -> None:
    at.store.conditions.set_run(ME, at.run().start_utc_us, Worn(surface="grass"))


def shoes_are_retired(at: Looked) -> None:
    at.store.conditions.change_shoe(ME, "b" * 16, name="Blue", retired_date=TODAY)


def a_watch_tells(at: Looked) -> None:
    run = at.run()
    nothing = track([], [])
    at.store.activities.add(ME, Activity("c" * 32, "Run", run.start_utc_us, run.end_utc_us, 1234.0), nothing)


def a_page_is_refused(at: Looked) -> None:
    at.house.health_now = {**at.house.health_now, "rejections": {"corrupt": 3}}


def a_pod_is_heard_of(at: Looked) -> None:
    at.house.live = [a_live_pod(pod=POD)]


def another_process_says_something(at: Looked) -> None:
    with open_store(at.store.engine.url.render_as_string()) as other:
        other.note_day(ME, date(2026, 11, 17), "ran_without")


def the_pod_was_a_friends(at: Looked) -> None:
    at.store.assign(POD, FRIEND, "left", 0)


CHANGES: list[Callable[[Looked], object]] = [
    a_run_is_synced,
    pain_is_entered,
    until("2026-11-20 19:10"),  # the answer at 60 minutes falls due
    until("2026-11-20 18:50"),  # the clock is set back
    until("2026-11-20 19:10"),
    a_word_is_changed,
    a_word_is_deleted,
    strong_pain_is_entered,
    lambda at: at.store.diary.retract(ME, at.entry().id),
    lambda at: at.store.diary.undo(ME, at.entry().id, 2),
    lambda at: at.store.note_day(ME, date(2026, 11, 18), "rest"),
    lambda at: at.store.note_day(ME, date(2026, 11, 18), None),
    a_pod_marks_a_moment,
    a_pod_was_on_watch,
    a_session_without_a_date_is_placed,
    its_place_is_taken_back,
    the_ladder_is_begun,
    the_plan_is_adjusted,
    shoes_are_worn,
    a_run_was_on_grass,
    shoes_are_retired,
    a_watch_tells,
    lambda at: at.store.accounts.set_units(ME, "miles"),
    a_page_is_refused,
    a_pod_is_heard_of,
    another_process_says_something,
    until("2026-11-21 00:00"),  # midnight
    until("2026-11-21 19:08"),  # the strong pain is a day old
    until("2026-11-22 18:06"),  # nobody remembers longer how it was
    until("2026-11-20 19:10"),  # and set back again
    lambda at: at.store.set_zone(ME, TODAY, "Pacific/Kiritimati"),  # where it is tomorrow
    lambda at: at.store.unset_zone(ME, TODAY),
    lambda at: at.store.assign(POD, ME, "right", 0),
    the_pod_was_a_friends,
    lambda at: at.store.unassign(POD, 0),
    lambda at: erase.erase(at.store, ME, ME),
]


def test_each_change_is_seen_at_the_next_look(looked: Looked) -> None:
    forget_everything()
    before = looked.look()
    for place, change in enumerate(CHANGES):
        change(looked)
        seen = looked.look()
        forget_everything()
        assert seen == looked.look(), f"stale after change {place}, {change.__name__}"
        assert seen != before, f"change {place}, {change.__name__}, is none"
        before = seen
