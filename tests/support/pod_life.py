"""A short life of a pod that CPython and MicroPython both can live: a board and a bus in the least words.

On CPython the bus is that of a simulated chip, and every transfer is written down; on MicroPython these transfers are
played back, and one that differs ends the test.
"""

import json

from strideload_pod.boards.bare import Bare
from strideload_pod.page import ANCHOR_NTP, PAGE_SIZE, key
from strideload_pod.sync import ACK, PAGES, topic

UID = b"12345678"
STORE = "01" * 16
LOG_ID = 0xDEADBEEF
TRANSFERS = "transfers.json"
SECONDS = 60
PAUSE_AT_MS, PAUSE_MS = 30_000, 9_000
HOST_FROM_MS = 20_000
UTC_MS = 1_772_600_000_000
SETTINGS = {
    "STRIDELOAD_ODR_HZ": 104,
    "STRIDELOAD_GYRO_DPS": 0,
    "STRIDELOAD_LOG_PAGES": 256,
    "STRIDELOAD_STORE": STORE,
}


class Bus:
    """Of busio's surface what imu.py and lsm6ds_fields.py use; `transfer` writes, and reads `count` bytes."""

    def try_lock(self):
        return True

    def unlock(self):
        pass

    def writeto(self, address, data):
        self.transfer(data, 0)

    def writeto_then_readfrom(self, address, out, into, out_end, in_start, in_end):
        into[in_start:in_end] = self.transfer(out[:out_end], in_end - in_start)


class Player(Bus):
    """A bus that answers as another did: `transfers` are [written in hex, read in hex]."""

    def __init__(self, transfers):
        self.transfers = transfers
        self.at = 0

    def transfer(self, data, count):
        written, read = self.transfers[self.at]
        self.at += 1
        if bytes(data) != bytes.fromhex(written) or len(read) != 2 * count:
            raise ValueError(f"transfer {self.at} is another: {bytes(data).hex()}")
        return bytes.fromhex(read)


class Clock:
    """Moves only while the pod sleeps, and once while it hangs."""

    utc_source = ANCHOR_NTP

    def __init__(self):
        self.now_ms = 0
        self.paused = False

    def ticks_ms(self):
        return self.now_ms

    def sleep_ms(self, ms):
        self.now_ms += ms
        if self.now_ms >= PAUSE_AT_MS and not self.paused:
            self.paused = True
            self.now_ms += PAUSE_MS

    def utc_ms(self):
        return None


class Handle:
    def __init__(self, data):
        self.data, self.at = data, 0

    def write(self, data):
        self.data.extend(data)

    def seek(self, offset, whence=0):
        self.at = offset + (len(self.data) if whence == 2 else 0)
        return self.at

    def read(self):
        return bytes(self.data[self.at :])

    def readinto(self, buffer):
        data = self.data[self.at : self.at + len(buffer)]
        buffer[: len(data)] = data
        return len(data)

    def close(self):
        pass


class Files:
    def __init__(self):
        self.content = {}

    def open(self, name, mode):
        if mode == "wb" or (mode == "ab" and name not in self.content):
            self.content[name] = bytearray()
        return Handle(self.content[name])

    def names(self):
        return sorted(self.content)

    def remove(self, name):
        del self.content[name]

    def sync(self, file):
        pass


class Client:
    """A host that is there from HOST_FROM_MS on, stores all pages and tells the time."""

    blocks = False

    def __init__(self, clock):
        self.clock = clock
        self.connected = False
        self.wanted = 0
        self.inbox = []
        self.said = []  # [leaf, payload] of all but pages

    def connect(self, will_topic, will_payload):
        if self.clock.now_ms < HOST_FROM_MS:
            raise OSError(113)
        self.connected = True

    def subscribe(self, topic):
        pass

    def publish(self, name, payload, qos, retain):
        if name == topic(UID, PAGES):
            for at in range(0, len(payload), PAGE_SIZE):
                if key(payload[at : at + PAGE_SIZE])[3] == self.wanted:
                    self.wanted += 1
        else:
            self.said.append([name[-5:], json.loads(bytes(payload))])
        ack = {"v": 1, "store": STORE, "log": f"{LOG_ID:08x}", "stream": 0, "next": self.wanted}
        ack["utc_ms"] = UTC_MS + self.clock.now_ms
        self.inbox.append((topic(UID, ACK), json.dumps(ack).encode()))

    def poll(self, timeout_ms):
        return self.inbox.pop(0) if self.inbox else None

    def close(self):
        self.connected = False


class Board(Bare):
    """The board of `main.py` under MicroPython; `bus` is given on CPython. `last`: the one that was made last."""

    uid = UID
    last = None

    def __init__(self, bus=None):
        if bus is None:
            with open(TRANSFERS) as file:
                bus = Player(json.load(file))
        self.i2c = bus
        self.settings = dict(SETTINGS)
        self.clock = Clock()
        self.files = Files()
        self.line = Client(self.clock)
        Board.last = self

    def client(self):
        return self.line

    def battery_mv(self):
        return 3700

    def random_u32(self):
        return LOG_ID

    def stopping(self):
        return self.clock.now_ms >= 1000 * SECONDS

    def told(self):
        """What the pod said and wrote: the same on every interpreter."""
        files = {name: bytes(data).hex() for name, data in self.files.content.items()}
        return {"said": self.line.said, "files": files}
