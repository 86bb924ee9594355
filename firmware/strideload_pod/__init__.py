"""Strideload, the pod: what runs in the shoe."""

FIRMWARE_VERSION = (0, 1, 0)
