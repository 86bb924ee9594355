"""What was taken from elsewhere is what its README says, with its licence beside it."""

import hashlib
import re
from pathlib import Path

import pytest

from strideload import web

VENDOR = Path(web.__file__).parent / "static" / "vendor"
ROWS = re.findall(
    r"^\| `(\S+)` \|.*`(\w+\.LICENSE)` \| `([0-9a-f]{64})` \|$", (VENDOR / "README.md").read_text(), re.M
)


@pytest.mark.parametrize(("name", "licence", "sha256"), ROWS)
def test_a_vendored_file_is_the_one_that_was_published(name: str, licence: str, sha256: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == sha256
    assert "THE SOFTWARE IS PROVIDED" in (VENDOR / licence).read_text().replace("\u201c", '"')


def test_every_vendored_file_stands_in_the_readme() -> None:
    named = {name for row in ROWS for name in row[:2]} | {"README.md"}
    assert {path.name for path in VENDOR.iterdir()} == named
