"""A runner and a chip at register level, for the demo and the tests; behind the same I2C bus as a real
one."""
