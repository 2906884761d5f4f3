"""The contract of the guestbook's store: one suite for PostgreSQL and for memory."""

from datetime import UTC, datetime, timedelta

import pytest

from responder.engagement.events import EngagementReceived, EventAuthor
from responder.engagement.model import Kind
from responder.web.guestbook.store import ENTERED, US, VISITOR, GuestbookStore

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def a_comment(
    comment_id: str,
    text: str = "Does it run?",
    *,
    parent: str | None = None,
    kind: Kind = Kind.CREATED,
) -> EngagementReceived:
    return EngagementReceived(
        comment_id=comment_id,
        text=text,
        kind=kind,
        parent_id=parent,
        author=EventAuthor(id="v-1", name="Ann"),
        published_at=NOW,
    )


class GuestbookStoreContract:
    """Every row. Subclass it, and give it a `store`."""

    async def test_a_comment_stands_as_it_was_made(self, store: GuestbookStore) -> None:
        await store.add(a_comment("1", "<b>'; --\u202e"), made_by=VISITOR, now=NOW, visitor="me")
        entry = await store.find("1")
        assert entry is not None
        assert (entry.comment.text, entry.visitor, entry.root_id) == ("<b>'; --\u202e", "me", "1")
        assert (entry.is_held, entry.is_deleted) == (False, False)

    async def test_what_was_never_made_is_not_found(self, store: GuestbookStore) -> None:
        assert await store.find("1") is None
        assert await store.by_key("1") is None
        assert await store.branch("1") == []

    async def test_an_id_that_nothing_can_have_is_not_found(self, store: GuestbookStore) -> None:
        await store.add(a_comment("1"), made_by=VISITOR, now=NOW)
        assert await store.find("1\x00") is None
        assert await store.by_key("\x00") is None

    async def test_the_same_comment_twice_stands_once(self, store: GuestbookStore) -> None:
        for text in ("first", "second"):
            entry = await store.add(a_comment("1", text), made_by=ENTERED, now=NOW)
            assert entry.comment.text == "first"
        assert len(await store.branch("1")) == 1

    async def test_the_same_key_twice_makes_one_reply(self, store: GuestbookStore) -> None:
        made = [
            await store.add(a_comment(name), made_by=US, now=NOW, idempotency_key="k")
            for name in ("1", "2")
        ]
        assert [entry.comment.comment_id for entry in made] == ["1", "1"]
        assert await store.find("2") is None
        by_key = await store.by_key("k")
        assert by_key is not None
        assert by_key.comment.comment_id == "1"

    async def test_an_answer_to_an_answer_joins_the_branch(self, store: GuestbookStore) -> None:
        for name, parent in (("1", None), ("2", "1"), ("3", "2")):
            await store.add(a_comment(name, parent=parent), made_by=VISITOR, now=NOW)
        branch = await store.branch("1")
        assert [entry.comment.comment_id for entry in branch] == ["1", "2", "3"]

    async def test_an_answer_to_what_never_came_stands_by_itself(
        self, store: GuestbookStore
    ) -> None:
        entry = await store.add(a_comment("2", parent="1"), made_by=ENTERED, now=NOW)
        assert entry.root_id == "2"

    async def test_the_newest_comes_first_page_by_page(self, store: GuestbookStore) -> None:
        for name in ("1", "2", "3"):
            await store.add(a_comment(name), made_by=VISITOR, now=NOW)
        await store.add(a_comment("4", parent="1"), made_by=VISITOR, now=NOW)
        first = await store.roots(before=None, limit=2)
        rest = await store.roots(before=first[-1].position, limit=2)
        assert [[entry.comment.comment_id for entry in page] for page in (first, rest)] == [
            ["3", "2"],
            ["1"],
        ]

    async def test_an_edit_and_a_deletion_change_what_stands(self, store: GuestbookStore) -> None:
        await store.add(a_comment("1"), made_by=VISITOR, now=NOW)
        edit = a_comment("1", "better", kind=Kind.EDITED)
        assert await store.change(edit, made_by=VISITOR, now=NOW)
        edited = await store.find("1")
        assert edited is not None
        assert edited.comment.text == "better"
        deletion = a_comment("1", "", kind=Kind.DELETED)
        assert await store.change(deletion, made_by=VISITOR, now=NOW)
        assert not await store.change(edit, made_by=VISITOR, now=NOW)
        deleted = await store.find("1")
        assert deleted is not None
        assert deleted.is_deleted

    async def test_nobody_changes_what_others_made(self, store: GuestbookStore) -> None:
        await store.add(a_comment("1"), made_by=VISITOR, now=NOW)
        edit = a_comment("1", "worse", kind=Kind.EDITED)
        assert not await store.change(edit, made_by=ENTERED, now=NOW)

    async def test_every_change_is_told_once_in_order(self, store: GuestbookStore) -> None:
        await store.add(a_comment("1"), made_by=VISITOR, now=NOW)
        await store.add(a_comment("1"), made_by=VISITOR, now=NOW)
        await store.change(a_comment("1", "b", kind=Kind.EDITED), made_by=VISITOR, now=NOW)
        await store.add(a_comment("2", "c", parent="1"), made_by=US, now=NOW)
        told = await store.changes(after=0, limit=10)
        data = [EngagementReceived.model_validate_json(each.data) for each in told]
        assert [(each.kind, each.text) for each in data] == [
            (Kind.CREATED, "Does it run?"),
            (Kind.EDITED, "b"),
            (Kind.CREATED, "c"),
        ]
        assert len({each.message_id for each in told}) == 3
        later = await store.changes(after=told[0].seq, limit=1)
        assert [each.seq for each in later] == [told[1].seq]

    async def test_what_was_entered_is_not_told(self, store: GuestbookStore) -> None:
        await store.add(a_comment("1"), made_by=ENTERED, now=NOW)
        await store.change(a_comment("1", "b", kind=Kind.EDITED), made_by=ENTERED, now=NOW)
        assert await store.changes(after=0, limit=10) == []

    async def test_what_is_held_is_told_when_it_is_released(self, store: GuestbookStore) -> None:
        await store.add(a_comment("1"), made_by=US, now=NOW, is_held=True)
        assert await store.changes(after=0, limit=10) == []
        assert await store.release("1", NOW)
        assert not await store.release("1", NOW)
        assert len(await store.changes(after=0, limit=10)) == 1

    async def test_a_branch_waits_for_its_oldest_change_and_others_do_not(
        self, store: GuestbookStore
    ) -> None:
        for name, parent in (("1", None), ("2", "1"), ("3", None)):
            await store.add(a_comment(name, parent=parent), made_by=VISITOR, now=NOW)
        due = await store.due(NOW, 10)
        assert [names(each.data) for each in due] == ["1", "3"]
        await store.postponed(due[0].seq, NOW + timedelta(seconds=5))
        assert [names(each.data) for each in await store.due(NOW, 10)] == ["3"]
        later = await store.due(NOW + timedelta(seconds=5), 10)
        assert [(names(each.data), each.tries) for each in later] == [("1", 1), ("3", 0)]
        await store.confirmed(due[0].seq, NOW)
        assert [names(each.data) for each in await store.due(NOW, 10)] == ["2", "3"]

    @pytest.mark.parametrize("name", ["x" * 512, "a/../b?c#d", "emoji 🙂", "' OR 1=1 --"])
    async def test_any_id_that_an_event_may_carry_can_be_kept(
        self, store: GuestbookStore, name: str
    ) -> None:
        await store.add(a_comment(name), made_by=ENTERED, now=NOW)
        assert await store.find(name) is not None


def names(data: str) -> str:
    return EngagementReceived.model_validate_json(data).comment_id
