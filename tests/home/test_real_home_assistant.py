"""A life in a real Home Assistant, where STRIDELOAD_HASS names one: it appears, is entered into, changes and goes."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from home.conftest import ADA, POD, TODAY, Door, day
from home.home_assistant import HomeAssistant
from strideload.collect.address import Address
from strideload.home.facts import PainEntry, PodNow, RunnerAtHome, Symptoms
from strideload.home.publisher import HomePublisher
from strideload.home.statistics import Statistics, series_of
from support.waiting import until

RUNNER = f"strideload_runner_{ADA.id}"
OF_POD = f"strideload_pod_{POD}"


def test_a_life_in_home_assistant(
    publish: Callable[..., HomePublisher], dashboard: Address, stack: ExitStack, tmp_path: Path
) -> None:
    now = datetime(2026, 11, 26, 7, 30, tzinfo=UTC)
    pod = PodNow(POD, "left", True, 3900, now, 2, {"fifo": 1}, "0.1.0", "LSM6DSO32")
    knee = PainEntry("right knee", "during", 3, now)
    door = Door([ADA], symptoms=Symptoms("amber", "3 of 10 during", [knee]), listed=[pod])
    home = stack.enter_context(HomeAssistant(tmp_path / "hass", dashboard))
    publish(door)
    until(lambda: len(home.states()) >= 23)

    def state(key: str, device: str = RUNNER) -> str:
        return home.states()[f"{device}_{key}"]["state"]

    until(lambda: state("steps") == "5210")
    states = home.states()
    assert {
        key: states[f"{RUNNER}_{key}"]["state"] for key in ("known", "day", "running_time", "walking_time")
    } == {
        "known": "recorded",
        "day": "2026-11-26",
        "running_time": "30.5",
        "walking_time": "5.0",
    }
    assert states[f"{RUNNER}_spike_ratio"]["state"] == "unknown"
    assert states[f"{RUNNER}_next_run"]["state"] == "unknown"
    assert states[f"{RUNNER}_symptom_status"]["attributes"]["reason"] == "3 of 10 during"
    assert states[f"{RUNNER}_last_pain"]["state"] == "3"
    assert states[f"{RUNNER}_steps"]["attributes"]["last_reset"] == "2026-11-26T00:00:00+00:00"
    assert states[f"{RUNNER}_steps"]["attributes"]["friendly_name"] == "Strideload Ada Steps"
    assert {key: state(key, OF_POD) for key in ("online", "battery", "waiting", "faults")} == {
        "online": "on",
        "battery": "3900",
        "waiting": "2",
        "faults": "1",
    }
    assert states[f"{OF_POD}_faults"]["attributes"]["faults"] == {"fifo": 1}

    entity = {
        key: states[f"{RUNNER}_{key}"]["entity_id"]
        for key in ("pain_level", "pain_site", "pain_moment", "pain_send")
    }
    home.do(entity["pain_level"], "set_value", value=4)
    home.do(entity["pain_site"], "select_option", option="left knee")
    home.do(entity["pain_moment"], "select_option", option="next morning")
    until(lambda: state("pain_moment") == "next morning")
    home.do(entity["pain_send"], "press")
    until(lambda: state("pain_answer") == "stored")
    assert door.entered == [("ada", "left knee", "next morning", 4)]
    until(lambda: state("pain_level") == "unknown")
    assert state("pain_site") == "left knee"

    door.runners = [RunnerAtHome(ADA.id, ADA.runner, ADA.name, symptoms=False)]
    until(lambda: len(home.states()) == 15)
    assert state("steps") == "5210"
    door.runners = [ADA]
    until(lambda: len(home.states()) == 23)
    door.runners, door.listed = [], []
    until(lambda: home.states() == {})

    token = tmp_path / "token"
    token.write_text(home.token + "\n")
    statistics = Statistics(home.url, token)
    days = [day(TODAY - timedelta(days=n), steps=1000 + n) for n in range(30, 0, -1)]
    wanted = series_of(ADA, days)
    assert statistics.bring_up_to_date(wanted) == 5 * 30
    until(lambda: statistics.bring_up_to_date(wanted) == 0)
    late = series_of(ADA, [*days[:-3], day(days[-3].date, steps=9000), *days[-2:]])
    assert statistics.bring_up_to_date(late) == 1
    [steps] = [series for series in late if series.id.endswith("_steps")]

    def rows() -> list[dict[str, float]]:
        since = days[0].start.isoformat()
        found = home.ask(
            "recorder/statistics_during_period", start_time=since, statistic_ids=[steps.id], period="day"
        )
        return found.get(steps.id, [])

    until(lambda: len(rows()) == 30 and rows()[-3]["mean"] == 9000)
    assert datetime.fromtimestamp(rows()[-3]["start"] / 1000, UTC).date() == days[-3].date
    statistics.clear([series.id for series in late])
    until(lambda: rows() == [])
    complaints = [
        line
        for line in home.log().splitlines()
        if "mqtt" in line and (" ERROR " in line or " WARNING " in line)
    ]
    assert complaints == []
