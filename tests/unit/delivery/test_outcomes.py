from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.delivery.outcomes import not_a_success, retry_after, words
from responder.delivery.ports import AttemptOutcome
from responder.engagement.http import Answer, Lost, NotSent

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECRET = "s3cret-token"  # noqa: S105 - it opens nothing


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=names, body=body)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, AttemptOutcome.UNKNOWN),
        (301, AttemptOutcome.REFUSED),
        (307, AttemptOutcome.REFUSED),
        (400, AttemptOutcome.REFUSED),
        (401, AttemptOutcome.REFUSED),
        (403, AttemptOutcome.REFUSED),
        (404, AttemptOutcome.REFUSED),
        (408, AttemptOutcome.UNKNOWN),
        (409, AttemptOutcome.UNKNOWN),
        (410, AttemptOutcome.REFUSED),
        (413, AttemptOutcome.REFUSED),
        (422, AttemptOutcome.REFUSED),
        (425, AttemptOutcome.UNKNOWN),
        (429, AttemptOutcome.THROTTLED),
        (500, AttemptOutcome.UNKNOWN),
        (502, AttemptOutcome.UNKNOWN),
        (503, AttemptOutcome.UNKNOWN),
        (504, AttemptOutcome.UNKNOWN),
    ],
)
def test_each_answer_means_what_the_table_says(status: int, outcome: AttemptOutcome) -> None:
    assert not_a_success(answer(status), now=NOW).outcome is outcome


def test_a_busy_platform_did_nothing_only_where_it_promises_so() -> None:
    busy = answer(503, retry_after="9")
    assert not_a_success(busy, now=NOW).outcome is AttemptOutcome.UNKNOWN
    promised = not_a_success(busy, now=NOW, busy_means_undone=True)
    assert (promised.outcome, promised.after_seconds) == (AttemptOutcome.THROTTLED, 9)


def test_only_the_proof_that_no_byte_left_is_not_sent() -> None:
    assert not_a_success(NotSent(why="refused"), now=NOW).outcome is AttemptOutcome.NOT_SENT
    assert not_a_success(Lost(why="reset"), now=NOW).outcome is AttemptOutcome.UNKNOWN


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_pause_the_source(status: int) -> None:
    assert not_a_success(answer(status), now=NOW).pause_source


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("999999999", 86_400),
        ("Sun, 22 Nov 2026 08:01:30 GMT", 90),
        ("Sun, 22 Nov 2026 07:00:00 GMT", 0),
        ("Sun, 22 Nov 2026 08:01:30", 90),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("\u0661", None),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999999", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, NOW) == seconds


def test_a_platform_that_asks_for_patience_without_a_time_gets_a_minute() -> None:
    assert not_a_success(answer(429), now=NOW).after_seconds == 60


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"detail": "too short"}', "400: too short"),
        (b'{"message": "too short", "code": 7}', "400: too short"),
        (b"too short", "400: too short"),
        (b"<title>400</title><h1>Bad</h1><p>too &lt;short&gt;</p>", "400: too <short>"),
        (b'{"detail": {"a": 1}}', '400: {"detail": {"a": 1}}'),
        (b"", "400"),
        (b"<script>alert(1)</script>", "400"),
    ],
)
def test_the_platform_s_words_are_kept(body: bytes, said: str) -> None:
    assert words(answer(400, body)) == said


def test_what_the_platform_repeats_of_our_secrets_is_cut_out() -> None:
    said = words(answer(400, f'{{"detail": "Bearer {SECRET} is wrong"}}'.encode()), [SECRET])
    assert said == "400: Bearer … is wrong"


@given(st.binary(max_size=2000), st.integers(100, 599))
def test_whatever_comes_back_becomes_one_short_line(body: bytes, status: int) -> None:
    said = words(answer(status, body + SECRET.encode() + body), [SECRET])
    assert len(said) <= 300
    assert said.startswith(str(status))
    assert SECRET not in said
    assert not [c for c in said if c < " " or "\u202a" <= c <= "\u202e"]
