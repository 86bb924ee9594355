"""After a few failures each next attempt waits longer, however they are timed; success forgets."""

from strideload.access.back_off import FORGOTTEN_AFTER_S, KEYS_LIMIT, BackOff


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def waits(back_off: BackOff, clock: Clock, attempts: int) -> list[float]:
    """How long each of so many attempts had to wait, made as soon as it may be."""
    found: list[float] = []
    for _ in range(attempts):
        wait_s = back_off.begin("ada")
        found.append(wait_s)
        if wait_s:
            clock.now_s += wait_s
            assert back_off.begin("ada") == 0
    return found


def test_each_failure_after_the_free_ones_doubles_the_wait() -> None:
    clock = Clock()
    assert waits(BackOff(3, 60.0, clock), clock, 11) == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_attempts_while_waiting_change_nothing() -> None:
    clock = Clock()
    back_off = BackOff(1, 60.0, clock)
    back_off.begin("ada")
    assert [back_off.begin("ada") for _ in range(100)] == [1.0] * 100
    assert back_off.count("ada") == 1


def test_one_key_does_not_hold_back_another() -> None:
    back_off = BackOff(1, 60.0, Clock())
    back_off.begin("ada")
    assert back_off.begin("bob") == 0


def test_success_forgets_and_so_does_an_hour() -> None:
    clock = Clock()
    back_off = BackOff(1, 60.0, clock)
    back_off.begin("ada")
    back_off.succeeded("ada")
    assert back_off.begin("ada") == 0
    clock.now_s += FORGOTTEN_AFTER_S + 1
    assert back_off.begin("ada") == 0
    assert back_off.count("ada") == 1


def test_an_attempt_that_is_taken_back_was_no_failure() -> None:
    back_off = BackOff(2, 60.0, Clock())
    for _ in range(10):
        assert back_off.begin("192.0.2.7") == 0
        back_off.take_back("192.0.2.7")


def test_memory_has_a_bound() -> None:
    back_off = BackOff(1, 60.0, Clock())
    for number in range(KEYS_LIMIT + 10):
        back_off.begin(str(number))
    assert back_off.count("0") == 0
    assert back_off.count(str(KEYS_LIMIT)) == 1
