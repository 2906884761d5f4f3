"""The acceptance texts, through the classifier and the language detector as they run."""

import pytest

from responder.adapters.models.language import Py3LangidDetector
from responder.engagement.model import (
    DismissalReason,
    Intent,
    NeedsReply,
    Sentiment,
    Understanding,
    Urgency,
)
from responder.triage.ports import Readable
from responder.triage.rules import RuleClassifier
from tests.unit.triage import acceptance, held_out
from tests.unit.triage.acceptance import Said

OWN_NAMES = frozenset({"Arbor"})


@pytest.fixture(scope="module")
def classifier() -> RuleClassifier:
    return RuleClassifier(detector=Py3LangidDetector())


def understood(classifier: RuleClassifier, said: Said) -> Understanding:
    return classifier.understand(
        Readable(
            text=said.text,
            author_name=said.author,
            language_hint=None,
            own_names=OWN_NAMES,
            page_title=said.title,
            page_url=said.url,
        )
    )


def each(*lists: tuple[Said, ...]) -> pytest.MarkDecorator:
    texts = [said for one in lists for said in one]
    named = [pytest.param(s, id=f"{n}-{s.text[:40]!a}") for n, s in enumerate(texts)]
    return pytest.mark.parametrize("said", named)


@each(acceptance.REPOSTS)
def test_a_repost_without_words_is_closed(classifier: RuleClassifier, said: Said) -> None:
    result = understood(classifier, said)
    assert result.dismiss_by_rule is DismissalReason.SHARE_WITHOUT_WORDS
    assert result.intent is Intent.SHARE


@each(acceptance.WITH_WORDS)
def test_a_share_with_any_word_of_its_own_goes_to_a_person(
    classifier: RuleClassifier, said: Said
) -> None:
    assert understood(classifier, said).dismiss_by_rule is None


@each(acceptance.EMPTY)
def test_a_name_with_no_text_is_closed(classifier: RuleClassifier, said: Said) -> None:
    assert understood(classifier, said).dismiss_by_rule is DismissalReason.EMPTY


@each(acceptance.NOT_EMPTY)
def test_the_shortest_word_or_sign_goes_to_a_person(classifier: RuleClassifier, said: Said) -> None:
    assert understood(classifier, said).dismiss_by_rule is None


@each(acceptance.SIGNED_COMPLIMENTS)
def test_a_bland_compliment_signed_commercially_is_closed(
    classifier: RuleClassifier, said: Said
) -> None:
    assert understood(classifier, said).dismiss_by_rule is DismissalReason.SPAM_RULE


@each(acceptance.HONEST_COMPLIMENTS)
def test_a_compliment_that_is_not_bland_or_not_signed_goes_to_a_person(
    classifier: RuleClassifier, said: Said
) -> None:
    assert understood(classifier, said).dismiss_by_rule is None


@each(acceptance.DISAGREEMENTS, acceptance.REASONED, acceptance.SHORT_DISAGREEMENTS)
def test_a_disagreement_is_a_correction_that_waits_for_a_person(
    classifier: RuleClassifier, said: Said
) -> None:
    result = understood(classifier, said)
    assert result.intent is Intent.CORRECTION
    assert result.dismiss_by_rule is None
    assert Intent.SPAM not in result.intents
    assert result.needs_reply.value == NeedsReply.YES


@each(acceptance.THANKS, acceptance.LONG_THANKS)
def test_a_thank_you_may_be_answered_but_need_not(classifier: RuleClassifier, said: Said) -> None:
    result = understood(classifier, said)
    assert result.intent is Intent.THANKS
    assert result.needs_reply.value == NeedsReply.OPTIONAL
    assert result.dismiss_by_rule is None


@each(acceptance.QUESTIONS, acceptance.SPANISH_QUESTIONS)
def test_a_question_is_heard_even_inside_a_statement(
    classifier: RuleClassifier, said: Said
) -> None:
    result = understood(classifier, said)
    assert result.intent is Intent.QUESTION
    assert result.needs_reply.value == NeedsReply.YES


@each(acceptance.SPANISH_QUESTIONS)
def test_a_spanish_question_is_spanish(classifier: RuleClassifier, said: Said) -> None:
    assert understood(classifier, said).language.value == "es"


@each(acceptance.GERMAN_COMPLAINTS)
def test_a_german_complaint_is_a_complaint_in_german(
    classifier: RuleClassifier, said: Said
) -> None:
    result = understood(classifier, said)
    assert result.intent is Intent.COMPLAINT
    assert result.language.value == "de"
    assert result.needs_reply.value == NeedsReply.YES


@each(acceptance.COMPLAINTS, acceptance.LONG_COMPLAINTS)
def test_a_complaint_is_heard_and_never_taken_for_praise(
    classifier: RuleClassifier, said: Said
) -> None:
    result = understood(classifier, said)
    assert result.intent is Intent.COMPLAINT
    assert result.sentiment.value == Sentiment.NEGATIVE


@each(acceptance.PRAISE)
def test_praise_is_praise(classifier: RuleClassifier, said: Said) -> None:
    result = understood(classifier, said)
    assert result.intent is Intent.PRAISE
    assert result.sentiment.value == Sentiment.POSITIVE
    assert result.dismiss_by_rule is None


@each(acceptance.CRISES)
def test_a_danger_is_urgent_now(classifier: RuleClassifier, said: Said) -> None:
    result = understood(classifier, said)
    assert result.urgency.value == Urgency.NOW
    assert result.intent is Intent.CRISIS


@each(acceptance.TOLD_COMPLAINTS)
def test_a_mishap_that_is_told_without_a_word_of_complaint_is_a_complaint(
    classifier: RuleClassifier, said: Said
) -> None:
    result = understood(classifier, said)
    assert result.intent is Intent.COMPLAINT
    assert result.primary.evidence


@each(acceptance.TOLD_OTHERWISE)
def test_a_loss_that_nobody_here_caused_is_no_complaint(
    classifier: RuleClassifier, said: Said
) -> None:
    assert Intent.COMPLAINT not in understood(classifier, said).intents


@pytest.mark.parametrize(
    ("texts", "at_least"),
    [(held_out.GARDEN, 0.9), (held_out.ELSEWHERE, 0.6)],
    ids=["what the patterns were thought of with", "other places"],
)
def test_sentences_that_no_rule_was_written_for_are_mostly_understood(
    classifier: RuleClassifier, texts: tuple[tuple[str, str, Intent], ...], at_least: float
) -> None:
    right = [understood(classifier, Said(text)).intent is meant for _, text, meant in texts]
    assert sum(right) / len(right) >= at_least


def test_of_sentences_that_no_rule_was_written_for_few_are_wrongly_called_complaints(
    classifier: RuleClassifier,
) -> None:
    wrongly = [
        text
        for _, text, meant in held_out.HELD_OUT
        if meant is not Intent.COMPLAINT
        and understood(classifier, Said(text)).intent is Intent.COMPLAINT
    ]
    assert len(wrongly) <= 2
