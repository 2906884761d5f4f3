"""Isso as a place that is answered in.

Isso has no idempotency and stores the same text twice, so everything rests on looking first. Its
guard says *later* with 403: twice a minute and network, and no reply within 15 minutes from the
network of the comment that is answered. Under moderation a reply is made but held, and a listing
never shows it: then absence proves nothing.
"""

from http import HTTPStatus

from responder.delivery.outcomes import not_a_success, words
from responder.delivery.ports import (
    AttemptOutcome,
    Capabilities,
    OwnReply,
    Posted,
    Posting,
    Preflight,
    ReadBack,
)
from responder.engagement.errors import Retryable
from responder.engagement.http import Answer
from responder.engagement.ports import Clock
from responder.platforms.isso.wire import (
    DELETED,
    HELD,
    MAX_AGE_SECONDS,
    IssoApi,
    IssoComment,
    Unreadable,
    author_id,
    id_of,
    read_comment,
)

TEXT_MAX = 65_535
RATE_WAIT_SECONDS = 60.0
LONGER_WAIT_SECONDS = 300.0
"""Where the author's edit time turns out to be longer than Isso's default."""
_TOO_OFTEN = "ratelimit exceeded"
_STILL_EDITABLE = "edit time frame is still open"
_WHY_TOO_OFTEN = "Isso takes only so many comments a minute from one network."
_WHY_STILL_EDITABLE = "Isso takes no reply from the network of the comment's author while the author can still change it."


class IssoReply:
    """The `ReplyPlatform` of one Isso site.

    Args:
        post_as: the name our replies carry.
        email: is never shown, but makes the author's `hash`: without it a neighbour in our network
            would look like us. Whoever knows it can look like us; make it one that nobody guesses.
    """

    def __init__(self, *, api: IssoApi, clock: Clock, post_as: str, email: str) -> None:
        self._api = api
        self._clock = clock
        self._post_as = post_as
        self._email = email
        self._own_hash = author_id(email)

    @property
    def own_author_id(self) -> str:
        """Our `hash` on a site with Isso's default salt: for the source's own author ids."""
        return self._own_hash

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            push=False,
            poll=True,
            edits=True,
            deletes=True,
            posts=True,
            idempotency="none",
            reads_back=True,
            text_max=TEXT_MAX,
            settle_seconds=1.0,
        )

    async def preflight(self, posting: Posting) -> Preflight:
        if len(posting.text) > TEXT_MAX:
            return Preflight.TOO_LONG
        try:
            gone = await self._has_gone(posting)
        except (Retryable, Unreadable):
            gone = False
        return Preflight.GONE if gone else Preflight.OK

    async def reply(self, posting: Posting) -> Posted:
        parent = id_of(posting.comment_id)
        if parent is None:
            detail = "the comment's id is not one of Isso's"
            return Posted(outcome=AttemptOutcome.REFUSED, detail=detail)
        fields = {
            "text": posting.text,
            "author": self._post_as,
            "email": self._email,
            "parent": parent,
            # Never used on a page that exists; without it Isso would fetch the page for a title.
            "title": posting.thread_id,
        }
        result = await self._api.new(posting.thread_id, fields, send_before=posting.send_before)
        if isinstance(result, Answer) and result.is_success:
            return self._made(result, posting)
        if isinstance(result, Answer) and result.status == HTTPStatus.FORBIDDEN:
            later = await self._later(result, posting)
            if later is not None:
                return later
        return not_a_success(result, now=self._clock.now(), secrets=(self._email,))

    async def read_back(self, posting: Posting) -> ReadBack | None:
        """Our replies in the branch. Isso hangs each one directly under the branch's root."""
        try:
            tree = await self._api.tree(posting.thread_id)
            is_moderated = await self._is_moderated()
        except (Retryable, Unreadable):
            return None
        own = [each for each in tree if self._is_own(each) and _is_in_branch(each, tree, posting)]
        shown = [each for each in own if each.mode != DELETED]
        return ReadBack(
            replies=tuple(self._own_reply(each, posting.thread_id) for each in shown),
            is_complete=not is_moderated and len(shown) == len(own),
        )

    async def _has_gone(self, posting: Posting) -> bool:
        comment_id = id_of(posting.comment_id)
        tree = await self._api.tree(posting.thread_id)
        named = [each for each in tree if each.id == comment_id]
        if comment_id is None or named:
            return any(each.mode == DELETED or each.key != posting.comment_id for each in named)
        return not await self._api.exists(comment_id)

    def _made(self, answer: Answer, posting: Posting) -> Posted:
        try:
            made = read_comment(answer)
        except Unreadable:
            detail = "Isso took it, and its answer cannot be read"
            return Posted(outcome=AttemptOutcome.UNKNOWN, detail=detail)
        held = answer.status == HTTPStatus.ACCEPTED or made.mode == HELD
        return Posted(
            outcome=AttemptOutcome.HANDED_OVER if held else AttemptOutcome.SENT,
            external_id=made.key,
            url=self._api.permalink(posting.thread_id, made.id),
            posted_at=made.created_at,
            detail="held on the site until it is activated there" if held else "",
            # Isso makes a reply whose parent has gone a comment of its own.
            parent_gone=made.parent is None,
        )

    async def _later(self, answer: Answer, posting: Posting) -> Posted | None:
        """The guard's no, which holds for a while; None if the 403 is another one."""
        said = words(answer, (self._email,))
        if _TOO_OFTEN in said:
            why, wait = _WHY_TOO_OFTEN, RATE_WAIT_SECONDS
        elif _STILL_EDITABLE in said:
            why, wait = _WHY_STILL_EDITABLE, await self._until_not_editable(posting)
        else:
            return None
        detail = f"{why} It said: {said}"
        return Posted(outcome=AttemptOutcome.THROTTLED, detail=detail, after_seconds=wait)

    async def _until_not_editable(self, posting: Posting) -> float:
        try:
            tree = {each.key: each for each in await self._api.tree(posting.thread_id)}
        except (Retryable, Unreadable):
            tree = {}
        if posting.comment_id not in tree:
            return MAX_AGE_SECONDS
        left = tree[posting.comment_id].created + MAX_AGE_SECONDS - self._clock.now().timestamp()
        return min(left + 1, MAX_AGE_SECONDS) if left > 0 else LONGER_WAIT_SECONDS

    async def _is_moderated(self) -> bool:
        return (await self._api.facts("/info")).get("moderation") is not False

    def _is_own(self, comment: IssoComment) -> bool:
        """By hash, or by name where the site has its own salt.

        A stranger may use our name; to take a stranger's reply for ours can at worst keep us from
        posting a text that already stands there, the other way round would post it twice.
        """
        return comment.hash == self._own_hash or comment.author == self._post_as

    def _own_reply(self, comment: IssoComment, uri: str) -> OwnReply:
        return OwnReply(
            external_id=comment.key,
            text=comment.text,
            url=self._api.permalink(uri, comment.id),
            posted_at=comment.created_at,
            is_public=True,
        )


def _is_in_branch(comment: IssoComment, tree: tuple[IssoComment, ...], posting: Posting) -> bool:
    if comment.parent_key is not None:
        return comment.parent_key == posting.root_id
    # The root was deleted before our reply came: Isso made it a comment of its own.
    return all(each.key != posting.root_id for each in tree)
