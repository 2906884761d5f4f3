"""One OpenAI-compatible server and one model: a question in, a bounded text out, or why not.

The package's defaults are wrong for us (read in openai 3.51): 600 s timeout, two retries that honour
`Retry-After` up to two minutes, redirects followed, key, organisation, project and proxies taken
from the environment. Everything is given explicitly. The body is read by us, so that an answer
without an end is cut; the package would collect it whole.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from urllib.parse import urlsplit

import aiohttp
import openai
from openai import AsyncOpenAI, DefaultAioHttpClient, Timeout
from openai.types.chat import ChatCompletionMessageParam

from responder.drafting.output import schema
from responder.engagement.errors import RateLimited, Unavailable

ANSWER_LIMIT_BYTES = 131_072
"""Of the whole response: a draft of 64 KiB with its envelope."""
_MESSAGE_TOKENS = 16
"""Of the form around a message, at the most."""
_NO_KEY = "none"
_NOT_UNDERSTOOD = frozenset({400, 415, 422, 501})
_OVERLOADED = 429
_TOO_LONG = "context_length_exceeded"
_DEFAULT_WAIT_SECONDS = 1.0


class Rung(StrEnum):
    """How a server can be made to answer in JSON, the strictest first."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    WORDS = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelParameters:
    model: str
    temperature: float = 0.2
    max_tokens: int = 800
    attempt_seconds: float = 30.0
    connect_seconds: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What came back, unread."""

    content: str
    model: str
    finish_reason: str
    refusal: str | None
    input_tokens: int | None
    output_tokens: int | None


@dataclass(eq=False, kw_only=True)
class NotTaken(Unavailable):
    """{what} is not available: {why}

    It refused, or nobody was there: nothing was written that could be charged.
    """  # noqa: D415 - the reason ends the sentence


class Endpoint:
    """A connection to one server. Close it."""

    def __init__(self, *, base_url: str, api_key: str | None, parameters: ModelParameters) -> None:
        timeout = Timeout(parameters.attempt_seconds, connect=parameters.connect_seconds)
        self._client = AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or _NO_KEY,
            max_retries=0,
            timeout=timeout,
            # A client of our own loses the package's timeout: it is set again.
            http_client=DefaultAioHttpClient(
                follow_redirects=False, timeout=timeout, trust_env=False
            ),
        )
        # Taken from the environment where they are None; they would name an account to strangers.
        self._client.organization = None
        self._client.project = None
        self._parameters = parameters
        self._rung = Rung.JSON_SCHEMA
        self.host = urlsplit(base_url).hostname or ""

    async def close(self) -> None:
        await self._client.close()

    def most_tokens(self, messages: Sequence[ChatCompletionMessageParam]) -> int:
        """What one such call can come to: a token is a byte at the least, and an answer is bounded."""
        asked = sum(len(str(each.get("content", "")).encode()) for each in messages)
        form = len(json.dumps(_response_format(Rung.JSON_SCHEMA)))
        return asked + form + _MESSAGE_TOKENS * len(messages) + self._parameters.max_tokens

    async def complete(self, messages: Sequence[ChatCompletionMessageParam]) -> Completion:
        """Ask once, on the strictest rung that this server is known to understand.

        Raises:
            RateLimited: carries the server's `Retry-After`.
            Unavailable: down, late, refusing us, or not speaking the protocol; NotTaken, where it
                is known that it did nothing.
        """
        why = ""
        for rung in list(Rung)[list(Rung).index(self._rung) :]:
            try:
                completion = await self._once(messages, rung)
            except _RungRefused as refused:
                why = refused.why
            else:
                self._rung = rung
                return completion
        raise NotTaken(what="the model", why=why)

    async def _once(self, messages: Sequence[ChatCompletionMessageParam], rung: Rung) -> Completion:
        try:
            async with asyncio.timeout(self._parameters.attempt_seconds):
                return _completion(await self._body(messages, rung))
        except TimeoutError:
            raise Unavailable(what="the model", why="it took too long") from None
        except openai.APIStatusError as error:
            raise _of_status(error) from None
        except openai.APIError as error:
            raise _of_connection(error) from None

    async def _body(self, messages: Sequence[ChatCompletionMessageParam], rung: Rung) -> bytes:
        asked = self._client.chat.completions.with_streaming_response.create(
            model=self._parameters.model,
            messages=list(messages),
            temperature=self._parameters.temperature,
            max_tokens=self._parameters.max_tokens,
            extra_body=_response_format(rung),
        )
        async with asked as response:
            body = bytearray()
            async for chunk in _unbroken(response.iter_bytes()):
                body += chunk
                if len(body) > ANSWER_LIMIT_BYTES:
                    raise Unavailable(what="the model", why="its answer has no end")
            return bytes(body)


async def _unbroken(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same, with the transport's errors as ours: the package wraps those of the head only."""
    try:
        async for chunk in chunks:
            yield chunk
    except Exception as error:  # noqa: BLE001 - shown among the draft's attempts
        why = f"its answer broke off ({type(error).__name__})"
        raise Unavailable(what="the model", why=why) from None


@dataclass(eq=False)
class _RungRefused(Exception):
    why: str


def _of_connection(error: openai.APIError) -> Unavailable:
    """The package calls it a time-out too when nobody was there at all."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, aiohttp.ClientConnectorError):
            why = f"nobody is there ({type(cause.os_error).__name__})"
            return NotTaken(what="the model", why=why)
        cause = cause.__cause__
    if isinstance(error, openai.APITimeoutError):
        return Unavailable(what="the model", why="it took too long")
    return Unavailable(what="the model", why=f"no connection ({type(error).__name__})")


def _of_status(error: openai.APIStatusError) -> Exception:
    """A server's refusal as ours. Its message may repeat the prompt, so it is not kept."""
    status = error.status_code
    if status == _OVERLOADED or "retry-after" in error.response.headers:
        return RateLimited(what="the model", after_seconds=_retry_after(error.response.headers))
    why = f"it answered {status}"
    if status in _NOT_UNDERSTOOD and error.code != _TOO_LONG:
        return _RungRefused(why)
    return NotTaken(what="the model", why=why)


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return _DEFAULT_WAIT_SECONDS
    return min(max(seconds, 0.0), 3600.0) if isfinite(seconds) else _DEFAULT_WAIT_SECONDS


def _response_format(rung: Rung) -> dict[str, object]:
    if rung is Rung.WORDS:
        return {}
    if rung is Rung.JSON_OBJECT:
        return {"response_format": {"type": "json_object"}}
    form = {"name": "reply", "strict": True, "schema": schema()}
    return {"response_format": {"type": "json_schema", "json_schema": form}}


def _completion(body: bytes) -> Completion:
    """The first choice; tool calls and further choices are not looked at."""
    try:
        answer = json.loads(body)
        choice = answer["choices"][0]
        message = choice["message"]
        usage = answer.get("usage") or {}
        return Completion(
            content=_text(message.get("content")),
            model=_text(answer.get("model"))[:200],
            finish_reason=_text(choice.get("finish_reason")),
            refusal=_text(message.get("refusal")) or None,
            input_tokens=_count(usage.get("prompt_tokens")),
            output_tokens=_count(usage.get("completion_tokens")),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        why = "its answer is not a chat completion"
        raise Unavailable(what="the model", why=why) from None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 2**31 else None
