"""Isso's HTTP API, as far as we need it. One client per source.

Isso says little about itself; these are its facts, from its source:

- `GET /latest?limit=` (off unless `latest-enabled`) gives the last `limit` public comments of a list
  that is sorted by time *with every reply after every top-level comment*; texts are HTML.
- `GET /?uri=&plain=1` gives one page's comments as they were written: public ones and those that
  were deleted but have replies (mode 4); held ones (mode 2) never.
- `GET /id/<n>` without the author's cookie is 404 if there is no such comment, else 403: it tells a
  deleted comment from a hidden one.
- An id is given away again once the newest comment was deleted (SQLite's row id): `17` of yesterday
  and `17` of today may be two people. The time it was made never changes; both together are the key.
- Author and e-mail are stored HTML-escaped; `hash` is made of the e-mail or, without one, of the
  commenter's network.

Source: Isso 0.14.0, `isso/views/comments.py`, `isso/db/comments.py`, `isso/utils/hash.py`; tried.
"""

import hashlib
import html
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlencode

from responder.delivery.outcomes import retry_after
from responder.engagement.errors import RateLimited, Unavailable
from responder.engagement.http import Answer, Http, Lost, NotSent, Request, Result
from responder.engagement.ports import Clock

LISTING_BYTES = 16 * 1_048_576
"""A listing of the operator's own site may be longer than what a stranger may send."""
DELETED = 4
"""The mode of a comment that is gone but has replies."""
HELD = 2
MAX_AGE_SECONDS = 900.0
"""Isso's default `max-age`: how long an author may edit, and a neighbour may not reply."""
_DEFAULT_SALT = b"Eech7co8Ohloopo9Ol6baimi"
_KEY = re.compile(r"([0-9]{1,18})-[0-9]{1,15}", re.ASCII)
_FIRST_NO_ROW_ID = 2**63
_LATEST_DATE = 32_503_680_000.0
"""The year 3000: nothing that we would read as a time."""


class Unreadable(Exception):
    """One listing is too long or not what Isso sends; others may be well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssoComment:
    """One comment as a listing shows it."""

    id: int
    parent: int | None
    created: float
    modified: float | None
    mode: int
    author: str
    text: str
    hash: str = ""
    website: str | None = None
    uri: str = ""
    parent_key: str | None = None
    """Of the root of its branch, to which Isso rewrites each parent: there are two levels."""

    @property
    def key(self) -> str:
        """What names this comment for good: id and milliseconds."""
        return f"{self.id}-{int(self.created * 1000)}"

    @property
    def created_at(self) -> datetime:
        return datetime.fromtimestamp(self.created, UTC)

    @property
    def modified_at(self) -> datetime | None:
        return None if self.modified is None else datetime.fromtimestamp(self.modified, UTC)


class IssoApi:
    """Reads and writes one Isso server.

    Args:
        url: where Isso answers, without the trailing slash.
        site: the web site that its comments stand on; the first value of Isso's `host`.
    """

    def __init__(self, *, http: Http, clock: Clock, url: str, site: str) -> None:
        self._http = http
        self._clock = clock
        self._url = url.rstrip("/")
        self._site = site.rstrip("/")

    def permalink(self, uri: str, comment_id: int) -> str | None:
        page = self.page_url(uri)
        return None if page is None else f"{page}#isso-{comment_id}"

    def page_url(self, uri: str) -> str | None:
        if uri.startswith(("http://", "https://")):
            return uri
        return f"{self._site}{uri}" if uri.startswith("/") else None

    async def latest(self, limit: int) -> tuple[IssoComment, ...] | None:
        """The last `limit` public comments in Isso's own order; None if the site has it off.

        Raises:
            Unreadable: longer than we read.
            Unavailable, RateLimited: not now.
        """
        answer = await self._get("/latest", {"limit": str(limit)})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        listed = _json(self._good(answer))
        if not isinstance(listed, list):
            raise Unreadable
        return tuple(_comment(each) for each in listed)

    async def tree(self, uri: str) -> tuple[IssoComment, ...]:
        """A page's comments, roots before their replies. Raises like `latest`."""
        answer = await self._get("/", {"uri": uri, "plain": "1"})
        return tuple(_branches(_json(self._good(answer)), uri))

    async def exists(self, comment_id: int) -> bool:
        """Is there a comment of this id, shown or not? Raises Unavailable if Isso does not say."""
        answer = await self._get(f"/id/{comment_id}", {})
        if answer.status == HTTPStatus.NOT_FOUND:
            return False
        if answer.status in (HTTPStatus.FORBIDDEN, HTTPStatus.OK):
            return True
        raise Unavailable(what="Isso", why=f"it answered {answer.status}")

    async def facts(self, path: str) -> Mapping[str, object]:
        """What `/info` or `/config` says. Raises like `latest`."""
        said = _json(self._good(await self._get(path, {})))
        if not isinstance(said, Mapping):
            raise Unreadable
        return said

    async def new(
        self, uri: str, fields: Mapping[str, object], *, send_before: float | None
    ) -> Result:
        """Post once. The content type is what Isso checks against forgery."""
        return await self._http.send(
            Request(
                method="POST",
                url=f"{self._url}/new?{urlencode({'uri': uri})}",
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                body=json.dumps(fields).encode(),
                send_before=send_before,
            )
        )

    async def _get(self, path: str, query: Mapping[str, str]) -> Answer:
        result = await self._http.send(
            Request(
                method="GET",
                url=f"{self._url}{path}" + (f"?{urlencode(query)}" if query else ""),
                headers={"Accept": "application/json"},
                max_bytes=LISTING_BYTES,
            )
        )
        match result:
            case Answer():
                return result
            case Lost(status=HTTPStatus.OK):
                raise Unreadable
            case Lost(why=why) | NotSent(why=why):
                raise Unavailable(what="Isso", why=why)

    def _good(self, answer: Answer) -> Answer:
        if answer.is_success:
            return answer
        wait = retry_after(answer.headers, self._clock.now())
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS or wait is not None:
            raise RateLimited(what="Isso", after_seconds=60.0 if wait is None else wait)
        raise Unavailable(what="Isso", why=f"it answered {answer.status}")


