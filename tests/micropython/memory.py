"""RAM that the pod takes on MicroPython: JSON of [what, bytes that it added]. Fakes of the chip are left out."""

import gc
import json
from array import array

import machine  # noqa: F401
import network  # noqa: F401

kept = []


def settle(depth=60):
    """Write over what former calls left on the stack: the collector takes all that looks like an address for one."""
    values = [None] * 8
    if depth:
        settle(depth - 1)
    return values


def allocated():
    for _ in range(2):
        settle()
        gc.collect()
    return gc.mem_alloc()


def brings(name):
    return lambda: __import__(name, None, None, ("",))


def open_board():
    return brings("main")().open_board()


def state():
    return array("i", bytes(4 * brings("strideload_pod.detector")().state_size(833_000, 1)))


def block():
    return bytearray(2 * brings("strideload_pod.pod")().BLOCK_NUMBERS)


def message():
    return bytearray(512 * brings("strideload_pod.boards.wlan_client")().WlanClient.message_pages)


def running():
    pod = brings("strideload_pod.pod")().Pod(kept[0])
    pod.begin()
    return pod


CODE = (
    ("page.py", brings("strideload_pod.page")),
    ("detector.py", brings("strideload_pod.detector")),
    ("imu.py", brings("strideload_pod.imu")),
    ("log.py", brings("strideload_pod.log")),
    ("sync.py", brings("strideload_pod.sync")),
    ("settings.py", brings("strideload_pod.settings")),
    ("pod.py and the rest of it", brings("strideload_pod.pod")),
    ("on_micropython.py and its port", brings("strideload_pod.boards.on_micropython")),
    ("wlan_client.py, mqtt.py", brings("strideload_pod.boards.wlan_client")),
    ("lsm6ds_fields.py", brings("strideload_pod.lsm6ds_fields")),
)
# `running` makes these itself; alone they show how much of it they are.
BUFFERS = (("the detector's state", state), ("a block of samples", block), ("a message of pages", message))


def measure(what, make):
    """Note what `make` adds. -> what it gave."""
    before = allocated()
    made = make()
    told.append([what, allocated() - before])
    return made


told = []
start = allocated()
for what, make in CODE:
    measure(what, make)
kept.append(measure("a board", open_board))
for what, make in BUFFERS:
    measure(what, make)
buffers = sum(size for _, size in told[-len(BUFFERS) :])
kept.append(measure("the rest of a pod that runs", running))
told[-1][1] -= buffers
told.append(["in all", allocated() - start])
print(json.dumps(told))
