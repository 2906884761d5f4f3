"""What an approval binds to: the thread as it was shown, and no more than that."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from responder.engagement.context import digest, relevant
from responder.engagement.model import Author, Comment, SourceId
from responder.testing.factories import NOON


def said(
    comment_id: str,
    by: str,
    parent: str | None = None,
    *,
    is_own: bool = False,
    answers: str | None = None,
) -> Comment:
    return Comment(
        source=SourceId("garden"),
        comment_id=comment_id,
        thread_id="post",
        parent_id=parent,
        root_id=parent or comment_id,
        author=Author(id=by, name=by.title()),
        text="…",
        published_at=NOON + timedelta(minutes=int(comment_id)),
        revision=1,
        is_own=is_own,
        answers=answers,
    )


ANN, BOB = said("1", "ann"), said("2", "bob")
THREAD = (ANN, BOB)


def changed(extra: Comment) -> bool:
    return digest(ANN, (*THREAD, extra)) != digest(ANN, THREAD)


def test_an_edit_and_a_deletion_of_the_comment_change_it() -> None:
    assert digest(replace(ANN, revision=2), THREAD) != digest(ANN, THREAD)
    assert digest(replace(ANN, is_deleted=True), THREAD) != digest(ANN, THREAD)


def test_the_author_writing_again_anywhere_under_the_post_changes_it() -> None:
    assert changed(said("3", "ann", parent="2"))


def test_anybody_below_the_comment_changes_it() -> None:
    assert changed(said("3", "cleo", parent="1"))
    below = (said("3", "cleo", parent="1"), said("4", "dan", parent="3"))
    assert digest(ANN, (*THREAD, *below)) != digest(ANN, (*THREAD, below[0]))


def test_other_people_elsewhere_under_the_post_change_nothing() -> None:
    assert not changed(said("3", "cleo"))
    assert not changed(said("3", "cleo", parent="2"))


def test_our_own_answer_to_it_changes_it_and_one_to_somebody_else_does_not() -> None:
    assert changed(said("3", "us", parent="1", is_own=True))
    assert not changed(said("3", "us", parent="2", is_own=True, answers="2"))
    assert not changed(said("3", "us", parent="2", is_own=True))


def test_where_a_platform_names_the_root_our_own_words_count_unless_we_know_whom_they_answer() -> (
    None
):
    reply = said("3", "bob", parent="1")
    thread = (ANN, reply)
    before = digest(reply, thread)
    assert digest(reply, (*thread, said("4", "us", parent="1", is_own=True))) != before
    known = said("4", "us", parent="1", is_own=True, answers="1")
    assert digest(reply, (*thread, known)) == before


def test_what_is_relevant_is_shown_oldest_first_with_the_comment_itself() -> None:
    reply = said("3", "cleo", parent="1")
    assert [each.comment_id for each in relevant(reply, (reply, *THREAD))] == ["1", "3"]


@given(st.permutations([ANN, BOB, said("3", "cleo", parent="1"), said("4", "ann", parent="3")]))
def test_the_order_in_which_comments_were_stored_does_not_matter(thread: list[Comment]) -> None:
    assert digest(ANN, thread) == digest(ANN, sorted(thread, key=lambda each: each.comment_id))


def test_a_cycle_of_parents_that_a_broken_platform_makes_comes_to_an_end() -> None:
    one, two = said("5", "ann", parent="6"), said("6", "bob", parent="5")
    assert {each.comment_id for each in relevant(one, (one, two))} == {"5", "6"}
