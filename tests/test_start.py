"""`./run` as a newcomer meets it: in a folder with a space in its name, with one tiny package as its lock.

The package index is replaced by a folder of wheels (pip's and uv's own settings); shell, Python, venv and
installer are real.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support import tools
from support.waiting import PATIENCE_S

ROOT = Path(__file__).parents[1]
BASE_PYTHON = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
# All that ./run asks of a system beside Python; its tests have no more than this on their path.
SYSTEM_TOOLS = ("sh", "dirname", "readlink", "cmp", "grep", "cp", "rm", "chmod")

# Stands in for the project: tells what it was given, and imports what the lock has.
CLI = """
import os, sys, strideload_pod, pebble
print(pebble.SIZE, os.getpid(), os.getcwd(), *sys.argv[1:], sep="|")
sys.exit(7 if "seven" in sys.argv else 0)
"""


class Tree:
    """A clone in the small, beside a folder of tools and a folder of wheels."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "my clone"
        self.bin = folder / "bin"
        self.wheels = folder / "wheels"
        self.elsewhere = folder / "elsewhere"
        self.path = str(self.bin)

    def lay(self) -> "Tree":
        """Write everything but the environment."""
        for path in (self.bin, self.wheels, self.elsewhere):
            path.mkdir(parents=True)
        (self.root / "host/strideload").mkdir(parents=True)
        (self.root / "firmware/strideload_pod").mkdir(parents=True)
        (self.root / "host/strideload/__init__.py").touch()
        (self.root / "firmware/strideload_pod/__init__.py").touch()
        (self.root / "host/strideload/cli.py").write_text(CLI)
        shutil.copy(ROOT / "run", self.root)
        for name in SYSTEM_TOOLS:
            (self.bin / name).symlink_to(tools.program(name))
        (self.bin / "python3").symlink_to(BASE_PYTHON)
        self.lock("requirements.lock", self.wheel(1))
        self.lock("requirements-dev.lock", self.wheel(1), "# for development\n")
        return self

    def give_uv(self) -> "Tree":
        """With it an environment is made in a moment."""
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        if uv is None:
            tools.missing("uv is not installed")
        assert uv is not None
        (self.bin / "uv").symlink_to(uv)
        (self.elsewhere / "uv.toml").write_text(f"no-index = true\nfind-links = ['{self.wheels}']\n")
        return self

    def wheel(self, size: int) -> tuple[str, str]:
        """Put release `size` of the package `pebble` among the wheels. -> its version and SHA-256."""
        version = f"{size}.0"
        info = f"pebble-{version}.dist-info"
        files = {
            "pebble.py": f"SIZE = {size}\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: pebble\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
            "Tag: py3-none-any\n",
        }
        record = "".join(f"{name},{_record_hash(text)},{len(text)}\n" for name, text in files.items())
        path = self.wheels / f"pebble-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in (files | {f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}).items():
                archive.writestr(zipfile.ZipInfo(name), text)
        return version, hashlib.sha256(path.read_bytes()).hexdigest()

    def lock(self, name: str, release: tuple[str, str], comment: str = "") -> None:
        version, digest = release
        (self.root / name).write_text(f"{comment}pebble=={version} --hash=sha256:{digest}\n")

    def environment(self) -> dict[str, str]:
        return {
            "PATH": self.path,
            "HOME": str(self.elsewhere),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels).replace(" ", "%20"),
            "UV_CONFIG_FILE": str(self.elsewhere / "uv.toml"),
            "UV_NO_CACHE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [self.root / "run", *words],
            cwd=self.elsewhere,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> "Ended":
        return Ended(self.start(*words))


