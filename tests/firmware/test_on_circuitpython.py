"""CircuitPython as a pod's board, on fakes of its modules: settings, pins, bus, sleep, and whose the drive is."""

import errno

import pytest
from adafruit_bus_device.i2c_device import I2CDevice
from hypothesis import given
from hypothesis import strategies as st

from strideload_pod.log import CAPACITY_LEAST, Log, LogError
from strideload_pod.page import KIND_ALIVE, PAGE_SIZE, STREAM_STEPS, Page
from support.circuitpython import DeepSleep, Machine, Reset
from support.circuitpython.drive import Volume

PICO = "raspberry_pi_pico_w"
PICO2 = "raspberry_pi_pico2_w"
FEATHER = "adafruit_feather_esp32s3_4mbflash_2mbpsram"
DAY_MS = 86_400_000
WRAP_MS = 2**29
SD = {"STRIDELOAD_SD_CS_PIN": "GP17"}


class Register:
    """A device whose one pointer goes up as it is read."""

    def __init__(self):
        self.memory = bytearray(range(256))
        self.at = 0

    def write(self, data):
        if data:
            self.at = data[0]

    def read(self, count):
        data = bytes(self.memory[(self.at + i) % 256] for i in range(count))
        self.at += count
        return data


def booted(board=PICO, settings=None, **options):
    """A machine that has started with its drive for the firmware, the button let go."""
    settings = {"STRIDELOAD_ODR_HZ": 104} if settings is None else settings
    return Machine(board, settings, **options).boot()


def board_error(machine):
    """What the board says of its settings."""
    with pytest.raises(Exception, match=r".") as caught:
        machine.board()
    assert type(caught.value).__name__ == "BoardError"
    return str(caught.value)


# Settings


@pytest.mark.parametrize("version", [(9, 2, 0), (10, 1, 0), (10, 3, 0)])
def test_settings_are_read_by_circuitpythons_own_reader(version):
    """Text and whole numbers, by whichever door this version has; other keys are not ours."""
    text = 'CIRCUITPY_HEAP = 1\n# STRIDELOAD_A = 1\nSTRIDELOAD_ODR_HZ = 416 # Hz\n  STRIDELOAD_STORE="ab=c"\n'
    settings = Machine(settings=text, version=version).boot().board().settings
    assert settings["STRIDELOAD_ODR_HZ"] == 416
    assert settings["STRIDELOAD_STORE"] == "ab=c"
    assert set(settings) == {"STRIDELOAD_ODR_HZ", "STRIDELOAD_STORE", "STRIDELOAD_LOG_PAGES"}


@pytest.mark.parametrize("version", [(9, 2, 0), (10, 3, 0)])
@pytest.mark.parametrize("value", ["1.5", '"open', "[1]"])
def test_a_setting_that_is_none_is_named(version, value):
    machine = Machine(settings=f"STRIDELOAD_ODR_HZ = {value}\n", version=version)
    machine.drive.writable = True
    assert "STRIDELOAD_ODR_HZ" in board_error(machine)


def test_without_a_file_there_are_no_settings():
    machine = Machine()
    del machine.drive.root.content["settings.toml"]
    assert set(machine.board().settings) == {"STRIDELOAD_LOG_PAGES"}


@pytest.mark.parametrize(
    ("drive_bytes", "pages"), [(64 * 1024, 256), (512 * 1024, 927), (64 * 1024 * 1024, 16384)]
)
def test_the_log_is_as_large_as_the_drive_allows(drive_bytes, pages):
    """Where the settings do not say it; what the log has already counts as room."""
    machine = booted(drive_bytes=drive_bytes)
    board = machine.board()
    assert board.settings["STRIDELOAD_LOG_PAGES"] == pages
    with board.files.open("0-00000000.seg", "ab") as file:
        file.write(bytes(20 * PAGE_SIZE))
    assert machine.boot().board().settings["STRIDELOAD_LOG_PAGES"] == pages


def test_the_settings_say_how_large_the_log_is():
    assert booted(settings={"STRIDELOAD_LOG_PAGES": 300}).board().settings["STRIDELOAD_LOG_PAGES"] == 300


