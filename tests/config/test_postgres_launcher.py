"""The embedded PostgreSQL comes up whoever starts it, however it ended last time."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from config.local import binaries, places, postgres, unprivileged

ROOT = os.geteuid() == 0


def rows(home: Path, statement: str, user: str = postgres.OWNER) -> list[tuple[object, ...]]:
    with psycopg.connect(postgres.url(user, home=home), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def postmaster(home: Path) -> tuple[Path, int]:
    """The data directory and the process of the server that runs from ``home``."""
    [[data]] = rows(home, "SHOW data_directory", user=postgres.SUPERUSER)
    return Path(str(data)), int((Path(str(data)) / "postmaster.pid").read_text().split()[0])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server for the tests that do not care how it came up."""
    place = tmp_path_factory.mktemp("running") / "local"
    postgres.start(place)
    yield place
    postgres.destroy(place)


def test_it_starts_once_stops_once_and_keeps_its_data(home: Path) -> None:
    assert postgres.start(home).started
    assert not postgres.start(home).started
    rows(home, "CREATE TABLE kept AS SELECT 7 AS number")

    assert postgres.stop(home)
    assert not postgres.stop(home)
    assert postgres.status(home) is None
    assert postgres.start(home).started

    assert rows(home, "SELECT number FROM kept") == [(7,)]


def test_owner_and_app_have_what_they_need_and_no_more(running: Path) -> None:
    found = rows(
        running,
        "SELECT rolname, rolcanlogin, rolsuper, rolinherit, rolcreaterole, rolcreatedb FROM pg_roles"
        " WHERE rolname LIKE 'dockside%' ORDER BY rolname",
    )
    owner = rows(running, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'dockside'")

    assert found == [
        ("dockside_app", True, False, False, False, False),
        ("dockside_owner", True, False, True, True, True),
    ]
    assert owner == [("dockside_owner",)]


def test_the_owner_can_let_the_app_become_a_shipper(running: Path) -> None:
    rows(running, "CREATE ROLE shipper_acme")
    rows(running, "GRANT shipper_acme TO dockside_app")

    with psycopg.connect(postgres.url(postgres.APP, home=running)) as connection:
        connection.execute("SET ROLE shipper_acme")
        assert connection.execute("SELECT current_user").fetchone() == ("shipper_acme",)


def test_a_role_that_lost_an_attribute_gets_it_back(running: Path) -> None:
    rows(running, "ALTER ROLE dockside_app INHERIT CREATEDB", user=postgres.SUPERUSER)

    postgres.start(running)

    query = "SELECT rolinherit, rolcreatedb FROM pg_roles WHERE rolname = 'dockside_app'"
    assert rows(running, query) == [(False, False)]


def test_an_exclusion_constraint_can_mix_equality_and_overlap(running: Path) -> None:
    rows(running, "CREATE EXTENSION btree_gist")
    rows(
        running,
        "CREATE TABLE stay (dock int, during int4range, EXCLUDE USING gist (dock WITH =, during WITH &&))",
    )
    rows(running, "INSERT INTO stay VALUES (1, '[8,10)'), (1, '[10,12)'), (2, '[8,10)')")

    with pytest.raises(psycopg.errors.ExclusionViolation):
        rows(running, "INSERT INTO stay VALUES (1, '[9,11)')")


def test_of_four_who_start_it_at_once_one_does_and_all_can_use_it(home: Path) -> None:
    program = (
        "import sys, pathlib, psycopg; from config.local import postgres; "
        "cluster = postgres.start(pathlib.Path(sys.argv[1])); "
        "psycopg.connect(cluster.url()).execute('SELECT 1'); print(cluster.started)"
    )
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(home)], cwd=places.PROJECT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]

    said = sorted(starter.communicate(timeout=60)[0].strip() for starter in starters)

    assert said == ["False", "False", "False", "True"]


