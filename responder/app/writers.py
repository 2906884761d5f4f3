"""Who writes suggestions: the template writer always, a model before it where one was chosen."""

from collections.abc import Awaitable, Callable

from responder.adapters.models.language import Py3LangidDetector
from responder.app.parts import Parts
from responder.drafting.ports import DraftRequest, DraftWriter, Proposal
from responder.drafting.template import TemplateDraftWriter
from responder.engagement.workspace import Workspace


class CurrentWriter:
    """Builds the writer anew when the configuration has changed."""

    def __init__(
        self, workspace: Callable[[], Workspace], build: Callable[[Workspace], DraftWriter]
    ) -> None:
        self._workspace = workspace
        self._build = build
        self._version = ""
        self._writer: DraftWriter | None = None

    async def write(self, request: DraftRequest) -> Proposal:
        workspace = self._workspace()
        if self._writer is None or workspace.version != self._version:
            self._writer, self._version = self._build(workspace), workspace.version
        return await self._writer.write(request)


def draft_writer(parts: Parts) -> tuple[DraftWriter, Callable[[], Awaitable[object]]]:
    """The writer, and how it is closed."""

    def template(workspace: Workspace) -> DraftWriter:
        return TemplateDraftWriter(
            knowledge=workspace.knowledge,
            voice=workspace.voice,
            detector=Py3LangidDetector(workspace.languages),
        )

    async def close() -> None:
        """Nothing is open."""

    return CurrentWriter(parts.workspace, template), close
