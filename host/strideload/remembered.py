"""Results that are kept for as long as they are asked for, under a key of all that they were made from."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Any, Generic, TypeVar
from weakref import WeakSet

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """The `limit` values that were last asked for. Any thread may call any method."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = Lock()
        with _adding:
            _memories.add(self)

    def get(self, key: Hashable) -> Value | None:
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
            return found

    def put(self, key: Hashable, value: Value) -> None:
        with self._lock:
            self._values[key] = value
            while len(self._values) > self.limit:
                self._values.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._values.clear()


class RememberedOfVersion(Generic[Value]):
    """The same for what is read of a store: results of the version that was last asked for, and of no other.

    A version is one of `Store.version`, from before anything of the result was read: so a result may be newer than its
    version, and is never older. It is of no use to a later version, and goes with the first look at one.
    """

    def __init__(self, limit: int) -> None:
        self._version: Hashable = None
        self._values: Remembered[Value] = Remembered(limit)
        self._lock = Lock()

    def get(self, version: Hashable, key: Hashable) -> Value | None:
        with self._lock:
            self._turn_to(version)
            return self._values.get(key)

    def put(self, version: Hashable, key: Hashable, value: Value) -> None:
        with self._lock:
            self._turn_to(version)
            self._values.put(key, value)

    def _turn_to(self, version: Hashable) -> None:
        if version != self._version:
            self._values.clear()
            self._version = version


_memories: WeakSet[Remembered[Any]] = WeakSet()
_adding = Lock()


def forget_everything() -> None:
    """Clear all memories of this process."""
    with _adding:
        memories = list(_memories)
    for memory in memories:
        memory.clear()
