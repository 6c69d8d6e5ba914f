"""``python -m benchmarks [NAME]``: all benchmarks or one; exit code 1: one fell short, 2: none could run."""

import sys

from benchmarks import harness
from config.local.errors import LocalServiceError


def main(arguments: list[str]) -> int:
    """Run what is asked for and give the exit code."""
    try:
        chosen = harness.choose(harness.discover(), arguments[0] if arguments else None)
        with harness.prepared():
            return 0 if harness.run_all(chosen, sys.stdout) else 1
    except (harness.NoSuchBenchmark, LocalServiceError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
