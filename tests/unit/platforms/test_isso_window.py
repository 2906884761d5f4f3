"""The window's laws, on a site that hypothesis plays: whatever happens, each change is told once."""

from dataclasses import dataclass, field, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from responder.engagement.model import Kind
from responder.platforms.isso.window import (
    ABSENCES_APART_SECONDS,
    MOST_REMEMBERED,
    WINDOW_SECONDS,
    Window,
    load,
)
from responder.platforms.isso.wire import DELETED, IssoComment

START = 1_000_000.0


def a_comment(number: int, *, created: float, uri: str = "/", text: str = "Hello") -> IssoComment:
    return IssoComment(
        id=number,
        parent=None,
        created=created,
        modified=None,
        mode=1,
        author="Ann",
        text=text,
        hash="ann",
        uri=uri,
    )


@dataclass
class _Site:
    """What an Isso server would show."""

    comments: dict[int, IssoComment] = field(default_factory=dict)

    def latest(self) -> tuple[IssoComment, ...]:
        return tuple(each for each in self.comments.values() if each.mode == 1)

    def tree(self, uri: str) -> tuple[IssoComment, ...]:
        return tuple(each for each in self.comments.values() if each.uri == uri and each.mode != 2)


class Reading(RuleBasedStateMachine):
    """A site that changes, and a reader that polls it now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.site = _Site()
        self.window = Window(since=START - 100)
        self.believed: dict[str, str] = {}
        """What somebody who hears only the changes thinks stands on the site."""

    @rule(uri=st.sampled_from(["/a", "/b"]))
    def somebody_writes(self, uri: str) -> None:
        self.now += 1
        number = max(self.site.comments, default=0) + 1
        self.site.comments[number] = a_comment(number, created=self.now, uri=uri)

    @precondition(lambda self: self.site.comments)
    @rule(data=st.data(), text=st.text(max_size=3))
    def somebody_edits(self, data: st.DataObject, text: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.site.comments)))
        if self.site.comments[number].mode == 1:
            self.site.comments[number] = replace(self.site.comments[number], text=text)

    @precondition(lambda self: self.site.comments)
    @rule(data=st.data(), keeps_its_place=st.booleans())
    def somebody_deletes(self, data: st.DataObject, *, keeps_its_place: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.site.comments)))
        gone = self.site.comments.pop(number)
        if keeps_its_place:
            # Only a comment with answers keeps its place, and they are still to be seen.
            self.site.comments[number] = replace(gone, mode=DELETED, text="")
            self.somebody_writes(gone.uri)

    @rule()
    def it_is_polled(self) -> None:
        self.now += 1
        listed = self.site.latest()
        pages = self.window.pages_to_read(listed)
        for uri in pages:
            self._read(uri)
        self.window = self.window.listed(listed, pages).moved_to(self.now)
        self.window = load(self.window.dump(), Window(since=0.0))

    def _read(self, uri: str) -> None:
        self.window, changes, ask = self.window.read(uri, self.site.tree(uri), self.now)
        for key in ask:
            exists = self.window.seen[key].id in self.site.comments
            self.window, gone = self.window.settle(key, exists=exists, now=self.now)
            changes += gone
        for change in changes:
            known = change.comment.key in self.believed
            assert known == (change.kind is not Kind.CREATED)
            if change.kind is Kind.DELETED:
                del self.believed[change.comment.key]
            else:
                self.believed[change.comment.key] = change.comment.text

    @invariant()
    def in_the_end_everything_is_known(self) -> None:
        before = (self.now, self.window, dict(self.believed))
        self.it_is_polled()
        self.now += ABSENCES_APART_SECONDS
        self.it_is_polled()
        standing = {each.key: each.text for each in self.site.latest()}
        assert self.believed == standing
        assert self.window.pages_to_read(self.site.latest()) == ()
        self.now, self.window, self.believed = before


TestReading = Reading.TestCase
TestReading.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)


def test_one_absence_is_no_deletion_and_two_too_close_are_none_either() -> None:
    window, _, _ = Window(since=0.0).read("/", [a_comment(1, created=START)], START)
    for later in (1.0, 2.0, 1.0 + ABSENCES_APART_SECONDS - 0.5):
        window, changes, ask = window.read("/", [], START + later)
        assert (changes, ask) == ((), ())
    _, changes, ask = window.read("/", [], START + 1.0 + ABSENCES_APART_SECONDS)
    assert (changes, len(ask)) == ((), 1)


def test_what_was_there_before_us_is_not_new() -> None:
    _, changes, _ = Window(since=START).read("/", [a_comment(1, created=START - 1)], START)
    assert changes == ()


def test_what_is_too_old_is_forgotten_and_is_not_new_again() -> None:
    old = a_comment(1, created=START)
    window, _, _ = Window(since=0.0).read("/", [old], START)
    window = window.moved_to(START + WINDOW_SECONDS + 1)
    assert window.seen == {}
    assert window.read("/", [old], START)[1] == ()


def test_a_crowd_does_not_grow_what_is_remembered_without_bound() -> None:
    crowd = [a_comment(number, created=START + number) for number in range(MOST_REMEMBERED + 10)]
    window, changes, _ = Window(since=0.0).read("/", crowd, START)
    window = window.moved_to(START)
    assert len(changes) == MOST_REMEMBERED + 10
    assert len(window.seen) == MOST_REMEMBERED
    assert window.read("/", crowd, START)[1] == ()
