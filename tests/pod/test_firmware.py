"""What goes onto a board: the modules that it imports, compiled for it or as sources, and libraries."""

import stat
from importlib import metadata
from pathlib import Path

import pytest

from strideload.errors import StrideloadError
from strideload.pod import firmware
from strideload.pod.boards import CIRCUITPYTHON, MICROPYTHON
from strideload.pod.firmware import Compiler, firmware_files, library_files
from support.micropython import run

BOTH = (CIRCUITPYTHON, MICROPYTHON)


def test_a_board_gets_what_it_imports_and_no_other_board(built: Path):
    """Modules of all that main.py starts and the host runs; what only Linux needs stays at home."""
    files = firmware_files(CIRCUITPYTHON, None)
    assert {"boot.py", "main.py", "strideload_pod/pod.py", "strideload_pod/check.py"} < set(files)
    assert {"strideload_pod/boards/on_circuitpython.py", "strideload_pod/boards/bare_files.py"} < set(files)
    assert {"strideload_pod/__init__.py", "strideload_pod/boards/__init__.py"} < set(files)
    assert not {name for name in files if "linux" in name or "micropython" in name}
    assert files["strideload_pod/pod.py"] == (built / "strideload_pod" / "pod.py").read_bytes()
    assert "boot.py" not in firmware_files(MICROPYTHON, None)


def test_the_boards_of_this_version_have_what_they_import():
    """Nothing is stood in for here: what each needs beside what all need."""
    micropython = set(firmware_files(MICROPYTHON, Compiler(MICROPYTHON, "armv6m")))
    circuitpython = set(firmware_files(CIRCUITPYTHON, None))
    folder = "strideload_pod/boards"
    assert {f"{folder}/{name}.mpy" for name in ("wlan_client", "mqtt", "port_rp2", "flat_toml")} < micropython
    assert {"boot.py", "strideload_pod/lent.py", f"{folder}/minimqtt.py"} < circuitpython
    assert f"{folder}/minimqtt.mpy" not in micropython


@pytest.mark.parametrize("march", ["armv6m", "armv7emsp", "xtensawin"])
def test_micropython_gets_what_its_compiler_makes(march: str, built: Path):
    files = firmware_files(MICROPYTHON, Compiler(MICROPYTHON, march))
    compiled = {name for name in files if name.startswith("strideload_pod/")}
    assert all(name.endswith(".mpy") and files[name][:2] == b"M\x06" for name in compiled)
    assert not {name for name in files if name.endswith(".py")} - {"main.py"}


def test_what_is_frozen_is_what_is_installed():
    """The modules of firmware/manifest.py, compiled as those that are copied; main.py stays on the flash."""
    included: list[str] = []
    frozen: dict[str, int] = {}

    def package(name: str, files: tuple[str, ...], base_path: str, opt: int) -> None:
        assert base_path == "."
        frozen.update({f"{name}/{file}": opt for file in files})

    source = (Path(__file__).parents[2] / "firmware" / "manifest.py").read_text()
    exec(source, {"include": included.append, "package": package})
    assert included == ["$(PORT_DIR)/boards/manifest.py"]
    assert set(frozen) == set(firmware_files(MICROPYTHON, None)) - {"main.py"}
    assert {(f"-O{opt}",) for opt in frozen.values()} == {firmware.MPY_CROSS_WORDS[MICROPYTHON]}


def test_a_real_micropython_imports_it(built: Path):
    """What is copied is all that is needed: libraries and firmware, and nothing else on its path."""
    compiler = Compiler(MICROPYTHON, None)
    files = {**firmware_files(MICROPYTHON, compiler), **library_files(MICROPYTHON, compiler, None)}
    script = (
        "import sys\nsys.path[:] = ['/run/pod', '/run/pod/lib']\n"
        "import strideload_pod.pod, strideload_pod.check\n"
        "from strideload_pod import capture, cue, lsm6ds_fields, motor\n"  # imported late
        "print(strideload_pod.check.__file__)\n"
    )
    ran = run(script, {f"pod/{name}": data for name, data in files.items()})
    assert ran.stdout.strip() == "/run/pod/strideload_pod/check.mpy"


