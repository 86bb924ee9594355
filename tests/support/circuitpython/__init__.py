"""CircuitPython without a board: its own modules, refusing what the real ones refuse, and one machine behind them.

A firmware file runs as it is, with the imports and the `open` that CircuitPython would give it; what the fakes do not
have, CircuitPython does not have either, or the firmware has no need of it. They behave as CircuitPython's sources and
documents have it; where 9 differs from 10.3, `Machine(version=(9, 2, 0))` says so.
"""

from .machine import DeepSleep, Machine, Reset

__all__ = ["DeepSleep", "Machine", "Reset"]
