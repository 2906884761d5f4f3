"""Everything that is set from outside the program: by the environment, or by a file for a secret."""

from responder.settings.environment import BadSettings
from responder.settings.loading import Settings, load

__all__ = ["BadSettings", "Settings", "load"]
