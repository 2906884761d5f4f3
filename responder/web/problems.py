"""What can go wrong over HTTP, as data: RFC 9457 problems with codes that stay.

The catalogue is the one list: answers are made from it, and the reference is generated from it. An
answer quotes nothing of the request and nothing of what went wrong inside.

Source: RFC 9457, "Problem Details for HTTP APIs", section 3.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from aiohttp import web

from responder.engagement.errors import (
    Conflict,
    Invalid,
    Misconfigured,
    NotFound,
    RateLimited,
    Refused,
    ResponderError,
    Retryable,
    TooLarge,
    Unsettled,
)

MEDIA_TYPE = "application/problem+json"
URN = "urn:responder:problem:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One kind of problem."""

    code: str
    status: int
    title: str
    """What happened."""
    detail: str
    """Why, as far as the sender may know."""
    remedy: str
    """What to do next."""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


BAD_REQUEST = Problem(
    code="bad-request",
    status=400,
    title="The request is malformed.",
    detail="It could not be read as HTTP, or its body broke off.",
    remedy="Send it again, whole.",
)
UNUSABLE = Problem(
    code="unusable",
    status=400,
    title="What was sent cannot be used.",
    detail="Something in it is not as it must be; nothing was done.",
    remedy="Mend what the detail names, and send it again.",
)
BAD_ENVELOPE = Problem(
    code="bad-envelope",
    status=400,
    title="The headers of the event are malformed.",
    detail="Nothing of the push was kept.",
    remedy="Mend the named header and push again.",
)
NOT_AUTHENTIC = Problem(
    code="not-authentic",
    status=401,
    title="The push could not be proven to come from this source.",
    detail=(
        "One of these: a signature header is missing, repeated or malformed; the signature is not "
        "made with this source's secret over exactly these bytes; the secret or token has ended; "
        "the sender's clock is more than 300 seconds off."
    ),
    remedy="The source's page in the console names the true cause of the last refusals.",
    headers=MappingProxyType({"WWW-Authenticate": "Webhook-Signature, Bearer"}),
)
TOKEN_REQUIRED = Problem(
    code="token-required",
    status=401,
    title="This needs a token of the source.",
    detail="The Authorization header is missing, or its Bearer token is not one of this source.",
    remedy="Send `Authorization: Bearer <token>` with the token from the source's address.",
    headers=MappingProxyType({"WWW-Authenticate": "Bearer"}),
)
NOT_FOUND = Problem(
    code="not-found",
    status=404,
    title="There is nothing here.",
    detail="No page or resource has this address.",
    remedy="Check the address.",
)
UNKNOWN_ADDRESS = Problem(
    code="unknown-address",
    status=404,
    title="No source has this address.",
    detail="The name of the source or its token is not known here.",
    remedy="Copy the address again from the source's page in the console.",
)
UNKNOWN_RECEIPT = Problem(
    code="unknown-receipt",
    status=404,
    title="Nothing is known under this id.",
    detail="It never arrived at this source, or arrived a moment ago and is not in the ledger yet.",
    remedy="Ask again in a second, or use the status_url of the receipt as it was given.",
    headers=MappingProxyType({"Retry-After": "1"}),
)
METHOD_NOT_ALLOWED = Problem(
    code="method-not-allowed",
    status=405,
    title="This address does not take that method.",
    detail="The Allow header lists what it takes.",
    remedy="Use one of the listed methods.",
)
TOO_SLOW = Problem(
    code="too-slow",
    status=408,
    title="The body did not arrive in time.",
    detail="A body must be here within 5 seconds. Nothing of it was kept.",
    remedy="Push again.",
)
CONFLICT = Problem(
    code="conflict",
    status=409,
    title="The world moved since you looked.",
    detail="What you acted on is no longer as it was shown.",
    remedy="Read it again, then decide.",
)
TOO_LARGE = Problem(
    code="too-large",
    status=413,
    title="The body is too large.",
    detail="It was not read to its end, and nothing of it was kept.",
    remedy="Send less at once.",
)
ADDRESS_TOO_LONG = Problem(
    code="address-too-long",
    status=414,
    title="The address is too long.",
    detail="No address of this server is as long as that.",
    remedy="Check the address.",
)
UNSUPPORTED_MEDIA_TYPE = Problem(
    code="unsupported-media-type",
    status=415,
    title="This kind of content is not taken here.",
    detail="The Content-Type is not one that this address takes.",
    remedy="Send one of the listed types, in UTF-8.",
)
CONTENT_ENCODING = Problem(
    code="content-encoding",
    status=415,
    title="An encoded body is not taken here.",
    detail="A signature covers the bytes as they were before compression.",
    remedy="Send the body without Content-Encoding.",
)
MISDIRECTED = Problem(
    code="misdirected",
    status=421,
    title="This server does not answer for that host.",
    detail="The Host header names none of its own.",
    remedy="Use the configured address, or add the name to the allowed hosts.",
)
RATE_LIMIT = Problem(
    code="rate-limit",
    status=429,
    title="Too many requests.",
    detail="Nothing of this one was kept.",
    remedy="Send it again after the seconds in Retry-After.",
)
HEADERS_TOO_LARGE = Problem(
    code="headers-too-large",
    status=431,
    title="The headers are too large.",
    detail="There are too many of them, or one is too long. Nothing of the request was kept.",
    remedy="Send fewer and shorter headers.",
)
FORBIDDEN = Problem(
    code="forbidden",
    status=403,
    title="That is a final no.",
    detail="It is not allowed, whoever asks again.",
    remedy="Ask someone who may.",
)
INTERNAL = Problem(
    code="internal-error",
    status=500,
    title="Something went wrong that is our fault.",
    detail="It is in the log of the server.",
    remedy="Try again; if it stays, tell the operator the time.",
)
UNAVAILABLE = Problem(
    code="unavailable",
    status=503,
    title="This cannot be taken now.",
    detail="What it needs is away. Nothing was acknowledged; part of it may have arrived.",
    remedy="Send the same again after the seconds in Retry-After: repeats do no harm.",
    headers=MappingProxyType({"Retry-After": "2"}),
)
UNSETTLED = Problem(
    code="unsettled",
    status=503,
    title="It is not known yet whether that happened.",
    detail="Something may have happened outside.",
    remedy="Read the state again before you repeat anything.",
    headers=MappingProxyType({"Retry-After": "5"}),
)

