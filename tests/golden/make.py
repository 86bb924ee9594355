"""Makes every `.page` of this folder from its `.json`, under MicroPython."""

from pathlib import Path

from support import micropython

HERE = Path(__file__).parent
SCRIPT = """
import os
from pack import pack

for name in os.listdir("golden"):
    with open("golden/" + name) as source, open("out/" + name[:-5] + ".page", "wb") as made:
        made.write(pack(source.read()))
"""


def pages_under_micropython() -> dict[str, bytes]:
    """The pages that MicroPython makes, by file name."""
    files = {f"golden/{source.name}": source.read_bytes() for source in HERE.glob("*.json")}
    files["pack.py"] = (HERE / "pack.py").read_bytes()
    return dict(micropython.run(SCRIPT, files).files)


if __name__ == "__main__":
    for name, data in pages_under_micropython().items():
        (HERE / name).write_bytes(data)
