"""Starts the pod on whichever interpreter this is."""

import sys


def open_board():
    """The board of this interpreter; only `boards/` knows more about it."""
    name = sys.implementation.name
    if name == "circuitpython":
        from strideload_pod.boards.on_circuitpython import Board
    elif name == "micropython":
        from strideload_pod.boards.on_micropython import Board
    else:
        from strideload_pod.boards.on_linux import Board
    return Board()


def main():
    from strideload_pod.pod import Pod

    Pod(open_board()).run()


if __name__ == "__main__":
    main()
