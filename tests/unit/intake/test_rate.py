"""The bucket that rations a source's pushes."""

from hypothesis import given
from hypothesis import strategies as st

from responder.intake.rate import Bucket, Rate


def test_a_burst_passes_and_then_the_wait_is_said() -> None:
    bucket = Bucket(Rate(per_second=0.5, burst=3), 0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [0, 0, 0, 2]


def test_after_the_wait_that_was_said_there_is_a_token() -> None:
    bucket = Bucket(Rate(per_second=0.5, burst=1), 0.0)
    bucket.take(0.0)
    wait = bucket.take(0.0)
    assert bucket.take(float(wait)) == 0


@given(
    st.floats(0.1, 100), st.integers(1, 50), st.lists(st.floats(0, 10), min_size=1, max_size=200)
)
def test_never_more_pass_than_the_burst_and_the_rate_allow(
    per_second: float, burst: int, pauses: list[float]
) -> None:
    bucket, now, passed = Bucket(Rate(per_second=per_second, burst=burst), 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        passed += bucket.take(now) == 0
    assert passed <= burst + now * per_second + 1e-6
