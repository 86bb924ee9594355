"""How the firmware is compiled for MicroPython: one choice for what is installed and what is measured."""

from typing import Final

# -O3 leaves line numbers out, which cost RAM: a traceback names the function, and line 1. docs/pod.md has the figure.
MPY_CROSS_WORDS: Final = ("-O3",)
