"""Training beside an animating window, against the same training with nothing else."""

from __future__ import annotations

import time

from fmstudio.bench.row import Row, at_least
from fmstudio.bench.window import open_and_close
from fmstudio.document.document import Document
from fmstudio.document.specs.training import ModelSpec, TrainingSpec
from fmstudio.engine.client import ProcessEngine
from fmstudio.engine.messages import TrainingProgress, TrainRequest

SECONDS = 8.0
STEPS = 1_000_000
DOCUMENT = Document(model=ModelSpec(width=128), training=TrainingSpec(batch_size=512, steps=STEPS))


def alone() -> float:
    """Steps per second of an engine that only trains."""
    engine = ProcessEngine()
    document = DOCUMENT
    try:
        engine.train(TrainRequest(document.problem, document.model, document.training))
        return _rate(engine)
    finally:
        engine.close()


def _rate(engine: ProcessEngine) -> float:
    first: tuple[float, int] | None = None
    while True:
        for reply in engine.poll():
            if isinstance(reply, TrainingProgress) and reply.step > 50:
                now = (time.monotonic(), reply.step)
                first = first or now
                if now[0] - first[0] >= SECONDS:
                    return (now[1] - first[1]) / (now[0] - first[0])
        time.sleep(0.02)


def measure() -> list[Row]:
    import tempfile
    from pathlib import Path

    from fmstudio.document.files import save

    by_itself = alone()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "training.fmstudio"
        save(path, DOCUMENT)
        report = open_and_close("--after", str(SECONDS + 4), "--train", str(path))
    beside = float(report["training_steps_per_second"])
    return [
        at_least("training beside the window (w 128, B 512)", beside, by_itself, "alone", "steps/s", 0.8),
        at_least("the window meanwhile", float(report["fps"]), 30, "asked", "frames/s", 0.97),
    ]
