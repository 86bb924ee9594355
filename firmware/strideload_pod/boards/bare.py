"""A board with no more than a clock: what it has neither pin nor part for is answered here."""


class Bare:
    """A board's optional members. Of the others `clock` is needed here; see docs/architecture.md."""

    woken = "power"
    can_sleep = False
    raw_files = None

    def free_bus(self):
        return False

    def wait(self, ms, by_int1=True):
        self.clock.sleep_ms(ms)  # pyright: ignore[reportAttributeAccessIssue]

    def sleep(self, ms):
        self.clock.sleep_ms(ms)  # pyright: ignore[reportAttributeAccessIssue]
        return "time"

    def pressed_ms(self):
        return None

    def light(self, on):
        pass

    def buzz(self, ms):
        return False

    def client(self):
        return None

    def battery_mv(self):
        return None
