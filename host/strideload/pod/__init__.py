"""Putting the firmware on a pod, checking it, and reading what it says."""
