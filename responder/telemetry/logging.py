"""Log lines: one JSON object each, or pretty ones on a terminal, never with a secret in them.

Two fences keep secrets out. A key that names a secret loses its value; and whatever looks like a
credential inside any text is cut out, since an exception of a library may quote a connection URL.
Control characters are shown as escapes, so that nobody outside can write to the terminal or forge a
line. Exceptions are logged without the values of local variables.
"""

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, TextIO, TypeAlias

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Level: TypeAlias = Literal["auto", "debug", "info", "warning", "error"]
Format: TypeAlias = Literal["auto", "json", "pretty"]

REDACTED = "[redacted]"

_SECRET_KEY = re.compile(
    r"secret|token|passw|authorization|cookie|signature|credential|api_?key|private_?key|dsn",
    re.IGNORECASE,
)
# Sizes and counts of the model's tokens are figures, not secrets.
_PLAIN_KEYS = frozenset({"input_tokens", "output_tokens", "tokens"})
_CREDENTIALS = re.compile(
    r"(?P<url>(?<=://)[^/\s@]+(?=@))"
    r"|whsec_[A-Za-z0-9+/=_-]+"
    r"|\bsk-[A-Za-z0-9_-]{8,}"
    r"|(?<=[Bb]earer )[^\s\"',]+"
    r"|(?<=[Bb]asic )[A-Za-z0-9+/=]{8,}"
    r"|(?<=[?&]token=)[^&\s\"']+"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

# In nearly every text there is nothing to take care of, and one look tells.
_PLAIN = re.compile(r"[ -~]*")
_MARKS = ("://", "whsec_", "sk-", "earer ", "asic ", "token=")

LINE_LIMIT = 8_000
"""A longer text is cut: what a stranger sends must not fill the disk."""


def configure(level: Level, style: Format, stream: TextIO | None = None) -> None:
    """Set up our own lines and those of the libraries. Calling it again replaces what was.

    Args:
        level: the least that is written, also of what libraries say; `auto` leaves a person at a
            terminal in peace, and tells a journal also what is usual.
        style: `auto` is pretty on a terminal, JSON elsewhere.
        stream: where to write; by default the standard error output.
    """
    output = sys.stderr if stream is None else stream
    pretty = style == "pretty" or (style == "auto" and output.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _named,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
    ]
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(colors=output.isatty()) if pretty else _json(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_least(level, output))
    # One line a request is ours to write, with the cause; theirs would carry full addresses.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    # Twenty lines at each rebalance say less than the runtime's own one.
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        # What is below the level costs next to nothing.
        wrapper_class=structlog.make_filtering_bound_logger(root.level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _least(level: Level, output: TextIO) -> str:
    if level != "auto":
        return level.upper()
    return "WARNING" if output.isatty() else "INFO"


def _named(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Whose line it is, where it is a library's: its words alone do not tell."""
    record = event.get("_record")
    if record is not None:
        event["logger"] = record.name
    return event


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take every secret out of a line, however deep it stands."""
    safe = {key: _of_key(key, value) for key, value in event.items()}
    safe["event"] = str(safe.get("event", "")).replace("\n", "\\n")  # one event, one line
    return safe


def clean(text: str) -> str:
    """A text without credentials and control characters, and not beyond all measure."""
    if len(text) <= LINE_LIMIT and _PLAIN.fullmatch(text) and not any(m in text for m in _MARKS):
        return text
    cut = text if len(text) <= LINE_LIMIT else f"{text[:LINE_LIMIT]}… ({len(text)} characters)"
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", _CREDENTIALS.sub(REDACTED, cut))


def _of_key(key: str, value: object) -> object:
    if value is not None and _names_a_secret(key):
        return REDACTED
    return _of_value(value)


@lru_cache(maxsize=1024)
def _names_a_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None and key not in _PLAIN_KEYS


def _of_value(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return clean(value)
        case Mapping():
            return {clean(str(key)): _of_key(str(key), inner) for key, inner in value.items()}
        case bytes():
            return f"{len(value)} bytes"
        case Sequence() | set() | frozenset():
            return [_of_value(inner) for inner in value]
        case _:
            return clean(str(value))


def _json() -> Processor:
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def _renderer(*, colors: bool) -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=colors,
        timestamp_key="at",
        exception_formatter=structlog.dev.plain_traceback,
    )
