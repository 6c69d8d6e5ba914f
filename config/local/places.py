"""Where the local services keep their files, locks and sockets."""

import fcntl
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.local.errors import LocalServiceError

PROJECT = Path(__file__).resolve().parents[2]

HOME_VARIABLE = "DOCKSIDE_LOCAL_DIR"

LONGEST_SOCKET_DIRECTORY = 85
"""Bytes: macOS takes 103 for a whole socket path, Linux 107; the longest name below it has 14."""

PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
"""Needs no quoting in a URL, a shell or a server's own option syntax."""


class UnsafeDirectory(LocalServiceError):
    """A directory that must be ours alone belongs to somebody else or is open to others."""


def local_home() -> Path:
    """The directory of all that the local services keep: DOCKSIDE_LOCAL_DIR, or ``.local`` in the project."""
    return Path(os.environ.get(HOME_VARIABLE) or PROJECT / ".local").resolve()


def open_to_all(directory: Path) -> bool:
    """Whether any user of the machine can reach ``directory``; what is not there yet counts as reachable."""
    return all(
        part.stat().st_mode & stat.S_IXOTH for part in (directory, *directory.parents) if part.exists()
    )


def tag_of(home: Path) -> str:
    """A short name for ``home``, for places outside it."""
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:12]


def socket_directory(home: Path, service: str) -> Path:
    """Where ``service`` listens: below ``home``, or below /tmp when the path there is too long or too odd.

    Depends on nothing but the path and who may reach it, so a client computes it without asking the server.
    As root a home that others cannot reach won't do either: the server may have to run as somebody else.
    """
    inside = home / service
    plain = len(os.fsencode(inside)) <= LONGEST_SOCKET_DIRECTORY and PLAIN_PATH.fullmatch(str(inside))
    if plain and (os.geteuid() != 0 or open_to_all(home.parent)):
        return inside
    return Path("/tmp") / f"dockside-{tag_of(home)}-{service}"


def make_private(directory: Path, *, owner: int | None = None, group: int | None = None) -> None:
    """Make ``directory`` one that only ``owner`` (default: this process's user) may enter.

    Raises:
        UnsafeDirectory: it belongs to another user, who may be listening there, or is no directory.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), owner}:
        raise UnsafeDirectory(f"{directory} belongs to another user: remove it, or set {HOME_VARIABLE}")
    if owner is not None and found.st_uid != owner:
        os.chown(directory, owner, -1 if group is None else group)
    directory.chmod(0o700)


@contextmanager
def one_at_a_time(home: Path, service: str) -> Iterator[None]:
    """Hold ``service`` of ``home`` for starting or stopping it; other processes wait their turn."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / f"{service}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
