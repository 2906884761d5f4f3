import json
import re

from jsonschema import Draft202012Validator

from responder.engagement.model import PERSON_REASONS
from responder.web.api.app import PREFIX
from responder.web.api.openapi import OPERATIONS, document


def references(node: object) -> set[str]:
    if isinstance(node, dict):
        here = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return here.union(*(references(each) for each in node.values()))
    if isinstance(node, list):
        return set().union(*(references(each) for each in node))
    return set()


def test_the_document_is_the_same_each_time_and_is_plain_json() -> None:
    assert json.dumps(document()) == json.dumps(document())


def test_every_reference_leads_somewhere() -> None:
    whole = document()
    for reference in references(whole):
        assert reference.removeprefix("#/components/schemas/") in whole["components"]["schemas"]


def test_every_schema_is_a_json_schema() -> None:
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_is_described_once() -> None:
    paths = document()["paths"]
    described = {(method, path) for path, methods in paths.items() for method in methods}
    assert described == {(each.method, PREFIX + each.path) for each in OPERATIONS}
    names = [each.name for each in OPERATIONS]
    assert len(names) == len(set(names))


def test_what_the_path_names_is_a_parameter() -> None:
    for path, methods in document()["paths"].items():
        for described in methods.values():
            named = {p["name"] for p in described["parameters"] if p["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))


def test_only_reasons_that_a_person_may_give_are_offered() -> None:
    schemas = document()["components"]["schemas"]
    assert set(schemas["DismissRequest"]["properties"]["reason"]["enum"]) == set(PERSON_REASONS)


def test_what_may_be_left_out_of_a_request_is_not_required() -> None:
    schemas = document()["components"]["schemas"]
    assert schemas["ApproveRequest"]["required"] == ["text", "context"]
    assert schemas["DismissRequest"]["required"] == ["reason", "context"]
    assert schemas["ApproveRequest"]["additionalProperties"] is False
