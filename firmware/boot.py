"""CircuitPython, before USB begins: whose the CIRCUITPY drive is. MicroPython has nothing to do here.

The drive can be written by the firmware or by the computer, never by both. It is the firmware's, and the computer may
copy from it, unless the button is held for three seconds from the start or nothing is set up yet: then it is the
computer's, as it is where this file fails. A button that woke the pod out of its sleep asks for nothing else.
"""

import sys


def main():
    import storage

    from strideload_pod.boards.on_circuitpython import has_slept, is_held, read_settings

    settings = read_settings()
    if settings and (has_slept() or not is_held(settings)):
        storage.remount("/", readonly=False)


if sys.implementation.name == "circuitpython":
    main()
