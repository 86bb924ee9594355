"""Mountings at random."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def random_rotation(rng: np.random.Generator) -> Floats:
    """Any rotation as likely as any other, shape (3, 3)."""
    turn, upper = np.linalg.qr(rng.standard_normal((3, 3)))
    turn = turn * np.sign(np.diag(upper))
    if np.linalg.det(turn) < 0:
        turn[:, 0] = -turn[:, 0]
    return turn


def turned(values: Floats, seed: int) -> Floats:
    """As another mounting would give it, all sensors turned alike, shape (n, 3) or (n, 6); seed 0 turns nothing."""
    if seed == 0:
        return values
    turn = random_rotation(np.random.default_rng(seed))
    return (values.reshape(len(values), -1, 3) @ turn.T).reshape(len(values), -1)
