"""MicroPython's `network`: one station. A file `no-wifi` in the root takes the access point away.

It knows the network "home" with the password "sesame". Joining takes as long as JOIN_MS says.
"""

import os
import time

STA_IF = 0
AP_IF = 1
JOIN_MS = 30
CALLS = []  # names of what was called


class WLAN:
    IF_STA = 0

    def __init__(self, interface_id=STA_IF):
        if interface_id not in (STA_IF, AP_IF):
            raise ValueError("invalid interface")
        self._active = False
        self._joined_ms = None

    def active(self, is_active=None):
        if is_active is None:
            return self._active
        CALLS.append("on" if is_active else "off")
        self._active = bool(is_active)
        self._joined_ms = None
        return None

    def connect(self, ssid=None, key=None):
        if not self._active:
            raise OSError(1)  # EPERM
        if self._joined_ms is not None:
            raise OSError("Wifi Internal Error")  # ESP32: it is connecting already
        CALLS.append("connect")
        if (ssid, key) == ("home", "sesame"):
            self._joined_ms = time.ticks_add(time.ticks_ms(), JOIN_MS)

    def disconnect(self):
        if not self._active:
            raise OSError("Wifi Not Started")
        self._joined_ms = None

    def isconnected(self):
        if self._joined_ms is None or time.ticks_diff(time.ticks_ms(), self._joined_ms) < 0:
            return False
        try:
            os.stat("/no-wifi")
        except OSError:
            return True
        return False
