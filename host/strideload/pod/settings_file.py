"""A pod's settings.toml: what stands in it stays, unless somebody says that it is to be replaced."""

import ast
import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from strideload.errors import StrideloadError
from strideload.pod.boards import CIRCUITPYTHON, LINUX, MICROPYTHON
from strideload_pod import boards
from strideload_pod.settings import DEFAULTS

NAME: Final = "settings.toml"
KEY: Final = re.compile("STRIDELOAD_[A-Z0-9_]+")
SECRET: Final = re.compile("PASSWORD")

Value = str | int


def read(text: str, where: str) -> dict[str, Value]:
    """Flat keys. StrideloadError: no TOML, or not flat."""
    try:
        settings = tomllib.loads(text)
    except ValueError as error:
        raise StrideloadError(
            f"{NAME} on {where} cannot be read ({error}): correct it or move it away."
        ) from error
    for key, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise StrideloadError(f"{NAME} on {where}: {key} is neither text nor a whole number.")
    return settings


def need_known(keys: Iterable[str], interpreter: str) -> None:
    """StrideloadError: a key that no pod on this interpreter has."""
    known = set(DEFAULTS) | _of_board(interpreter)
    for key in keys:
        if key in known:
            continue
        near = difflib.get_close_matches(key, sorted(known), 1)
        has = [other for other in (CIRCUITPYTHON, MICROPYTHON, LINUX) if key in _of_board(other)]
        whose = f"it is one of {' and '.join(has)} only" if has else "docs/pod.md has the keys"
        raise StrideloadError(
            f"No pod on {interpreter} has the setting {key} ({whose}){f'; {near[0]} is near' if near else ''}."
        )


def _of_board(interpreter: str) -> set[str]:
    """The keys in the table at the head of an interpreter's board; the module itself loads there only."""
    source = Path(boards.__file__).with_name(f"on_{interpreter}.py").read_text(encoding="utf-8")
    table = ast.get_docstring(ast.parse(source)) or ""
    return {
        key for row in table.splitlines() if row.startswith("| ") for key in KEY.findall(row.split("|")[1])
    }


def changed(text: str, new: Mapping[str, Value], where: str) -> str:
    """The text with these keys; its other lines stay as they are. StrideloadError: a value of several lines."""
    lines = text.splitlines()
    left = dict(new)
    for at, line in enumerate(lines):
        key = line.partition("=")[0].strip()
        if key in left:
            lines[at] = _line(key, left.pop(key))
    lines += [_line(key, value) for key, value in left.items()]
    made = "".join(f"{line}\n" for line in lines)
    if read(made, where) != {**read(text, where), **new}:
        raise StrideloadError(
            f"{NAME} on {where} has values that cannot be changed line by line: write them plainly."
        )
    return made


def shown(key: str, value: Value) -> str:
    """A setting for a screen: of a secret only that it is set."""
    return f"{key} = {'(set)' if SECRET.search(key) and value else json.dumps(value, ensure_ascii=False)}"


def _line(key: str, value: Value) -> str:
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"
