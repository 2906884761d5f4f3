"""Headers as JSON, which has neither bytes nor repeated names: a list of pairs.

A value that is text stands there as text, so that a person can read the table; any other value is
`{"base64": "..."}`.
"""

import base64
import binascii
import json

from responder.stream.log import Headers, Rejected


def to_json(headers: Headers) -> str:
    """Raises `Rejected` for a name that PostgreSQL cannot hold."""
    return json.dumps([[_name(name), _to_json_value(value)] for name, value in headers])


def from_json(text: str) -> Headers:
    """Raises `ValueError` if this is not what `to_json` writes."""
    match json.loads(text):
        case list(pairs):
            return tuple(_pair(pair) for pair in pairs)
        case _:
            raise ValueError("headers are not a list")


def _name(name: str) -> str:
    if "\0" in name or any("\ud800" <= c <= "\udfff" for c in name):
        raise Rejected("the name of a header holds what is no text")
    return name


def _to_json_value(value: bytes) -> object:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = "\0"
    return {"base64": base64.b64encode(value).decode()} if "\0" in text else text


def _pair(pair: object) -> tuple[str, bytes]:
    match pair:
        case [str(name), str(text)]:
            return name, text.encode()
        case [str(name), {"base64": str(encoded)}]:
            try:
                return name, base64.b64decode(encoded, validate=True)
            except binascii.Error as e:
                raise ValueError("a header is not base64") from e
        case _:
            raise ValueError("a header is not a pair")
