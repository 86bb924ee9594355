"""The page over HTTP: what it says of a day, what it refuses, and what every answer carries."""

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strideload import __version__
from strideload.load.metrics import METRICS
from strideload.load.steps import Cue, Mark
from strideload.simulate.pod import ScratchFiles
from strideload.web import shield
from strideload.web.serve import Server
from strideload_pod import page
from strideload_pod.log import Log
from strideload_pod.sync import Sync
from web.house import POD, TODAY, House, a_live_pod, a_season, a_session


class Page(HTMLParser):
    """The words, links and ids of a page, as a reader without scripts has them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).replace("\u202f", " ").split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        for name in ("href", "src", "hx-get"):
            if found.get(name):
                self.links.append(str(found[name]))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(client: httpx.Client, address: str = "/") -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def at(days_before: int) -> str:
    return f"/?date={TODAY - timedelta(days=days_before)}"


def test_today_says_what_was_run(client: httpx.Client) -> None:
    seen = read(client).text
    assert "Today, Sunday 22 November" in seen
    assert re.search(r"41 min running, 6 9\d\d steps \(estimated\)\.", seen)
    assert "7 % shorter than your longest known run in 30 days." in seen
    assert "Longest run in the 30 days before: 44 min on Sun 8 Nov. 5 of the 30 days are not known." in seen
    assert "18:02 to 18:43 169 steps/min" in seen


def test_the_plots_line_is_the_run_that_the_sentence_beside_it_names(
    house: House, client: httpx.Client
) -> None:
    """A run over midnight is whole, and of the date on which it began."""
    assert dashed_min(client) == pytest.approx(44, abs=0.1)
    house.sessions.append(a_session(TODAY - timedelta(days=5), 90, at="23:10"))
    assert "Longest run in the 30 days before: 1 h 30 min on Tue 17 Nov." in read(client).text
    assert dashed_min(client) == pytest.approx(90, abs=0.1)
    house.sessions.remove(house.sessions[-2])  # today's: there is no sentence, and the line stays
    assert "Longest run in the 30 days before" not in read(client).text
    assert dashed_min(client) == pytest.approx(90, abs=0.1)
    assert dashed_min(client, at(4)) == pytest.approx(90, abs=0.1)
    assert dashed_min(client, at(5)) == pytest.approx(44, abs=0.1)


def test_the_plots_line_may_be_a_run_of_the_same_day(house: House, client: httpx.Client) -> None:
    """As in the sentence: the run of the evening is set beside the one of the morning."""
    house.sessions.append(a_session(TODAY, 60, at="07:00"))
    house.sessions.append(a_session(TODAY, 66, at="20:00"))
    assert "Longest run in the 30 days before: 1 h on Sun 22 Nov." in read(client).text
    assert dashed_min(client) == pytest.approx(60, abs=0.1)


def dashed_min(client: httpx.Client, address: str = "/") -> float:
    (plot,) = [found["data-plot"] for _, found in read(client, address).tags if found.get("id") == "plot"]
    return json.loads(plot or "")["longest_min"]


def run_of(minutes: float, **more: object) -> Callable[[House], None]:
    return lambda house: house.sessions.append(a_session(TODAY, minutes, **more))  # type: ignore[arg-type]


def both_feet(house: House) -> None:
    house.sessions += [a_session(TODAY, 20, foot="left"), a_session(TODAY, 20, foot="right", pod="00" * 8)]


@pytest.mark.parametrize(
    ("arrange", "says"),
    [
        pytest.param(lambda house: None, "Nothing is known of today yet.", id="nothing yet"),
        pytest.param(run_of(20), "20 min running, 3 3", id="run"),
        pytest.param(both_feet, "3 388 steps.", id="both feet: counted, not estimated"),
        pytest.param(run_of(30, kind=page.STEP_KIND_WALK), "No running; 30 min walking, 3 27", id="walk"),
        pytest.param(run_of(0), "No running and no walking in what was recorded.", id="stood still"),
        pytest.param(run_of(75, at="23:30"), "goes on after midnight", id="over midnight"),
        pytest.param(lambda house: house.alive.append(TODAY), "No run; the pod was on watch.", id="watch"),
        pytest.param(lambda house: house.notes.update({TODAY: "rest"}), "A rest day.", id="rest"),
        pytest.param(
            lambda house: house.notes.update({TODAY: "ran_without"}),
            "how much is not known",
            id="without the pod",
        ),
    ],
)
def test_each_kind_of_day_is_said_in_a_sentence(
    house: House, client: httpx.Client, arrange: Callable[[House], None], says: str
) -> None:
    house.sessions.pop()  # today's
    arrange(house)
    assert says in read(client).text


def test_cues_and_marks_stand_with_their_run(house: House, client: httpx.Client) -> None:
    at_us = house.sessions[-1].start_utc_us
    cues = tuple(
        Cue(at_us + 30_000_000 * (n + 1), 17_000, 16_000, outcome, 5, 75)
        for n, outcome in enumerate(("given", "faded", "given"))
    )
    house.sessions[-1] = replace(house.sessions[-1], cues=cues)
    house.marks = [Mark(at_us + 60_000_000, POD, "button", 7)]
    seen = read(client).text
    assert re.search(
        r"169 steps/min · cue at 170.0 steps/min \(run 5, cues in 75 %\): 2 given, 1 left out by the fading; "
        r"within 2.5 % of it for \d+ % of the time",
        seen,
    )
    assert "Marked: 18:03:00 by the button, code 7." in seen


def test_an_unknown_day_is_never_zero(client: httpx.Client) -> None:
    seen = read(client, at(59))
    assert "Not known. No pod reported on this day" in seen.text
    assert "0 min running" not in seen.text
    assert "figures" not in seen.ids


def test_without_any_pod_the_page_teaches_how_to_begin(house: House, client: httpx.Client) -> None:
    house.sessions.clear()
    house.alive.clear()
    house.notes.clear()
    seen = read(client).text
    assert "No pod has reported yet" in seen
    assert "strideload demo" in seen
    assert "strideload replay FILE" in seen
    house.notes[TODAY - timedelta(days=3)] = "rest"
    assert "strideload demo" not in read(client).text


def test_the_weeks_stand_in_a_table_day_by_day(client: httpx.Client) -> None:
    seen = read(client)
    rows = [link for link in seen.links if link.startswith("/?date=")][-42:]
    assert rows == [at(n) for n in range(42)]
    for state in ("run", "rest", "no run", "not known", "ran without the pod"):
        assert f" {state} " in seen.text


def test_strides_that_are_neither_running_nor_walking_have_a_time_of_their_own(
    house: House, client: httpx.Client
) -> None:
    assert "Neither for certain" not in read(client).text
    house.sessions.append(a_session(TODAY, 4, at="10:00", kind=page.STEP_KIND_UNCERTAIN))
    assert "Neither for certain 4 min" in read(client).text


def test_days_link_to_their_neighbours(client: httpx.Client) -> None:
    assert at(1) in read(client).links
    assert {at(3), at(1)} <= set(read(client, at(2)).links)
    assert "Yesterday, Saturday 21 November" in read(client, at(1)).text


@pytest.mark.parametrize(
    ("wanted", "status", "says"),
    [
        ("yesterday", 400, "“yesterday” is not a date. Write it like 2026-11-22."),
        ("2026-02-30", 400, "is not a date"),
        ("2026-11-22T10:00", 400, "is not a date"),
        ("", 400, "is not a date"),
        ("2026-11-23", 404, "This day has not come yet."),
        ("1999-12-31", 404, "from the year 2000 on"),
        ("0001-01-01", 404, "from the year 2000 on"),
        ("<script>alert(1)</script>", 400, "“<script>alert(1)</script>” is not a date"),
    ],
)
def test_wrong_dates_are_refused_in_words(client: httpx.Client, wanted: str, status: int, says: str) -> None:
    for path in ("/", "/part/day"):
        answer = client.get(path, params={"date": wanted})
        assert answer.status_code == status
        assert "<script>alert" not in answer.text
        assert says in Page(answer.text).text


def test_the_first_and_the_last_day_can_be_seen(client: httpx.Client) -> None:
    assert "Saturday 1 January 2000" in read(client, "/?date=2000-01-01").text
    assert f"/?date={TODAY}" not in read(client).links[:8]


@given(wanted=st.text(max_size=60))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_date_whatever_breaks_the_page(client: httpx.Client, wanted: str) -> None:
    answer = client.get("/part/day", params={"date": wanted.encode(errors="surrogatepass")})
    assert answer.status_code in (200, 400, 404)


def test_every_figure_leads_to_its_definition(house: House, client: httpx.Client) -> None:
    house.sessions += [
        a_session(TODAY, 30, foot="right", pod="00" * 8, flags=page.STEP_CLIPPED | page.STEP_PEAK_UNRELIABLE),
        a_session(TODAY, 9, at="09:00", kind=page.STEP_KIND_WALK, faults={"bus_errors": 1}, pages_lost=2),
    ]
    house.live = [a_live_pod()]
    defined = read(client, "/metrics").ids
    assert {metric.id for metric in METRICS} <= set(defined)
    linked = {
        link.removeprefix("/metrics#") for link in read(client).links if "#" in link and "metrics" in link
    }
    assert {
        "steps",
        "cadence_spm",
        "peak_p95_g",
        "bins",
        "asymmetry_percent",
        "faults",
        "clipped_share",
    } <= linked
    assert linked <= set(defined)


IN_THE_RUN_US = int(datetime(2026, 11, 22, 17, 10, tzinfo=UTC).timestamp()) * 10**6
REMARKS = [
    (
        {"origin": "simulated"},
        "Simulated. Steps of a simulated runner, not of a person: LSM6DSO32 833 Hz ±32 g",
    ),
    ({"origin": "recording", "resampled": True}, "Resampled. The recording was brought to the sensor's rate"),
    ({"flags": page.STEP_CLIPPED}, "Clipped. 100 % of the impacts reached the sensor's limit"),
    ({"flags": page.STEP_PEAK_UNRELIABLE}, "Peaks marked. 100 % of the peaks read low"),
    ({"pages_lost": 1}, "Lost. 1 page did not outlast the way from the pod"),
    ({"gaps": ((IN_THE_RUN_US, 3_200_000),)}, "Missing. 1 gap, 3.2 s in all"),
    ({"open": True}, "Open. A session has no end yet"),
    ({"acc_range_g": 0}, "LSM6DSO32 833 Hz (left foot)"),
    *(({"faults": {name: 3}}, f"({name}: 3)") for name in page.COUNTERS),
]


@pytest.mark.parametrize(("session", "says"), REMARKS)
def test_what_is_wrong_with_the_data_is_said(
    house: House, client: httpx.Client, session: dict[str, object], says: str
) -> None:
    house.sessions = [a_session(TODAY, 20, **session)]  # type: ignore[arg-type]
    seen = read(client).text
    assert says in seen
    assert "has no words for it" not in seen


def test_a_day_without_faults_says_so(client: httpx.Client) -> None:
    assert "No faults. Nothing was lost, clipped or refused." in read(client).text


def test_what_the_host_kept_aside_stands_with_today_only(house: House, client: httpx.Client) -> None:
    house.health_now = house.health_now | {"rejections": {"CRC wrong": 2}}  # type: ignore[assignment]
    assert "Kept aside. 2 messages could not be taken: CRC wrong (2)." in read(client).text
    assert "Kept aside" not in read(client, at(1)).text


@pytest.mark.parametrize(
    ("pods", "says"),
    [
        ([], "No pod is running"),
        (
            [a_live_pod()],
            "left pod · live · running 168 steps/min 1 234 steps (estimated) · last impact 9.1 g",
        ),
        ([a_live_pod(foot="unknown", origin="simulated")], "pod 7b35 · live · running · simulated"),
        (
            [a_live_pod(cadence_spm=None, peak_g=None, steps=None, kind=None)],
            "left pod · live \N{EN DASH} steps/min",
        ),
        ([a_live_pod(age_s=6.0)], "The left pod is in reach and waits for a run."),
        ([a_live_pod(online=False, age_s=7300.0)], "The left pod is out of reach; last heard 2 h 2 min ago."),
        ([a_live_pod(online=False, age_s=None)], "The left pod is out of reach."),
        ([a_live_pod(age_s=-3600.0)], "The left pod is in reach and waits for a run."),
        ([a_live_pod(online=False, age_s=-3600.0)], "The left pod is out of reach."),
    ],
)
def test_the_live_line_says_who_runs(house: House, client: httpx.Client, pods: list, says: str) -> None:
    house.live = pods
    if not pods:
        house.live = [a_live_pod(online=False, age_s=None)]
    assert says in read(client, "/part/live").text
    assert says in read(client).text


@pytest.mark.parametrize(
    ("waiting", "says"), [(1, "1 page is still to come"), (1200, "1 200 pages are still to come")]
)
def test_what_the_pods_still_hold_is_said(
    house: House, client: httpx.Client, waiting: int, says: str
) -> None:
    house.live = [a_live_pod(waiting=waiting)]
    assert says in read(client, "/part/live").text


FULL = "The left pod does not record, for its memory is full."
SET = {
    "version": 3,
    "set_utc_us": 1,
    "wanted": {"odr_hz": 416, "cue": {"target_cspm": 17_250, "first_run": 1}},
    "confirmed": 3,
    "status": "confirmed",
    "refused": None,
}


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (
            {"recording": False, "free_pages": 0, "age_s": 60.0},
            f"{FULL} Leave it in reach until its pages have come.",
        ),
        (
            {"recording": False, "free_pages": 0, "online": False, "age_s": 60.0},
            f"last heard 1 min ago. {FULL} Bring it into reach and let it sync.",
        ),
        ({"recording": False}, "The left pod does not record: its sensor cannot be read"),
        ({"recording": False, "free_pages": None}, "Switch it off and on"),
        ({"recording": False, "why_not": "log full"}, f"{FULL} Leave it in reach until its pages have come."),
        ({"recording": False, "why_not": "chip", "free_pages": 0}, "record: its sensor cannot be read."),
        ({"recording": False, "why_not": "flash"}, "record: its memory cannot be written."),
        ({"recording": False, "why_not": "off"}, "record: it was switched off, by its button or"),
        (
            {"recording": False, "why_not": "asleep"},
            "The left pod is asleep and wakes by itself when the shoe moves.",
        ),
        ({"recording": False, "why_not": "too cold"}, "The left pod does not record: too cold."),
        ({"rest_mg": 2010}, "The sensor of the left pod shows 2.01 g at rest and not 1 g"),
        (
            {"raw": True, "raw_free_pages": 0},
            "The left pod has too little room for raw samples. Its steps go on.",
        ),
        ({"raw_dropped": 1204}, "too little room for raw samples; 1 204 pages of them were not kept."),
        (
            {"settings": SET | {"status": "pending", "confirmed": 2}},
            "The left pod has not confirmed its settings 3 (rate 416 Hz, cue at 172.5 steps/min) yet.",
        ),
        (
            {"settings": SET | {"status": "refused", "refused": "no such rate"}},
            "refused its settings 3 (rate 416 Hz, cue at 172.5 steps/min): no such rate. The former ones hold.",
        ),
        ({"cue": {"target_cspm": 17_250, "run": 2}}, "last impact 9.1 g · cue at 172.5 steps/min"),
        ({"battery_mv": 3499}, "The battery of the left pod is low, 3.50 V. Charge it before the next run."),
        ({"battery_mv": 3120, "online": False, "age_s": None}, "The battery of the left pod is low, 3.12 V."),
        ({"faults": {"pages_dropped": 1204}}, "pages_dropped 1 204 The pod's memory was full"),
        ({"faults": {"mystery": 1}}, "mystery 1 This version has no words for it."),
    ],
)
def test_what_a_pod_asks_for_is_said(
    house: House, client: httpx.Client, said: dict[str, object], says: str
) -> None:
    house.live = [a_live_pod(**said)]
    seen = read(client, "/part/live").text
    assert says in seen
    assert ("waits for a run" in seen) is False


@pytest.mark.parametrize(
    "said",
    [
        {"recording": True, "free_pages": 0},
        {"recording": None},
        {"why_not": "chip"},
        {"settings": SET},
        {"raw": True, "raw_free_pages": 1},
        {"raw": False, "raw_free_pages": 0, "raw_dropped": 0},
        {"battery_mv": 3500},
        {"battery_mv": None},
        {"faults": {"pages_dropped": 0}},
    ],
)
def test_a_pod_that_asks_for_nothing_is_left_in_peace(
    house: House, client: httpx.Client, said: dict[str, object]
) -> None:
    house.live = [a_live_pod()]
    quiet = read(client, "/part/live").text
    house.live = [a_live_pod(**said)]
    assert read(client, "/part/live").text == quiet


def test_every_counter_of_a_pod_has_words(house: House, client: httpx.Client, tmp_path: Path) -> None:
    log = Log(ScratchFiles(tmp_path), bytes(8), 256, lambda: 1)
    names = [*page.COUNTERS, *Sync(log, None, dict, lambda: 0).counters]
    house.live = [a_live_pod(faults=dict.fromkeys(names, 2))]
    seen = read(client, "/part/live").text
    assert all(f"{name} 2 " in seen for name in names)
    assert "has no words for it" not in seen


def test_who_asks_after_its_health_learns_nothing_of_a_runner(house: House, client: httpx.Client) -> None:
    house.live = [a_live_pod(faults={"log_errors": 3}, battery_mv=3900)]
    house.health_now["trouble"] = "Sessions of Ada cannot be derived."
    assert client.get("/healthz").json() == {"ok": False, "version": __version__}


def test_trouble_is_said_on_the_page_and_to_a_watcher(house: House, client: httpx.Client) -> None:
    assert client.get("/healthz").json()["ok"] is True
    house.health_now = {
        "trouble": "The disk is full.",
        "rejections": {"CRC wrong": 2},
        "pages_waiting": 7,
        "counters": {"stored": 12, "CRC wrong": 2},
    }
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["ok"] is False
    assert "Collecting is held up. The disk is full." in read(client, "/part/live").text


def test_a_part_that_has_not_changed_is_not_sent_again(house: House, client: httpx.Client) -> None:
    poll = next(link for link in read(client).links if link.startswith("/part/day"))
    assert client.get(poll).status_code == 204
    house.sessions.append(a_session(TODAY, 10, at="07:00"))
    changed = client.get(poll)
    assert "07:00 to 07:10" in Page(changed.text).text
    assert next(link for link in Page(changed.text).links if link.startswith("/part/day")) != poll


def test_after_midnight_the_open_page_shows_the_new_day(house: House, client: httpx.Client) -> None:
    poll = next(link for link in read(client).links if link.startswith("/part/day"))
    house.date = TODAY + timedelta(days=1)
    assert "Today, Monday 23 November" in Page(client.get(poll).text).text


@pytest.mark.parametrize(
    "address", ["/nothing", "/part", "/static/", "/static/nothing.js", "/static/../app.py", "/docs"]
)
def test_an_address_that_is_none_gets_a_page_of_the_same_look(client: httpx.Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "There is no page at this address." in answer.text
    assert "Go to today" in answer.text


def test_a_fault_within_is_a_page_too_and_the_next_request_works(house: House, server: Server) -> None:
    kept, house.sessions = house.sessions, [None]  # type: ignore[list-item]
    answer = httpx.get(server.url)
    assert answer.status_code == 500
    assert "What is stored is untouched" in answer.text
    assert "Traceback" not in answer.text
    assert_shielded(answer)
    house.sessions = kept
    assert httpx.get(server.url).status_code == 200


def assert_shielded(answer: httpx.Response) -> None:
    for name, value in shield.HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["Cache-Control"]
    assert "Server" not in answer.headers


@pytest.mark.parametrize(
    "address", ["/", "/part/day", "/part/live", "/metrics", "/healthz", "/favicon.ico", "/nothing"]
)
def test_every_answer_carries_the_headers_that_shield_it(client: httpx.Client, address: str) -> None:
    answer = client.get(address)
    assert_shielded(answer)
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("LOCALHOST:9", 200),
        ("[::1]:8080", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost.evil.example:8080", 400),
        ("", 400),
    ],
)
def test_only_this_computers_own_names_are_answered(client: httpx.Client, host: str, status: int) -> None:
    """DNS rebinding: a page of another name that points at this computer reads nothing."""
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == status
    assert ("running" in answer.text) == (status == 200)


def test_the_page_has_no_inline_script_or_style(client: httpx.Client) -> None:
    for address in ("/", "/metrics", "/nothing"):
        for tag, attributes in Page(client.get(address).text).tags:
            assert tag != "style"
            assert tag != "script" or attributes.get("src")
            assert not [name for name in attributes if name == "style" or name.startswith("on")]


def test_all_is_served_from_here_and_the_first_view_is_under_100_kB(client: httpx.Client) -> None:
    answer = client.get("/")
    total = 0
    addresses = ["/"] + [link for link in Page(answer.text).links if link.startswith("/static/")]
    assert len(addresses) >= 7
    for address in addresses:
        with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as raw:
            assert raw.status_code == 200
            body = b"".join(raw.iter_raw())
            total += len(body)
            if raw.headers.get("Content-Encoding") == "gzip":
                assert gzip.decompress(body)
            if address != "/":
                assert raw.headers["Cache-Control"] == shield.LASTING
    assert total < 100_000
    assert not re.search(r"(https?:)?//[a-z]", answer.text)


def test_the_words_that_are_never_said(house: House, client: httpx.Client) -> None:
    house.live = [a_live_pod()]
    for address in ("/", at(1), at(59), "/symptoms", "/plan", "/metrics", "/nothing"):
        text = Page(client.get(address).text).text
        assert not re.search(r"\b(nan|inf|None|True|False)\b", text)
        # A study names what it counted.
        own = re.sub(r"<p [^>]*data-study.*?</p>", "", client.get(address).text)
        said = Page(own).text.lower()
        for word in ("risk", "safe", "score", "streak", "!", "injury"):
            assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said), (address, word)


def test_the_page_has_landmarks_and_a_language(client: httpx.Client) -> None:
    tags = read(client).tags
    names = [tag for tag, _ in tags]
    assert dict(tags)["html"]["lang"] == "en"
    assert names.count("h1") == names.count("main") == names.count("header") == names.count("footer") == 1
    ids = read(client).ids
    assert len(ids) == len(set(ids))


def test_a_door_of_the_season_holds_what_these_tests_speak_of() -> None:
    known = [day["known"] for day in a_season().days(TODAY - timedelta(days=41), TODAY)]
    assert set(known) == {"recorded", "alive", "rest", "ran_without", "unknown"}
    assert date.fromisoformat("2026-11-22") == TODAY
