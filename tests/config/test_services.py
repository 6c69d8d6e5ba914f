"""Services are started here unless the environment names others, and said to be what they are."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from config.local import environment, places, services
from config.local.__main__ import main
from config.local.errors import LocalServiceError


@dataclass
class Fake:
    """A service that notes what is done to it; ``works`` says whether it can be started."""

    SERVICE: str
    log: list[str]
    works: bool = True
    started: bool = False

    def start(self, home: Path | None = None) -> "Fake":
        if not self.works:
            raise LocalServiceError("no luck")
        self.log.append(f"{self.SERVICE} up")
        return replace(self, started=True)

    def stop(self, home: Path | None = None) -> bool:
        self.log.append(f"{self.SERVICE} down")
        return True

    def status(self, home: Path | None = None) -> str | None:
        return None

    def destroy(self, home: Path | None = None) -> None:
        self.log.append(f"{self.SERVICE} destroyed")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What is done to the services, none of which the environment names."""
    done: list[str] = []
    monkeypatch.setattr(services, "EMBEDDED", {name: Fake(name[:2], done) for name in services.EMBEDDED})
    monkeypatch.setattr(places, "PROJECT", tmp_path)
    for name in services.EMBEDDED:
        monkeypatch.delenv(name, raising=False)
    return done


def test_they_come_up_in_order_and_go_down_last_first(log: list[str], tmp_path: Path) -> None:
    assert services.up(tmp_path) == ["DA", "BR"]
    assert services.down(tmp_path) == ["BR", "DA"]
    assert log == ["DA up", "BR up", "BR down", "DA down"]


def test_only_some_can_be_stopped(log: list[str], tmp_path: Path) -> None:
    assert services.down(tmp_path, only=["BR"]) == ["BR"]
    assert services.down(tmp_path, only=[]) == []
    assert log == ["BR down"]


def test_what_the_environment_names_is_not_started_here(
    log: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example.org/dockside")

    assert services.up(tmp_path) == ["BR"]
    assert services.status(tmp_path) == {"DA": "not ours: DATABASE_URL is set", "BR": "stopped"}


def test_when_one_fails_those_before_it_are_stopped_again(
    log: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(services.EMBEDDED, "BROKER_URL", Fake("BR", log, works=False))

    with pytest.raises(LocalServiceError, match="no luck"):
        services.up(tmp_path)

    assert log == ["DA up", "DA down"]


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "PROJECT", tmp_path)
    (tmp_path / ".env").write_text("# ours\nBROKER_URL=amqp://file.example.org\nPORT=8001\n")
    monkeypatch.setenv("BROKER_URL", "amqp://environment.example.org")
    for name in ("PORT", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)

    assert environment.variable("BROKER_URL") == "amqp://environment.example.org"
    assert environment.variable("PORT") == "8001"
    assert environment.variable("DATABASE_URL") == ""


def test_the_command_line_starts_and_names_and_stops_the_real_ones(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(places, "PROJECT", home.parent)
    monkeypatch.setenv(places.HOME_VARIABLE, str(home))
    for name in services.EMBEDDED:
        monkeypatch.delenv(name, raising=False)

    codes = [main([action]) for action in ("status", "up", "status", "url", "down", "status", "clean")]

    said = capsys.readouterr().out.splitlines()
    assert codes == [1, 0, 0, 0, 0, 1, 0]
    assert [line.split(",")[0] for line in said] == [
        *("postgres: stopped", "broker: stopped"),
        *("postgres: running", "broker: running"),
        *("postgres: running", "broker: running"),
        *(f"{name}={url}" for name, url in services.urls(home).items()),
        *("postgres: stopped", "broker: stopped"),
    ]
    assert not home.exists()
