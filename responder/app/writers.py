"""Who writes suggestions: the template writer always, a model before it where one was chosen."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext

from responder.adapters.openai.endpoint import Endpoint, ModelParameters
from responder.adapters.openai.writer import OpenAIDraftWriter
from responder.adapters.postgres.token_budget import PostgresTokenBudget
from responder.adapters.resilience import Breaker, BreakingDraftWriter
from responder.app import tables
from responder.app.parts import Parts
from responder.app.understanding import detector
from responder.drafting.fallback import FallbackDraftWriter
from responder.drafting.phrases import PHRASES
from responder.drafting.ports import DraftRefused, DraftRequest, DraftWriter, Proposal, Provenance
from responder.drafting.template import TemplateDraftWriter
from responder.engagement.errors import RateLimited, Retryable
from responder.engagement.ports import Clock
from responder.engagement.workspace import Workspace
from responder.telemetry.observers import ModelMetrics


class Line:
    """The connection to one model, with its circuit breaker; closed when nobody speaks any more."""

    def __init__(self, chosen: tables.OpenAITable, endpoint: Endpoint, breaker: Breaker) -> None:
        self.chosen = chosen
        self.endpoint = endpoint
        self.breaker = breaker
        self._speaking = 0
        self._is_given_up = False

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Keep it open meanwhile."""
        self._speaking += 1
        try:
            yield
        finally:
            self._speaking -= 1
            await self._close_when_silent()

    async def give_up(self) -> None:
        """Nobody will begin to speak any more."""
        self._is_given_up = True
        await self._close_when_silent()

    async def _close_when_silent(self) -> None:
        if self._is_given_up and not self._speaking:
            await self.endpoint.close()


class CurrentWriter:
    """Builds the writers anew when the configuration has changed.

    The line to the model stays as long as the same model is chosen.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._version = ""
        self._writer: DraftWriter | None = None
        self._line: Line | None = None

    async def write(self, request: DraftRequest) -> Proposal:
        """See `DraftWriter.write`."""
        workspace = self._parts.workspace()
        given_up: Line | None = None
        if self._writer is None or workspace.version != self._version:
            given_up = self._connect(self._parts.current.configuration.openai)
            self._writer, self._version = self._build(workspace), workspace.version
        writer, line = self._writer, self._line
        async with nullcontext() if line is None else line.held():
            if given_up is not None:
                await given_up.give_up()
            return await writer.write(request)

    async def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            await line.give_up()

    def _connect(self, chosen: tables.OpenAITable | None) -> Line | None:
        """Have a line to this model; gives the one that is not needed any more."""
        line = self._line
        if chosen == (None if line is None else line.chosen):
            return None
        self._line = None if chosen is None else _line(chosen, self._parts)
        return line

    def _build(self, workspace: Workspace) -> DraftWriter:
        told = detector(workspace.languages)
        language = next((each for each in workspace.languages if each in PHRASES), "en")
        template = TemplateDraftWriter(
            knowledge=workspace.knowledge,
            voice=workspace.voice,
            detector=told,
            default_language=language,
        )
        if self._line is None:
            return template
        model = OpenAIDraftWriter(
            endpoint=self._line.endpoint,
            knowledge=workspace.knowledge,
            voice=workspace.voice,
            detector=told,
            clock=self._parts.clock,
            ids=self._parts.ids,
            random=self._parts.random,
            budget=PostgresTokenBudget(
                self._parts.engine, tokens_per_day=self._line.chosen.tokens_per_day
            ),
            default_language=language,
        )
        measured = MeasuredWriter(
            model, ModelMetrics(self._parts.metrics), self._line.chosen.model, self._parts.clock
        )
        breaking = BreakingDraftWriter(measured, breaker=self._line.breaker)
        return FallbackDraftWriter(breaking, template)


class MeasuredWriter:
    """Counts what a model is asked, how long it takes, and the tokens."""

    def __init__(
        self, writer: DraftWriter, metrics: ModelMetrics, model: str, clock: Clock
    ) -> None:
        self._writer = writer
        self._metrics = metrics
        self._model = model
        self._clock = clock

    async def write(self, request: DraftRequest) -> Proposal:
        """See `DraftWriter.write`."""
        started = self._clock.monotonic()
        outcome, used = "cancelled", None
        try:
            proposal = await self._writer.write(request)
            outcome, used = "ok", proposal.provenance
        except DraftRefused as refusal:
            outcome, used = "refused", refusal.provenance
            raise
        except RateLimited:
            outcome = "throttled"
            raise
        except Retryable:
            outcome = "unavailable"
            raise
        else:
            return proposal
        finally:
            seconds = self._clock.monotonic() - started
            self._metrics.called(self._model, "draft", outcome, seconds)
            self._count_tokens(used)

    def _count_tokens(self, used: Provenance | None) -> None:
        if used is not None:
            self._metrics.used(
                self._model,
                input_tokens=used.input_tokens or 0,
                output_tokens=used.output_tokens or 0,
            )


def draft_writer(parts: Parts) -> tuple[DraftWriter, Callable[[], Awaitable[object]]]:
    """The writer, and how it is closed."""
    writer = CurrentWriter(parts)
    return writer, writer.close


def _line(chosen: tables.OpenAITable, parts: Parts) -> Line:
    key = parts.settings.openai.api_key
    endpoint = Endpoint(
        base_url=str(chosen.base_url),
        api_key=None if key is None else key.get_secret_value(),
        parameters=ModelParameters(
            model=chosen.model,
            max_tokens=chosen.max_output_tokens,
            attempt_seconds=chosen.timeout_seconds,
        ),
    )
    return Line(chosen, endpoint, Breaker(parts.clock))
