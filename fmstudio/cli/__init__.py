"""The shell. Each module adds its commands to ``app``; heavy things are imported inside the commands."""

from fmstudio.cli import about, learning, pictures, proofs, window
from fmstudio.cli.app import app

COMMANDS = frozenset(
    info.name or (info.callback.__name__ if info.callback else "") for info in app.registered_commands
)
"""The words that may stand first; anything else is a document for the window."""

__all__ = ["COMMANDS", "about", "app", "learning", "pictures", "proofs", "window"]
