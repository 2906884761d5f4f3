"""The guestbook that Responder serves itself, on an address of its own."""

import socket

from yarl import URL

from responder.adapters.http import GuardedHttp
from responder.adapters.postgres.guestbook import PostgresGuestbook
from responder.app import tls
from responder.app.demo import Visitors
from responder.app.keys import Keys
from responder.app.parts import Parts
from responder.app.places import LOOPBACK, USER_AGENT
from responder.app.process import Process
from responder.app.serving import Addresses
from responder.app.workspace import GUESTBOOK
from responder.platforms.signatures import sign_standard
from responder.web.console import words
from responder.web.guestbook.app import guestbook_app
from responder.web.guestbook.book import Guestbook
from responder.web.guestbook.push import Pusher
from responder.web.server import listen_on


def has_guestbook(parts: Parts) -> bool:
    """Whether one is configured."""
    source = parts.current.workspace().sources.get(GUESTBOOK)
    return source is not None and source.platform == "guestbook"


async def serve_guestbook(
    parts: Parts,
    process: Process,
    listening: socket.socket,
    at: Addresses,
    *,
    keys: Keys,
    demo: bool = False,
) -> None:
    """The page, its API for Responder, and its own pushes to Responder's gateway.

    In the demo invented people write on it.
    """
    given = keys.of(GUESTBOOK)
    parts.places.urls[GUESTBOOK] = at.guestbook
    store = PostgresGuestbook(parts.engine, ids=parts.ids)
    url = URL(at.local_console)
    http = GuardedHttp(
        clock=parts.clock,
        user_agent=USER_AGENT,
        networks=LOOPBACK,
        ports=[url.port or 80],
        tls=tls.ourselves(parts.settings),
    )

    def sign(message_id: str, seconds: int, body: bytes) -> str:
        return sign_standard(given.webhook_secret, message_id, seconds, body)

    pusher = Pusher(
        store=store,
        http=http,
        clock=parts.clock,
        random=parts.random,
        url=f"{at.local_console}/in/{GUESTBOOK}/{given.address_token}",
        sign=sign,
    )
    process.background(pusher.run())
    title = parts.current.workspace().sources[GUESTBOOK].title
    app = guestbook_app(
        store=store,
        clock=parts.clock,
        ids=parts.ids,
        public_url=at.guestbook,
        api_token=given.outgoing_secret,
        pusher=pusher,
        title=title,
        banner=words.DEMO if demo else "",
        hosts=at.guestbook_hosts,
    )
    process.serve(await listen_on(listening, app, tls=tls.serving(parts.settings)))
    if demo:
        book = Guestbook(
            store=store, clock=parts.clock, ids=parts.ids, public_url=at.guestbook, title=title
        )
        process.background(Visitors(book, pusher, parts.clock, parts.random).run())
