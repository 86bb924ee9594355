"""CircuitPython, before USB begins: whose the CIRCUITPY drive is. MicroPython has nothing to do here.

The drive can be written by the firmware or by the computer, never by both. It is the firmware's, and the computer may
copy from it, unless the button is held while the pod starts or nothing is set up yet: then it is the computer's, as it
is where this file fails.
"""

import sys


def main():
    import storage

    from strideload_pod.boards.on_circuitpython import is_held, read_settings

    settings = read_settings()
    if settings and not is_held(settings):
        storage.remount("/", readonly=False)


if sys.implementation.name == "circuitpython":
    main()
