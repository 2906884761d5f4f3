import pytest
from aiokafka.partitioner import murmur2 as aiokafka_murmur2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from responder.stream.partitioning import murmur2, partition_for


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_a_key_hashes_as_in_kafkas_own_tests(key: bytes, expected: int) -> None:
    """The vectors of `UtilsTest.testMurmur2` in Apache Kafka; there as signed integers."""
    assert murmur2(key) == expected & 0xFFFFFFFF


@given(st.binary())
def test_a_key_hashes_as_in_the_client_that_produces_to_kafka(key: bytes) -> None:
    assert murmur2(key) == aiokafka_murmur2(key) & 0xFFFFFFFF


@given(st.binary(), st.integers(min_value=1, max_value=1000))
def test_a_partition_is_always_one_that_exists(key: bytes, partitions: int) -> None:
    assert 0 <= partition_for(key, partitions) < partitions
