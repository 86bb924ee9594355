"""Starts the pod on whichever interpreter this is."""

import sys


def open_board():
    """The board of this interpreter; only `boards/` knows more about it."""
    name = sys.implementation.name
    module = "on_linux" if name == "cpython" else "on_" + name
    try:
        boards = __import__("strideload_pod.boards." + module, None, None, ("Board",))
    except ImportError as error:
        raise SystemExit("no board for %s (%s): %s" % (name, sys.platform, error)) from error
    return boards.Board()


def main():
    from strideload_pod.pod import Pod

    Pod(open_board()).run()


if __name__ == "__main__":
    main()
