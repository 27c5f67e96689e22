"""The same options override the document in every command that takes one."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from fmstudio.cli import app
from fmstudio.cli.app import app as commands
from fmstudio.cli.overriding import asked

ENDS = ("source", "target", "path", "coupling", "pairs", "settings")
MOTION = ("dynamics", "solver", "sigma")
ENDINGS = {"still": "png", "render": "mp4", "sample": "npz"}
SMALL = ["--size", "160x120", "--set", "simulation.particles=100"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def options(command: str) -> dict[str, Any]:
    found = next(c.callback for c in commands.registered_commands if c.callback.__name__ == command)
    return {name: given.annotation for name, given in inspect.signature(found).parameters.items()}


@pytest.mark.parametrize("command", ["still", "render", "train", "sample"])
def test_that_a_command_takes_the_options_of_all(command: str) -> None:
    sample = options("sample")
    shared = ENDS if command == "train" else (*ENDS, *MOTION)
    assert {name: options(command)[name] for name in shared} == {name: sample[name] for name in shared}


@pytest.mark.parametrize("command", ["still", "render", "sample"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--source", "rnig"], "did you mean 'ring'?"),
        (["--target", "two-mons"], "did you mean 'two-moons'?"),
        (["--path", "cosin"], "did you mean 'cosine'?"),
        (["--coupling", "brigde"], "did you mean 'bridge'?"),
        (["--pairs", "otto"], "did you mean 'ot'?"),
        (["--dynamics", "sd"], "did you mean 'sde'?"),
        (["--solver", "rk5"], "did you mean 'rk4'?"),
        (["--sigma", "1"], "take sde or langevin"),
        (["--steps", "0"], "simulation.steps = 0"),
        (["--set", "simulation.stesp=3"], "did you mean 'steps'?"),
    ],
)
def test_that_a_misspelt_override_is_one_sentence(
    command: str, arguments: list[str], words: str, tmp_path: Path
) -> None:
    out = tmp_path / f"a.{ENDINGS[command]}"
    done = run(command, "two-moons", "-o", out, *arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


CHANGES = (
    "--source ring --target two-spirals --coupling bridge --set coupling.sigma=0.6",
    "--path vp --dynamics sde --sigma 0.5 --solver stochastic-heun --steps 90",
    "--dynamics interpolant",
    "--target formula --set target.expression=p=exp(-x^2-y^2)",
)


@pytest.mark.parametrize("changed", CHANGES)
def test_that_a_picture_shows_what_is_overridden(changed: str, tmp_path: Path) -> None:
    plain, other = tmp_path / "plain.png", tmp_path / "other.png"
    assert run("still", "two-moons", "-o", plain, *SMALL).exit_code == 0
    done = run("still", "two-moons", "-o", other, *SMALL, *changed.split())
    assert done.exit_code == 0, done.stderr
    assert plain.read_bytes() != other.read_bytes()


def test_that_a_film_is_of_what_is_overridden(tmp_path: Path) -> None:
    out = tmp_path / "a.mp4"
    changed = ["--source", "ring", "--dynamics", "sde"]
    done = run("render", "two-moons", "-o", out, *SMALL, "--seconds", 0.1, *changed)
    assert done.exit_code == 0, done.stderr
    assert out.stat().st_size > 0


def test_that_an_option_reaches_every_pane() -> None:
    """Panes that had their own follow; those that it made alike are one, and no heading says otherwise."""
    compared = asked("ode-and-sde", None).document
    assert len({compared.experiment(i).dynamics for i in range(len(compared.view.panes))}) > 1
    langevin = asked("ode-and-sde", None, dynamics="langevin", steps=37).document
    for index, pane in enumerate(langevin.view.panes):
        experiment = langevin.experiment(index)
        assert (experiment.dynamics.kind, experiment.simulation.steps) == ("langevin", 37)
        assert "SDE" not in pane.title
    assert len(langevin.view.panes) < len(compared.view.panes)


def test_that_steps_reach_panes_that_count_their_own() -> None:
    document = asked("euler-heun", None, steps=23).document
    assert {document.experiment(i).simulation.steps for i in range(len(document.view.panes))} == {23}


def test_that_nothing_changes_unasked() -> None:
    from fmstudio.studio.opening import open_document

    assert asked("noise-level", None).document == open_document("noise-level")[0]


def test_that_a_refused_number_of_steps_is_told_as_it_was_asked() -> None:
    with pytest.raises(ValueError, match=r"^simulation.steps = 0 "):
        asked("euler-heun", None, steps=0)
