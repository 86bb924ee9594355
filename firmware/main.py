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
    board = pod = None
    try:
        board = open_board()
        if getattr(board, "read_only", False):
            # The drive is the computer's (boot.py): what records is not even loaded.
            from strideload_pod import lent

            lent.run(board)
        else:
            from strideload_pod.pod import Pod

            pod = Pod(board)
            while pod.run():  # other settings, another boot
                by_hand = pod.by_hand
                pod = None  # its memory is the next one's
                pod = Pod(board, by_hand)
    except Exception as error:
        restart = getattr(board, "restart", None)
        if restart is not None:
            show(error)
            restart()
        if pod is None and sys.implementation.name == "cpython":
            # By name, so that no board is given a module that it cannot have.
            __import__("strideload_pod.boards.on_linux", None, None, ("refuse",)).refuse(error)
        raise


def show(error):
    """Print an error with its traceback, as the interpreter does."""
    show_it = getattr(sys, "print_exception", None) or __import__("traceback").print_exception
    show_it(error)


if __name__ == "__main__":
    main()
