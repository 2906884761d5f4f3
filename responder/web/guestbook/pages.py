"""The pages that visitors see: HTML that needs no script, and forms that only this origin may send."""

import base64
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from aiohttp import hdrs, web
from jinja2 import Environment, PackageLoader, StrictUndefined

from responder.engagement.errors import NotFound
from responder.engagement.ports import Ids
from responder.web.guestbook.book import (
    NAME_CHARACTERS,
    TEXT_CHARACTERS,
    Branch,
    Gone,
    Guestbook,
    Unfit,
    digest_of,
)
from responder.web.guestbook.push import Pusher
from responder.web.guestbook.store import Entry

COOKIE = "responder_guestbook"
BRANCHES_A_PAGE = 20
_A_YEAR_SECONDS = 365 * 86_400
_FORM_BYTES = 262_144
_NO_COMMENT = "There is no such comment."
_TOKEN_CHARACTERS = 128


class Pages:
    """Handlers for visitors.

    Args:
        banner: said on top of every page; empty for none.
    """

    def __init__(self, *, book: Guestbook, pusher: Pusher | None, ids: Ids, banner: str) -> None:
        self._book = book
        self._pusher = pusher
        self._ids = ids
        self._secure = book.public_url.startswith("https:")
        self._environment = Environment(
            loader=PackageLoader("responder.web.guestbook"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["when"] = _when
        self._environment.globals.update(
            title=book.title,
            banner=banner,
            name_max=NAME_CHARACTERS,
            text_max=TEXT_CHARACTERS,
            link=_link,
        )

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.front),
            web.get("/comment", self.comment),
            web.post("/comments", self.write),
            web.get("/edit", self.editing),
            web.post("/edit", self.edit),
            web.post("/delete", self.delete),
        ]

    async def front(self, request: web.Request) -> web.Response:
        return await self._front(request)

    async def comment(self, request: web.Request) -> web.Response:
        branch = await self._branch(request.query.get("id", ""))
        return self._page(request, "comment.html", branch=branch, problem="", form={})

    async def write(self, request: web.Request) -> web.Response:
        form = await _form(request)
        visitor = _visitor(request) or self._new_visitor()
        parent_id = form.get("parent") or None
        try:
            entry = await self._book.write(
                name=form.get("name", ""),
                text=form.get("text", ""),
                visitor=visitor,
                parent_id=parent_id,
            )
        except (NotFound, Gone):
            raise web.HTTPNotFound(text=_NO_COMMENT) from None
        except Unfit as error:
            return await self._again(request, form, str(error))
        return self._changed(entry.comment.comment_id, visitor)

    async def editing(self, request: web.Request) -> web.Response:
        entry = await self._own(request.query.get("id", ""), _visitor(request))
        form = {"text": entry.comment.text}
        return self._page(request, "edit.html", entry=entry, problem="", form=form)

    async def edit(self, request: web.Request) -> web.Response:
        form = await _form(request)
        comment_id, visitor = form.get("id", ""), _visitor(request)
        entry = await self._own(comment_id, visitor)
        try:
            await self._book.edit(comment_id, form.get("text", ""), visitor)
        except Unfit as error:
            return self._page(
                request, "edit.html", status=400, entry=entry, problem=str(error), form=form
            )
        return self._changed(comment_id, visitor)

    async def delete(self, request: web.Request) -> web.Response:
        form = await _form(request)
        await self._own(form.get("id", ""), _visitor(request))
        await self._book.delete(form.get("id", ""), _visitor(request))
        self._wake()
        return web.Response(status=303, headers={hdrs.LOCATION: "/"})

    def problem(self, request: web.Request, status: int, says: str) -> web.Response:
        """An error as a page."""
        return self._page(request, "problem.html", status=status, problem=says)

    async def _front(
        self,
        request: web.Request,
        *,
        status: int = 200,
        problem: str = "",
        form: Mapping[str, str] | None = None,
    ) -> web.Response:
        before = _whole(request.query.get("before", ""))
        branches, following = await self._book.branches(before=before, limit=BRANCHES_A_PAGE)
        return self._page(
            request,
            "front.html",
            status=status,
            branches=branches,
            following=following,
            problem=problem,
            form=form or {},
        )

    async def _again(
        self, request: web.Request, form: Mapping[str, str], problem: str
    ) -> web.Response:
        """The form with what was written in it, and what is wrong."""
        if not form.get("parent"):
            return await self._front(request, status=400, problem=problem, form=form)
        branch = await self._branch(form["parent"])
        return self._page(
            request, "comment.html", status=400, branch=branch, problem=problem, form=form
        )

    async def _branch(self, comment_id: str) -> Branch:
        branch = await self._book.branch_of(comment_id)
        if branch is None:
            raise web.HTTPNotFound(text=_NO_COMMENT)
        return branch

    async def _own(self, comment_id: str, visitor: str) -> Entry:
        try:
            return await self._book.own(comment_id, visitor)
        except NotFound:
            raise web.HTTPNotFound(text="There is no such comment of yours.") from None

    def _changed(self, comment_id: str, visitor: str) -> web.Response:
        self._wake()
        response = web.Response(
            status=303, headers={hdrs.LOCATION: _link(comment_id) + "#" + _anchor(comment_id)}
        )
        response.set_cookie(
            COOKIE,
            visitor,
            max_age=_A_YEAR_SECONDS,
            httponly=True,
            secure=self._secure,
            samesite="Lax",
        )
        return response

    def _wake(self) -> None:
        if self._pusher is not None:
            self._pusher.wake()

    def _page(
        self, request: web.Request, name: str, *, status: int = 200, **values: object
    ) -> web.Response:
        visitor = _visitor(request)
        html = self._environment.get_template(name).render(
            mine=digest_of(visitor) if visitor else "", anchor=_anchor, **values
        )
        return web.Response(text=html, content_type="text/html", status=status)

    def _new_visitor(self) -> str:
        return base64.urlsafe_b64encode(self._ids.secret()).decode().rstrip("=")


async def _form(request: web.Request) -> dict[str, str]:
    """The fields of a form. Files and repeated fields are not asked for, and not taken."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="This is not the form of this page.")
    if (request.content_length or 0) > _FORM_BYTES:
        raise web.HTTPRequestEntityTooLarge(_FORM_BYTES, request.content_length or 0)
    try:
        fields = await request.post()
    except (ValueError, LookupError):  # its bytes; an encoding that is none
        raise web.HTTPBadRequest(text="The form cannot be read.") from None
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _visitor(request: web.Request) -> str:
    token = request.cookies.get(COOKIE, "")
    return token if token.isascii() and len(token) <= _TOKEN_CHARACTERS else ""


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None  # noqa: PLR2004 - below 2**63


def _link(comment_id: str, page: str = "/comment") -> str:
    return f"{page}?{urlencode({'id': comment_id})}"


def _anchor(comment_id: str) -> str:
    """An HTML id for any comment id."""
    return "c-" + digest_of(comment_id)[:16]


def _when(moment: datetime) -> str:
    return f"{moment:%d %b %Y, %H:%M} UTC".lstrip("0")
