"""What reads comments, built once per configuration: the language detector and the classifier."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from responder.adapters.models.language import Py3LangidDetector
from responder.engagement.model import Understanding
from responder.engagement.workspace import Workspace
from responder.triage.ports import Readable
from responder.triage.rules import RuleClassifier


@lru_cache(maxsize=4)
def detector(languages: tuple[str, ...]) -> Py3LangidDetector:
    """One for all who ask: loading its model takes about a tenth of a second."""
    return Py3LangidDetector(languages)


class CurrentClassifier:
    """`triage.ports.Classifier` under the configuration as it is now."""

    def __init__(self, workspace: Callable[[], Workspace]) -> None:
        self._workspace = workspace
        self._version = ""
        self._classifier: RuleClassifier | None = None

    async def classify(self, batch: Sequence[Readable]) -> Sequence[Understanding]:
        """See `Classifier.classify`."""
        workspace = self._workspace()
        if self._classifier is None or workspace.version != self._version:
            self._version = workspace.version
            self._classifier = RuleClassifier(
                detector=detector(workspace.languages), spam_keywords=workspace.spam_keywords
            )
        return await self._classifier.classify(batch)
