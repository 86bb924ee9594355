"""What a runner feels and sees."""

import pytest

from strideload.simulate.bus import SimulatedI2C
from strideload_pod import lamp, motor
from strideload_pod.boards.bare import Bare

GO, SEQUENCE, MODE = 0x0C, 0x04, 0x01
STANDBY = 0x40


class Drv2605:
    """TI's DRV2605 as its data sheet has it after power-on: in standby, and it plays only out of it."""

    def __init__(self):
        self.registers = {MODE: STANDBY, SEQUENCE: 1}
        self.played = []

    def write(self, data):
        register, *values = data
        for offset, value in enumerate(values):
            self.registers[register + offset] = value
        if self.registers.get(GO) and not self.registers[MODE] & STANDBY:
            self.played.append(self.registers[SEQUENCE])
            self.registers[GO] = 0


class Board(Bare):
    def __init__(self, devices):
        self.i2c = SimulatedI2C(devices)
        self.buzzed_ms = []

    def buzz(self, ms):
        self.buzzed_ms.append(ms)
        return True


def test_a_haptic_driver_plays_every_time_also_after_it_lost_its_power():
    chip = Drv2605()
    board = Board({motor.ADDRESS: chip})
    assert motor.buzz("drv2605", board)
    chip.registers = {MODE: STANDBY, SEQUENCE: 1}
    assert motor.buzz("drv2605", board)
    assert chip.played == [47, 47]
    assert board.buzzed_ms == []


def test_a_driver_that_does_not_answer_is_told():
    assert not motor.buzz("drv2605", Board({}))


def test_a_bus_in_use_is_left_alone():
    board = Board({motor.ADDRESS: Drv2605()})
    board.i2c.try_lock()
    assert not motor.buzz("drv2605", board)


def test_a_motor_on_a_pin_is_the_boards():
    board = Board({})
    assert motor.buzz("pin", board)
    assert board.buzzed_ms == [motor.PIN_BUZZ_MS]
    assert not motor.buzz("pin", Bare())
    assert not motor.buzz("", board)


@pytest.mark.parametrize("round_ms", [10, 77, 500])
@pytest.mark.parametrize("pattern", [lamp.WATCHING, lamp.IN_SESSION, lamp.NOT_RECORDING])
def test_a_flash_is_seen_however_long_a_round_takes(pattern, round_ms):
    lit = [lamp.is_lit(pattern, now, now - round_ms) for now in range(round_ms, 80_000, round_ms)]
    flashes = sum(now and not before for before, now in zip([False, *lit], lit, strict=False))
    assert abs(flashes - 80_000 / pattern[1]) <= 2
    assert not all(lit)


def test_dark_is_dark_and_steady_is_steady():
    for now in range(0, 10_000, 77):
        assert not lamp.is_lit(lamp.DARK, now, now - 77)
        assert lamp.is_lit(lamp.STEADY, now, now - 77)