# Identity


@pytest.mark.parametrize(
    ("board", "uid"), [(PICO, "e66118604b2f3a21"), (PICO2, "a1b2c3d4e5f60718"), (FEATHER, "00007cdfa1e2b3c4")]
)
def test_a_pod_is_known_by_its_chip(board, uid):
    """A MAC of six bytes has zeros before it."""
    assert booted(board).board().uid.hex() == uid


@given(st.binary(min_size=1, max_size=16), st.integers(0, 127))
def test_ids_of_other_lengths_stay_apart(uid, bit):
    """One flipped bit of the chip's id is another pod's."""
    eight_bytes = FIRMWARE["eight_bytes"]
    other = bytearray(uid)
    other[bit // 8 % len(uid)] ^= 1 << bit % 8
    assert len(eight_bytes(uid)) == 8
    assert eight_bytes(uid) != eight_bytes(bytes(other))


FIRMWARE = Machine().load("strideload_pod/boards/on_circuitpython.py")


# Pins


def test_a_pin_that_the_board_has_not_is_named():
    assert "GP77" in board_error(booted(settings={"STRIDELOAD_LAMP_PIN": "GP77"}))


def test_a_pin_is_used_once():
    with pytest.raises(ValueError, match="GP6 in use"):
        booted(settings={"STRIDELOAD_MOTOR_PIN": "GP6"}).board()


def test_only_what_is_named_is_driven():
    """Apart from the lamp that is on the board."""
    machine = booted()
    machine.board()
    assert {pin for pin, _, _ in machine.driven} == set()
    assert {name for name, pin in machine.pins.items() if pin.owner} == {"GP6", "GP15", "LED"}


def test_the_lamp_is_the_boards_own_or_none():
    machine = booted()
    board = machine.board()
    board.light(True)
    board.light(False)
    assert [(pin, level) for pin, level, _ in machine.driven] == [("LED", True), ("LED", False)]
    booted(settings={"STRIDELOAD_LAMP_PIN": ""}).board().light(True)


@pytest.mark.parametrize("divider", [None, 150])
def test_the_battery_is_read_behind_its_divider(divider):
    settings = {"STRIDELOAD_BATTERY_PIN": "GP28"}
    if divider:
        settings["STRIDELOAD_BATTERY_DIVIDER"] = divider
    machine = booted(settings=settings)
    machine.adc["GP28"] = 1.9
    board = machine.board()
    assert board.battery_mv() == pytest.approx(1900 * (divider or 200) / 100, abs=2)
    machine.adc["GP28"] = None  # the converter is with the Wi-Fi
    assert board.battery_mv() is None


def test_without_a_pin_the_battery_is_not_measured():
    assert booted().board().battery_mv() is None


# Button, motor, waiting


def test_a_press_is_told_once_and_how_long_it_was():
    machine = booted()
    board = machine.board()
    machine.set_level("GP15", False)
    board.wait(100)
    assert board.pressed_ms() is None  # not let go yet
    machine.after(1500, lambda: machine.set_level("GP15", True))
    before_ms = board.clock.ticks_ms()
    board.wait(60_000)
    assert 1500 <= board.clock.ticks_ms() - before_ms < 1600
    assert board.pressed_ms() == pytest.approx(1600, abs=60)
    assert board.pressed_ms() is None


def test_a_press_while_the_program_is_busy_is_not_lost():
    """Keys are scanned beside the program; across the turn of the tick counter, too."""
    machine = booted()
    board = machine.board()
    machine.pass_time(64_800_000)
    machine.set_level("GP15", False)
    machine.pass_time(400_000)
    machine.set_level("GP15", True)
    machine.pass_time(400_000)
    assert board.pressed_ms() == pytest.approx(400, abs=30)


def test_waiting_ends_when_the_chip_calls():
    """INT1 counts by its level: one that rose before the wait ends it at once."""
    machine = booted()
    machine.set_level("GP6", False)
    board = machine.board()
    machine.after(40, lambda: machine.set_level("GP6", True))
    for least, most in ((40, 46), (0, 1)):
        before_ms = board.clock.ticks_ms()
        board.wait(500)
        assert least <= board.clock.ticks_ms() - before_ms <= most
    before_ms = board.clock.ticks_ms()
    board.wait(500, False)  # INT1 is not to be asked
    assert board.clock.ticks_ms() - before_ms == 500


@pytest.mark.parametrize("settings", [{}, {"STRIDELOAD_INT1_PIN": ""}])
def test_without_a_wire_waiting_takes_its_time(settings):
    """The pull-down holds an open pin low."""
    board = booted(settings={"STRIDELOAD_ODR_HZ": 104, **settings}).board()
    before_ms = board.clock.ticks_ms()
    board.wait(500)
    assert board.clock.ticks_ms() - before_ms == 500


def test_the_motor_runs_as_long_as_it_was_told():
    machine = booted(settings={"STRIDELOAD_MOTOR_PIN": "GP13"})
    board = machine.board()
    assert board.buzz(300)
    board.wait(1000)
    (_, on, began_us), (_, off, ended_us) = [entry for entry in machine.driven if entry[0] == "GP13"]
    assert (on, off) == (True, False)
    assert 300 <= (ended_us - began_us) / 1000 <= 310
    assert not booted().board().buzz(300)


def test_no_motor_runs_on_in_a_sleep():
    machine = booted(settings={"STRIDELOAD_MOTOR_PIN": "GP13"})
    board = machine.board()
    board.buzz(300)
    with pytest.raises(DeepSleep):
        board.sleep(1000)
    assert machine.driven[-2][:2] == ("GP13", False)


def test_no_motor_runs_on_before_the_program_begins_anew():
    machine = booted(settings={"STRIDELOAD_MOTOR_PIN": "GP13"})
    board = machine.board()
    board.buzz(300)
    with pytest.raises(Reset):
        board.restart()
    pin, is_on, off_us = machine.driven[-1]
    assert (pin, is_on) == ("GP13", False)
    assert off_us < machine.now_us - 9_000_000


# Time


def test_ticks_do_not_wrap():
    """supervisor.ticks_ms turns 65 s after power-on and every six days."""
    machine = booted()
    clock = machine.board().clock
    for day in range(1, 20):
        machine.pass_time(DAY_MS * 1000)
        assert clock.ticks_ms() == day * DAY_MS
    assert clock.ticks_ms() > 2 * WRAP_MS
    assert clock.utc_ms() is None


# The bus


def test_a_bus_opens_after_ctrl_c_while_it_was_freed():
    board = booted(devices={0x6A: Register()}).board()
    assert board.i2c.frequency == 400_000
    names = type(board).free_bus.__globals__
    need_pin = names["need_pin"]

    def need_scl(settings, setting):
        if setting == "STRIDELOAD_SDA_PIN":
            names["need_pin"] = need_pin
            raise KeyboardInterrupt
        return need_pin(settings, setting)

    names["need_pin"] = need_scl
    with pytest.raises(KeyboardInterrupt):
        board.free_bus()
    assert board.i2c.try_lock()


def test_adafruits_bus_device_runs_on_it():
    board = booted(devices={0x6A: Register()}).board()
    assert board.i2c.frequency == 400_000
    buffer = bytearray([0x10, 0, 0])
    with I2CDevice(board.i2c, 0x6A) as i2c:
        i2c.write_then_readinto(buffer, buffer, out_end=1, in_start=1)
    assert bytes(buffer) == b"\x10\x10\x11"
    assert board.i2c is board.i2c


def test_the_bus_may_be_faster():
    board = booted(settings={"STRIDELOAD_I2C_HZ": 1_000_000}, devices={0x6A: Register()}).board()
    assert board.i2c.frequency == 1_000_000


@pytest.mark.parametrize(
    "settings", [{"STRIDELOAD_SCL_PIN": "GP4", "STRIDELOAD_SDA_PIN": "GP7"}, {"STRIDELOAD_I2C_HZ": 2_000_000}]
)
def test_a_bus_that_no_chip_has_is_a_fault_of_the_settings(settings):
    board = booted(settings=settings).board()
    with pytest.raises(Exception, match="STRIDELOAD_S") as caught:
        _ = board.i2c
    assert type(caught.value).__name__ == "BoardError"


def test_a_bus_that_does_not_open_has_nobody_on_it():
    """Without pull-ups, or held for ever; the board's next try finds it when it is there again."""
    machine = booted(devices={0x6A: Register()})
    board = machine.board()
    for spoil, mend in (
        ({"pull_ups": False}, {"pull_ups": True}),
        ({"stuck_clocks": 1000}, {"stuck_clocks": 0}),
    ):
        vars(machine).update(spoil)
        assert board.free_bus()
        with pytest.raises(ValueError, match="No I2C device"):
            I2CDevice(board.i2c, 0x6A)
        assert board.i2c.try_lock()
        with pytest.raises(OSError, match="pull up"):
            board.i2c.writeto_then_readfrom(0x6A, b"\x10", bytearray(1))
        board.i2c.unlock()
        vars(machine).update(mend)
        assert board.free_bus()
        I2CDevice(board.i2c, 0x6A)


@pytest.mark.parametrize("clocks", [1, 8, 9])
def test_a_chip_that_holds_the_bus_is_clocked_free(clocks):
    """Within nine clocks it lets go; `i2c` is another object then, and the former one's pins are free."""
    machine = booted(devices={0x6A: Register()})
    board = machine.board()
    former = board.i2c
    machine.stuck_clocks = clocks
    assert former.try_lock()
    with pytest.raises(OSError, match=r"."):
        former.writeto(0x6A, b"\x00")
    former.unlock()
    assert board.free_bus()
    assert machine.stuck_clocks == 0
    assert board.i2c is not former
    I2CDevice(board.i2c, 0x6A)


def test_a_bus_that_is_stuck_at_the_start_opens():
    machine = booted(devices={0x6A: Register()})
    machine.stuck_clocks = 5
    I2CDevice(machine.board().i2c, 0x6A)


# Files


def filled_log(board, count=1):
    log = Log(board.files, board.uid, CAPACITY_LEAST, board.random_u32)
    page = Page(board.uid)
    for _ in range(count):
        page.open(KIND_ALIVE, 0)
        page.add(log.next(STREAM_STEPS), 0, 0, 0)
        log.append(page, 0, 0)
    return log


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "/a"])
def test_a_name_that_leaves_the_folder_is_refused(name):
    files = booted().board().files
    for refused in (lambda: files.open(name, "wb"), lambda: files.remove(name)):
        with pytest.raises(OSError, match="plain name"):
            refused()


