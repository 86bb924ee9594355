"""What several benchmarks stand on."""

from collections.abc import Iterator

import pytest

from strideload.store import Store
from three_years import say, three_years


@pytest.fixture(scope="session")
def years(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of three years of running, with what was said of it."""
    with three_years(tmp_path_factory.mktemp("three-years")) as store:
        say(store)
        yield store
