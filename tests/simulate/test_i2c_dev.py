"""The real smbus2, with the kernel below it simulated."""

import errno

import pytest
from smbus2 import I2cFunc, SMBus, i2c_msg, smbus2

from strideload.simulate.chip import Nack
from strideload.simulate.i2c_dev import MESSAGE_BYTES_LIMIT, MESSAGES_LIMIT, i2c_dev


class Counter:
    """A device that answers a read with 0, 1, 2 ... and keeps what is written."""

    def __init__(self):
        self.written = []
        self.answers = True

    def write(self, data):
        if not self.answers:
            raise Nack
        self.written.append(data)

    def read(self, count):
        return bytes(i & 0xFF for i in range(count))


@pytest.fixture
def device():
    return Counter()


@pytest.fixture
def bus(device):
    with i2c_dev({0x6A: device}), SMBus(1) as bus:
        yield bus


def test_a_combined_transfer(bus, device):
    read = i2c_msg.read(0x6A, 5)
    bus.i2c_rdwr(i2c_msg.write(0x6A, [0x78]), read)
    assert device.written == [b"\x78"]
    assert bytes(read) == b"\0\1\2\3\4"


def test_the_functions_of_the_bus_are_told(bus):
    assert I2cFunc(bus.funcs) & I2cFunc.I2C
    assert I2cFunc(bus.funcs) & I2cFunc.SMBUS_QUICK


@pytest.mark.parametrize(
    ("size", "refused"), [(3584, False), (MESSAGE_BYTES_LIMIT, False), (MESSAGE_BYTES_LIMIT + 1, True)]
)
def test_the_kernels_limit_on_a_message(bus, size, refused):
    read = i2c_msg.read(0x6A, size)
    if refused:
        with pytest.raises(OSError, match="Invalid") as caught:
            bus.i2c_rdwr(read)
        assert caught.value.errno == errno.EINVAL
    else:
        bus.i2c_rdwr(read)
        assert bytes(read)[:3] == b"\0\1\2"


@pytest.mark.parametrize(
    ("count", "refused"), [(0, True), (1, False), (MESSAGES_LIMIT, False), (MESSAGES_LIMIT + 1, True)]
)
def test_the_kernels_limit_on_messages(bus, device, count, refused):
    messages = [i2c_msg.write(0x6A, [i]) for i in range(count)]
    if refused:
        with pytest.raises(OSError, match="Invalid"):
            bus.i2c_rdwr(*messages)
        assert device.written == []
    else:
        bus.i2c_rdwr(*messages)
        assert device.written == [bytes([i]) for i in range(count)]


def test_nobody_there(bus):
    with pytest.raises(OSError, match="Remote I/O") as caught:
        bus.i2c_rdwr(i2c_msg.write(0x6B, []))
    assert caught.value.errno == errno.EREMOTEIO


def test_no_acknowledgement(bus, device):
    device.answers = False
    with pytest.raises(OSError, match="Remote I/O"):
        bus.i2c_rdwr(i2c_msg.write(0x6A, [1]))


def test_other_ioctls_are_refused(bus):
    with pytest.raises(OSError, match="ioctl") as caught:
        bus.read_byte_data(0x6A, 0x0F)
    assert caught.value.errno == errno.ENOTTY


def test_another_bus_is_not_there():
    with i2c_dev({}, number=3), pytest.raises(FileNotFoundError, match="i2c-1"):
        SMBus(1)


def test_a_closed_bus_is_refused(device):
    with i2c_dev({0x6A: device}):
        bus = SMBus("/dev/i2c-1")
        fd = bus.fd
        bus.close()
        with pytest.raises(OSError, match="Bad file") as caught:
            smbus2.ioctl(fd, smbus2.I2C_RDWR, None)
    assert caught.value.errno == errno.EBADF


def test_two_may_be_open_at_once(device):
    with i2c_dev({0x6A: device}), SMBus(1) as one, SMBus(1) as two:
        assert one.fd != two.fd
        two.i2c_rdwr(i2c_msg.write(0x6A, [7]))
    assert device.written == [b"\x07"]


def test_the_real_kernel_is_back_afterwards():
    before = smbus2.os, smbus2.ioctl
    with i2c_dev({}):
        assert smbus2.ioctl is not before[1]
    assert (smbus2.os, smbus2.ioctl) == before
