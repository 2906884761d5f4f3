"""A log line says what happened, and holds no secret."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from typing_extensions import override

from responder.telemetry.logging import REDACTED, Format, configure


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def _written(style: Format, event: str, **values: object) -> str:
    stream = io.StringIO()
    configure("info", style, stream)
    structlog.get_logger("test").info(event, **values)
    return stream.getvalue()


def _line(event: str, **values: object) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(_written("json", event, **values))
    return line


def test_a_line_is_one_json_object_with_its_time_in_utc() -> None:
    line = _line("gateway.pushed", events=2)
    assert (line["event"], line["events"], line["level"]) == ("gateway.pushed", 2, "info")
    assert line["at"].endswith("Z")


@pytest.mark.parametrize(
    "name", ["api_token", "Authorization", "webhook_secret", "cookie", "password", "api_key"]
)
def test_a_key_that_names_a_secret_loses_its_value(name: str) -> None:
    assert _line("x", **{name: "hunter2"})[name] == REDACTED


def test_counts_of_the_models_tokens_are_no_secret() -> None:
    assert _line("x", input_tokens=7)["input_tokens"] == 7


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:hunter2@db/responder",
        "signed with whsec_hunter2",
        "Authorization: Bearer hunter2",
        "Basic aHVudGVyMjpodW50ZXIy",
        "key sk-hunter2hunter2",
        "https://here/sign-in?token=hunter2",
    ],
)
def test_a_credential_inside_a_text_is_cut_out_also_deep_inside(text: str) -> None:
    written = _written("json", text, detail={"list": [text]})
    assert "hunter2" not in written
    assert "aHVudGVyMjpodW50ZXIy" not in written


def test_an_exception_is_written_without_credentials() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    error = ConnectionError("postgresql://me:hunter2@db is away")
    structlog.get_logger("test").error("ledger.away", exc_info=error)
    assert "hunter2" not in stream.getvalue()
    assert "is away" in json.loads(stream.getvalue())["exception"]


@pytest.mark.parametrize("style", ["json", "pretty"])
def test_nobody_outside_can_steer_the_terminal_or_forge_a_line(style: Format) -> None:
    written = _written(style, "from outside: \x1b[2J\nforged", author="\u202egnp.exe\nforged")
    assert "\x1b" not in written
    assert "\u202e" not in written
    assert len(written.splitlines()) == 1


def test_a_body_is_never_written_only_its_length() -> None:
    assert _line("x", body=b"hello")["body"] == "5 bytes"


def test_a_text_beyond_all_measure_is_cut() -> None:
    assert len(_line("x", text="a" * 100_000)["text"]) < 9_000


class Terminal(io.StringIO):
    """Says that a person reads it."""

    @override
    def isatty(self) -> bool:
        return True


def test_a_person_at_a_terminal_is_told_only_what_is_unusual() -> None:
    terminal, journal = Terminal(), io.StringIO()
    for stream in (terminal, journal):
        configure("auto", "auto", stream)
        structlog.get_logger("test").info("gateway.pushed")
        structlog.get_logger("test").warning("log.away")
    assert "gateway.pushed" not in terminal.getvalue()
    assert "log.away" in terminal.getvalue()
    assert [json.loads(line)["event"] for line in journal.getvalue().splitlines()] == [
        "gateway.pushed",
        "log.away",
    ]


def test_lines_of_libraries_go_the_same_way() -> None:
    stream = io.StringIO()
    configure("warning", "json", stream)
    logging.getLogger("aiokafka").warning("no broker at %s", "kafka://me:hunter2@host")
    logging.getLogger("aiokafka").info("chatter")
    assert json.loads(stream.getvalue())["event"] == f"no broker at kafka://{REDACTED}@host"


def test_a_line_of_a_library_names_it_and_the_kafka_client_is_quiet_about_the_usual() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    logging.getLogger("some.library").info("it did something")
    logging.getLogger("aiokafka.consumer").info("joined, left, joined")
    [line] = [json.loads(each) for each in stream.getvalue().splitlines()]
    assert (line["logger"], line["event"]) == ("some.library", "it did something")
