"""Read many thousands of damaged files: each is read, or refused in one sentence, and nothing else happens.

``python packaging/fuzz_files.py [HOW_MANY] [SEED]``; a few hundred of them are read by the tests.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.document.damage import damaged, outcome, samples


def main(count: int = 100_000, seed: int = 0) -> int:
    luck, started, told = random.Random(seed), time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        whole = samples(Path(folder))
        for number in range(count):
            path, content = luck.choice(whole)
            path.write_bytes(damaged(content, luck))
            try:
                told += bool(outcome(path))
            except BaseException:
                kept = Path(f"fuzz-{seed}-{number}{path.suffix}")
                kept.write_bytes(path.read_bytes())
                print(f"{kept}: kept, since it was neither read nor refused")
                raise
    seconds = time.monotonic() - started
    print(f"{count} files in {seconds:.0f} s: {told} refused in a sentence, {count - told} read")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
