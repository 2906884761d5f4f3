"""What became of a push, for its sender: served by the console role, which can read the ledger.

Readable with a token of that source only. The status URL on a receipt carries a seal, made with
that token, which says that the log did take the event: so a sender that asks before the ledger has
it reads *received*, and a mistyped id is never called received.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping

from aiohttp import web

from responder.engagement.model import EventId, SourceId
from responder.engagement.ports import Clock
from responder.intake.ports import Receipts, ReceiptState, ReceiptStatus
from responder.intake.secrets import Rotating, Secret
from responder.web import problems

_EVENT_ID = re.compile(r"[0-9a-f]{64}")
_COMMENT_ID = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,512}")
_NO_TOKEN = Rotating(Secret("compared with when there is no such source"))


def status_path(source: SourceId, event_id: EventId, token: Secret) -> str:
    """Where the receipt of one event is read; relative to the console."""
    return f"/status/{source}/{event_id}?seal={_seal(event_id, token)}"


class ReceiptPages:
    """Answers senders that ask after what they pushed."""

    def __init__(
        self, *, tokens: Mapping[SourceId, Rotating], receipts: Receipts, clock: Clock
    ) -> None:
        """`tokens`: of each connected source; read at every request."""
        self._tokens = tokens
        self._receipts = receipts
        self._clock = clock

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/status/{source}/by-comment", self._by_comment)
        app.router.add_get("/status/{source}/{event_id}", self._by_event)

    async def _by_event(self, request: web.Request) -> web.Response:
        source, event_id = self._admitted(request), EventId(request.match_info["event_id"])
        if source is None:
            return problems.respond(problems.TOKEN_REQUIRED)
        if not _EVENT_ID.fullmatch(event_id):
            return problems.respond(problems.UNKNOWN_RECEIPT)
        status = await self._receipts.find_event(source, event_id)
        if status is None and self._is_sealed(source, event_id, request.query.get("seal", "")):
            status = ReceiptStatus(state=ReceiptState.RECEIVED, event_id=event_id)
        return _shown(source, status)

    async def _by_comment(self, request: web.Request) -> web.Response:
        source, comment_id = self._admitted(request), request.query.get("comment_id", "")
        if source is None:
            return problems.respond(problems.TOKEN_REQUIRED)
        if not _COMMENT_ID.fullmatch(comment_id):
            return problems.respond(problems.UNKNOWN_RECEIPT)
        return _shown(source, await self._receipts.find_comment(source, comment_id))

    def _admitted(self, request: web.Request) -> SourceId | None:
        source = SourceId(request.match_info["source"])
        given = request.headers.getall("Authorization", [])
        scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
        is_its_own = self._tokens.get(source, _NO_TOKEN).matches(token, self._clock.now())
        return source if is_its_own and scheme.lower() == "bearer" else None

    def _is_sealed(self, source: SourceId, event_id: EventId, seal: str) -> bool:
        live = self._tokens[source].live(self._clock.now())
        given = seal.encode(errors="replace")
        return any(hmac.compare_digest(_seal(event_id, token).encode(), given) for token in live)


def _seal(event_id: EventId, token: Secret) -> str:
    key = token.reveal().encode()
    return hmac.digest(key, b"received " + event_id.encode(), hashlib.sha256).hex()[:32]


def _shown(source: SourceId, status: ReceiptStatus | None) -> web.Response:
    if status is None:
        return problems.respond(problems.UNKNOWN_RECEIPT)
    members = {
        "status": status.state.value,
        "source": source,
        "event_id": status.event_id,
        "comment_id": status.comment_id,
        "answers": status.answers,
        "link": status.link,
        "reason": status.reason,
        "since": status.at.isoformat() if status.at else None,
    }
    return web.json_response(
        {name: value for name, value in members.items() if value is not None},
        headers={"Cache-Control": "no-store"},
    )
