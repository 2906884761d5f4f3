"""Who writes suggestions: the template writer always, a model before it where one was chosen."""

from collections.abc import Awaitable, Callable

from responder.adapters.openai.endpoint import Endpoint, ModelParameters
from responder.adapters.openai.writer import OpenAIDraftWriter
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


class CurrentWriter:
    """Builds the writers anew when the configuration has changed.

    The connection to the model and its circuit breaker stay as long as the same model is chosen.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._version = ""
        self._writer: DraftWriter | None = None
        self._chosen: tables.OpenAITable | None = None
        self._endpoint: Endpoint | None = None
        self._breaker = Breaker(parts.clock)

    async def write(self, request: DraftRequest) -> Proposal:
        """See `DraftWriter.write`."""
        workspace = self._parts.workspace()
        if self._writer is None or workspace.version != self._version:
            await self._connect(self._parts.current.configuration.openai)
            self._writer, self._version = self._build(workspace), workspace.version
        return await self._writer.write(request)

    async def close(self) -> None:
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            await endpoint.close()

    async def _connect(self, chosen: tables.OpenAITable | None) -> None:
        if chosen == self._chosen:
            return
        await self.close()
        self._chosen = chosen
        self._breaker = Breaker(self._parts.clock)
        self._endpoint = None if chosen is None else _endpoint(chosen, self._parts)

    def _build(self, workspace: Workspace) -> DraftWriter:
        told = detector(workspace.languages)
        language = next((each for each in workspace.languages if each in PHRASES), "en")
        template = TemplateDraftWriter(
            knowledge=workspace.knowledge,
            voice=workspace.voice,
            detector=told,
            default_language=language,
        )
        if self._chosen is None or self._endpoint is None:
            return template
        model = OpenAIDraftWriter(
            endpoint=self._endpoint,
            knowledge=workspace.knowledge,
            voice=workspace.voice,
            detector=told,
            clock=self._parts.clock,
            ids=self._parts.ids,
            random=self._parts.random,
            default_language=language,
        )
        measured = MeasuredWriter(
            model, ModelMetrics(self._parts.metrics), self._chosen.model, self._parts.clock
        )
        return FallbackDraftWriter(BreakingDraftWriter(measured, breaker=self._breaker), template)


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


def _endpoint(chosen: tables.OpenAITable, parts: Parts) -> Endpoint:
    key = parts.settings.openai.api_key
    return Endpoint(
        base_url=str(chosen.base_url),
        api_key=None if key is None else key.get_secret_value(),
        parameters=ModelParameters(
            model=chosen.model,
            max_tokens=chosen.max_output_tokens,
            attempt_seconds=chosen.timeout_seconds,
        ),
    )
