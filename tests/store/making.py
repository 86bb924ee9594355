"""Pages of a pod that never was, made by the firmware's own packer."""

from collections.abc import Iterable, Sequence

from strideload.store import Received
from strideload_pod import page
from strideload_pod.page import Page

POD = "e6614103e7452d2f"
LOG = 0x1234ABCD
RATE_MHZ = 416_700
T0_MS = 1_760_000_000_000
STRIDE_SAMPLES = 300
STEPS_A_PAGE = 16
NOW_US = 1_770_000_000_000_000


def samples(second: float) -> int:
    return round(second * RATE_MHZ / 1000)


class Pod:
    """Writes pages as a pod does. Its boot began at UTC `T0_MS`; seconds count from there."""

    def __init__(self, pod: str = POD, log: int = LOG, boot: int = 1) -> None:
        self.page = Page(bytes.fromhex(pod))
        self.pod = pod
        self.log = log
        self.pages: list[bytes] = []
        self.page.fields.update(
            boot=boot,
            rate_mhz=RATE_MHZ,
            odr_hz=416,
            chip=page.CHIP_LSM6DSO32,
            acc_range_g=32,
            origin=page.ORIGIN_SENSOR,
        )

    def write(self, kind: int, second: float, *records: tuple[object, ...], **fields: object) -> bytes:
        """One page, closed at that second; `fields` of the header hold from now on."""
        self.page.fields.update(fields)
        self.page.open(kind, samples(second))
        for record in records:
            self.page.add(*record)
        made = bytes(self.page.close(self.log, len(self.pages), samples(second), round(1000 * second)))
        self.pages.append(made)
        return made

    def start(self, second: float, session: int) -> None:
        record = (samples(second), round(1000 * second), page.UNKNOWN_UTC_MS, page.SESSION_MOTION, bytes(7))
        self.write(page.KIND_SESSION_START, second, record, session=session)

    def steps(self, second: float, count: int, gait: int = page.STEP_KIND_RUN, **fields: object) -> None:
        """Pages of strides, one stride every STRIDE_SAMPLES."""
        for first in range(0, count, STEPS_A_PAGE):
            at = second + first * STRIDE_SAMPLES / (RATE_MHZ / 1000)
            n = min(STEPS_A_PAGE, count - first)
            step = (100 * 256, STRIDE_SAMPLES * 256, 120, 9000, gait, 0, 0)
            self.write(page.KIND_STEPS, at, *((i * STRIDE_SAMPLES * 256, *step) for i in range(n)), **fields)

    def anchor(self, second: float, off_ms: int = 0) -> None:
        record = (
            samples(second),
            round(1000 * second),
            T0_MS + round(1000 * second) + off_ms,
            20,
            page.ANCHOR_HOST,
        )
        self.write(page.KIND_ANCHOR, second, (*record, bytes(5)))

    def end(self, second: float) -> None:
        record = (samples(second), round(1000 * second), page.UNKNOWN_UTC_MS, page.SESSION_STOPPED, bytes(7))
        self.write(page.KIND_SESSION_END, second, record)
        self.page.fields["session"] = 0

    def alive(self, second: float, utc_ms: int = page.UNKNOWN_UTC_MS) -> None:
        self.write(page.KIND_ALIVE, second, (round(1000 * second), utc_ms, 0, 900))

    def mark(
        self,
        second: float,
        code: int = 1,
        source: int = page.MARK_BUTTON,
        *,
        sample: int | None = None,
        utc_ms: int = page.UNKNOWN_UTC_MS,
    ) -> None:
        at = samples(second) if sample is None else sample
        self.write(page.KIND_MARK, second, (at, round(1000 * second), utc_ms, source, bytes(3), code))

    def cue(self, second: float, outcome: int = page.CUE_GIVEN, *, run: int = 1, share: int = 100) -> None:
        record = (samples(second), round(1000 * second), 17_250, 16_480, outcome, run, share, 0)
        self.write(page.KIND_CUE, second, record)

    def asleep(self, second: float, until: float) -> None:
        """Written at waking: the pod slept from `second` on."""
        lost = samples(until) - samples(second)
        self.write(page.KIND_GAP, until, (samples(second), lost, page.GAP_ASLEEP, bytes(7)))

    def gone(self, first: int, count: int, stream: int = 0, cause: int = page.GONE_OVERWRITTEN) -> None:
        self.write(page.KIND_GONE, 0, (stream, cause, bytes(2), first, count))

    def run(self, second: float, session: int, strides: int = 100, anchored: bool = True) -> None:
        """A whole session: start, anchor, steps, anchor, end."""
        length = strides * STRIDE_SAMPLES / (RATE_MHZ / 1000)
        self.start(second, session)
        if anchored:
            self.anchor(second)
        self.steps(second, strides)
        if anchored:
            self.anchor(second + length)
        self.end(second + length)


def seal(data: bytes) -> bytes:
    """A page after its bytes were changed on purpose: its CRC fits again."""
    buffer = bytearray(data)
    buffer[page.CRC_OFFSET :] = page.crc32(bytes(buffer[: page.CRC_OFFSET])).to_bytes(4, "little")
    return bytes(buffer)


def changed(data: bytes, offset: int, value: bytes, sealed: bool = True) -> bytes:
    """A page with other bytes at `offset`."""
    made = data[:offset] + value + data[offset + len(value) :]
    return seal(made) if sealed else made


def messages(pages: Sequence[bytes], size: int = 16, pod: str = POD) -> list[Received]:
    """Pages as the messages that a pod sends, `size` of them in each."""
    return [Received(pod, b"".join(pages[i : i + size]), NOW_US) for i in range(0, len(pages), size)]


def one_by_one(pages: Iterable[bytes], pod: str = POD) -> list[Received]:
    return [Received(pod, data, NOW_US) for data in pages]