def test_folders_are_no_files():
    machine = booted()
    files = machine.board().files
    machine.drive.root.folders.add("log/folder")
    files.open("b", "wb").close()
    files.open("a", "ab").close()
    assert files.names() == ["a", "b"]


def test_what_was_synced_is_there_after_a_pulled_battery():
    machine = booted()
    log = filled_log(machine.board(), 150)
    machine.drive.root.cut_power()
    board = machine.boot().board()
    again = Log(board.files, board.uid, CAPACITY_LEAST, board.random_u32)
    buffer = bytearray(PAGE_SIZE)
    assert (again.id, again.boot, again.next(STREAM_STEPS)) == (log.id, 2, 150)
    assert all(again.read(STREAM_STEPS, number, buffer) for number in range(150))


def test_a_full_drive_is_a_failed_write_and_no_more():
    machine = booted(drive_bytes=40 * 1024)
    board = machine.board()
    log = filled_log(board, 3)
    machine.drive.root.write("filler", bytes(machine.drive.root.free() - 700))
    page = Page(board.uid)
    page.open(KIND_ALIVE, 0)
    page.add(0, 0, 0, 0)
    log.append(page, 0, 0)
    with pytest.raises(LogError):
        log.append(page, 0, 0)
    buffer = bytearray(PAGE_SIZE)
    assert all(log.read(STREAM_STEPS, number, buffer) for number in range(4))


