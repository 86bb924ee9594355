"""The table in docs/validation.md, and beside this file as JSON: two forms of one run."""

import json
from collections.abc import Sequence
from pathlib import Path

from . import table
from .figures import Row

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"
ROWS = Path(__file__).with_name("table.json")


def write(rows: Sequence[Row], likeness: str | None, about: dict[str, object]) -> None:
    """Both; `likeness` stays as it was when it is None."""
    ROWS.write_text(table.to_json(rows, **about))
    page = replaced(PAGE.read_text(), "table", told())
    PAGE.write_text(replaced(page, "likeness", likeness) if likeness is not None else page)


def told() -> str:
    """The part of the page that `table.json` stands for."""
    kept = json.loads(ROWS.read_text())
    return f"Made on {kept['date']} with version {kept['detector']} of the detector.\n\n{table.markdown(kept['rows'])}"


def replaced(page: str, name: str, text: str) -> str:
    """The page with this text between the two marks of that name. ValueError without them."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"no marks of {name!r}")
    return f"{before}{begin}\n{text}\n{end}{after}"
