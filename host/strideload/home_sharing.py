"""Opting runners in to home dashboards and out again, for the commands `strideload home share`, `stop` and `list`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from strideload.home.ids import HomeIds
from strideload.host import HOME_FOLDER, make_folder, open_home, open_kept
from strideload.pods import known_runner
from strideload.runners import NOBODY
from strideload.settings import Settings
from strideload.store import Store

NOT_ENABLED = " Nothing is told until home.enabled is true in strideload.toml."


@dataclass(frozen=True)
class Shared:
    """A runner and what home dashboards are told. `id`: in topics; None: nothing is told."""

    runner: str
    name: str
    day: bool
    symptoms: bool
    id: str | None


def share(settings: Settings, runner: str | None, *, symptoms: bool) -> str:
    """Opt in -> what holds now, in words. StrideloadError: no such runner."""
    ids = _ids(settings)
    with open_home(settings) as store:
        who = known_runner(store, settings, runner)
        store.accounts.set_publishes(who, day=True, symptoms=symptoms)
        name = store.runner_names()[who]
    what = "load and symptoms" if symptoms else "load, and no symptoms,"
    words = f"{name}'s {what} are told to home dashboards, under {ids.id_of(who)} in topics."
    return words if settings.home.enabled else words + NOT_ENABLED


def stop(settings: Settings, runner: str | None) -> str:
    """Opt out -> what holds now, in words. StrideloadError: no such runner."""
    make_folder(settings)
    with open_kept(settings) as store:
        who = known_runner(store, settings, runner)
        store.accounts.set_publishes(who, day=False, symptoms=False)
        name = store.runner_names()[who]
    return (
        f"Home dashboards are told nothing of {name} any more. "
        "What lies at the broker is cleared within seconds while `strideload up` runs, else at its next start."
    )


def shared(settings: Settings) -> list[Shared]:
    """All runners."""
    ids = _ids(settings)
    with open_kept(settings) as store:
        return _shared(store, ids)


def in_words(found: Sequence[Shared]) -> str:
    """A line each."""
    lines = [
        f"{one.name} ({one.runner}): "
        + (f"load{' and symptoms' if one.symptoms else ''}, as {one.id}" if one.day else "nothing")
        for one in found
    ]
    return "\n".join(lines) or NOBODY


def as_dicts(found: Sequence[Shared]) -> list[dict[str, Any]]:
    return [asdict(one) for one in found]


def _shared(store: Store, ids: HomeIds) -> list[Shared]:
    return [
        Shared(runner, name, told.day, told.symptoms, ids.id_of(runner) if told.day else None)
        for runner, name in store.runner_names().items()
        for told in [store.accounts.publishes(runner)]
    ]


def _ids(settings: Settings) -> HomeIds:
    make_folder(settings)
    return HomeIds(settings.folder / HOME_FOLDER)
