"""What is generated from the code is what the code says now."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from docs.generate import differing
from docs.schemas import files
from responder.engagement.events import EVENTS, Data
from responder.testing.factories import comment

ROOT = Path(__file__).parents[2]


def test_schemas_are_what_the_models_say() -> None:
    assert differing("schemas") == []


def test_the_reference_is_what_the_code_says() -> None:
    assert differing("reference") == []


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_every_event_has_a_valid_schema(event: type[Data]) -> None:
    schema = json.loads((ROOT / "schemas" / f"{event.type}.json").read_text())
    Draft202012Validator.check_schema(schema)


def test_an_example_of_the_public_way_in_validates_and_a_broken_one_does_not() -> None:
    schema = json.loads((ROOT / "schemas" / "engagement.received.v1.json").read_text())
    validator = Draft202012Validator(schema)
    example = json.loads(comment().model_dump_json(exclude_none=True))
    assert list(validator.iter_errors(example)) == []
    del example["author"]
    assert [error.validator for error in validator.iter_errors(example)] == ["required"]


def test_asyncapi_names_every_event_and_points_to_schemas_that_are_there() -> None:
    document = yaml.safe_load((ROOT / "schemas" / "asyncapi.yaml").read_text())
    named = {
        message["payload"]["$ref"].removeprefix("./")
        for channel in document["channels"].values()
        for message in channel["messages"].values()
        if "$ref" in message["payload"]
    }
    assert named == {path.name for path in files() if path.suffix == ".json"}
