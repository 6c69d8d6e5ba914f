"""Runs processes as children of one: starts them, prints and keeps what they say, restarts and stops them.

One thread, which Linux is told to end them with, however it ends; nothing else may fork here.
"""

import ctypes
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, TextIO

from config.local.errors import LocalServiceError

PATIENCE_SECONDS = 7.0
"""How long a child may take to end by itself before it is killed; all is over within ten seconds."""

COMMAND_PATIENCE_SECONDS = 2.0
"""The same for a command that runs beside the children."""

STEADY_SECONDS = 30.0
"""A child that ran this long is started again at once; a younger one waits, each time twice as long."""

LONGEST_PAUSE_SECONDS = 30.0
TICK_SECONDS = 0.1
LARGEST_LOG_BYTES = 10_000_000
COLOURS = ("36", "33", "35", "32", "34")
SET_PARENT_DEATH_SIGNAL = 1
"""``PR_SET_PDEATHSIG`` of prctl(2)."""


class PortTaken(LocalServiceError):
    """Something listens already where the web process should."""


class CommandMissing(LocalServiceError):
    """The command to run beside the children is not there."""


@dataclass(frozen=True)
class Child:
    """A process to keep running; ``command`` is looked up like a shell would."""

    name: str
    command: tuple[str, ...]


@dataclass
class _Running:
    """What is known of one child between its starts."""

    child: Child
    log: IO[bytes]
    process: subprocess.Popen[bytes] | None = None
    unfinished_line: bytes = b""
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0


@dataclass
class Supervisor:
    """Keeps children running in ``directory``, what they say in ``logs`` and, when ``echo``, on ``out``."""

    directory: Path
    logs: Path
    out: TextIO = field(default_factory=lambda: sys.stdout)
    echo: bool = True
    _running: dict[str, _Running] = field(default_factory=dict)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _stop_requests: int = 0

    def add(self, *children: Child) -> None:
        """Keep ``children`` running from now on."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for child in children:
            self._running[child.name] = _Running(child, _open_log(self.logs / f"{child.name}.log"))
        self._start_due()

    def run_until(self, finished: Callable[[], bool]) -> None:
        """Look after the children until ``finished`` or a request to stop."""
        while not self._stop_requests and not finished():
            self._pass_on_output(TICK_SECONDS)
            self._notice_deaths()
            self._start_due()

    def run_beside(self, command: Sequence[str]) -> int:
        """Run ``command`` on the caller's terminal beside the children; its exit code as a shell gives it.

        Raises:
            CommandMissing: there is no such program.
        """
        try:
            process = subprocess.Popen(command, cwd=self.directory, preexec_fn=_end_with(os.getpid()))
        except OSError as error:
            raise CommandMissing(f"Cannot run {command[0]}: {error.strerror}") from error
        self.run_until(lambda: process.poll() is not None)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(COMMAND_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        code = process.wait()
        return code if code >= 0 else 128 - code

    def stop(self) -> None:
        """End every child: ask, then kill it with all that it started; a second request kills at once."""
        requests = self._stop_requests
        deadline = time.monotonic() + PATIENCE_SECONDS
        alive = [running for running in self._running.values() if running.process is not None]
        for running in alive:
            _signal_group(running, signal.SIGTERM)
        while any(_lives(running) for running in alive):
            self._pass_on_output(TICK_SECONDS)
            if time.monotonic() > deadline or self._stop_requests > max(requests, 1):
                break
        for running in alive:
            if _lives(running):
                self.say(running.child.name, "does not end by itself and is killed")
            _signal_group(running, signal.SIGKILL)
        for running in alive:
            if running.process is not None:
                running.process.wait()
        self._pass_on_output(0)
        for running in self._running.values():
            running.log.close()
        self._running.clear()
        self._selector.close()

    def request_stop(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """A signal handler: end at the next tick."""
        self._stop_requests += 1

    @property
    def stopping(self) -> bool:
        """Whether somebody asked for the end."""
        return self._stop_requests > 0

    def say(self, name: str, text: str) -> None:
        """Tell the terminal something about ``name``, and that child's log if there is one."""
        self._print(name, f"· {text}")
        running = self._running.get(name)
        if running is not None:
            running.log.write(f"· {text}\n".encode())
            running.log.flush()

    def _start_due(self) -> None:
        for running in self._running.values():
            if running.process is None and time.monotonic() >= running.start_at:
                self._start(running)

    def _start(self, running: _Running) -> None:
        try:
            process = subprocess.Popen(
                running.child.command,
                cwd=self.directory,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with(os.getpid()),
            )
        except OSError as error:
            self._pause(running, f"cannot be started: {error.strerror}")
            return
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, running)
        running.process, running.started_at = process, time.monotonic()

    def _notice_deaths(self) -> None:
        for running in self._running.values():
            if running.process is None or running.process.poll() is None:
                continue
            self._pass_on_output(0)
            if time.monotonic() - running.started_at > STEADY_SECONDS:
                running.failures = 0
            code = running.process.returncode
            _signal_group(running, signal.SIGKILL)
            running.process = None
            self._pause(running, f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with {code}")

    def _pause(self, running: _Running, what_happened: str) -> None:
        pause = min(2.0**running.failures - 1, LONGEST_PAUSE_SECONDS)
        running.failures += 1
        running.start_at = time.monotonic() + pause
        when = f"in {pause:.0f} s" if pause else "at once"
        self.say(running.child.name, f"{what_happened}; starting it again {when}")

    def _pass_on_output(self, seconds: float) -> None:
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            running: _Running = key.data
            said = os.read(key.fd, 65536)
            running.log.write(said)
            running.log.flush()
            if not said:
                self._selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
            *lines, running.unfinished_line = (running.unfinished_line + said).split(b"\n")
            if self.echo:
                for line in lines:
                    self._print(running.child.name, line.decode(errors="replace"))

    def _print(self, name: str, text: str) -> None:
        width = max([8, *(len(known) for known in self._running)])
        label = f"{name:<{width}} |"
        if self.out.isatty() and not os.environ.get("NO_COLOR"):
            place = list(self._running).index(name) if name in self._running else len(COLOURS) - 1
            label = f"\x1b[{COLOURS[place % len(COLOURS)]}m{label}\x1b[0m"
        print(label, text, file=self.out, flush=True)


@contextmanager
def stopping_on_signals(supervisor: Supervisor) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal ask ``supervisor`` to stop, for as long as the block runs."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup sets it
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, supervisor.request_stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def require_free_port(host: str, port: int) -> None:
    """Raises:
    PortTaken: something listens on ``port`` of ``host``, or it may not be used.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} cannot be used ({error.strerror}): stop what listens there, or choose another, "
                f"such as PORT={port + 1}."
            ) from error


def listens(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((host, port)) == 0


def _end_with(parent: int) -> Callable[[], None] | None:
    """What a new child does first, so that it does not outlive ``parent``; Linux has this, others do not."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask_for_signal() -> None:
        prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask_for_signal


def _lives(running: _Running) -> bool:
    return running.process is not None and running.process.poll() is None


def _signal_group(running: _Running, number: signal.Signals) -> None:
    """To the child; a kill goes to whatever it started as well."""
    if running.process is None:
        return
    try:
        if number == signal.SIGKILL:
            os.killpg(running.process.pid, number)
        else:
            running.process.send_signal(number)
    except ProcessLookupError:
        return


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _open_log(path: Path) -> IO[bytes]:
    """For appending; a log that grew large becomes ``….log.old`` first."""
    if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
        path.replace(path.with_name(f"{path.name}.old"))
    return path.open("ab")
