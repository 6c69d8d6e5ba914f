"""Runs benchmarks and says of each promise whether it held.

A benchmark is a module of this package with ``run() -> Iterable[Promise]``; one whose name begins with an
underscore is a helper. Benchmarks work in a database of their own, which stays for the next time.
"""

import importlib
import inspect
import os
import pkgutil
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal, TextIO

import psycopg
from psycopg import sql

import benchmarks
from config.local import postgres, processes, services
from config.local.environment import variable
from config.local.errors import LocalServiceError

DATABASE = "dockside_bench"
NOT_BENCHMARKS = frozenset({"harness"})


class NoSuchBenchmark(LookupError):
    """Asked for a benchmark that is not there; the message names those that are."""


class NoSuchOption(LookupError):
    """A benchmark takes no such option, or the value is no number; the message names those it takes."""


class NoOwner(LocalServiceError):
    """DATABASE_URL names a server on which nobody may create the benchmarks' database."""


@dataclass(frozen=True)
class Promise:
    """One measured figure against its target, both in ``unit``; ``bound`` is the side on which it must be."""

    name: str
    figure: float
    target: float
    unit: str = ""
    bound: Literal["at most", "at least"] = "at most"

    @property
    def held(self) -> bool:
        return self.figure <= self.target if self.bound == "at most" else self.figure >= self.target

    def __str__(self) -> str:
        figure, target = (f"{number:g}{self.unit}" for number in (self.figure, self.target))
        sign = "<=" if self.bound == "at most" else ">="
        return f"bench {self.name} figure={figure} target={sign}{target} {'held' if self.held else 'short'}"


Benchmark = Callable[..., Iterable[Promise]]


def discover() -> dict[str, Benchmark]:
    """Every benchmark of the package by name; a module is imported only when its benchmark runs."""
    names = sorted(
        module.name
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if not module.name.startswith("_") and module.name not in NOT_BENCHMARKS
    )
    return {name: _loader(name) for name in names}


def choose(found: Mapping[str, Benchmark], only: str | None) -> dict[str, Benchmark]:
    """All of them, or the one called ``only``.

    Raises:
        NoSuchBenchmark: there is none of that name.
    """
    if only is None:
        return dict(found)
    if only not in found:
        raise NoSuchBenchmark(f"No benchmark {only!r}; there are: {', '.join(found) or 'none'}.")
    return {only: found[only]}


def with_options(chosen: Mapping[str, Benchmark], options: Sequence[str]) -> dict[str, Benchmark]:
    """The chosen benchmarks told ``options``, each ``name=number``, as ``run`` takes them.

    Raises:
        NoSuchOption: one of them takes no such option, or it is no whole number.
    """
    given = {}
    for option in options:
        name, _, value = option.partition("=")
        if not value.isdecimal():
            raise NoSuchOption(f"{option!r} is no option; one looks like attempts=1000.")
        given[name] = int(value)
    return (
        {name: partial(benchmark, **given) for name, benchmark in chosen.items()} if given else dict(chosen)
    )


def run_all(chosen: Mapping[str, Benchmark], out: TextIO) -> bool:
    """Run them one after another, a line per promise; whether every promise was made and held."""
    verdicts = [_run_one(name, benchmark, out) for name, benchmark in chosen.items()]
    return all(verdicts)


def _run_one(name: str, benchmark: Benchmark, out: TextIO) -> bool:
    held = []
    try:
        for promise in benchmark():
            print(promise, file=out, flush=True)
            held.append(promise.held)
    except NoSuchOption as error:
        print(error, file=out, flush=True)
        return False
    except Exception:
        traceback.print_exc(file=out)
        print(f"bench {name} crashed", file=out, flush=True)
        return False
    if not held:
        print(f"bench {name} promised nothing", file=out, flush=True)
    return bool(held) and all(held)


def _loader(name: str) -> Benchmark:
    def run(**options: int) -> Iterable[Promise]:
        found: Benchmark = importlib.import_module(f"{benchmarks.__name__}.{name}").run
        if unknown := options.keys() - inspect.signature(found).parameters:
            raise NoSuchOption(f"The benchmark {name} takes no {', '.join(sorted(unknown))}.")
        return found(**options)

    return run


@contextmanager
def prepared() -> Iterator[None]:
    """Services up, the benchmarks' own database migrated, Django set up; what this started ends with it.

    Raises:
        LocalServiceError: a service cannot be started, or there is no login to create the database with.
    """
    started = services.up()
    try:
        _ensure_database()
        os.environ["DOCKSIDE_DATABASE"] = DATABASE
        processes.migrate()
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        importlib.import_module("django").setup()
        yield
    finally:
        services.down(only=started)


def _ensure_database() -> None:
    embedded = "" if variable("DATABASE_URL") else postgres.url(postgres.OWNER)
    owner = variable("DATABASE_OWNER_URL") or embedded
    if not owner:
        raise NoOwner("DATABASE_OWNER_URL has to name a login that may create the benchmarks' database.")
    with psycopg.connect(owner, dbname="postgres", autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
