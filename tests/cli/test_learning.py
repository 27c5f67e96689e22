"""fmstudio train, sample, measure: what they write, and what they say of bad input."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from fmstudio.cli import app
from fmstudio.document.specs.distribution import PointsSpec, RingSpec
from fmstudio.document.specs.path import VPSpec
from fmstudio.document.specs.view import FieldChoice
from fmstudio.studio.opening import open_document

SMALL = ["--set", "model.width=8", "--set", "model.layers=1", "--set", "training.batch_size=32"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def sentence(result: Result) -> str:
    """The last line on standard error (a bar may stand before it)."""
    return result.stderr.strip().splitlines()[-1]


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    out = tmp_path / "trained.fmstudio"
    assert run("train", "-o", out, "--steps", 20, *SMALL).exit_code == 0
    return out


def arrays(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as found:
        return dict(found)


# ---- train -------------------------------------------------------------------------------------------


def test_that_training_writes_a_document_with_its_model_and_reports(tmp_path: Path) -> None:
    out = tmp_path / "a.fmstudio"
    options = ["--path", "vp", "--objective", "dsm", "--seed", 5, "--steps", 25]
    result = run("train", "-o", out, "--json", *options, *SMALL)
    report = json.loads(result.stdout)
    assert set(report) == {"steps", "seconds", "steps_per_second", "final_loss", "loss_floor", "device"}
    assert report["steps"] == 25
    assert report["steps_per_second"] == pytest.approx(25 / report["seconds"])
    assert report["loss_floor"] < report["final_loss"]
    document, (model,) = open_document(str(out))
    assert isinstance(document.path, VPSpec)
    assert (document.training.seed, document.model.width, model.step) == (5, 8, 25)
    assert document.view.panes[0].field is FieldChoice.LEARNED


def test_that_a_training_keeps_its_checkpoints_and_a_picture_shows_any(tmp_path: Path) -> None:
    out = tmp_path / "a.fmstudio"
    assert run("train", "-o", out, "--steps", 30, *SMALL).exit_code == 0
    _, (model,) = open_document(str(out))
    assert [kept.step for kept in model.checkpoints] == [0, 1, 2, 5, 10, 20]
    samples = []
    for step in (1, 10, None):
        chosen = [] if step is None else ["--set", f"view.training_step={step}"]
        result = run("sample", out, "-o", tmp_path / "s.npz", "-n", 8, "--field", "learned", *chosen)
        assert result.exit_code == 0, result.stderr
        samples.append(arrays(tmp_path / "s.npz")["x"])
    assert not np.array_equal(samples[0], samples[1])
    assert not np.array_equal(samples[1], samples[2])


@pytest.mark.parametrize(("source", "coupling"), [("ring", "independent"), ("standard-normal", "ot")])
def test_that_the_floor_is_told_of_any_ends_but_not_of_pairs_of_a_batch(
    tmp_path: Path, source: str, coupling: str
) -> None:
    ends = ["--source", source, "--pairs", coupling]
    result = run("train", "-o", tmp_path / "a.fmstudio", "--json", *ends, "--steps", 3, *SMALL)
    assert (json.loads(result.stdout)["loss_floor"] is None) is (coupling == "ot")


@pytest.mark.parametrize("objective", ["cnf-ml", "realnvp"])
def test_that_models_by_likelihood_are_trained_and_sampled(tmp_path: Path, objective: str) -> None:
    out, samples = tmp_path / "a.fmstudio", tmp_path / "a.npz"
    assert run("train", "-o", out, "--objective", objective, "--steps", 3, *SMALL).exit_code == 0
    assert run("sample", out, "-o", samples, "-n", 50, "--steps", 5, "--log-density").exit_code == 0
    assert np.isfinite(arrays(samples)["log_density"]).all()


def test_that_an_interrupt_keeps_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fmstudio.engine.worker import learning

    steps_of, out = learning.steps_of, tmp_path / "a.fmstudio"

    def interrupted(*arguments: Any) -> Iterator[Any]:
        for count, step in enumerate(steps_of(*arguments)):
            if count == 100:
                os.kill(os.getpid(), signal.SIGINT)
            yield step

    monkeypatch.setattr(learning, "steps_of", interrupted)
    result = run("train", "-o", out, "--steps", 900_000, "--json", *SMALL)
    assert result.exit_code == 0
    _, (model,) = open_document(str(out))
    assert 0 < model.step == json.loads(result.stdout)["steps"] < 900_000


def test_that_training_again_replaces_the_model_of_the_same_recipe(trained: Path, tmp_path: Path) -> None:
    again, other = tmp_path / "again.fmstudio", tmp_path / "other.fmstudio"
    assert run("train", trained, "-o", again, "--steps", 20).exit_code == 0
    assert len(open_document(str(again))[1]) == 1
    assert run("train", trained, "-o", other, "--pairs", "ot", "--steps", 5).exit_code == 0
    assert len(open_document(str(other))[1]) == 2


def test_that_a_diverging_training_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fmstudio.engine.worker import learning
    from fmstudio.flows.learning.training import TrainingDiverged

    def diverging(*_: object) -> Iterator[None]:
        raise TrainingDiverged("Training diverged at step 3. Lower the learning rate.")
        yield

    monkeypatch.setattr(learning, "steps_of", diverging)
    out = tmp_path / "a.fmstudio"
    result = run("train", "-o", out, *SMALL)
    assert result.exit_code == 1
    assert sentence(result) == "Training diverged at step 3. Lower the learning rate."
    assert not out.exists()


# ---- files as distributions --------------------------------------------------------------------------


def test_that_points_of_a_file_stay_where_they_lie(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(20.0, 3.0, (300, 2))
    np.save(tmp_path / "far.npy", points)
    out, samples = tmp_path / "a.fmstudio", tmp_path / "a.npz"
    assert run("train", "-o", out, "--target", tmp_path / "far.npy", "--steps", 30, *SMALL).exit_code == 0
    document, _ = open_document(str(out))
    assert isinstance(document.target, PointsSpec)
    told = document.target.units.from_plane(document.target.points.values)
    np.testing.assert_allclose(told, points, rtol=1e-6)
    assert run("sample", out, "-o", samples, "-n", 400).exit_code == 0
    np.testing.assert_allclose(arrays(samples)["x"].mean(0), [20.0, 20.0], atol=1.0)


def test_that_a_picture_is_a_density_and_a_source_may_be_any_built_in(tmp_path: Path) -> None:
    from PIL import Image

    picture = np.full((32, 32), 255, np.uint8)
    picture[8:16, 4:28] = 0
    Image.fromarray(picture).save(tmp_path / "bar.png")
    out = tmp_path / "a.fmstudio"
    target = ["--target", tmp_path / "bar.png", "--source", "ring"]
    assert run("train", "-o", out, *target, "--steps", 3, *SMALL).exit_code == 0
    document, _ = open_document(str(out))
    assert (document.target.kind, document.source) == ("drawn", RingSpec())


@pytest.mark.parametrize("end", ["source", "target"])
def test_that_a_formula_is_trained_on_and_sampled_at_either_end(tmp_path: Path, end: str) -> None:
    out, samples = tmp_path / "a.fmstudio", tmp_path / "a.npz"
    text = f"{end}.expression=p = exp(-20 (x - 1)^2 - 20 (y + 1)^2)"
    chosen = ["--set", f"{end}.kind=formula", "--set", text]
    result = run("train", "-o", out, *chosen, "--steps", 3, *SMALL)
    assert (result.exit_code, result.stderr.count("Formula")) == (0, 0)
    spec = getattr(open_document(str(out))[0], end)
    assert (spec.expression, spec.is_log) == ("exp(-20 (x - 1)^2 - 20 (y + 1)^2)", False)
    if end == "target":
        assert run("sample", out, "-o", samples, "-n", 400, "--field", "exact").exit_code == 0
        np.testing.assert_allclose(arrays(samples)["x"].mean(0), [1.0, -1.0], atol=0.1)
        np.testing.assert_allclose(arrays(samples)["x"].std(0), [0.158, 0.158], atol=0.03)


def test_that_what_became_of_a_formula_is_told(tmp_path: Path) -> None:
    chosen = ["--target", "formula", "--set", "target.expression=p = exp(-x^2)"]
    result = run("sample", "-o", tmp_path / "a.npz", "-n", 2, *chosen)
    assert result.exit_code == 0
    told = result.stderr.strip().splitlines()[0]
    assert told == "Formula: Cut off at the border of the square: what lies beyond is left out."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("exp(-x^2", "not closed (at sign 4)"),
        ("log p = exp -x", "exp needs parentheses: exp(x) (at sign 1)"),
        ("p = x", "p is negative"),
        ("-3 log(r)", "a peak at (0, 0)"),
        ("log(0)", "zero in every cell"),
    ],
)
def test_that_a_formula_that_is_no_density_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    out = tmp_path / "a.npz"
    chosen = ["--target", "formula", "--set", f"target.expression={text}"]
    result = run("sample", "-o", out, "-n", 2, *chosen)
    assert result.exit_code == 2
    assert words in sentence(result)
    assert len(result.stderr.strip().splitlines()) == 1
    assert not out.exists()


# ---- sample ------------------------------------------------------------------------------------------


def test_that_samples_have_the_arrays_that_were_asked_for(trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.npz"
    run("sample", trained, "-o", out, "-n", 37, "--steps", 8, "--trajectories", "--log-density")
    found = arrays(out)
    assert set(found) == {"x", "t", "trajectories", "log_density"}
    assert found["x"].shape == (37, 2)
    assert found["trajectories"].shape == (9, 37, 2)
    assert found["log_density"].shape == (37,)
    np.testing.assert_allclose(found["t"], np.linspace(0, 1, 9))
    np.testing.assert_array_equal(found["trajectories"][-1], found["x"])
    run("sample", trained, "-o", out, "-n", 2)
    assert set(arrays(out)) == {"x", "t"}


def test_that_the_learned_field_is_taken_where_the_document_holds_it(trained: Path, tmp_path: Path) -> None:
    fields: dict[str, Any] = {}
    for field in ("", "learned", "exact"):
        chosen = ["--field", field] if field else []
        run("sample", trained, "-o", tmp_path / "a.npz", "-n", 50, "--seed", 1, *chosen)
        fields[field] = arrays(tmp_path / "a.npz")["x"]
    np.testing.assert_array_equal(fields[""], fields["learned"])
    assert np.abs(fields["exact"] - fields["learned"]).max() > 1e-3


def test_that_the_same_seed_gives_the_same_samples(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(
            "sample",
            "-o",
            tmp_path / f"{name}.npz",
            "-n",
            20,
            "--steps",
            5,
            "--dynamics",
            "sde",
            "--seed",
            seed,
        )
    a, b, c = (arrays(tmp_path / f"{name}.npz")["x"] for name in "abc")
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def test_that_samples_start_at_given_points(tmp_path: Path) -> None:
    start = np.array([[0.5, 0.5], [-1.0, 0.2], [0.0, 0.0]])
    np.save(tmp_path / "start.npy", start)
    run("sample", "-o", tmp_path / "a.npz", "--start", tmp_path / "start.npy", "--trajectories", "--steps", 4)
    np.testing.assert_allclose(arrays(tmp_path / "a.npz")["trajectories"][0], start)


def test_that_the_exact_log_density_is_the_targets_own(tmp_path: Path) -> None:
    import torch

    from fmstudio.flows.paths.shapes import two_moons

    run("sample", "-o", tmp_path / "a.npz", "-n", 30, "--steps", 20, "--log-density")
    found = arrays(tmp_path / "a.npz")
    expected = two_moons().log_prob(torch.from_numpy(found["x"])).numpy()
    np.testing.assert_allclose(found["log_density"], expected, atol=1e-3)


@pytest.mark.parametrize("dynamics", ["ode", "sde", "reverse-sde", "langevin", "ornstein-uhlenbeck"])
def test_that_every_dynamics_is_simulated(tmp_path: Path, dynamics: str) -> None:
    out = tmp_path / "a.npz"
    result = run(
        "sample", "-o", out, "-n", 40, "--dynamics", dynamics, "--log-density", "--target", "five-modes"
    )
    assert result.exit_code == 0, result.stderr
    assert np.isfinite(arrays(out)["log_density"]).all()


# ---- measure -----------------------------------------------------------------------------------------


def test_that_exact_samples_measure_as_the_floor_and_others_do_not(tmp_path: Path) -> None:
    out = tmp_path / "a.npz"
    run("sample", "-o", out, "-n", 400, "--trajectories", "--target", "eight-gaussians")
    near = json.loads(run("measure", out, "--target", "eight-gaussians", "--json").stdout)
    assert set(near) >= {"w2", "w2_floor", "sliced_w2", "mmd", "energy_distance", "npe"}
    assert near["w2"] < 2 * near["w2_floor"]
    assert near["npe"] > 0
    far = json.loads(run("measure", out, "--target", "pinwheel", "--json", "--source", "ring").stdout)
    assert far["w2"] > 2 * far["w2_floor"]


def test_that_a_target_file_is_compared_with_as_it_is(tmp_path: Path) -> None:
    x = np.random.default_rng(1).normal(size=(100, 2)).astype(np.float32)
    np.save(tmp_path / "points.npy", x)
    np.savez(tmp_path / "same.npz", x=x)
    found = json.loads(
        run("measure", tmp_path / "same.npz", "--target", tmp_path / "points.npy", "--json").stdout
    )
    assert found["w2"] == pytest.approx(0.0, abs=1e-6)
    assert found["w2_floor"] > 0.05
    assert found["npe"] is None


# ---- bad input ---------------------------------------------------------------------------------------

BAD = [
    (["sample", "-o", "a.npz", "-n", "0"], "n must be at least 2, got 0"),
    (["sample", "-o", "a.npz", "-n", "1"], "n must be at least 2, got 1"),
    (["sample", "-o", "a.npz", "--steps", "0"], "simulation.steps = 0"),
    (["sample", "-o", "a.npz", "--dynamics", "sde", "--sigma", "-1"], "dynamics.sigma = -1.0"),
    (["sample", "-o", "a.npz", "--dynamics", "ode", "--sigma", "1"], "take sde or langevin"),
    (["sample", "-o", "a.npz", "--dynamics", "sd"], "did you mean 'sde'?"),
    (["sample", "-o", "a.npz", "--solver", "rk5"], "did you mean 'rk4'?"),
    (["sample", "-o", "a.npz", "--field", "learned"], "DOC holds no model"),
    (["sample", "-o", "a.npz", "--target", "two-mons"], "did you mean 'two-moons'?"),
    (["sample", "-o", "a.npz", "--target", "nowhere.npy"], "nowhere.npy is not there"),
    (["sample", "-o", "a.npz", "--start", "nowhere.npy"], "nowhere.npy is not there"),
    (["sample", "-o", "a.txt"], "must end in .npz"),
    (["sample", "two-mons", "-o", "a.npz"], "did you mean 'two-moons'?"),
    (["train", "-o", "a.fmstudio", "--path", "cosin"], "did you mean 'cosine'?"),
    (["train", "-o", "a.fmstudio", "--pairs", "otto"], "did you mean 'ot'?"),
    (["sample", "-o", "a.npz", "--coupling", "brigde"], "did you mean 'bridge'?"),
    (["sample", "-o", "a.npz", "--coupling", "bridge", "--set", "coupling.sigma=0"], "coupling.sigma"),
    (["train", "-o", "a.fmstudio", "--objective", "cmf"], "did you mean 'cfm'?"),
    (["train", "-o", "a.fmstudio", "--steps", "0"], "training.steps = 0"),
    (["train", "-o", "a.fmstudio", "--device", "gpu"], "training.device = 'gpu'"),
    (["train", "-o", "a.fmstudio", "--set", "model.widht=64"], "did you mean 'width'?"),
    (["train", "-o", "a.fmstudio", "--set", "path.kind=cosin"], "did you mean 'cosine'?"),
    (["train", "-o", "a.fmstudio", "--set", "model.width"], "path.to.field=value"),
    (["measure", "nowhere.npz", "--target", "two-moons"], "nowhere.npz is not there"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_that_bad_input_gives_one_sentence_and_code_2(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2, result.stderr
    assert words in sentence(result)
    assert not list(tmp_path.iterdir())


def test_that_a_folder_that_is_not_there_is_a_failure_before_anything_is_computed(tmp_path: Path) -> None:
    result = run("train", "-o", tmp_path / "no" / "a.fmstudio", "--steps", 1_000_000)
    assert result.exit_code == 1
    assert "is not there" in sentence(result)


def test_that_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([["a", "b"]]))
    result = run("measure", tmp_path / "a.npz", "--target", "two-moons")
    assert result.exit_code == 2
    (tmp_path / "b.npz").write_bytes(b"PK\x03\x04 broken")
    assert run("measure", tmp_path / "b.npz", "--target", "two-moons").exit_code == 2


# ---- options and settings ----------------------------------------------------------------------------

NAMED = [
    ("sample", ["--dynamics", "ornstein-uhlenbeck"], "dynamics.theta=1"),
    ("sample", ["--dynamics", "langevin", "--sigma", 0.5], "dynamics.duration=1"),
    ("sample", ["--dynamics", "sde", "--solver", "stochastic-heun"], "dynamics.profile=constant"),
    ("sample", ["--path", "vp"], "path.beta_max=2"),
    ("sample", ["--source", "ring"], "source.radius=1"),
    ("sample", ["--target", "ring"], "target.radius=1"),
    ("train", ["--path", "ve"], "path.sigma_max=3"),
    ("train", ["--objective", "cnf-ml"], "training.steps=2"),
    ("train", ["--pairs", "ot"], "training.steps=2"),
    ("sample", ["--source", "ring", "--coupling", "bridge"], "coupling.sigma=0.8"),
    ("train", ["--steps", 900], "training.steps=2"),
]


@pytest.mark.parametrize(("command", "named", "setting"), NAMED, ids=str)
def test_that_settings_are_applied_after_every_named_option(
    command: str, named: list[object], setting: str, tmp_path: Path
) -> None:
    few = ["-n", 10, "--steps", 60] if command == "sample" else ["--set", "training.steps=2", *SMALL]
    out = tmp_path / ("a.npz" if command == "sample" else "a.fmstudio")
    result = run(command, "-o", out, *few, *named, "--set", setting)
    assert result.exit_code == 0, result.stderr


# ---- where particles go, and where they come from ----------------------------------------------------


@pytest.mark.parametrize("sigma", [5])
def test_that_particles_that_run_away_end_the_command_with_the_windows_sentence(
    sigma: float, tmp_path: Path
) -> None:
    constant = ["--set", "dynamics.profile=constant", "--set", f"dynamics.sigma={sigma}"]
    result = run("sample", "-o", tmp_path / "a.npz", "-n", 100, "--dynamics", "sde", *constant)
    assert result.exit_code == 1
    assert "too long" in sentence(result)
    assert not (tmp_path / "a.npz").exists()


@pytest.mark.parametrize("path", [["vp", "path.beta_max=2"], ["ve", "path.sigma_max=1"]])
def test_that_a_path_that_does_not_reach_its_source_ends_at_its_target_and_says_so(
    path: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "a.npz"
    result = run("sample", "-o", out, "-n", 600, "--path", path[0], "--set", path[1])
    assert result.exit_code == 0
    assert "does not quite reach its source" in result.stderr
    figures = json.loads(run("measure", out, "--target", "two-moons", "--json").stdout)
    assert figures["w2"] < 1.5 * figures["w2_floor"]


def test_that_a_step_that_was_not_kept_is_a_sentence(tmp_path: Path) -> None:
    result = run("still", "two-moons", "-o", tmp_path / "a.png", "--step", 20, "--size", "64x48")
    assert result.exit_code == 1
    assert sentence(result).startswith("No steps of a training are kept here")
    assert not (tmp_path / "a.png").exists()