# A card


def test_raw_pages_lie_on_the_card():
    machine = booted(settings=SD)
    machine.card = Volume(1 << 20)
    board = machine.board()
    board.raw_files.open("1-00000000.seg", "wb").close()
    board.files.open("0-00000000.seg", "wb").close()
    assert set(machine.card.content) == {"raw/1-00000000.seg"}
    assert "log/0-00000000.seg" in machine.drive.root.content


def test_the_log_may_lie_on_the_card():
    machine = booted(settings={**SD, "STRIDELOAD_LOG_ON_CARD": 1})
    machine.card = Volume(64 << 20)
    board = machine.board()
    filled_log(board)
    assert "log/0-00000000.seg" in machine.card.content
    assert board.settings["STRIDELOAD_LOG_PAGES"] == 16384


@pytest.mark.parametrize(
    "card", [None, Volume(1 << 20, write_protected=True)], ids=["missing", "write-protected"]
)
def test_a_card_that_cannot_be_written_is_none(card):
    machine = booted(settings=SD)
    machine.card = card
    assert machine.board().raw_files is None
    assert any("No card" in line for line in machine.printed)


def test_a_log_on_a_card_that_is_not_there_is_refused():
    assert "no card" in board_error(booted(settings={**SD, "STRIDELOAD_LOG_ON_CARD": 1}))


