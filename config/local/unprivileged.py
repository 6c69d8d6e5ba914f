"""As whom PostgreSQL's programs run: they refuse to work for root."""

import functools
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config.local.errors import LocalServiceError

NAMESPACE = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
"""Inside, root sees itself as nobody; outside, files stay root's: no account is made, no mode changed."""


class NoOrdinaryUser(LocalServiceError):
    """Root can neither open a user namespace nor find an account to hand the server to."""


@dataclass(frozen=True)
class Account:
    """How a program is started so that it does not find itself to be root."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    switches: bool = False

    def run(self, *command: str | Path, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run ``command`` to its end, in ``/`` and without the caller's PG* variables; output is captured."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return subprocess.run(
            [*self.prefix, *map(str, command)],
            cwd="/",
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            user=self.uid if self.switches else None,
            group=self.gid if self.switches else None,
            extra_groups=() if self.switches else None,
        )

    def reaches(self, path: Path) -> bool:
        """Whether the account may read and enter ``path`` and enter every directory above it."""
        return self._may(path, read=True) and all(self._may(above, read=False) for above in path.parents)

    def _may(self, path: Path, *, read: bool) -> bool:
        if not path.exists():
            return True
        found = path.stat()
        needed = stat.S_IXOTH | (stat.S_IROTH if read else 0)
        granted = found.st_mode >> 6 if found.st_uid == self.uid else found.st_mode
        return granted & needed == needed


def server_account() -> Account:
    """The account for the server: this user; for root a user namespace, or else ``postgres`` or ``nobody``.

    Raises:
        NoOrdinaryUser: root, without any of these.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if namespaces_work():
        return Account(0, 0, prefix=NAMESPACE)
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid, switches=True)
    raise NoOrdinaryUser(
        "PostgreSQL does not run as root, and here root has no user namespaces, no user postgres and no user "
        "nobody. Run as an ordinary user, or name a running server in DATABASE_URL."
    )


@functools.cache
def namespaces_work() -> bool:
    """Whether root may open a user namespace here (many containers forbid it)."""
    if shutil.which(NAMESPACE[0]) is None:
        return False
    return subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True, timeout=20).returncode == 0
