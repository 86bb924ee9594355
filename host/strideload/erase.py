"""A runner is erased for good, out of the store and out of what is remembered beside it."""

from strideload.remembered import forget_everything
from strideload.store import Store
from strideload.store.erasing import Erased
from strideload.store.people import LAST_DATE, UNNAMED
from strideload.words.numbers import number


def erase(store: Store, runner: str, home_runner: str | None) -> Erased:
    """StoreError: no such runner. `home_runner`: of the settings of a host that runs, who begins anew if it is they.

    What home dashboards were told is cleared by their publisher, which finds that the runner opted in no more.
    """
    zone = store.zone_of(runner, LAST_DATE)
    store.derive()  # a page that is not read yet tells of nobody
    erased = store.erase_runner(runner)
    if runner == home_runner and runner not in store.runners():
        store.ensure_runner(runner, UNNAMED, zone)
    forget_everything()
    return erased


def in_words(erased: Erased) -> str:
    """ "Erased for good: 12 sessions, 3 400 pages, 25 entries." """
    said = (
        f"Erased for good: {_count(erased.sessions, 'session')}, {_count(erased.pages, 'page')}, "
        f"{_count(erased.entries, 'entry', 'entries')}. What a pod sends again of it stays away."
    )
    if not erased.left:
        return said
    return f"{said} Left: {_count(erased.left, 'session')} without a date, of a pod that others wear as well."


def _count(count: int, one: str, many: str | None = None) -> str:
    return f"{number(count)} {one if count == 1 else many or one + 's'}"
