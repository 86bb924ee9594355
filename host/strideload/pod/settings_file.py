"""A pod's settings.toml: what stands in it stays, unless somebody says that it is to be replaced."""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Final

from strideload.errors import StrideloadError

NAME: Final = "settings.toml"
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
