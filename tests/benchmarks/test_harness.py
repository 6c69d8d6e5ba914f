"""The benchmark harness says what held and what did not, and ends accordingly."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

import benchmarks
from benchmarks import harness
from benchmarks.harness import Promise


def test_a_promise_says_its_figure_its_target_and_whether_it_held() -> None:
    promises = [
        Promise("slots", 9.5, 10, "ms"),
        Promise("slots", 10.5, 10, "ms"),
        Promise("contention", 3712, 3000, "/s", bound="at least"),
        Promise("contention", 2999.9, 3000, "/s", bound="at least"),
    ]

    assert [str(promise) for promise in promises] == [
        "bench slots figure=9.5ms target=<=10ms held",
        "bench slots figure=10.5ms target=<=10ms short",
        "bench contention figure=3712/s target=>=3000/s held",
        "bench contention figure=2999.9/s target=>=3000/s short",
    ]


def test_all_held_is_success() -> None:
    out = io.StringIO()

    held = harness.run_all({"a": lambda: [Promise("a", 1, 2)], "b": lambda: [Promise("b", 2, 2)]}, out)

    assert held
    assert out.getvalue() == "bench a figure=1 target=<=2 held\nbench b figure=2 target=<=2 held\n"


def test_a_short_one_fails_the_whole_and_the_rest_still_runs() -> None:
    out = io.StringIO()

    held = harness.run_all({"a": lambda: [Promise("a", 3, 2)], "b": lambda: [Promise("b", 1, 2)]}, out)

    assert not held
    assert out.getvalue() == "bench a figure=3 target=<=2 short\nbench b figure=1 target=<=2 held\n"


def test_one_that_crashes_after_its_first_figure_fails_the_whole_and_the_rest_still_runs() -> None:
    def crashing() -> Iterator[Promise]:
        yield Promise("a", 1, 2)
        raise ValueError("no docks")

    out = io.StringIO()

    held = harness.run_all({"a": crashing, "b": lambda: [Promise("b", 1, 2)]}, out)

    said = out.getvalue().splitlines()
    assert not held
    assert said[0] == "bench a figure=1 target=<=2 held"
    assert said[-3:] == ["ValueError: no docks", "bench a crashed", "bench b figure=1 target=<=2 held"]


def test_a_benchmark_that_measured_nothing_has_not_held() -> None:
    out = io.StringIO()

    assert not harness.run_all({"a": list}, out)
    assert out.getvalue() == "bench a promised nothing\n"


def test_modules_of_the_package_are_benchmarks_unless_underscored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quick.py").write_text(
        "from benchmarks.harness import Promise\ndef run():\n    return [Promise('quick', 1, 2)]\n"
    )
    (tmp_path / "_helper.py").write_text("raise SystemExit('never imported')\n")
    monkeypatch.setattr(benchmarks, "__path__", [str(tmp_path)])

    found = harness.discover()

    assert list(found) == ["quick"]
    assert list(found["quick"]()) == [Promise("quick", 1, 2)]


def test_only_one_can_be_asked_for_by_name() -> None:
    found: dict[str, harness.Benchmark] = {"slots": list, "contention": list}

    assert list(harness.choose(found, None)) == ["slots", "contention"]
    assert list(harness.choose(found, "slots")) == ["slots"]
    with pytest.raises(harness.NoSuchBenchmark, match="there are: slots, contention"):
        harness.choose(found, "lots")


def test_a_benchmark_is_told_the_options_that_it_takes() -> None:
    told = harness.with_options({"a": lambda attempts=1: [Promise("a", attempts, 5)]}, ["attempts=7"])

    assert [promise.figure for promise in told["a"]()] == [7]


@pytest.mark.parametrize("option", ["attempts", "attempts=many", "attempts=-1"])
def test_an_option_is_a_name_and_a_number(option: str) -> None:
    with pytest.raises(harness.NoSuchOption, match="attempts=1000"):
        harness.with_options({"a": list}, [option])


def test_a_benchmark_refuses_options_that_it_does_not_take() -> None:
    out = io.StringIO()
    told = harness.with_options(harness.choose(harness.discover(), "bulk"), ["attempts=7"])

    assert not harness.run_all(told, out)
    assert out.getvalue() == "The benchmark bulk takes no attempts.\n"