CATALOGUE: tuple[Problem, ...] = (
    BAD_REQUEST,
    UNUSABLE,
    BAD_ENVELOPE,
    NOT_AUTHENTIC,
    TOKEN_REQUIRED,
    FORBIDDEN,
    NOT_FOUND,
    UNKNOWN_ADDRESS,
    UNKNOWN_RECEIPT,
    METHOD_NOT_ALLOWED,
    TOO_SLOW,
    CONFLICT,
    TOO_LARGE,
    ADDRESS_TOO_LONG,
    UNSUPPORTED_MEDIA_TYPE,
    CONTENT_ENCODING,
    MISDIRECTED,
    RATE_LIMIT,
    HEADERS_TOO_LARGE,
    INTERNAL,
    UNAVAILABLE,
    UNSETTLED,
)
"""Every problem, by status; of those that share one, the first is what it means unless said."""


def respond(
    problem: Problem,
    *,
    code: str | None = None,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: str | int | list[str],
) -> web.Response:
    """Answer with a problem.

    Args:
        problem: which one.
        code: a finer code, for an error of the domain.
        detail: why, where more can be said; must quote nothing that came from outside.
        headers: beside the problem's own.
        more: extension members.
    """
    shown = code or problem.code
    members = {
        "type": URN + shown,
        "code": shown,
        "title": problem.title,
        "status": problem.status,
        "detail": detail or problem.detail,
        "remedy": problem.remedy,
        **more,
    }
    return web.Response(
        status=problem.status,
        body=json.dumps(members).encode(),
        content_type=MEDIA_TYPE,
        headers={**problem.headers, **(headers or {}), "Cache-Control": "no-store"},
    )


_BRANCHES: tuple[tuple[type[ResponderError], Problem], ...] = (
    (NotFound, NOT_FOUND),
    (TooLarge, TOO_LARGE),
    (Invalid, UNUSABLE),
    (Conflict, CONFLICT),
    (RateLimited, RATE_LIMIT),
    (Retryable, UNAVAILABLE),
    (Unsettled, UNSETTLED),
    (Refused, FORBIDDEN),
    (Misconfigured, UNAVAILABLE),
)


def of_error(error: ResponderError) -> web.Response:
    """Answer an error of the domain: the branch decides the status, the error is the code."""
    problem = next((known for branch, known in _BRANCHES if isinstance(error, branch)), INTERNAL)
    if problem is INTERNAL or isinstance(error, Misconfigured):
        return respond(problem)
    headers = {}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(max(1, round(error.after_seconds)))
    return respond(problem, code=error.code, detail=str(error), headers=headers)


def of_status(status: int, *, allow: str | None = None) -> web.Response:
    """Answer what the HTTP library refused by itself."""
    problem = next((known for known in CATALOGUE if known.status == status), None)
    if problem is None:
        problem = BAD_REQUEST if status < web.HTTPInternalServerError.status_code else INTERNAL
    return respond(problem, headers={"Allow": allow} if allow else None)
