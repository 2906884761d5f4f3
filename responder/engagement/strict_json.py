"""JSON from strangers: strict UTF-8, and nothing that is not JSON."""

import json

from pydantic import JsonValue
from pydantic_core import from_json

from responder.engagement.errors import Malformed


def read_json(value: bytes, *, what: str) -> JsonValue:
    """Read one JSON text.

    Raises:
        Malformed: not UTF-8, not JSON (also NaN and Infinity), or nested too deep to be read; quotes
            nothing of the value.
    """
    try:
        read: JsonValue = from_json(value, allow_inf_nan=False)
    except ValueError:
        return _read_leniently(value, what)
    return read


def _read_leniently(value: bytes, what: str) -> JsonValue:
    """Slower: takes half a surrogate pair too, which people do send, and says what is wrong where."""
    try:
        read: JsonValue = json.loads(value.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise Malformed(what=what, why="it is not UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Malformed(what=what, why=f"not JSON at {where}: {error.msg}") from None
    except ValueError as error:
        raise Malformed(what=what, why=f"not JSON: {error}") from None
    except RecursionError:
        raise Malformed(what=what, why="nested too deep") from None
    return read


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")
