"""CRC-32, CRC-32C and CRC-64/NVME, as S3's checksums take them: reflected, from all ones, inverted at the end.

The last two go eight bytes at a time by tables: Python's own library has CRC-32 alone. Pure.
"""

from __future__ import annotations

import struct
import zlib
from functools import cache

_CRC32C = 0x82F63B78
_CRC64_NVME = 0x9A6C9329AC4BC9B5
_WORDS = struct.Struct("<Q")


class Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


class TabledCrc:
    """Of a reflected polynomial of 32 or 64 bits."""

    def __init__(self, polynomial: int, size: int) -> None:
        """`size`: bytes of the checksum."""
        self._tables = _tables(polynomial)
        self._size = size
        self._ones = (1 << 8 * size) - 1
        self._value = self._ones

    def update(self, data: bytes) -> None:
        value = self._value
        t0, t1, t2, t3, t4, t5, t6, t7 = self._tables
        whole = len(data) & ~7
        for (word,) in _WORDS.iter_unpack(memoryview(data)[:whole]):
            word ^= value  # the value has eight bytes at most, and is used up with them
            value = (
                t7[word & 0xFF]
                ^ t6[word >> 8 & 0xFF]
                ^ t5[word >> 16 & 0xFF]
                ^ t4[word >> 24 & 0xFF]
                ^ t3[word >> 32 & 0xFF]
                ^ t2[word >> 40 & 0xFF]
                ^ t1[word >> 48 & 0xFF]
                ^ t0[word >> 56]
            )
        for byte in data[whole:]:
            value = t0[(value ^ byte) & 0xFF] ^ value >> 8
        self._value = value

    def digest(self) -> bytes:
        return (self._value ^ self._ones).to_bytes(self._size, "big")


def crc32c() -> TabledCrc:
    return TabledCrc(_CRC32C, 4)


def crc64_nvme() -> TabledCrc:
    return TabledCrc(_CRC64_NVME, 8)


@cache
def _tables(polynomial: int) -> list[list[int]]:
    """Table n has the checksum of each byte with n zero bytes after it."""
    first = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        first.append(value)
    tables = [first]
    while len(tables) < 8:
        tables.append([first[value & 0xFF] ^ value >> 8 for value in tables[-1]])
    return tables
