"""What a model may answer: a closed form, read strictly. Everything else is not an answer."""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from responder.drafting.guards.draft import Sentence
from responder.engagement.errors import Malformed

LIMIT_BYTES = 65_536
_DEEPEST = 6

Give = Literal["answer", "how_to", "source", "fix", "thanks", "introduction"]
Ask = Literal["click", "sign_up", "write_privately", "survey"]
Kind = Literal["answer", "how_to", "source", "fix", "thanks", "introduction", "empathy", "question"]
Refusal = Literal["no_knowledge", "not_wanted"]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class AnswerSentence(_Closed):
    text: Annotated[str, StringConstraints(max_length=4000)]
    kind: Kind
    cites: Annotated[list[Annotated[str, StringConstraints(max_length=16)]], Field(max_length=8)]


class Answer(_Closed):
    """One draft, or a refusal, in the model's words."""

    language: Annotated[str, StringConstraints(max_length=16)]
    refusal: Refusal | None
    gives: Annotated[list[Give], Field(max_length=8)]
    asks: Annotated[list[Ask], Field(max_length=8)]
    sentences: Annotated[list[AnswerSentence], Field(max_length=24)]

    @property
    def text(self) -> str:
        """The sentences joined by us: no markup comes through, no line of the model's own."""
        return " ".join(" ".join(s.text.split()) for s in self.sentences).strip()

    def as_sentences(self) -> tuple[Sentence, ...]:
        return tuple(
            Sentence(text=" ".join(s.text.split()), kind=s.kind, cites=tuple(s.cites))
            for s in self.sentences
        )


def schema() -> Mapping[str, object]:
    """JSON Schema with closed enums, every property required, as strict modes want it."""
    sentence = {
        "text": {"type": "string"},
        "kind": {"type": "string", "enum": list(get_args(Kind))},
        "cites": {"type": "array", "items": {"type": "string"}},
    }
    return _object(
        {
            "language": {"type": "string"},
            "refusal": {
                "anyOf": [{"type": "null"}, {"type": "string", "enum": list(get_args(Refusal))}]
            },
            "gives": {"type": "array", "items": {"type": "string", "enum": list(get_args(Give))}},
            "asks": {"type": "array", "items": {"type": "string", "enum": list(get_args(Ask))}},
            "sentences": {"type": "array", "items": _object(sentence)},
        }
    )


def read_answer(content: str) -> Answer:
    """The first balanced object of `content`, strictly.

    Raises:
        Malformed: too large, too deep, no object, or not of the closed form.
    """
    if len(content.encode("utf-8", "surrogatepass")) > LIMIT_BYTES:
        raise Malformed(what="the model's answer", why="it is too large")
    try:
        return Answer.model_validate_json(_first_object(content))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the object"
        raise Malformed(what="the model's answer", why=f"{where}: {first['type']}") from None


def _object(properties: Mapping[str, object]) -> Mapping[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _first_object(content: str) -> str:
    start = content.find("{")
    if start < 0:
        raise Malformed(what="the model's answer", why="it holds no JSON object")
    depth, deepest, in_string, is_escaped = 0, 0, False, False
    for position in range(start, len(content)):
        character = content[position]
        if in_string:
            in_string = is_escaped or character != '"'
            is_escaped = character == "\\" and not is_escaped
            continue
        in_string = character == '"'
        depth += (character in "{[") - (character in "}]")
        deepest = max(deepest, depth)
        if deepest > _DEEPEST:
            raise Malformed(what="the model's answer", why="it is nested too deeply")
        if depth == 0:
            return content[start : position + 1]
    raise Malformed(what="the model's answer", why="its JSON object does not end")
