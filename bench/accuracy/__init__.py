"""How well the detector finds steps: one command over real recordings and the simulated runner, peers beside it.

`./run bench accuracy` prints the table; docs/validation.md says what stands in it and what does not.
"""
