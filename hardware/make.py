"""Makes the checked-in files of hardware/ and docs/pictures/ from their sources.

.venv/bin/python hardware/make.py wiring    hardware/wiring/ from pins.toml; needs graphviz
.venv/bin/python hardware/make.py clip      from clip.scad its STL files, pictures and table; needs openscad
.venv/bin/python hardware/make.py power     the tables of currents in hardware/README.md from power.toml
"""

import sys


def main(words: list[str]) -> None:
    """SystemExit: unknown word, or a tool that is missing."""
    known = ("wiring", "clip", "power")
    if not words or any(word not in known for word in words):
        raise SystemExit(__doc__)
    for word in words:
        module = __import__(f"making.{word}", fromlist=["make"])
        module.make()


if __name__ == "__main__":
    main(sys.argv[1:])
