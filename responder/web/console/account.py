"""Signing in and out, one's own sessions and preferences."""

from aiohttp import web

from responder.access.model import UNDO_SECONDS_LIMIT, Preferences, Shortcuts, Theme
from responder.engagement.errors import Invalid
from responder.web.console.visit import Visit, go


class PreferenceUnusable(Invalid):
    """The undo time is a number of seconds from 0 to 120; nothing was changed."""


async def login(visit: Visit) -> web.StreamResponse:
    return go("/queue") if visit.who else await visit.page("login.html")


async def greet(visit: Visit) -> web.StreamResponse:
    """Only shows a button: what looks at links ahead of people must not use one up."""
    person = await visit.console.access.greet(visit.request.match_info["token"])
    return await visit.page("sign-in.html", guest=person)


async def sign_in(visit: Visit) -> web.StreamResponse:
    console, request = visit.console, visit.request
    _, secret = await console.access.sign_in(
        request.match_info["token"], agent=request.headers.get("User-Agent", "")
    )
    if visit.who is not None:
        await console.access.end(visit.who.session.id, person=visit.who.person)
    response = go("/queue")
    response.set_cookie(
        console.cookie.name,
        secret,
        path="/",
        httponly=True,
        secure=console.cookie.secure,
        samesite="Lax",
        max_age=console.cookie.lifetime_seconds,
    )
    return response


async def sign_out(visit: Visit) -> web.StreamResponse:
    if visit.who is not None:
        await visit.console.access.end(visit.who.session.id, person=visit.who.person)
    response = go("/login")
    response.headers["Clear-Site-Data"] = '"storage"'
    response.del_cookie(
        visit.console.cookie.name, path="/", secure=visit.console.cookie.secure, samesite="Lax"
    )
    return response


async def me(visit: Visit) -> web.StreamResponse:
    return await visit.page(
        "me.html",
        sessions=await visit.console.access.sessions_of(visit.person),
        session=visit.who.session if visit.who else None,
        shortcut_modes=tuple(Shortcuts),
        themes=tuple(Theme),
        undo_limit=UNDO_SECONDS_LIMIT,
        saved="saved" in visit.request.query,
    )


async def prefer(visit: Visit) -> web.StreamResponse:
    form = await visit.form()
    try:
        preferences = Preferences(
            undo_seconds=int(form.get("undo_seconds", "")),
            shortcuts=Shortcuts(form.get("shortcuts", "")),
            theme=Theme(form.get("theme", "")),
        )
    except ValueError:
        raise PreferenceUnusable from None
    if not 0 <= preferences.undo_seconds <= UNDO_SECONDS_LIMIT:
        raise PreferenceUnusable
    await visit.console.access.prefer(visit.person, preferences)
    return go("/me?saved=1")


async def end_session(visit: Visit) -> web.StreamResponse:
    await visit.console.access.end(visit.id_in_path("session"), person=visit.person)
    return go("/me")


async def keys(visit: Visit) -> web.StreamResponse:
    return await visit.page("keys.html")