def test_it_starts_again_after_its_postmaster_was_killed(home: Path) -> None:
    postgres.start(home)
    rows(home, "CREATE TABLE kept AS SELECT 7 AS number")
    _, process = postmaster(home)

    os.kill(process, signal.SIGKILL)

    assert postgres.start(home).started
    assert rows(home, "SELECT number FROM kept") == [(7,)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows who works in a directory")
def test_a_stranger_with_the_process_number_of_the_last_server_is_not_taken_for_it(home: Path) -> None:
    postgres.start(home)
    data, _ = postmaster(home)
    last_words = (data / "postmaster.pid").read_text().split("\n", 1)[1]
    postgres.stop(home)
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{last_words}")

    assert not postgres.stop(home)
    assert postgres.start(home).started


def test_an_interrupted_initdb_leaves_nothing_in_the_way(home: Path) -> None:
    major = binaries.find_binaries().major
    unfinished = home / "postgres" / f"pg{major}.init"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text(f"{major}\n")

    postgres.start(home)

    assert [path.name for path in unfinished.parent.glob("pg*")] == [f"pg{major}"]


def test_a_path_too_long_for_a_socket_is_no_obstacle(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 15) / ("down" * 15) / "with a blank"
    try:
        postgres.start(home)
        assert rows(home, "SELECT current_user") == [("dockside_owner",)]
        assert len(str(places.socket_directory(home, "postgres") / ".s.PGSQL.5432")) < 103
    finally:
        postgres.destroy(home)


def test_it_listens_to_nobody_but_its_own_user(running: Path) -> None:
    directory = places.socket_directory(running, "postgres")

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert rows(running, "SHOW listen_addresses") == [("",)]


def test_a_socket_directory_that_somebody_else_prepared_is_refused(home: Path, tmp_path: Path) -> None:
    trap = places.socket_directory(home, "postgres")
    trap.parent.mkdir(parents=True, exist_ok=True)
    trap.symlink_to(tmp_path)

    try:
        with pytest.raises(places.UnsafeDirectory):
            postgres.start(home)
    finally:
        trap.unlink()


def test_without_any_usable_postgresql_the_refusal_says_what_to_do(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_candidates", lambda: iter([tmp_path / "bin"]))

    with pytest.raises(binaries.PostgresMissing) as refusal:
        postgres.start(home)

    assert f"{tmp_path / 'bin'}: has no initdb, pg_ctl, postgres" in str(refusal.value)
    assert "DATABASE_URL" in str(refusal.value)


@pytest.mark.skipif(not ROOT, reason="only root has to become somebody else")
def test_root_without_user_namespaces_hands_it_to_an_account_with_copies_of_what_that_cannot_reach(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unprivileged, "namespaces_work", lambda: False)
    monkeypatch.setattr(unprivileged.Account, "reaches", lambda _account, _path: False)

    postgres.start(home)

    data, _ = postmaster(home)
    assert data.stat().st_uid != 0
    assert home not in data.parents
    assert rows(home, "SELECT current_user") == [("dockside_owner",)]


@pytest.fixture
def as_nobody() -> Iterator[Callable[[Callable[[Path], None]], int]]:
    """Run a function in a child that gave up root, with a directory of its own; the child's exit code."""
    account = unprivileged.Account(65534, 65534)
    if not ROOT:
        pytest.skip("not root: every other test here runs as an ordinary user already")
    if not account.reaches(Path(binaries.find_binaries().program("postgres"))):
        pytest.skip("an ordinary user cannot reach this virtual environment")
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        os.chown(directory, account.uid, account.gid)

        def run(work: Callable[[Path], None]) -> int:
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    os.setgroups([])
                    os.setgid(account.gid)
                    os.setuid(account.uid)
                    work(Path(directory) / "local")
                    code = 0
                finally:
                    os._exit(code)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

        yield run


def test_an_ordinary_user_needs_nothing_special(
    running: Path, as_nobody: Callable[[Callable[[Path], None]], int]
) -> None:
    rows(running, "SELECT 1")  # imports now what is imported late: the child may not reach the interpreter

    def use_it(theirs: Path) -> None:
        assert postgres.start(theirs).started
        assert rows(theirs, "SELECT current_user") == [("dockside_owner",)]
        assert postgres.stop(theirs)
        postgres.destroy(theirs)

    assert as_nobody(use_it) == 0
