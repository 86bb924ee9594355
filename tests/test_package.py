"""The wheel: one file with host, firmware and all that they read, which installs as `strideload`."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import strideload
from support import tools
from support.waiting import PATIENCE_S

ROOT = Path(__file__).parents[1]
# folder in the tree -> folder in the wheel
SOURCES = {"host/strideload": "strideload", "firmware": ""}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by hatchling as it stands in this environment: no network, no isolation."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=PATIENCE_S,
    )
    (path,) = folder.iterdir()
    return path


def in_tree() -> set[str]:
    """Names that the wheel must have, by the files of the tree."""
    names: set[str] = set()
    for source, target in SOURCES.items():
        for path in (ROOT / source).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                names.add((Path(target) / path.relative_to(ROOT / source)).as_posix())
    programs = {"main.py", "boot.py"}  # they travel as package data: a wheel owns no module of these names
    clone = {"manifest.py"}  # MicroPython's build reads it from there
    return names - programs - clone | {f"strideload_pod/{name}" for name in programs}


def test_the_wheel_has_every_file_and_no_other(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert len(names) == len(set(names))
    assert {name for name in names if ".dist-info/" not in name} == in_tree()


def test_the_wheel_is_for_any_system_and_names_its_licence(wheel: Path) -> None:
    assert wheel.name == f"strideload-{strideload.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"strideload-{strideload.__version__}.dist-info/METADATA").decode()
    assert "License-Expression: MIT" in metadata
    assert "Requires-Python: >=3.11" in metadata


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `strideload` command of an environment that has the wheel, and the dependencies of this one."""
    folder = tmp_path_factory.mktemp("installed") / "environment"
    try:
        import ensurepip  # noqa: F401  (Debian has it in a package of its own)
    except ImportError:
        tools.missing("python3-venv is not installed")
    venv.create(folder, with_pip=True, symlinks=True)
    python = folder / "bin/python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel], check=True, timeout=120
    )
    site = next((folder / "lib").glob("python3.*")) / "site-packages"
    # A .pth adds a folder only: the .pth files within it, by which a clone finds its sources, are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin/strideload"


def run(command: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [command, *words], cwd="/", env=environment, capture_output=True, text=True, timeout=PATIENCE_S
    )


def test_installed_it_is_the_command(installed: Path) -> None:
    done = run(installed, "--version")
    assert (done.returncode, done.stdout) == (0, f"strideload {strideload.__version__}\n"), done.stderr


def test_installed_it_runs_from_its_own_files(installed: Path) -> None:
    """Host and firmware both come from the wheel, not from this clone."""
    code = "import strideload, strideload_pod; print(strideload.__file__, strideload_pod.__file__, sep='\\n')"
    done = run(installed.parent / "python", "-c", code)
    assert done.returncode == 0, done.stderr
    for place in done.stdout.splitlines():
        assert Path(place).is_relative_to(installed.parents[1])