def test_circuitpython_would_refuse_micropythons_compiler(built: Path):
    """Their files begin with C and M; it is said before anything is copied."""
    program = firmware._mpy_cross()
    with pytest.raises(StrideloadError, match="CircuitPython needs its own mpy-cross"):
        firmware_files(CIRCUITPYTHON, Compiler(CIRCUITPYTHON, "armv6m", program))


def test_circuitpythons_own_compiler_is_taken(built: Path, tmp_path: Path):
    """Stood in for by one that writes the first byte of CircuitPython's files."""
    program = tmp_path / "mpy-cross"
    program.write_text(
        f'#!/bin/sh\n"{firmware._mpy_cross()}" "$@" || exit 1\n'
        'while [ "$1" != "-o" ]; do shift; done\n'
        'printf C | dd of="$2" conv=notrunc 2>/dev/null\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    files = firmware_files(CIRCUITPYTHON, Compiler(CIRCUITPYTHON, "armv6m", program))
    assert files["strideload_pod/pod.mpy"][:2] == b"C\x06"


@pytest.mark.parametrize("program", ["missing", "broken"])
def test_a_compiler_that_does_not_work_is_named(program: str, built: Path, tmp_path: Path):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no such option >&2\nexit 2\n")
    broken.chmod(0o755)
    with pytest.raises(StrideloadError, match=program):
        firmware_files(MICROPYTHON, Compiler(MICROPYTHON, None, tmp_path / program))


def test_libraries_are_those_installed_here():
    """MicroPython needs none."""
    files = library_files(CIRCUITPYTHON, None, None)
    assert {"lib/adafruit_lsm6ds/lsm6dso32.py", "lib/adafruit_minimqtt/adafruit_minimqtt.py"} < set(files)
    assert library_files(MICROPYTHON, None, None) == {}


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    with pytest.raises(StrideloadError, match="adafruit-circuitpython-lsm6ds is not installed"):
        library_files(CIRCUITPYTHON, None, None)


def bundle(folder: Path, header: bytes = b"C\x06") -> Path:
    for name in firmware.top_names(CIRCUITPYTHON):
        single = name in ("adafruit_connection_manager", "adafruit_ticks")
        file = folder / f"{name}.mpy" if single else folder / name / "__init__.mpy"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(header + name.encode())
    (folder / "neopixel.mpy").write_bytes(b"C\x06")
    return folder


def test_a_folder_of_libraries_is_taken_as_it_is(tmp_path: Path):
    files = library_files(CIRCUITPYTHON, None, bundle(tmp_path))
    assert files["lib/adafruit_ticks.mpy"] == b"C\x06adafruit_ticks"
    assert "lib/adafruit_lsm6ds/__init__.mpy" in files
    assert not any("neopixel" in name for name in files)


def test_what_a_folder_lacks_is_taken_from_here_and_one_for_another_is_refused(tmp_path: Path):
    folder = bundle(tmp_path / "lib")
    (folder / "adafruit_ticks.mpy").unlink()
    files = library_files(CIRCUITPYTHON, None, folder)
    assert {"lib/adafruit_ticks.py", "lib/adafruit_connection_manager.mpy"} < set(files)
    with pytest.raises(StrideloadError, match="has none of adafruit_bus_device"):
        library_files(CIRCUITPYTHON, None, tmp_path)
    with pytest.raises(StrideloadError, match=r"begin with 'C'"):
        library_files(CIRCUITPYTHON, None, bundle(tmp_path / "other", b"M\x06"))


def test_a_module_that_is_chosen_at_run_time_goes_along(built: Path):
    boards = built / "strideload_pod" / "boards"
    with (boards / "on_micropython.py").open("a") as file:
        file.write('\nPORT = __import__("strideload_pod.boards.port_" + "x")\n')
    (boards / "port_a.py").write_text("from strideload_pod.boards import only_a\n")
    (boards / "port_b.py").write_text("")
    (boards / "only_a.py").write_text("")
    added = {name.rpartition("/")[2] for name in firmware_files(MICROPYTHON, None)}
    assert {"port_a.py", "port_b.py", "only_a.py"} < added


def test_a_board_that_this_version_has_not_is_said(built: Path):
    (built / "strideload_pod" / "boards" / "on_micropython.py").unlink()
    with pytest.raises(StrideloadError, match="no firmware for micropython"):
        firmware_files(MICROPYTHON, None)
