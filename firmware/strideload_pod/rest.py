"""Whether a shoe at rest measures 1 g: LSM6DSO32 and LSM6DSOX answer alike, and the wrong one of them is out by two.

A second in which nothing moves is taken as rest, and the length of its mean acceleration must be 1 g. The tolerance
lies far from half and double, and beyond what is no fault: the zero-g level (+-20 mg typical, 0.1 mg a degC; 40 mg
after soldering is 70 mg on all axes together), the sensitivity (0.5 %) and a lift that sets off (1.2 m/s2).
[LSM6DSO32 data sheet, DocID032891 Rev 1, table 3; ISO 18738]
"""

try:
    from micropython import const
except ImportError:

    def const(expr):
        return expr


ONE_G_MG = const(1000)
TOLERANCE_MG = const(250)
STILL_MG = const(50)  # five standard deviations of the noise in the difference of two samples at 32 g
LOOKS = const(52)  # a second: of the samples one in so many is looked at that this is a second's
_LEAST_LSB = const(4)


class RestCheck:
    """Looks at the stream of one start. `mg`: length of the acceleration at the last still second, 0: none yet."""

    def __init__(self, odr_hz, axes, acc_ug_lsb):
        self.mg = 0
        self._axes = axes
        self._acc_ug_lsb = acc_ug_lsb
        self._every = odr_hz // LOOKS
        self._still_lsb = max(_LEAST_LSB, STILL_MG * 1000 // acc_ug_lsb)
        self._skip = 0  # samples before the next one that is looked at
        self._count = 0  # looks since the shoe is still
        self._x = self._y = self._z = 0  # the first of them
        self._sum_x = self._sum_y = self._sum_z = 0

    def is_wrong(self):
        """True while the last still second was not of 1 g."""
        return self.mg > 0 and not -TOLERANCE_MG <= self.mg - ONE_G_MG <= TOLERANCE_MG

    def interrupt(self):
        """Samples are missing: a still second begins anew."""
        self._count = 0

    def look(self, block, n):
        """Look at the next `n` samples of the stream."""
        at = self._skip
        if at >= n:
            self._skip = at - n
            return
        axes = self._axes
        still = self._still_lsb
        while at < n:
            k = at * axes
            x = block[k]
            y = block[k + 1]
            z = block[k + 2]
            if (
                self._count
                and -still <= x - self._x <= still
                and -still <= y - self._y <= still
                and -still <= z - self._z <= still
            ):
                self._sum_x += x
                self._sum_y += y
                self._sum_z += z
                self._count += 1
                if self._count == LOOKS:
                    self._count = 0
                    self.mg = self._length_mg()
            else:
                self._count = 1
                self._x = self._sum_x = x
                self._y = self._sum_y = y
                self._z = self._sum_z = z
            at += self._every
        self._skip = at - n

    def _length_mg(self):
        """Length of the mean, to 2 mg: in units of 2 mg every number here stays below 2**30. At least 1."""
        scale = self._acc_ug_lsb
        half = LOOKS // 2
        x = ((self._sum_x + half) // LOOKS * scale + 1000) // 2000
        y = ((self._sum_y + half) // LOOKS * scale + 1000) // 2000
        z = ((self._sum_z + half) // LOOKS * scale + 1000) // 2000
        square = x * x + y * y + z * z
        root = square
        better = (root + 1) // 2
        while better < root:
            root = better
            better = (root + square // root) // 2
        return max(1, 2 * root)
