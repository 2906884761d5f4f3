"""Standard Webhooks signatures: the published vectors, the malformed, the stale and the foreign."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from responder.intake.ports import Push, Reason, Refused, Verified
from responder.intake.secrets import Rotating, Secret, UnusableSecret
from responder.platforms.signatures import sign_standard, standard_keys, verify_standard

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - published as a test vector
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
BODY = b'{"test": 2432232314}'
NOW = datetime.fromtimestamp(1614265330, UTC)
STAMP = "1614265330"
GOOD = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

VECTORS = [
    (SECRET, ID, 1614265330, BODY, GOOD),
    (
        OTHER,
        "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        1649367553,
        b'{"email":"test@example.com","username":"test_user"}',
        "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
    ),
    (
        "whsec_plJ3nmyCDGBKInavdOK15jsl",
        "msg_loFOjxBNrRLzqYUf",
        1731705121,
        b'{"event_type":"ping","data":{"success":true}}',
        "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    ),
]


def headers(**changed: str | None) -> tuple[tuple[str, str], ...]:
    """Good headers, with some replaced (by their last word) or left out."""
    good: dict[str, str | None] = {"id": ID, "timestamp": STAMP, "signature": GOOD}
    good |= changed
    return tuple((f"webhook-{name}", text) for name, text in good.items() if text is not None)


def judge(
    given: tuple[tuple[str, str], ...] | None = None,
    *,
    body: bytes = BODY,
    secrets: Rotating | None = None,
    now: datetime = NOW,
) -> Verified | Refused:
    keys = standard_keys(secrets or Rotating(Secret(SECRET)))
    push = Push(headers=headers() if given is None else given, body=body)
    return verify_standard(push, keys, now=now)


def refusal(verdict: Verified | Refused) -> Reason | None:
    return verdict.reason if isinstance(verdict, Refused) else None


@pytest.mark.parametrize(("secret", "message_id", "timestamp", "body", "signature"), VECTORS)
def test_signing_gives_the_published_signatures(
    secret: str, message_id: str, timestamp: int, body: bytes, signature: str
) -> None:
    assert sign_standard(secret, message_id, timestamp, body) == signature


@pytest.mark.parametrize(("secret", "message_id", "timestamp", "body", "signature"), VECTORS)
def test_the_published_signatures_verify(
    secret: str, message_id: str, timestamp: int, body: bytes, signature: str
) -> None:
    given = headers(id=message_id, timestamp=str(timestamp), signature=signature)
    now = datetime.fromtimestamp(timestamp, UTC)
    verdict = judge(given, body=body, secrets=Rotating(Secret(secret)), now=now)
    assert verdict == Verified(delivery_id=message_id, sent_at=now, key_no=0)


MALFORMED = {
    "only the version": headers(signature="v1"),
    "an empty digest": headers(signature="v1,"),
    "not base64": headers(signature="v1,a"),
    "two commas": headers(signature="v1,x,y"),
    "two spaces": headers(signature=GOOD + "  " + GOOD),
    "a space in front": headers(signature=" " + GOOD),
    "a digest cut short": headers(signature="v1," + base64.b64encode(b"short").decode()),
    "a digest too long": headers(signature="v1," + base64.b64encode(b"x" * 33).decode()),
    "seventeen signatures": headers(signature=" ".join([GOOD] * 17)),
    "a megabyte": headers(signature="v1," + "A" * 1_000_000),
    "outside ASCII": headers(signature="v1,ä"),
    "undecodable bytes": headers(signature="v1,\udcff"),
    "empty": headers(signature=""),
    "another version": headers(signature=GOOD.replace("v1", "v0")),
    "an unknown version": headers(signature=GOOD.replace("v1", "v9")),
    "Ed25519 for a key that we do not have": headers(
        signature="v1a," + base64.b64encode(b"x" * 64).decode()
    ),
    "upper case": headers(signature=GOOD.replace("v1", "V1")),
    "timestamp abc": headers(timestamp="abc"),
    "timestamp empty": headers(timestamp=""),
    "timestamp 1e9": headers(timestamp="1e9"),
    "timestamp nan": headers(timestamp="nan"),
    "timestamp 1e30": headers(timestamp="1e30"),
    "timestamp with a fraction": headers(timestamp=STAMP + ".9"),
    "timestamp negative": headers(timestamp="-1"),
    "timestamp with a sign": headers(timestamp="+" + STAMP),
    "timestamp in Arabic-Indic digits": headers(timestamp="١٦١٤٢٦٥٣٣٠"),
    "timestamp with a space": headers(timestamp=STAMP + " "),
    "timestamp with a newline": headers(timestamp=STAMP + "\n"),
    "timestamp of thirteen digits": headers(timestamp=STAMP + "000"),
    "timestamp with a leading zero": headers(timestamp="0" + STAMP),
    "no id": headers(id=None),
    "no timestamp": headers(timestamp=None),
    "no signature": headers(signature=None),
    "nothing": (),
    "id twice": (*headers(), ("webhook-id", ID)),
    "timestamp twice": (*headers(), ("webhook-timestamp", STAMP)),
    "signature twice": (*headers(), ("webhook-signature", GOOD)),
    "an empty id": headers(id=""),
    "an id with a full stop": headers(id="msg.1"),
    "an id with a newline": headers(id="msg\n1"),
    "an id of another message": headers(id="msg_2"),
    "a very long id": headers(id="x" * 257),
    "an id outside ASCII": headers(id="mäg"),
}


@pytest.mark.parametrize("given", MALFORMED.values(), ids=MALFORMED)
def test_malformed_headers_are_refused(given: tuple[tuple[str, str], ...]) -> None:
    assert isinstance(judge(given), Refused)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", BODY + b"\n", b'{"test":2432232314}', BODY.replace(b"2432", b"2433")],
    ids=["empty", "not UTF-8", "one newline more", "written again", "one digit changed"],
)
def test_a_body_with_other_bytes_is_refused(body: bytes) -> None:
    assert refusal(judge(body=body)) is Reason.WRONG_SIGNATURE


def test_a_body_that_is_no_text_is_verified_as_it_is() -> None:
    body = b"\xff\xfe\x00"
    signature = sign_standard(SECRET, ID, int(STAMP), body)
    assert isinstance(judge(headers(signature=signature), body=body), Verified)


def test_a_good_signature_of_another_source_is_refused() -> None:
    signature = sign_standard(OTHER, ID, int(STAMP), BODY)
    assert refusal(judge(headers(signature=signature))) is Reason.WRONG_SIGNATURE


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_clock_off_by_up_to_five_minutes_is_accepted(seconds: int) -> None:
    assert isinstance(judge(now=NOW + timedelta(seconds=seconds)), Verified)


@pytest.mark.parametrize(("seconds", "side"), [(301, "behind"), (-301, "ahead")])
def test_a_clock_further_off_is_refused_and_named(seconds: int, side: str) -> None:
    verdict = judge(now=NOW + timedelta(seconds=seconds))
    assert verdict == Refused(reason=Reason.CLOCK_OFF, detail=f"clock 301 s off ({side})")


def test_a_stale_forgery_is_called_a_forgery() -> None:
    """The page must not say *clock off* where the secret is the trouble."""
    signature = sign_standard(OTHER, ID, int(STAMP), BODY)
    verdict = judge(headers(signature=signature), now=NOW + timedelta(days=1))
    assert refusal(verdict) is Reason.WRONG_SIGNATURE


def test_one_good_signature_among_others_is_enough() -> None:
    listed = f"v1,{'A' * 43}= v2,whatever {GOOD}"
    assert isinstance(judge(headers(signature=listed)), Verified)


def test_both_secrets_work_during_a_rotation_and_the_older_is_named() -> None:
    rotating = Rotating(Secret(OTHER), Secret(SECRET), NOW + timedelta(hours=24))
    verdict = judge(secrets=rotating)
    assert isinstance(verdict, Verified)
    assert verdict.key_no == 1


def test_an_older_secret_ends_by_itself_and_the_refusal_says_when() -> None:
    rotating = Rotating(Secret(OTHER), Secret(SECRET), NOW - timedelta(days=1))
    assert judge(secrets=rotating) == Refused(
        reason=Reason.SECRET_ENDED,
        detail="signed with a secret that ended 2021-02-24T15:02+00:00",
    )


def test_a_message_signed_with_both_secrets_counts_for_the_newer() -> None:
    rotating = Rotating(Secret(OTHER), Secret(SECRET), NOW - timedelta(days=1))
    listed = GOOD + " " + sign_standard(OTHER, ID, int(STAMP), BODY)
    verdict = judge(headers(signature=listed), secrets=rotating)
    assert isinstance(verdict, Verified)
    assert verdict.key_no == 0


def test_padding_of_a_secret_may_be_left_out() -> None:
    padded = "whsec_" + base64.b64encode(b"k" * 32).decode()
    bare = padded.rstrip("=")
    assert sign_standard(bare, "m", 1, b"") == sign_standard(padded, "m", 1, b"")


@pytest.mark.parametrize(
    "secret",
    ["whsec_", "plain", "whsec_%%%", "whsec_c2hvcnQ=", "whpk_c2hvcnQ=", "whsk_" + "A" * 44],
)
def test_a_secret_that_is_none_is_refused_when_it_is_configured(secret: str) -> None:
    with pytest.raises(UnusableSecret):
        standard_keys(Rotating(Secret(secret)))


def test_the_refusal_of_a_secret_does_not_show_it() -> None:
    with pytest.raises(UnusableSecret) as refused:
        standard_keys(Rotating(Secret("whsec_c2hvcnQ=")))
    assert "c2hvcnQ" not in str(refused.value)


class TestEd25519:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = "whpk_" + base64.b64encode(private.public_key().public_bytes_raw()).decode()
    content = f"{ID}.{STAMP}.".encode() + BODY
    signature = "v1a," + base64.b64encode(private.sign(content)).decode()

    def test_a_good_signature_is_accepted(self) -> None:
        secrets = Rotating(Secret(self.public))
        assert isinstance(judge(headers(signature=self.signature), secrets=secrets), Verified)

    def test_an_attackers_key_is_refused(self) -> None:
        forged = Ed25519PrivateKey.from_private_bytes(b"a" * 32).sign(self.content)
        listed = "v1a," + base64.b64encode(forged).decode()
        secrets = Rotating(Secret(self.public))
        assert refusal(judge(headers(signature=listed), secrets=secrets)) is Reason.WRONG_SIGNATURE

    def test_an_hmac_made_with_the_public_key_is_refused(self) -> None:
        """Algorithm confusion: the public key is no secret."""
        symmetric = self.public.replace("whpk_", "whsec_")
        listed = sign_standard(symmetric, ID, int(STAMP), BODY)
        secrets = Rotating(Secret(self.public))
        assert isinstance(judge(headers(signature=listed), secrets=secrets), Refused)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "x"]),
            st.one_of(st.text(), st.sampled_from([ID, STAMP, GOOD, "v1,", "v1a,"])),
        ),
        max_size=6,
    ),
    st.binary(),
)
def test_the_verifier_is_total(given: list[tuple[str, str]], body: bytes) -> None:
    """Whatever comes in: a verdict, and never that it is genuine."""
    assert isinstance(judge(tuple(given), body=body), Refused)


@given(st.binary(), st.integers(0, 10**11), st.from_regex(r"[a-zA-Z0-9_]{1,40}", fullmatch=True))
def test_what_we_sign_a_foreign_library_signs_the_same(
    body: bytes, seconds: int, message_id: str
) -> None:
    text = base64.b64encode(body)  # the library signs texts
    foreign = Webhook(SECRET).sign(message_id, datetime.fromtimestamp(seconds, UTC), text.decode())
    assert sign_standard(SECRET, message_id, seconds, text) == foreign


def test_a_foreign_library_accepts_what_we_sign() -> None:
    body = '{"text": "schön 😀"}'.encode()
    now = int(datetime.now(UTC).timestamp())  # noqa: TID251 - the library reads the real clock
    signature = sign_standard(SECRET, "msg_1", now, body)
    given = dict(headers(id="msg_1", timestamp=str(now), signature=signature))
    assert Webhook(SECRET).verify(body, given) == {"text": "schön 😀"}


def test_no_secret_shows_in_a_repr() -> None:
    rotating = Rotating(Secret(SECRET), Secret(OTHER), NOW)
    shown = repr(rotating) + repr(standard_keys(rotating)) + f"{rotating.current}"
    assert "MfKQ9r8" not in shown
    assert "C2FVsBQ" not in shown
    assert repr(base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")) not in shown
