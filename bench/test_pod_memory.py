"""RAM of a pod that runs, part by part, as .py and as .mpy. docs/pod.md has the figures."""

from pathlib import Path

import pytest

from support.pod_memory import pod_memory


@pytest.mark.parametrize("compiled", [False, True], ids=["py", "mpy"])
def test_memory_part_by_part(tmp_path: Path, compiled: bool) -> None:
    found = pod_memory(tmp_path / "flash", compiled=compiled)
    print()
    for what, size in found.items():
        print(f"{size:8d}  {what}")
