"""What one runner's records say. Pages, API, report and Home Assistant show the same: they ask here.

`records.read` looks into the store once; everything else works on what it found.
"""
