"""Scripts on a real MicroPython (its WebAssembly build under Node): 31-bit small integers, as on a board."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support import tools

FIRMWARE = Path(__file__).parents[2] / "firmware"
PACKAGE = "@micropython/micropython-webassembly-pyscript"
HEAP_BYTES = 16 * 1024 * 1024
TIMEOUT_S = 120


class MicroPythonError(Exception):
    """The script failed; the text is MicroPython's traceback."""


@dataclass(frozen=True)
class Ran:
    """What a script printed, and the files that it left in `out/`, by their path below it."""

    stdout: str
    files: Mapping[str, bytes]


def run(script: str, files: Mapping[str, bytes] | None = None, heap_bytes: int = HEAP_BYTES) -> Ran:
    """Run `script` beside `files`, with the firmware importable. MicroPythonError if it raises."""
    node = tools.program("node")
    if not (tools.MICROPYTHON_DIR / "node_modules" / PACKAGE).is_dir():
        tools.missing("MicroPython is not installed: run `npm ci` in tests/micropython")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(FIRMWARE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        for path, data in (files or {}).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        (folder / "script.py").write_text(script)
        done = subprocess.run(
            [node, "run.mjs", str(folder), str(heap_bytes)],
            cwd=tools.MICROPYTHON_DIR,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise MicroPythonError(done.stderr.decode(errors="replace").strip())
        out = folder / "out"
        found = {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}
        return Ran(done.stdout.decode(errors="replace"), found)
