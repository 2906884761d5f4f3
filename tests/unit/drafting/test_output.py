"""Reading what a model answered."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.drafting.output import LIMIT_BYTES, Answer, read_answer, schema
from responder.engagement.errors import Malformed
from responder.testing.hostile_model import reply

GOOD = reply(("It  works\noffline.", "answer", ["K1"]), ("Ask again.", "empathy", []))


def test_sentences_are_joined_by_us() -> None:
    assert read_answer(GOOD).text == "It works offline. Ask again."


def test_an_object_among_words_is_found() -> None:
    assert read_answer(f"Here: ```json\n{GOOD}\n``` done }}").text.startswith("It works")


def test_brackets_inside_of_strings_do_not_count() -> None:
    tricky = reply(('She said "}]" and {"', "answer", []))
    assert read_answer(tricky).text == 'She said "}]" and {"'


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no",
        "{",
        '{"language": "en"',
        GOOD.replace('"answer"', '"advert"', 1),
        GOOD.replace('"refusal": null', '"refusal": "because"'),
        GOOD.replace('"asks": []', '"asks": [], "state": "sent"'),
        GOOD.replace('["K1"]', "[1]"),
        '{"a":' * 50 + "1" + "}" * 50,
        "{" + " " * LIMIT_BYTES + "}",
        reply(*[("x", "answer", [])] * 25),
        reply(("x" * 4001, "answer", [])),
    ],
)
def test_anything_else_is_malformed(content: str) -> None:
    with pytest.raises(Malformed):
        read_answer(content)


def test_an_error_repeats_nothing_of_the_answer() -> None:
    with pytest.raises(Malformed) as malformed:
        read_answer(GOOD.replace('"language": "en"', '"language": {"planted": 1}'))
    assert "planted" not in str(malformed.value)


@given(st.text(max_size=400))
def test_a_text_that_is_no_answer_is_malformed_and_nothing_worse(content: str) -> None:
    with pytest.raises(Malformed, match="the model's answer cannot be read"):
        read_answer(content)


def test_the_schema_is_closed_and_says_what_the_reader_wants() -> None:
    asked = json.loads(json.dumps(schema()))
    assert asked["additionalProperties"] is False
    assert asked["properties"]["sentences"]["items"]["additionalProperties"] is False
    assert set(asked["required"]) == set(Answer.model_fields)
