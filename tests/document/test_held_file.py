from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from fmstudio.document.held_file import HeldFile

HOLDER = """
import os, signal, sys
from pathlib import Path
from fmstudio.document.held_file import HeldFile
held = HeldFile.take(Path(sys.argv[1]))
held.write("from the dead")
print(held is not None, flush=True)
sys.stdin.read()
"""


def test_that_a_living_process_holds_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "held"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        assert HeldFile.take(path) is None
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    held = HeldFile.take(path)
    assert held is not None
    assert held.read() == "from the dead"
    held.remove()
    held.remove()
    assert not path.exists()


def test_that_a_released_file_stays_for_the_next(tmp_path: Path) -> None:
    first = HeldFile.take(tmp_path / "held")
    assert first is not None
    first.write("a longer word")
    first.write("word")
    assert HeldFile.take(tmp_path / "held") is None
    first.release()
    first.release()
    second = HeldFile.take(tmp_path / "held", create=False)
    assert second is not None
    assert second.read() == "word"
    second.remove()


def test_that_what_is_no_regular_file_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "link", "pipe", "nothing"):
        assert HeldFile.take(tmp_path / name, create=False) is None
    assert not (tmp_path / "nothing").exists()
