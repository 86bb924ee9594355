"""RAM of a pod that runs, part by part, as .py, as .mpy and as .mpy in a ROMFS. docs/pod.md has the figures."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.mosquitto import Mosquitto, start_mosquitto  # noqa: F401 - a fixture
from support.pod_memory import FORMS, lives, pod_memory

STEP_BYTES = 4_000


@pytest.mark.parametrize("form", FORMS)
def test_memory_part_by_part(tmp_path: Path, form: str) -> None:
    found = pod_memory(tmp_path / "flash", form)
    print()
    for what, size in found.items():
        print(f"{size:8d}  {what}")


@pytest.mark.parametrize("form", FORMS[1:])
def test_least_heap(tmp_path: Path, start_mosquitto: Callable[..., Mosquitto], form: str) -> None:  # noqa: F811
    """What a pod needs to live for a while, with the peaks of starting, of `state` and of sending; without TLS."""
    broker = start_mosquitto()
    least, enough = 80_000, 200_000
    while enough - least > STEP_BYTES:
        middle = (least + enough) // 2
        if lives(tmp_path / str(middle), form, middle, broker):
            enough = middle
        else:
            least = middle
    print(f"\n{enough:8d}  heap that is enough, as {form}")
