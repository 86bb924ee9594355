"""The API keeps to its document, whatever is sent: no fault (500), no status and no shape that it does not name."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from runner.world import World
from strideload.days import today
from strideload.page_doors import StoreDays
from strideload.web.app import Entrance, make_app
from strideload.web.doors import Doors
from web.house import House, a_live_pod

EXAMPLES = 5  # an operation
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Of an app over a store with runs, symptoms, shoes and a pod; asked with a token that may do everything."""
    world = World(tmp_path_factory.mktemp("document") / "store.db")
    house = House()
    with world.store as store:
        world.run(f"{today(store, 'me')} 00:10")
        (run,) = world.runs(f"{today(store, 'me')}")
        world.answers(run, 0, 3)
        house.live = [a_live_pod(pod="aa" * 8)]
        token = store.keys.add_token("me", "all", ["read", "diary", "write", "keep"], 1, None)
        doors = Doors(store, house, lambda runner: StoreDays(store, runner), "me")
        app = from_here(make_app(doors, Entrance(now_utc_us=lambda: 2)))
        headers = {"Authorization": f"Bearer {token}", "Host": "127.0.0.1"}
        found = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers=headers)
        found.config.update(headers=headers)
        shoe = store.conditions.add_shoe("me", "Blue", run.date)
        (entry, *_) = store.diary.everything("me")
        ids = {"run": run.start_utc_us, "entry": entry.id, "shoe": shoe.id, "pod": "aa" * 8}
        yield found, ids


def from_here(app: Any) -> Any:
    """The same app, asked by this computer: what comes from elsewhere has to come by HTTPS."""

    async def asked(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["client"] = ("127.0.0.1", 40_000)
        await app(scope, receive, send)

    return asked


def ask(operation: Any, mode: GenerationMode, ids: dict[str, Any]) -> set[int]:
    """With what is made up, and with ids of what is there -> the statuses of the answers."""
    seen: set[int] = set()

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def asked(case: Any) -> None:
        seen.add(case.call_and_validate(checks=CHECKS).status_code)
        made_up = case.path_parameters or {}
        if made_up.keys() & ids:
            case.path_parameters = {name: ids.get(name, value) for name, value in made_up.items()}
            seen.add(case.call_and_validate(checks=CHECKS).status_code)

    with suppress(Unsatisfiable):  # nothing can be wrong where nothing is sent
        asked()
    return seen


@pytest.mark.parametrize(
    ("mode", "statuses"),
    [(GenerationMode.POSITIVE, {200, 201, 204, 404, 422}), (GenerationMode.NEGATIVE, {200, 404, 422})],
    ids=["as the document says", "otherwise"],
)
def test_the_api_keeps_to_its_document(
    document: tuple[Any, dict[str, Any]], mode: GenerationMode, statuses: set[int]
) -> None:
    made, ids = document
    operations = [found.ok() for found in made.get_all_operations()]
    assert len(operations) > 30
    seen = set.union(*(ask(operation, mode, ids) for operation in operations))
    assert statuses <= seen  # the requests reach what they are to try
