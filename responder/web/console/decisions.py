"""What a person decides, from form to command. Every answer is 303, or says why not."""

from collections.abc import Awaitable, Callable
from typing import TypedDict

from aiohttp import web

from responder.access.model import Act
from responder.engagement.errors import Conflict, Invalid, NotFound
from responder.engagement.model import (
    PERSON_REASONS,
    DismissalReason,
    EngagementId,
    PersonId,
)
from responder.review.commands import (
    Approve,
    Dismiss,
    FoundThere,
    LetClockGoOn,
    PostedByPerson,
    Reopen,
    SendAgain,
    StopClock,
    Undo,
)
from responder.review.errors import (
    StaleApproval,
)
from responder.web.console import engagement
from responder.web.console.text import safe_url
from responder.web.console.visit import Form, Visit, as_uuid, go

KEY_LIMIT = 64
DIGITS = 9


class ReasonMissing(Invalid):
    """Choose why it needs no reply; nothing was closed."""


class LinkMissing(Invalid):
    """Give the address where the reply stands, beginning with https:// or http://."""


async def send(visit: Visit) -> web.StreamResponse:
    """Give the text to send; it waits for its undo time."""
    visit.require(Act.SEND)

    async def decide(form: Form) -> None:
        await visit.console.review.approve(
            Approve(
                **_common(visit, form),
                text=_text(form),
                undo_seconds=visit.person.preferences.undo_seconds,
                draft_version=_number(form.get("draft_version")),
            )
        )

    return await _and_go_on(visit, decide)


async def close(visit: Visit) -> web.StreamResponse:
    """Close without reply, for a reason."""

    async def decide(form: Form) -> None:
        await visit.console.review.dismiss(
            Dismiss(
                **_common(visit, form),
                reason=_reason(form),
                note=form.get("note", "").strip(),
                undo_seconds=visit.person.preferences.undo_seconds,
            )
        )

    return await _and_go_on(visit, decide)


async def posted(visit: Visit) -> web.StreamResponse:
    """The person posted it by hand, and says where it stands."""

    async def decide(form: Form) -> None:
        await visit.console.review.posted_by_person(
            PostedByPerson(**_common(visit, form), url=_link(form), text=_text(form))
        )

    return await _and_go_on(visit, decide)


async def found(visit: Visit) -> web.StreamResponse:
    """An unknown delivery: it is there."""

    async def decide(form: Form) -> None:
        await visit.console.review.found_there(FoundThere(**_common(visit, form), url=_link(form)))

    return await _and_go_on(visit, decide)


async def send_again(visit: Visit) -> web.StreamResponse:
    """An unknown delivery: it is not there."""
    visit.require(Act.SEND)

    async def decide(form: Form) -> None:
        attempts = _number(form.get("attempts")) or 0
        await visit.console.review.send_again(SendAgain(**_common(visit, form), attempts=attempts))

    return await _and_stay(visit, decide)


async def reopen(visit: Visit) -> web.StreamResponse:
    """Open what ended, or what the site refused."""

    async def decide(form: Form) -> None:
        await visit.console.review.reopen(Reopen(**_common(visit, form)))

    return await _and_stay(visit, decide)


async def stop_clock(visit: Visit) -> web.StreamResponse:
    """Something else is waited for."""

    async def decide(form: Form) -> None:
        reason = form.get("why", "")
        await visit.console.review.stop_clock(StopClock(**_common(visit, form), reason=reason))

    return await _and_stay(visit, decide)


async def start_clock(visit: Visit) -> web.StreamResponse:
    """What was waited for is there."""

    async def decide(form: Form) -> None:
        await visit.console.review.let_clock_go_on(LetClockGoOn(**_common(visit, form)))

    return await _and_stay(visit, decide)


async def undo(visit: Visit) -> web.StreamResponse:
    """Take a held decision back; the comment opens again where it was."""

    async def decide(form: Form) -> None:
        await visit.console.review.undo(
            Undo(
                engagement_id=visit.engagement_id(),
                actor=visit.person.id,
                decision_id=as_uuid(form.get("decision")),
            )
        )

    return await _and_stay(visit, decide)


Decide = Callable[[Form], Awaitable[None]]


async def _and_go_on(visit: Visit, decide: Decide) -> web.StreamResponse:
    """Then the next comment, with a line on which this one can be taken back."""
    refused = await _refused(visit, decide)
    if refused is not None:
        return refused
    following = as_uuid((await visit.form()).get("next"))
    done = str(visit.engagement_id())
    if following is None:
        return go(visit.scope.queue(decided=done))
    return go(visit.scope.comment(following, decided=done))


async def _and_stay(visit: Visit, decide: Decide) -> web.StreamResponse:
    return await _refused(visit, decide) or go(visit.scope.comment(visit.engagement_id()))


async def _refused(visit: Visit, decide: Decide) -> web.StreamResponse | None:
    """The page that says why a decision was not taken, or None when it was."""
    form = await visit.form()
    try:
        await decide(form)
    except NotFound:
        raise
    except StaleApproval as error:
        return await engagement.render_stale(visit, error, form=form)
    except (Conflict, Invalid) as error:
        return await engagement.render(
            visit,
            visit.engagement_id(),
            error=error,
            typed=form.get("text"),
            why=form.get("why", ""),
        )
    return None


class _Common(TypedDict):
    engagement_id: EngagementId
    actor: PersonId
    key: str
    context: str


def _common(visit: Visit, form: Form) -> _Common:
    return {
        "engagement_id": visit.engagement_id(),
        "actor": visit.person.id,
        "key": form.get("key", "")[:KEY_LIMIT] or visit.console.ids.uuid().hex,
        "context": form.get("context", ""),
    }


def _text(form: Form) -> str:
    """Forms travel with CRLF; what is posted has the line ends that were typed."""
    return form.get("text", "").replace("\r\n", "\n")


def _reason(form: Form) -> DismissalReason:
    reason = form.get("reason", "")
    if reason not in PERSON_REASONS:
        raise ReasonMissing
    return DismissalReason(reason)


def _link(form: Form) -> str:
    url = safe_url(form.get("url", "").strip())
    if url is None:
        raise LinkMissing
    return url


def _number(written: str | None) -> int | None:
    is_number = written and written.isascii() and written.isdigit() and len(written) <= DIGITS
    return int(written) if written and is_number else None
