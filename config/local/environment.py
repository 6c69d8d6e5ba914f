"""What the settings will find in the environment: the process's own variables over those of ``.env``."""

import os

from dotenv import dotenv_values

from config.local import places


def variable(name: str) -> str:
    """The value of ``name``, or an empty string; read as the settings read it."""
    if name in os.environ:
        return os.environ[name]
    return dotenv_values(places.PROJECT / ".env").get(name) or ""
