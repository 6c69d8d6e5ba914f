"""The embedded broker keeps what it was given, and Celery gets it back when a worker is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kombu import Connection

from config.local import broker, places
from config.local.waiting import wait_until

SECONDS = 120  # no promise: much longer than a worker takes to start on a busy machine


def queue(home: Path) -> Connection:
    return Connection(broker.url(home=home))


def broker_process(home: Path) -> int:
    return int((home / "broker" / "broker.pid").read_text())


def test_it_starts_once_stops_once_and_keeps_its_messages(home: Path) -> None:
    assert broker.start(home).started
    assert not broker.start(home).started
    with queue(home) as connection:
        connection.SimpleQueue("kept").put("a message")

    assert broker.stop(home)
    assert not broker.stop(home)
    assert broker.status(home) is None
    assert broker.start(home).started

    with queue(home) as connection:
        assert connection.SimpleQueue("kept").get(timeout=5).payload == "a message"


def test_it_starts_again_after_it_was_killed_and_still_has_its_messages(home: Path) -> None:
    broker.start(home)
    with queue(home) as connection:
        connection.SimpleQueue("kept").put("a message")

    os.kill(broker_process(home), signal.SIGKILL)
    wait_until(lambda: broker.status(home) is None, 5)
    broker.start(home)

    with queue(home) as connection:
        assert connection.SimpleQueue("kept").get(timeout=5).payload == "a message"


def test_of_three_who_start_it_at_once_one_does(home: Path) -> None:
    program = (
        "import sys, pathlib; from config.local import broker; "
        "print(broker.start(pathlib.Path(sys.argv[1])).started)"
    )
    command = [sys.executable, "-c", program, str(home)]
    starters = [
        subprocess.Popen(command, cwd=places.PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]

    said = sorted(starter.communicate(timeout=60)[0].strip() for starter in starters)

    assert said == ["False", "False", "True"]


def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 15) / ("down" * 15) / "with a blank"
    try:
        assert broker.start(home).started
        with queue(home) as connection:
            connection.SimpleQueue("kept").put("a message")
    finally:
        broker.destroy(home)


def test_without_any_broker_the_refusal_says_what_to_do(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "_candidates", lambda: iter([]))

    with pytest.raises(broker.BrokerMissing, match="BROKER_URL"):
        broker.start(home)


@pytest.mark.parametrize(
    ("url", "options", "queue_type"),
    [
        ("redis+socket:///run/broker.sock?virtual_host=0", broker.TRANSPORT_OPTIONS, "classic"),
        ("rediss://:secret@redis.example.org:6379/0", broker.TRANSPORT_OPTIONS, "classic"),
        ("amqp://dockside@mq.example.org/dockside", {"confirm_publish": True}, "quorum"),
        ("amqps://dockside@mq.example.org/dockside", {"confirm_publish": True}, "quorum"),
    ],
)
def test_each_broker_gets_the_options_with_which_it_loses_nothing_and_holds_up_nobody(
    url: str, options: dict[str, int], queue_type: str
) -> None:
    assert broker.transport_options(url) == {**options, **broker.GIVE_UP_SOON}
    assert broker.queue_type(url) == queue_type


@pytest.fixture
def start_worker(home: Path, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start a real worker of ``killable``; those still alive are killed afterwards, with their children."""
    workers: list[subprocess.Popen[bytes]] = []
    environment = {**os.environ, "BROKER_URL": broker.url(home=home), "EFFECTS": str(tmp_path / "effects")}

    def start() -> subprocess.Popen[bytes]:
        options = ["-c", "2", "-P", "prefork", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tests.config.killable", "worker", *options],
            cwd=places.PROJECT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        if worker.poll() is None:
            kill(worker)


def kill(worker: subprocess.Popen[bytes]) -> None:
    """The worker and its pool, at once and without a word."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def test_the_tasks_of_a_killed_worker_are_done_by_the_next(
    home: Path,
    tmp_path: Path,
    start_worker: Callable[[], subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker.start(home)
    monkeypatch.setenv("BROKER_URL", broker.url(home=home))
    from tests.config.killable import leave

    effects = tmp_path / "effects"
    effects.touch()
    for number in range(20):
        leave.delay(number)
    leave.app.close()

    killed = start_worker()
    assert wait_until(lambda: len(effects.read_text().split()) >= 5, SECONDS)
    kill(killed)
    assert len(set(effects.read_text().split())) < 20
    start_worker()

    wait_until(lambda: len(set(effects.read_text().split())) == 20, SECONDS)
    assert sorted(map(int, set(effects.read_text().split()))) == list(range(20))
