"""A board's client that does what it is told: [name, words...] comes in, {"gave": ...} or {"raised": ...} goes out."""

import gc
import json
import os
import sys
import time

import machine
import network

import main
from strideload_pod.boards import mqtt, ntp

ntp.PORT = int(os.getenv("NTP_PORT") or ntp.PORT)
ntp.WAIT_MS = int(os.getenv("NTP_WAIT_MS") or ntp.WAIT_MS)
board = main.open_board()
client = board.client()


def look(ms):
    """Until it is connected, for so long at most."""
    began = time.ticks_ms()
    while not client.connected:
        if time.ticks_diff(time.ticks_ms(), began) > ms:
            return False
        time.sleep_ms(2)
    return True


def poll(ms):
    found = client.poll(ms)
    return found and [found[0], bytes(found[1]).hex()]


def begun(name, *words):
    """How many ms a call takes, however it ends."""
    began = time.ticks_ms()
    try:  # noqa: SIM105 - MicroPython has no contextlib
        DOES[name](*words)
    except OSError:
        pass
    return time.ticks_diff(time.ticks_ms(), began)


def memory():
    gc.collect()
    return gc.mem_alloc()


DOES = {
    "connect": lambda: client.connect("test/online", b"0"),
    "connected": lambda: client.connected,
    "look": look,
    "poll": poll,
    "publish": lambda topic, data, qos: client.publish(topic, bytes.fromhex(data), qos, False),
    "subscribe": lambda topic: client.subscribe(topic),
    "close": lambda: client.close(),
    "takes": begun,
    "memory": memory,
    "blocks": lambda: client.blocks,
    "too_long": lambda: client.too_long,
    "have_patience": lambda ms: setattr(mqtt, "ANSWER_MS", ms),
    "utc_ms": lambda: board.clock.utc_ms(),
    "clock": lambda: machine.RTC_SET,
    "wifi": lambda: network.CALLS,
}

while True:
    line = sys.stdin.readline()
    if not line:
        break
    name, *words = json.loads(line)
    try:
        print(json.dumps({"gave": DOES[name](*words)}))
    except OSError as error:
        print(json.dumps({"raised": str(error)}))
