"""The short version of the kills of ``make torture``: each of them once, under load."""

import subprocess
import sys

import pytest

from config.local import places


@pytest.mark.long
def test_what_was_acknowledged_outlives_kill_9():
    """With this seed the postmaster is killed, then a writer, then the sequencer."""
    command = [sys.executable, "-m", "tests.custody.kills", "--kills", "3", "--seed", "2"]
    ended = subprocess.run(command, cwd=places.PROJECT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "postmaster 1, worker 1, sequencer 1" in ended.stdout
