"""The kinds of values that a setting can have, each with its unit and its limits."""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field, HttpUrl, StringConstraints

Seconds: TypeAlias = Annotated[
    float, Field(gt=0, le=86_400, allow_inf_nan=False, json_schema_extra={"unit": "s"})
]
Milliseconds: TypeAlias = Annotated[
    int, Field(gt=0, le=86_400_000, json_schema_extra={"unit": "ms"})
]
Days: TypeAlias = Annotated[int, Field(gt=0, le=3_650, json_schema_extra={"unit": "days"})]
Bytes: TypeAlias = Annotated[int, Field(gt=0, json_schema_extra={"unit": "bytes"})]
Count: TypeAlias = Annotated[int, Field(gt=0)]
Port: TypeAlias = Annotated[int, Field(ge=0, le=65_535)]
Name: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Origin: TypeAlias = Annotated[HttpUrl, Field(json_schema_extra={"unit": "URL"})]


def _split(value: object) -> object:
    """A list in the environment is written with commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Names: TypeAlias = Annotated[tuple[Name, ...], BeforeValidator(_split)]
