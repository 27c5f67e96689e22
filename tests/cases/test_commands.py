"""Reports about commands of the shell: each is typed as it was reported."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from fmstudio.cli import app
from fmstudio.document.document import Document
from fmstudio.document.editing import with_field
from fmstudio.document.files import load, save
from fmstudio.document.specs.dynamics import SDESpec, SigmaProfile, SimulationSpec
from fmstudio.render import fonts
from tests.cases import DATA
from tests.shells import is_a_sentence, sentence_of, shell
from tests.videos import stream_of

FLOOR = 0.103
"""W2 of 2,000 exact draws of the two moons from 2,000 others"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def sampled(out: Path, *arguments: str | Path) -> dict[str, np.ndarray]:
    done = run("sample", "-o", out, *arguments)
    assert done.exit_code == 0, done.stderr
    with np.load(out) as arrays:
        return dict(arrays)


def distance(out: Path, *arguments: str) -> float:
    """W2 from samples to the two moons, as the shell measures it."""
    sampled(out, "-n", "4000", "--seed", "1", *arguments)
    measured = run("measure", out, "--target", "two-moons", "--points", "2000", "--json")
    return float(json.loads(measured.stdout)["w2"])


# ---- names and options -------------------------------------------------------------------------------


def test_that_colon_in_file_name_is_no_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    film = "2026-01-26T20:57:04Z.mp4"
    done = run("render", "two-moons", "-o", film, "--size", "160x120", "--fps", 10, "--seconds", 0.5)
    assert done.exit_code == 0, done.stderr
    assert tuple(stream_of(tmp_path / film)) == (160, 120, 5)


def test_that_folder_named_like_gallery_is_no_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two-moons").mkdir()
    assert run("still", "two-moons", "-o", "s.png", "--size", "160x120").exit_code == 0
    assert run("sample", "-o", "s.npz", "-n", 10).exit_code == 0
    assert run("train", "-o", "t.fmstudio", "--steps", 2).exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"two-moons", "s.png", "s.npz", "t.fmstudio"}


def test_that_option_order_does_not_matter_to_settings(tmp_path: Path) -> None:
    for dynamics, setting in (("ornstein-uhlenbeck", "theta=1"), ("langevin", "duration=2")):
        orders = (["--dynamics", dynamics], ["--set", f"dynamics.{setting}"])
        ends = [
            sampled(tmp_path / "o.npz", "-n", "100", "--seed", "1", *first, *second)["x"]
            for first, second in (orders, orders[::-1])
        ]
        np.testing.assert_array_equal(*ends)


@pytest.mark.parametrize("fps", [30, 60, 100, 120])
def test_that_gif_fast_frames_last_as_long_as_asked(fps: int, tmp_path: Path) -> None:
    out = tmp_path / "g.gif"
    done = run("render", "two-moons", "-o", out, "--size", "160x120", "--fps", fps, "--seconds", 1)
    assert done.exit_code == 0, done.stderr
    assert ("at most 50 frames" in done.output) == (fps > 50)
    with Image.open(out) as film:
        delays = []
        for frame in range(film.n_frames):
            film.seek(frame)
            delays.append(film.info["duration"])
    assert min(delays) >= 20
    assert sum(delays) == pytest.approx(1000, abs=20)


# ---- paths and noise ---------------------------------------------------------------------------------

SDE = ("--set", "dynamics.kind=sde", "--set", "dynamics.profile=constant")


@pytest.mark.parametrize("sigma", ["2", "5"])
def test_that_sde_constant_sigma_silent_no_more(sigma: str, tmp_path: Path) -> None:
    asked = ("-n", "4000", "--seed", "1", "--steps", "100", *SDE, "--set", f"dynamics.sigma={sigma}")
    done = run("sample", "-o", tmp_path / "o.npz", *asked)
    assert done.exit_code == 1
    assert is_a_sentence(done.stderr.strip())
    assert "100 steps are too long for this noise" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_that_sde_constant_sigma_silent_is_right_where_it_runs(tmp_path: Path) -> None:
    noise = (*SDE, "--set", "dynamics.sigma=1")
    assert distance(tmp_path / "o.npz", "--steps", "300", *noise) < 1.5 * FLOOR


@pytest.mark.parametrize("command", ["still", "render"])
def test_that_sde_constant_sigma_silent_pictures_are_refused_too(command: str, tmp_path: Path) -> None:
    out = tmp_path / ("s.png" if command == "still" else "s.mp4")
    noisy, silent = tmp_path / "noisy.fmstudio", SDESpec(profile=SigmaProfile.CONSTANT, sigma=5)
    save(noisy, Document(dynamics=silent, simulation=SimulationSpec(steps=100)))
    done = run(command, noisy, "-o", out, "--size", "160x120")
    assert done.exit_code == 1
    assert "steps are too long for this noise" in done.stderr
    assert "Traceback" not in done.output
    assert list(tmp_path.iterdir()) == [noisy]


