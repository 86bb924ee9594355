"""Strideload, the host: collects the pods' pages and makes them a runner's days."""

__version__ = "0.1.0"
