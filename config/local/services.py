"""The services that run beside the web process: each is started here unless the environment names another."""

from pathlib import Path
from typing import Protocol

from config.local import broker, places, postgres
from config.local.environment import variable


class Started(Protocol):
    """A service that runs; ``started`` says whether this call started it."""

    @property
    def started(self) -> bool: ...


class Service(Protocol):
    """What a module that runs a service here offers."""

    SERVICE: str

    def start(self, home: Path | None = None) -> Started: ...
    def stop(self, home: Path | None = None) -> bool: ...
    def status(self, home: Path | None = None) -> str | None: ...
    def destroy(self, home: Path | None = None) -> None: ...


EMBEDDED: dict[str, Service] = {"DATABASE_URL": postgres, "BROKER_URL": broker}
"""The variable that replaces a service, and the module that runs it here."""


def up(home: Path | None = None) -> list[str]:
    """Have every service running that the environment does not name; the names of those this call started.

    Raises:
        LocalServiceError: one cannot be started; those this call started before it are stopped again.
    """
    home = home or places.local_home()
    started: list[str] = []
    for replaced_by, service in EMBEDDED.items():
        if variable(replaced_by):
            continue
        try:
            if service.start(home).started:
                started.append(service.SERVICE)
        except Exception:
            down(home, only=started)
            raise
    return started


def down(home: Path | None = None, *, only: list[str] | None = None) -> list[str]:
    """Stop the services of this checkout (or ``only`` these); the names of those that ran."""
    home = home or places.local_home()
    services = [service for service in EMBEDDED.values() if only is None or service.SERVICE in only]
    return [service.SERVICE for service in reversed(services) if service.stop(home)]


def destroy(home: Path | None = None) -> None:
    """Stop every service of this checkout and delete what it kept."""
    for service in EMBEDDED.values():
        service.destroy(home or places.local_home())


def status(home: Path | None = None) -> dict[str, str]:
    """Each service and what can be said of it in a line."""
    report = {}
    for replaced_by, service in EMBEDDED.items():
        version = service.status(home or places.local_home())
        running = f"running, version {version}" if version else "stopped"
        report[service.SERVICE] = f"not ours: {replaced_by} is set" if variable(replaced_by) else running
    return report


def urls(home: Path | None = None) -> dict[str, str]:
    """The variables that would name the embedded services explicitly."""
    home = home or places.local_home()
    return {
        "DATABASE_URL": postgres.url(postgres.APP, home=home),
        "DATABASE_OWNER_URL": postgres.url(postgres.OWNER, home=home),
        "BROKER_URL": broker.url(home=home),
    }