@pytest.mark.parametrize(
    "path",
    [("vp", "path.beta_max=0.5"), ("vp", "path.beta_max=2"), ("ve", "path.sigma_max=1")],
    ids=lambda path: path[1],
)
def test_that_start_is_not_p0_is_told(path: tuple[str, str], tmp_path: Path) -> None:
    """That particles start from p_0 and end at the target is held by ``verify schedules``."""
    asked = ("--path", path[0], "--set", path[1], "--steps", "10")
    told = run("sample", "-o", tmp_path / "o.npz", "-n", "10", *asked)
    assert told.exit_code == 0, told.stderr
    assert "particles start from p" in told.stderr


# ---- figures -----------------------------------------------------------------------------------------


def test_that_flat_source_likelihood_is_finite_at_a_models_own_samples(tmp_path: Path) -> None:
    model = tmp_path / "u.fmstudio"
    ends = ("--target", "two-moons", "--source", "uniform-square")
    trained = run("train", "-o", model, "--steps", "200", *ends, "--seed", "1")
    assert trained.exit_code == 0, trained.stderr
    asked = ("-n", "1000", "--steps", "30", "--log-density", "--seed", "2")
    log_density = sampled(tmp_path / "o.npz", model, *asked)["log_density"]
    assert np.isfinite(log_density).all()
    assert -5 < log_density.mean() < 0


# ---- what stands around a command --------------------------------------------------------------------

NO_EGL = {"__EGL_VENDOR_LIBRARY_FILENAMES": "/nonexistent.json"}


@pytest.mark.parametrize("display", [{}, {"DISPLAY": ":77"}], ids=["none", "stale"])
def test_that_no_opengl_traceback_is_shown(display: dict[str, str], tmp_path: Path) -> None:
    done = shell("still", "two-moons", "-o", "s.png", "--size", "160x120", cwd=tmp_path, **NO_EGL, **display)
    assert done.returncode == 1
    assert sentence_of(done).startswith("There is no OpenGL to draw with: install libegl1")


@pytest.mark.parametrize(
    "display", [{"DISPLAY": ":77"}, {"WAYLAND_DISPLAY": "wayland-9"}], ids=["x11", "wayland"]
)
def test_that_stale_display_is_one_sentence(display: dict[str, str], tmp_path: Path) -> None:
    done = shell(cwd=tmp_path, **display)
    assert done.returncode == 1
    (value,) = display.values()
    assert value in sentence_of(done)
    assert value in shell("doctor", cwd=tmp_path, **display).stdout.decode()


@pytest.mark.parametrize("command", [("gallery",), ("verify", "linear-sde")], ids=lambda c: c[0])
def test_that_legacy_console_encoding_is_spoken(command: tuple[str, ...], tmp_path: Path) -> None:
    legacy = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252"}
    plain = shell(*command, cwd=tmp_path, **legacy)
    assert plain.returncode == 0, plain.stderr
    assert len(plain.stdout.decode("cp1252").splitlines()) > 1
    as_json = shell(*command, "--json", cwd=tmp_path, **legacy)
    assert as_json.returncode == 0, as_json.stderr
    assert json.loads(as_json.stdout.decode("utf-8"))


def test_that_title_without_glyphs_is_drawn_where_a_font_has_them(tmp_path: Path) -> None:
    """Empty boxes would be the same for any four signs."""
    first, second = (_titled(tmp_path, title) for title in ("二つの月 Ж σ ✓ 🌙", "月月月月 Ж σ ✓ 🌙"))
    assert (first != second) == any(fonts._has(path, "月") for path in fonts._system_fonts())
    assert _titled(tmp_path, "二つの月 Ж σ ✓ 🌙") == first


def _titled(folder: Path, title: str) -> bytes:
    """A still of the document of the report, with this title."""
    document, _ = load(DATA / "title-without-glyphs" / "title.fmstudio")
    pane = document.view.panes[0].model_copy(update={"title": title})
    save(folder / "titled.fmstudio", with_field(document, "view.panes", (pane,)))
    done = run("still", folder / "titled.fmstudio", "-o", folder / "t.png", "--size", "720x480")
    assert done.exit_code == 0, done.stderr
    return (folder / "t.png").read_bytes()