class Ended:
    """What a finished `./run` said, its exit code and its process id."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.out, self.err = process.communicate(timeout=2 * PATIENCE_S)
        self.code = process.returncode
        self.pid = process.pid


def _record_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Ended]]:
    """A folder in which ./run was first said twice at once, and what each said."""
    folder = tmp_path_factory.mktemp("start")
    new = Tree(folder).lay()
    return folder, [
        Ended(process) for process in [new.start("demo", "two words"), new.start("demo", "two words")]
    ]


@pytest.fixture
def tree(started: tuple[Path, list[Ended]], tmp_path: Path) -> Tree:
    """A copy of that folder; the environment in it must work from its new place."""
    shutil.copytree(started[0], tmp_path / "copy", symlinks=True)
    return Tree(tmp_path / "copy")


@pytest.fixture
def bare(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "bare").lay()


def test_two_first_starts_at_once_make_one_environment(started: tuple[Path, list[Ended]]) -> None:
    """One makes it and says so, on stderr, so that `--json` stays readable; the other waits. Both then go on."""
    folder, both = started
    for each in both:
        assert each.code == 0, each.err
        assert each.out == f"1|{each.pid}|{folder / 'elsewhere'}|demo|two words\n"
    assert sum("making the environment, once" in each.err for each in both) == 1


def test_second_start_is_quiet_and_writes_nothing(tree: Tree) -> None:
    """A tree that cannot be written to is therefore no hindrance."""
    before = {path: path.lstat().st_mtime_ns for path in tree.root.rglob("*")}
    second = tree.run("day", "--json")
    assert (second.code, second.err) == (0, "")
    assert second.out.endswith("|day|--json\n")
    assert {path: path.lstat().st_mtime_ns for path in tree.root.rglob("*")} == before


def test_exit_code_and_process_are_the_commands_own(tree: Tree) -> None:
    """No shell stands between, so signals reach the command."""
    ended = tree.run("seven")
    assert ended.code == 7
    assert ended.out.split("|")[1] == str(ended.pid)


def test_a_link_to_run_finds_its_clone(tree: Tree) -> None:
    link = tree.elsewhere / "strideload"
    link.symlink_to(tree.root / "run")
    done = subprocess.run(
        [link, "day"], env=tree.environment(), cwd="/", capture_output=True, text=True, timeout=2 * PATIENCE_S
    )
    assert done.stdout.endswith("|/|day\n")


def test_the_environment_has_the_command(tree: Tree) -> None:
    done = subprocess.run(
        [tree.root / ".venv/bin/strideload", "--version"],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
    )
    assert done.stdout.endswith("|--version\n")


def test_a_changed_lock_is_installed_by_its_hashes_only(tree: Tree) -> None:
    """An environment that was not finished is not taken for one, and the next start makes it."""
    version, digest = tree.wheel(2)
    tree.lock("requirements.lock", (version, "0" * 64))
    tree.lock("requirements-dev.lock", (version, "0" * 64), "# for development\n")
    refused = tree.run("day")
    assert (refused.code, refused.out) == (1, "")
    assert "0" * 64 in refused.err
    assert "./run tries again" in refused.err
    tree.lock("requirements.lock", (version, digest))
    assert tree.give_uv().run("day").out.startswith("2|")


def test_a_vanished_python_makes_the_environment_anew(tree: Tree) -> None:
    """As after an upgrade of the system."""
    python = tree.root / ".venv/bin/python"
    python.unlink()
    python.symlink_to(tree.elsewhere / "gone")
    again = tree.give_uv().run("day")
    assert again.out.startswith("1|"), again.err
    assert "making the environment" in again.err


def test_the_packages_for_development_join_those_that_run(tree: Tree) -> None:
    """What was started from the environment goes on: nothing is taken away under it."""
    running = tree.root / ".venv/started-from-here"
    running.touch()
    ended = tree.run("test")
    assert "adding the tools" in ended.err
    assert running.exists()


def test_tests_need_the_packages_for_development(tree: Tree) -> None:
    """They hold all that is needed for use, so nothing is made anew afterwards."""
    assert "No module named pytest" in tree.run("test").err
    assert (tree.root / ".venv/installed.lock").read_text().startswith("# for development")
    assert tree.run("day").err == ""


def test_benchmarks_are_all_or_those_of_the_files_that_are_named(tree: Tree) -> None:
    (site,) = tree.root.glob(".venv/lib/python3.*/site-packages")
    (site / "pytest.py").write_text("import sys\nprint(*sys.argv[1:], sep='|')\n")
    assert tree.run("bench", "-k", "soak").out == "bench|-k|soak\n"
    assert tree.run("bench", "-s", "bench/test_log.py").out == "-s|bench/test_log.py\n"


def test_uv_is_used_where_it_is(bare: Tree) -> None:
    first = bare.give_uv().run("day")
    assert first.out.startswith("1|"), first.err
    assert not list(bare.root.glob(".venv/lib/python3*/site-packages/pip"))


# What stands in for python3, and the words that must come back; PROBE is what ./run hands to it with -c.
PYTHONS = [
    ("exec false", "python3 does not run"),
    ("version_info = (3, 9, 2)", "is Python 3.9, and 3.11 or newer is needed"),
    ("version_info = (3, 15, 0)", "newer than the locked packages are built for"),
    ("maxsize = 2**31 - 1", "is a 32-bit Python"),
    ("modules['ensurepip'] = None", "sudo apt install python3.11-venv"),
]


@pytest.mark.parametrize(("fault", "words"), PYTHONS, ids=lambda text: text.split(" = ")[0])
def test_an_unfit_python_is_named_with_its_reason(bare: Tree, fault: str, words: str) -> None:
    fake = bare.bin / "python3"
    fake.unlink()
    if fault.startswith("exec"):
        fake.write_text(f"#!/bin/sh\n{fault}\n")
    else:
        name, _, value = fault.partition(" = ")
        fake.write_text(
            f"#!{BASE_PYTHON}\nimport sys\nprobe = sys.argv.pop(2)\nsys.version_info = (3, 11, 2)\n"
            f"sys.{name} = {value}\nexec(probe)\n"
        )
    fake.chmod(0o755)
    ended = bare.run("demo")
    assert (ended.code, ended.out) == (1, "")
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert not (bare.root / ".venv").exists()


def test_no_python_at_all_is_said(bare: Tree) -> None:
    (bare.bin / "python3").unlink()
    ended = bare.run("demo")
    assert ended.code == 1
    assert "sudo apt install python3 python3-venv" in ended.err


def test_what_is_locked_for_use_is_locked_the_same_for_development() -> None:
    """Else the tests would try other packages than the user gets."""
    use, development = (
        set((ROOT / name).read_text().split("\n\n")[-1].replace(" \\\n    ", " ").splitlines())
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    packages = {line for line in use if not line.startswith("#")}
    assert len(packages) > 50
    assert packages <= development


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_hashes_and_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    packages = [line for line in text.replace(" \\\n    ", " ").splitlines() if not line.startswith("#")]
    assert all("==" in line and "--hash=sha256:" in line for line in packages)
    assert "://" not in text
    assert "index" not in text
