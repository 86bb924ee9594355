"""Starts the pod on whichever interpreter this is."""

import sys


def open_board():
    """The board of this interpreter; only `boards/` knows more about it. SystemExit: there is none."""
    name = sys.implementation.name
    module = "on_linux" if name == "cpython" else "on_" + name
    try:
        boards = __import__("strideload_pod.boards." + module, None, None, ("Board",))
    except ImportError as error:
        # Printed, since a board does not show what SystemExit carries.
        print("No board for %s on %s: %s" % (name, sys.platform, error))
        raise SystemExit(1) from error
    return boards.Board()


def main():
    board = open_board()
    if getattr(board, "read_only", False):
        # The drive is the computer's (boot.py): what records is not even loaded.
        from strideload_pod import lent

        lent.run(board)
    else:
        from strideload_pod.pod import Pod

        while Pod(board).run():
            pass  # other settings, another boot


if __name__ == "__main__":
    main()