def author_id(email_or_network: str) -> str:
    """The `hash` of an e-mail or network, with Isso's default salt and algorithm.

    Source: Isso 0.14.0, `[hash]`: PBKDF2 with SHA-1, 1,000 rounds, 6 bytes.
    """
    stored = html.escape(email_or_network, quote=False).encode()
    return hashlib.pbkdf2_hmac("sha1", stored, _DEFAULT_SALT, 1000, 6).hex()


def id_of(key: str) -> int | None:
    """The id in a comment's key; None if it is no such key."""
    found = _KEY.fullmatch(key)
    return None if found is None else int(found[1])


def read_comment(answer: Answer) -> IssoComment:
    """The comment in the answer to `/new`. Raises Unreadable."""
    return _comment(_json(answer))


def _json(answer: Answer) -> object:
    try:
        data: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise Unreadable from None
    return data


def _branches(tree: object, uri: str) -> Iterator[IssoComment]:
    for node in _replies(tree):
        root = _comment(node, uri)
        yield root
        for reply in _replies(node, required=False):
            yield replace(_comment(reply, uri), parent_key=root.key)


def _replies(node: object, *, required: bool = True) -> list[object]:
    replies = node.get("replies") if isinstance(node, Mapping) else None
    if isinstance(replies, list):
        return replies
    if required:
        raise Unreadable
    return []


def _comment(data: object, uri: str = "") -> IssoComment:
    if not isinstance(data, Mapping):
        raise Unreadable
    created = _number(data.get("created"))
    comment_id, mode = _whole(data.get("id")), _whole(data.get("mode"))
    if created is None or comment_id is None or mode is None:
        raise Unreadable
    return IssoComment(
        id=comment_id,
        parent=_whole(data.get("parent")),
        created=created,
        modified=_number(data.get("modified")),
        mode=mode,
        author=html.unescape(_text(data.get("author"))),
        text=_text(data.get("text")),
        hash=_text(data.get("hash")),
        website=_text(data.get("website")) or None,
        uri=uri or _text(data.get("uri")),
    )


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _FIRST_NO_ROW_ID else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 <= value < _LATEST_DATE else None


def _text(value: object) -> str:
    """JSON may name half a character, which no event can carry."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
