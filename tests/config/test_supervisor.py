"""The supervisor keeps its children running, says what happens to them, and leaves nothing behind."""

import io
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.local import places, processes, services, supervisor
from config.local.supervisor import Child, Supervisor
from config.local.waiting import wait_until

LONG = "import time; time.sleep(600)"


def python(name: str, program: str) -> Child:
    return Child(name, (sys.executable, "-S", "-c", program))


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def keeper(tmp_path: Path, out: io.StringIO) -> Iterator[Supervisor]:
    keeper = Supervisor(tmp_path, tmp_path / "logs", out=out)
    yield keeper
    keeper.stop()


def run_for(keeper: Supervisor, seconds: float, until: str, out: io.StringIO) -> None:
    """Let ``keeper`` work until it printed ``until``."""
    deadline = time.monotonic() + seconds
    keeper.run_until(lambda: until in out.getvalue() or time.monotonic() > deadline)


def test_what_children_say_is_printed_under_their_names_and_kept(
    keeper: Supervisor, out: io.StringIO, tmp_path: Path
) -> None:
    program = (
        "import sys, time; print('ready'); print('oh', file=sys.stderr); sys.stdout.flush(); time.sleep(600)"
    )

    keeper.add(
        python("web", program), python("worker", "import time; print('at work', flush=True); time.sleep(600)")
    )
    run_for(keeper, 10, "at work", out)
    run_for(keeper, 10, "ready", out)

    assert sorted(out.getvalue().splitlines()) == ["web      | oh", "web      | ready", "worker   | at work"]
    assert sorted((tmp_path / "logs" / "web.log").read_text().splitlines()) == ["oh", "ready"]


def test_a_quiet_supervisor_keeps_the_words_and_prints_the_deaths(
    keeper: Supervisor, out: io.StringIO, tmp_path: Path
) -> None:
    keeper.echo = False

    keeper.add(python("worker", "print('at work'); raise SystemExit(3)"))
    run_for(keeper, 10, "in 1 s", out)

    assert out.getvalue().splitlines() == [
        "worker   | · ended with 3; starting it again at once",
        "worker   | · ended with 3; starting it again in 1 s",
    ]
    assert (tmp_path / "logs" / "worker.log").read_text().count("at work\n") == 2


def test_a_killed_child_is_started_again(keeper: Supervisor, out: io.StringIO) -> None:
    keeper.add(python("worker", f"import os; print('I am', os.getpid(), flush=True); {LONG}"))
    run_for(keeper, 10, "I am", out)
    first = int(out.getvalue().split()[-1])

    os.kill(first, signal.SIGKILL)
    run_for(keeper, 10, "SIGKILL", out)
    keeper.run_until(lambda: out.getvalue().count("I am") == 2)

    assert "worker   | · was killed by SIGKILL; starting it again at once" in out.getvalue().splitlines()
    assert int(out.getvalue().split()[-1]) != first


def test_a_program_that_is_not_there_is_said_and_tried_again(keeper: Supervisor, out: io.StringIO) -> None:
    keeper.add(Child("web", ("/nowhere/granian",)))

    assert out.getvalue().splitlines() == [
        "web      | · cannot be started: No such file or directory; starting it again at once"
    ]


def test_a_child_that_ignores_the_request_is_killed_with_what_it_started(
    keeper: Supervisor, out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PATIENCE_SECONDS", 0.3)
    deaf = f"""
        import os, signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        grandchild = os.fork()
        if grandchild:
            print('grandchild', grandchild, flush=True)
        {LONG}
    """
    keeper.add(python("worker", textwrap.dedent(deaf)))
    run_for(keeper, 10, "grandchild", out)
    grandchild = int(out.getvalue().split()[-1])

    keeper.stop()

    assert "worker   | · does not end by itself and is killed" in out.getvalue().splitlines()
    assert wait_until(lambda: ended(grandchild), 5)


def ended(process: int) -> bool:
    """Gone, or a zombie that nobody has asked about yet."""
    said = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], check=False, capture_output=True, text=True
    )
    return said.stdout.strip()[:1] in {"", "Z"}


def test_a_command_beside_the_children_gives_its_exit_code(keeper: Supervisor) -> None:
    keeper.add(python("worker", LONG))

    assert keeper.run_beside([sys.executable, "-S", "-c", "raise SystemExit(7)"]) == 7
    assert keeper.run_beside(["sh", "-c", "kill -TERM $$"]) == 128 + signal.SIGTERM
    with pytest.raises(supervisor.CommandMissing, match="/nowhere/demo"):
        keeper.run_beside(["/nowhere/demo"])


SUPERVISED = """
    import pathlib, sys
    from config.local.supervisor import Child, Supervisor, stopping_on_signals
    here = pathlib.Path(sys.argv[1])
    program = "import os, time; print('I am', os.getpid(), flush=True); time.sleep(600)"
    keeper = Supervisor(here, here / "logs")
    with stopping_on_signals(keeper):
        keeper.add(*(Child(name, (sys.executable, "-S", "-c", program)) for name in ("web", "worker")))
        keeper.run_until(lambda: False)
        keeper.stop()
"""


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A supervisor in a process of its own, and its two children's process numbers."""
    command = [sys.executable, "-c", textwrap.dedent(SUPERVISED), str(tmp_path)]
    process = subprocess.Popen(command, cwd=places.PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    children = [int(process.stdout.readline().split()[-1]) for _ in range(2)]
    yield process, children
    process.kill()
    process.communicate()


@pytest.mark.parametrize("request_to_stop", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_stop_ends_all_children_and_counts_as_success(
    supervised: tuple[subprocess.Popen[str], list[int]], request_to_stop: signal.Signals
) -> None:
    process, children = supervised

    process.send_signal(request_to_stop)

    assert process.wait(timeout=10) == 0
    assert [ended(child) for child in children] == [True, True]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_children_do_not_outlive_a_killed_supervisor(
    supervised: tuple[subprocess.Popen[str], list[int]],
) -> None:
    process, children = supervised

    process.kill()

    assert wait_until(lambda: all(map(ended, children)), 5)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_taken_port_is_refused_before_anything_is_started(
    taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setenv("PORT", str(taken_port))
    monkeypatch.setattr(services, "up", lambda _home: started.append("services"))

    with pytest.raises(supervisor.PortTaken, match=f"PORT={taken_port + 1}"):
        processes.serve(migrate=False)

    assert started == []


@pytest.mark.parametrize("nonsense", ["web", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(nonsense: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", nonsense)

    with pytest.raises(processes.BadPort, match=nonsense):
        processes.web_port()


def test_run_stops_the_services_that_it_started_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[list[str]] = []
    monkeypatch.setenv(places.HOME_VARIABLE, str(tmp_path))
    monkeypatch.setattr(processes, "background", lambda _home: (python("worker", LONG),))
    monkeypatch.setattr(services, "up", lambda _home: ["broker"])
    monkeypatch.setattr(services, "down", lambda _home, only: stopped.append(only))

    code = processes.run(
        [sys.executable, "-S", "-c", "raise SystemExit(5)"], keep_serving=False, migrate=False
    )

    assert (code, stopped) == (5, [["broker"]])
