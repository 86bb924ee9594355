"""One file an interpreter: pins, bus, files, clock, network client."""
