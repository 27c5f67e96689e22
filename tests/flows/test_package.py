"""The package's own front page: every name is there, and importing it is light."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch

from fmstudio import flows


def test_that_every_public_name_exists() -> None:
    for name in flows.__all__:
        assert getattr(flows, name) is not None
    assert len(set(flows.__all__)) == len(flows.__all__)
    assert set(flows.__all__) <= set(dir(flows))


def test_that_every_chapter_is_on_the_front_page() -> None:
    """But for those that only serve other chapters."""
    within = {"assignment", "kernels", "isotropic", "elliptical", "mixtures", "cloud", "lattice", "marginals"}
    within |= {"spectra", "spectral_moment", "by_time", "nodes", "potentials", "sinkhorn", "potential_fit"}
    within |= {"log_splines", "bridge_moment", "border", "schedule", "hermite"}
    within |= {"batches", "normalisation", "passes", "layers", "clock", "resolution"}
    folder = Path(str(flows.__file__)).parent
    chapters = {path.stem for path in folder.glob("*/*.py") if path.stem != "__init__"}
    assert chapters - within == {chapter.partition(".")[2] for chapter in flows._CHAPTERS}


def test_that_the_worked_example_runs_as_it_stands() -> None:
    example = textwrap.dedent(str(flows.__doc__).partition("::\n")[2])
    made: dict[str, Any] = {}
    exec(compile(example, "example", "exec"), made)
    assert made["end"].shape == (1000, 2)
    assert float(flows.sliced_w2(made["end"], made["target"].sample(1000, generator(1)), generator(2))) < 0.1


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_that_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Momentum'"):
        flows.Momentum  # noqa: B018


def test_that_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'scipy', 'ot', 'numpy'}"
    code = f"import sys, fmstudio.flows; print({heavy} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
