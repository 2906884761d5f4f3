"""Which partition a key belongs to: the same one that Kafka's own client would choose.

So records of one thread share a partition whoever produces them, in Kafka's log or in ours.
"""

import struct

_MASK = 0xFFFFFFFF
_SEED = 0x9747B28C
_M = 0x5BD1E995
_R = 24


def partition_for(key: bytes, partitions: int) -> int:
    """From 0 to `partitions` - 1.

    Source: `BuiltInPartitioner.partitionForKey` of Apache Kafka's Java client (4.3).
    """
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """The 32-bit hash of `org.apache.kafka.common.utils.Utils.murmur2`, unsigned."""
    h = _SEED ^ len(data)
    words, rest = divmod(len(data), 4)
    for word in struct.unpack_from(f"<{words}I", data):
        k = word * _M & _MASK
        k = (k ^ k >> _R) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    if rest:
        h = (h ^ int.from_bytes(data[-rest:], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15
