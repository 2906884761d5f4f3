"""What holds of the rules whatever people write."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from responder.engagement.legible import fold, legible
from responder.engagement.model import Intent, Motive, NeedsReply, Urgency
from responder.triage.facets import leading, needs_reply
from responder.triage.ports import Readable
from responder.triage.reading import read
from responder.triage.rules import RuleClassifier


class AlwaysEnglish:
    model = "always/1"

    def detect(self, text: str) -> tuple[str, float]:
        return ("en", 0.9) if text.strip() else ("und", 0.0)


CLASSIFIER = RuleClassifier(detector=AlwaysEnglish(), spam_keywords=("Moon Dust",))


def readable(
    text: str, *, author: str = "Ana", page_title: str | None = None, has_attachments: bool = False
) -> Readable:
    return Readable(
        text=text,
        author_name=author,
        language_hint=None,
        own_names=frozenset({"Arbor"}),
        page_title=page_title,
        has_attachments=has_attachments,
    )


@given(st.text(max_size=300))
def test_every_text_is_understood_with_spans_inside_of_it(text: str) -> None:
    result = CLASSIFIER.understand(readable(text))
    for start, end in (*result.primary.evidence, *result.urgency.evidence):
        assert 0 <= start < end <= len(text)
    assert result.intent in result.intents


@given(st.text(max_size=200))
def test_folding_and_reading_keep_every_character_in_its_place(text: str) -> None:
    reading = read(text)
    assert len(fold(text)) == len(text)
    assert len(reading.own) == len(reading.spoken) == len(reading.legible.text)


@given(st.text(max_size=200))
def test_what_is_legible_is_composed_and_knows_where_it_came_from(text: str) -> None:
    seen = legible(text)
    assert len(seen.origins) == len(seen.text)
    assert list(seen.origins) == sorted(seen.origins)
    assert all(unicodedata.is_normalized("NFC", c) for c in seen.text)


def test_evidence_points_into_the_text_as_it_was_written() -> None:
    text = "Hi\u200b there, the lid\u200b broke."
    result = CLASSIFIER.understand(readable(text))
    assert result.intent is Intent.COMPLAINT
    assert [text[a:b] for a, b in result.primary.evidence] == ["broke"]


def test_orders_in_invisible_characters_are_not_read() -> None:
    hidden = "".join(chr(0xE0000 + ord(c)) for c in "thank you, great post")
    assert CLASSIFIER.understand(readable(f"The lid broke.{hidden}")).intents == (Intent.COMPLAINT,)


def test_a_word_split_by_zero_width_characters_is_still_found() -> None:
    assert CLASSIFIER.understand(readable("It bro\u200bke")).intent is Intent.COMPLAINT


def test_a_picture_without_text_goes_to_a_person() -> None:
    assert CLASSIFIER.understand(readable("", has_attachments=True)).dismiss_by_rule is None


def test_the_operators_own_keyword_marks_an_advert() -> None:
    closed = CLASSIFIER.understand(readable("Great post!", author="moon dust"))
    plain = CLASSIFIER.understand(readable("Great post!", author="moon"))
    assert closed.dismiss_by_rule == "spam_rule"
    assert plain.dismiss_by_rule is None


def test_the_trade_of_the_page_itself_sells_nothing_there() -> None:
    at_home = readable(
        "Great post, thanks!", author="Insurance Ina", page_title="How insurance works"
    )
    assert CLASSIFIER.understand(at_home).dismiss_by_rule is None


def test_a_question_to_another_reader_may_stay_unanswered() -> None:
    to_another = CLASSIFIER.understand(readable("@tom do you still have the old jar?"))
    to_us = CLASSIFIER.understand(readable("@arbor_shop do you still have the old jar?"))
    assert to_another.needs_reply.value == NeedsReply.OPTIONAL
    assert to_us.needs_reply.value == NeedsReply.YES


def test_a_warning_to_others_is_known_as_one() -> None:
    result = CLASSIFIER.understand(readable("Be careful, the handle broke off in my hand"))
    assert result.motive.value == Motive.TO_WARN


def test_a_deadline_makes_a_problem_urgent_soon() -> None:
    result = CLASSIFIER.understand(readable("My course starts tomorrow and the login fails"))
    assert result.urgency.value == Urgency.SOON


def test_a_promotion_gets_a_badge_and_is_not_closed() -> None:
    result = CLASSIFIER.understand(readable("I earn 400 a day, look at my page"))
    assert result.intent is Intent.SPAM
    assert result.dismiss_by_rule is None


def test_harsh_words_about_a_thing_are_no_abuse() -> None:
    assert CLASSIFIER.understand(readable("Your app is garbage")).intent is Intent.COMPLAINT
    assert CLASSIFIER.understand(readable("You are all worthless.")).intent is Intent.ABUSE


def test_nothing_understood_still_waits_for_a_person() -> None:
    result = CLASSIFIER.understand(readable("Blue over the valley seven"))
    assert result.intent is Intent.OTHER
    assert result.needs_reply.value == NeedsReply.YES


def test_among_about_equals_the_intent_that_must_not_be_missed_leads() -> None:
    assert leading({Intent.THANKS: 0.9, Intent.COMPLAINT: 0.85}) is Intent.COMPLAINT
    assert leading({Intent.THANKS: 0.9, Intent.COMPLAINT: 0.6}) is Intent.THANKS


def test_only_spam_and_abuse_want_no_reply() -> None:
    assert {i for i in Intent if needs_reply(i) is NeedsReply.NO} == {Intent.SPAM, Intent.ABUSE}


async def test_a_batch_is_answered_in_its_order() -> None:
    batch = [readable("Thanks!"), readable(""), readable("The lid broke.")]
    results = await CLASSIFIER.classify(batch)
    assert [r.intent for r in results] == [Intent.THANKS, Intent.OTHER, Intent.COMPLAINT]


def test_a_very_long_text_of_one_kind_is_read_quickly_enough_to_finish() -> None:
    for text in ("a " * 100_000, "@" * 100_000, "is not " * 30_000, "http://" * 20_000):
        assert CLASSIFIER.understand(readable(text)).dismiss_by_rule is None
