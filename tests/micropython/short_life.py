"""Twelve seconds of a pod, as main.py runs it. Prints whether steps were found, and the line held all the time."""

import json

import main

SECONDS = 12

board = main.open_board()
from strideload_pod.pod import Pod  # noqa: E402 - after the board, as there

pod = Pod(board)
pod.begin()
while board.clock.ticks_ms() < 1000 * SECONDS:
    pod.step()
held = pod.sync.is_on and pod.sync.counters["sync_broken"] == 0
pod.end()
print(json.dumps(held and pod.strides > 5 and pod.page.fields["pages_dropped"] == 0))