def test_no_card_is_looked_for_where_no_pin_is_named():
    machine = booted()
    machine.card = Volume(1 << 20)
    assert machine.board().raw_files is None


# Sleep


@pytest.mark.parametrize(("board", "int1", "button"), [(PICO, "GP6", "GP15"), (FEATHER, "D9", "D5")])
def test_sleep_is_deep_where_the_chip_can_wake(board, int1, button):
    """The program ends; INT1, the button and the time wake it. No handler of exceptions stops it."""
    machine = booted(board)
    pod = machine.board()
    pod.light(True)
    with pytest.raises(DeepSleep) as caught:
        pod.sleep(DAY_MS // 2)
    assert not isinstance(caught.value, Exception)  # or a handler of the program might keep it
    time_alarm, *pin_alarms = caught.value.alarms
    assert time_alarm.monotonic_time == pytest.approx(machine.monotonic() + DAY_MS / 2000, abs=0.1)
    assert [(alarm.pin.name, alarm.value, alarm.pull) for alarm in pin_alarms] == [
        (int1, True, True),
        (button, False, True),
    ]
    assert machine.driven[-1][:2] == ("LED", False)


@pytest.mark.parametrize(
    ("alarm", "woken"),
    [(("pin", "GP6"), "motion"), (("pin", "GP15"), "button"), (("time", None), "time"), (None, "power")],
)
def test_the_next_boot_says_what_woke_it(alarm, woken):
    machine = booted()
    if alarm is not None:
        alarms = machine.modules["alarm"]
        pin = alarm[1]
        machine.wake_alarm = (
            alarms.pin.PinAlarm(machine.pins[pin], True) if pin else alarms.time.TimeAlarm(monotonic_time=1.0)
        )
        alarms.wake_alarm = machine.wake_alarm
    assert machine.board().woken == woken


@pytest.mark.parametrize(
    ("board", "settings"), [(PICO2, {"STRIDELOAD_ODR_HZ": 104}), (FEATHER, {"STRIDELOAD_INT1_PIN": "RX"})]
)
@pytest.mark.parametrize("wakes", ["motion", "button", "time"])
def test_where_nothing_wakes_the_chip_the_program_dozes(board, settings, wakes):
    """The RP2350 has no alarms, and of an ESP32-S3 not every pin wakes it: sleep returns then."""
    machine = booted(board, settings)
    pins = {
        "motion": settings.get("STRIDELOAD_INT1_PIN", "GP6"),
        "button": "GP15" if board == PICO2 else "D5",
    }
    machine.levels |= {pins["motion"]: False, pins["button"]: True}
    pod = machine.board()
    if wakes != "time":
        machine.after(5_000, lambda: machine.set_level(pins[wakes], wakes == "motion"))
    before_ms = pod.clock.ticks_ms()
    assert pod.sleep(20_000) == wakes
    assert pod.clock.ticks_ms() - before_ms == pytest.approx(20_000 if wakes == "time" else 5_000, abs=150)
    assert pod.woken == "power"
    if wakes == "button":
        machine.after(200, lambda: machine.set_level(pins["button"], True))
        pod.wait(1000)
        assert pod.pressed_ms() is not None


def test_a_pod_that_nothing_could_wake_does_not_sleep():
    pod = booted(settings={"STRIDELOAD_INT1_PIN": ""}).board()
    assert pod.sleep(DAY_MS) == "motion"
    assert pod.clock.ticks_ms() == 0


def test_a_sleep_that_is_over_already_returns():
    """Floats of a board are coarse: after weeks a short time from now is no time from now."""
    machine = booted()
    pod = machine.board()
    machine.pass_time(40 * DAY_MS * 1000)
    assert pod.sleep(5) == "time"


# Whose the drive is


def test_the_drive_is_the_firmwares():
    machine = booted()
    assert machine.printed == []
    assert not machine.board().read_only


def test_the_button_held_at_the_start_gives_it_to_the_computer():
    """Nothing is written then, and the log cannot be opened."""
    machine = Machine(settings={"STRIDELOAD_ODR_HZ": 104})
    machine.set_level("GP15", False)
    before = dict(machine.drive.root.content)
    board = machine.boot().board()
    assert board.read_only
    with pytest.raises(LogError):
        Log(board.files, board.uid, CAPACITY_LEAST, board.random_u32)
    assert board.files.names() == []
    assert machine.drive.root.content == before


def test_a_button_let_go_sooner_leaves_it_to_the_firmware():
    machine = Machine(settings={"STRIDELOAD_ODR_HZ": 104})
    machine.set_level("GP15", False)
    machine.after(2_500, lambda: machine.set_level("GP15", True))
    assert not machine.boot().board().read_only


@pytest.mark.parametrize("told_by", ["reset reason", "alarm"])
def test_the_button_that_wakes_the_pod_does_not_give_the_drive_away(told_by):
    """However long it is held: a run that is about to begin is not lost by it."""
    machine = Machine(settings={"STRIDELOAD_ODR_HZ": 104})
    machine.set_level("GP15", False)
    if told_by == "alarm":
        machine.wake_alarm = machine.modules["alarm"].pin.PinAlarm(machine.pins["GP15"], False)
    else:
        machine.reset_reason = "DEEP_SLEEP_ALARM"
    assert not machine.boot().board().read_only


@pytest.mark.parametrize("settings", ["", "CIRCUITPY_PYSTACK_SIZE = 4096\n"])
def test_a_drive_without_settings_is_the_computers(settings):
    """Nothing is set up yet: whoever does must be able to write."""
    assert Machine(settings=settings).boot().board().read_only


@pytest.mark.parametrize("fault", ["STRIDELOAD_ODR_HZ = \n", 'STRIDELOAD_BUTTON_PIN = "GP99"\n'])
def test_a_fault_in_the_settings_leaves_the_drive_to_the_computer(fault):
    """So that it can be put right without the button."""
    machine = Machine(settings=fault).boot()
    assert not machine.drive.writable
    assert any("boot.py" in line for line in machine.printed)


def test_a_board_without_a_button_keeps_its_drive():
    assert not booted(settings={"STRIDELOAD_BUTTON_PIN": ""}).board().read_only


def test_boot_py_leaves_other_interpreters_alone():
    machine = Machine(settings={"STRIDELOAD_ODR_HZ": 104})
    machine.modules["sys"].implementation.name = "micropython"
    machine.load("boot.py")
    assert not machine.drive.writable


def test_remounting_later_is_refused_while_the_computer_can_write():
    """So boot.py is the only place for it, and the fake says so."""
    machine = Machine(settings={"STRIDELOAD_ODR_HZ": 104})
    machine.usb = True
    machine.booting = False
    with pytest.raises(RuntimeError, match="visible via USB"):
        machine.modules["storage"].remount("/", readonly=False)


def test_every_write_to_the_computers_drive_is_refused():
    machine = Machine()
    board = machine.board()
    for refused in (lambda: board.files.open("a", "wb"), lambda: board.files.remove("a")):
        with pytest.raises(OSError, match=r".") as caught:
            refused()
        assert caught.value.errno in (errno.EROFS, errno.ENOENT)
