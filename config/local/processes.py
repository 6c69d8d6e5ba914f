"""The processes that Dockside consists of on one machine, and how they run: to serve, or beside a command."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from config.local import places, services
from config.local.environment import variable
from config.local.errors import LocalServiceError
from config.local.supervisor import Child, Supervisor, listens, require_free_port, stopping_on_signals

HOST = "127.0.0.1"
QUEUES = ("default", "routing", "documents")
MIGRATE = (sys.executable, "manage.py", "migrate_schemas", "--verbosity", "0")


class NotMigrated(LocalServiceError):
    """The database's schemas could not be brought up to date; the command has said why."""


class BadPort(LocalServiceError):
    """PORT is not a port number."""


def web_port() -> int:
    """Where the web process listens: PORT, or 8000.

    Raises:
        BadPort: PORT is not a number from 1 to 65535.
    """
    said = variable("PORT") or "8000"
    if not said.isdecimal() or not 0 < int(said) < 65536:
        raise BadPort(f"PORT must be a number from 1 to 65535, not {said!r}.")
    return int(said)


def migrate() -> None:
    """Bring every schema up to date.

    Raises:
        NotMigrated: the command failed.
    """
    if subprocess.run(MIGRATE, cwd=places.PROJECT, check=False).returncode != 0:
        raise NotMigrated("The database could not be brought up to date.")


def web(port: int) -> Child:
    """The web process; it also answers for every shipper's host name."""
    bound_to = ("--host", HOST, "--port", str(port))
    size = ("--workers", "1", "--blocking-threads", "4", "--respawn-failed-workers")
    command = (sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", *bound_to, *size)
    return Child("web", (*command, "config.wsgi:application"))


def background(home: Path) -> tuple[Child, Child, Child]:
    """The worker, the clock that gives it its regular work, and the sequencer of the custody logs."""
    as_root_too = ("-W", "ignore:You're running the worker with superuser privileges")
    celery = (sys.executable, *as_root_too, "-m", "celery", "--quiet", "-A", "config")
    alone = ("--without-gossip", "--without-mingle")
    worker = ("worker", "-P", "prefork", "-c", "2", "-Q", ",".join(QUEUES), "-l", "INFO", *alone)
    beat = ("beat", "-l", "WARNING", "--schedule", str(home / "beat-schedule"))
    return (
        Child("worker", (*celery, *worker)),
        Child("beat", (*celery, *beat, "--pidfile", "")),
        Child("sequencer", (sys.executable, "manage.py", "sequencer")),
    )


def serve(*, migrate: bool) -> int:
    """Run everything until Ctrl-C or SIGTERM; 0 when that ended it.

    Raises:
        LocalServiceError: the port is taken (nothing was started), or a service cannot be started.
    """
    return _run(command=None, keep_serving=True, migrate=migrate)


def run(command: Sequence[str], *, keep_serving: bool, migrate: bool) -> int:
    """Run ``command`` beside services, worker and beat; then stop, or go on to serve if it succeeded.

    Gives the command's exit code, or 0 when it went on serving until Ctrl-C.

    Raises:
        LocalServiceError: as ``serve``, or there is no such command.
    """
    return _run(command=command, keep_serving=keep_serving, migrate=migrate)


def _run(*, command: Sequence[str] | None, keep_serving: bool, migrate: bool) -> int:
    home, port = places.local_home(), web_port()
    if keep_serving:
        require_free_port(HOST, port)
    supervisor = Supervisor(places.PROJECT, home / "logs", echo=command is None)
    with stopping_on_signals(supervisor):
        started = services.up(home)
        try:
            code = supervisor.run_beside(MIGRATE) if migrate else 0
            if code == 0 and not supervisor.stopping:
                supervisor.add(*background(home))
                code = supervisor.run_beside(command) if command else 0
            if code == 0 and keep_serving and not supervisor.stopping:
                _serve_web(supervisor, port)
                return 0
            return code
        finally:
            supervisor.stop()
            services.down(home, only=started)


def _serve_web(supervisor: Supervisor, port: int) -> None:
    supervisor.echo = True
    supervisor.add(web(port))
    supervisor.run_until(lambda: listens(HOST, port))
    if not supervisor.stopping:
        supervisor.say("dockside", f"serves http://localhost:{port}/ until Ctrl-C; logs: {supervisor.logs}")
    supervisor.run_until(lambda: False)
    supervisor.say("dockside", "stops")
