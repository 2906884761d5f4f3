from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from responder.adapters.system import SystemClock, SystemIds, SystemRandom

START = datetime(2026, 11, 22, tzinfo=UTC)


class _Hands:
    """A clock whose hands are moved by the test."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError(seconds)


@given(st.lists(st.timedeltas(min_value=timedelta(days=-1), max_value=timedelta(days=1))))
def test_ids_grow_whatever_the_clock_does(jumps: list[timedelta]) -> None:
    clock = _Hands()
    ids = SystemIds(clock)
    made = [ids.uuid()]
    for jump in jumps:
        clock.time += jump
        made.append(ids.uuid())
    assert made == sorted(set(made))


def test_an_id_is_a_version_7_uuid_of_its_millisecond() -> None:
    made = SystemIds(_Hands()).uuid()
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == int(START.timestamp() * 1000)


def test_wall_time_is_aware_and_durations_only_grow() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()


def test_secrets_have_the_size_asked_for_and_differ() -> None:
    ids = SystemIds(_Hands())
    assert len(ids.secret(24)) == 24
    assert ids.secret() != ids.secret()


def test_the_same_seed_gives_the_same_chance() -> None:
    assert SystemRandom(7).uniform(0, 1) == SystemRandom(7).uniform(0, 1)
    assert SystemRandom(7).choice("abcdef") == SystemRandom(7).choice("abcdef")
