"""One request of somebody to the console: who it is, what it may do, and how it is answered.

`guarded` stands in front of every page. Whatever goes wrong behind it becomes a page in words, with
what the person had written, so that nothing typed is lost.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web

from responder.access.model import Act, LinkSpent, NotAllowed, Person, can, require
from responder.access.ports import SignedIn
from responder.access.service import Access
from responder.engagement.errors import Conflict, Invalid, NotFound, ResponderError, Retryable
from responder.engagement.model import EngagementId, SourceId
from responder.engagement.ports import Clock, Ids
from responder.insights.response_times import ResponseTimesDesk
from responder.intake.ports import WayIn
from responder.review.ports import (
    Balance,
    DeadLetterDesk,
    Desk,
)
from responder.review.service import Review
from responder.web import security
from responder.web.console.proof import Proof
from responder.web.console.rendering import Templates
from responder.web.console.scope import Scope, scope_of
from responder.web.sse import Hub

_log = logging.getLogger(__name__)


Form = Mapping[str, str]
TOO_MUCH = "That is too much text at once; nothing was sent. Go back: your text is still there."
TYPED = ("text", "why", "note")
"""Fields in which people write."""
UNREAD = frozenset({403, 413})
"""What was posted is another site's, or too much to read again."""


class FormUnreadable(Invalid):
    """The form could not be read; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What every page needs."""

    desk: Desk
    review: Review
    dead_letters: DeadLetterDesk
    access: Access
    clock: Clock
    ids: Ids
    hub: Hub
    templates: Templates
    cookie: security.SessionCookie
    public_url: str
    way_in: Callable[[SourceId], WayIn | None]
    proof: Proof
    response_times: ResponseTimesDesk


@dataclass(frozen=True, slots=True)
class Visit:
    """A request and who makes it."""

    console: Console
    request: web.Request
    who: SignedIn | None
    now: datetime

    @property
    def person(self) -> Person:
        if self.who is None:
            raise LookupError("only guarded pages have a person")
        return self.who.person

    @property
    def scope(self) -> Scope:
        return scope_of(self.request.query, None if self.who is None else self.who.person.id)

    def may(self, act: Act) -> bool:
        return self.who is not None and can(self.who.person, act)

    def require(self, act: Act) -> None:
        require(self.person, act)

    def engagement_id(self) -> EngagementId:
        """Raises NotFound when the URL holds no id."""
        return EngagementId(self.id_in_path("comment"))

    def id_in_path(self, what: str) -> UUID:
        name = self.request.match_info["id"]
        found = as_uuid(name)
        if found is None:
            raise NotFound(what=what, name=name[:64])
        return found

    async def form(self) -> Form:
        """The fields of a posted form; files are none of ours. Raises FormUnreadable."""
        try:
            posted = await self.request.post()
        except (ValueError, LookupError):  # its bytes, its boundary; an encoding that is none
            raise FormUnreadable from None
        return {name: value for name, value in posted.items() if isinstance(value, str)}

    async def page(
        self, template: str, *, status: int = 200, balance: Balance | None = None, **values: Any
    ) -> web.Response:
        """Render a page, or with `X-Fragment` only its main part."""
        if balance is None and self.who is not None:
            balance = await self.console.desk.balance()
        is_fragment = "X-Fragment" in self.request.headers
        html = self.console.templates.render(
            template,
            {
                "layout": "fragment.html" if is_fragment else "base.html",
                "person": self.who.person if self.who else None,
                "may": self.may,
                "Act": Act,
                "balance": balance,
                "now": self.now,
                "path": self.request.path,
                "as_of": None,
                **values,
            },
        )
        headers = {"Cache-Control": "no-store", "Vary": "X-Fragment, Cookie"}
        return web.Response(text=html, status=status, content_type="text/html", headers=headers)


def go(location: str) -> web.Response:
    """After a form: look at the result with GET."""
    return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})


def as_uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


View = Callable[[Visit], Awaitable[web.StreamResponse]]
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guarded(console: Console, view: View, act: Act | None) -> Answer:
    """Let those in who may do `act`; None: anybody, signed in or not."""

    async def answer(request: web.Request) -> web.StreamResponse:
        visit = Visit(console, request, None, console.clock.now())
        try:
            _refuse_cross_site(console, request)
            visit = Visit(console, request, await _recognise(console, request), visit.now)
            return await (view if act is None else _allowed(view, act))(visit)
        except web.HTTPRequestEntityTooLarge:
            return await _error_page(visit, 413, TOO_MUCH)
        except web.HTTPException:
            raise
        except ResponderError as error:
            return await failed(visit, error)
        except ConnectionError:
            raise  # the browser has gone: nobody is left to answer
        except Exception:  # noqa: BLE001 - the person sees a reference; the log has it whole
            return await _broken(visit)

    return answer


def _allowed(view: View, act: Act) -> View:
    async def look(visit: Visit) -> web.StreamResponse:
        if visit.who is None:
            return await _ask_to_sign_in(visit)
        visit.require(act)
        return await view(visit)

    return look


def status_of(error: ResponderError) -> int:
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, NotAllowed | security.CrossSite):
        return 403
    if isinstance(error, LinkSpent):
        return 410
    if isinstance(error, Conflict):
        return 409
    if isinstance(error, Invalid):
        return 422
    return 503 if isinstance(error, Retryable) else 500


async def failed(visit: Visit, error: ResponderError) -> web.Response:
    """Say what happened, and give back what was typed."""
    status = status_of(error)
    return await _error_page(visit, status, f"{error}")


async def not_found(visit: Visit) -> web.Response:
    return await _error_page(visit, 404, "There is nothing at this address.")


async def _broken(visit: Visit) -> web.Response:
    reference = visit.console.ids.uuid().hex[-12:]
    resource = visit.request.match_info.route.resource
    # The pattern and not the path, which may hold the secret of a sign-in link.
    page = "a page" if resource is None else resource.canonical
    _log.exception("%s failed, reference %s", page, reference)
    return await _error_page(
        visit, 500, f"Something went wrong on our side. The log has it under {reference}."
    )


async def _error_page(visit: Visit, status: int, message: str) -> web.Response:
    typed = ""
    if visit.request.method == "POST" and status not in UNREAD:
        with suppress(FormUnreadable):
            form = await visit.form()
            typed = next((form[name] for name in TYPED if form.get(name)), "")
    # Without the person: what failed may be the very thing that the frame of the page asks for.
    return await Visit(visit.console, visit.request, None, visit.now).page(
        "error.html", status=status, message=message, typed=typed, is_known=visit.who is not None
    )


async def _ask_to_sign_in(visit: Visit) -> web.StreamResponse:
    is_plain_page = visit.request.method == "GET" and "X-Fragment" not in visit.request.headers
    if is_plain_page and visit.request.path != "/events":
        return go("/login")
    return await _error_page(visit, 401, "You are not signed in any more. Nothing was changed.")


async def _recognise(console: Console, request: web.Request) -> SignedIn | None:
    secret = request.cookies.get(console.cookie.name)
    return await console.access.recognise(secret) if secret else None


def _refuse_cross_site(console: Console, request: web.Request) -> None:
    if request.method in security.SAFE_METHODS and request.path != "/events":
        return
    own = {
        security.origin_of(console.public_url),
        # The same console through a tunnel has another host and port, and is one's own all the same.
        f"{request.scheme}://{request.host}",
    }
    security.refuse_cross_site(
        site=request.headers.get("Sec-Fetch-Site"),
        origin=request.headers.get("Origin"),
        own=own,
        has_cookie=console.cookie.name in request.cookies
        and request.method not in security.SAFE_METHODS,
    )
