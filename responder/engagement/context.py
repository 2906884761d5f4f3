"""What an approval binds to, beside its exact text: the thread as it was shown.

The digest covers what was shown *and matters*, each with its revision: the comment itself, its
ancestors, whatever stands below it, whatever its author wrote under the same post, and our own
answers to any of these. Other people's comments elsewhere under the post are not part of it, nor
are the replies that went out from here to somebody else: otherwise nobody could answer two people
under one post, and a viral post could never be answered.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping

from responder.engagement.model import Comment


def relevant(comment: Comment, thread: Iterable[Comment]) -> tuple[Comment, ...]:
    """The part of a thread that an answer to `comment` depends on, oldest first."""
    by_id = {each.comment_id: each for each in thread} | {comment.comment_id: comment}
    ancestors = set(_ancestors(comment, by_id))
    addressed = {
        each.comment_id
        for each in by_id.values()
        if each.author.id == comment.author.id
        or comment.comment_id in _ancestors(each, by_id)
        or each.comment_id == comment.comment_id
    }
    kept = (
        each
        for each in by_id.values()
        if each.comment_id in ancestors
        or (_answers(each, addressed, ancestors) if each.is_own else each.comment_id in addressed)
    )
    return tuple(sorted(kept, key=lambda each: (each.published_at, each.comment_id)))


def digest(comment: Comment, thread: Iterable[Comment]) -> str:
    """SHA-256 over ids and revisions of what is relevant; independent of the order given."""
    shown = [
        [each.comment_id, each.revision, each.is_deleted] for each in relevant(comment, thread)
    ]
    return hashlib.sha256(json.dumps(sorted(shown)).encode()).hexdigest()


def _answers(own: Comment, addressed: set[str], ancestors: set[str]) -> bool:
    """Whether a comment of ours speaks to the same person, or might.

    A reply that was approved here says whom it answers. One that a colleague wrote on the platform
    only has a parent, and platforms that flatten branches name the root: doubt counts.
    """
    if own.answers is not None:
        return own.answers in addressed
    return own.parent_id in addressed | ancestors


def _ancestors(comment: Comment, by_id: Mapping[str, Comment]) -> Iterator[str]:
    """Ids above `comment`, nearest first. A cycle, which only a broken platform makes, ends it."""
    seen = {comment.comment_id}
    parent = comment.parent_id
    while parent is not None and parent not in seen:
        seen.add(parent)
        yield parent
        parent = by_id[parent].parent_id if parent in by_id else None
