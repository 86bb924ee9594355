"""The tables in hardware/README.md that are made, each between two marks."""

from pathlib import Path

FILE = Path(__file__).parents[1] / "README.md"


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}: made by hardware/make.py -->\n", f"<!-- {name}: end -->"


def held(name: str) -> str:
    """What stands there now. ValueError: the marks are not there."""
    begin, end = _marks(name)
    text = FILE.read_text(encoding="utf-8")
    return text[text.index(begin) + len(begin) : text.index(end)].strip("\n") + "\n"


def put(name: str, table: str) -> None:
    begin, end = _marks(name)
    before, _, rest = FILE.read_text(encoding="utf-8").partition(begin)
    after = rest[rest.index(end) :]
    FILE.write_text(f"{before}{begin}\n{table}\n{after}", encoding="utf-8")
