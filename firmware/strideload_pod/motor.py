"""A buzz that a foot feels: a motor on a pin of the board, or TI's DRV2605 haptic driver on the chip's bus.

Registers and effects: TI SLOS854, the data sheet of the DRV2605. Its other registers are right for an eccentric mass as
they are after power-on.
"""

ADDRESS = 0x5A
# register, value: out of standby and played by GO; library A; effect 47, "Buzz 1, 100 %"; no second one; GO
BUZZ = ((0x01, 0), (0x03, 1), (0x04, 47), (0x05, 0), (0x0C, 1))
PIN_BUZZ_MS = 300


def buzz(kind, board):
    """Buzz once, by a motor of `kind` (settings.MOTORS), and return at once. False: none, or it did not answer."""
    if kind == "pin":
        return board.buzz(PIN_BUZZ_MS)
    return kind == "drv2605" and _play(board.i2c)


def _play(i2c):
    if not i2c.try_lock():
        return False
    try:
        # All of it every time: the driver may have lost its power since.
        for pair in BUZZ:
            i2c.writeto(ADDRESS, bytes(pair))
        return True
    except OSError:
        return False
    finally:
        i2c.unlock()
