"""Files that people reported of such programs: each comes out right, or in a sentence that says why not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fmstudio.cli import app
from fmstudio.document.imports import ImportProblem, import_picture, import_points
from tests.cases import DATA


def sampled(name: str, out: Path) -> tuple[np.ndarray, dict[str, float]]:
    """What the shell samples of a file, and what it measures of these samples."""
    path = str(DATA / name)
    runner = CliRunner()
    told = runner.invoke(
        app, ["sample", "-o", str(out), "-n", "600", "--seed", "1", "--steps", "60", "--target", path]
    )
    assert told.exit_code == 0, told.stderr
    assert "one unit of the plane is" in told.stderr
    measured = runner.invoke(app, ["measure", str(out), "--target", path, "--json"])
    with np.load(out) as arrays:
        return arrays["x"], json.loads(measured.stdout)


def test_that_far_coordinates_keep_their_last_digits(tmp_path: Path) -> None:
    x, figures = sampled("far-coordinates/survey.csv", tmp_path / "o.npz")
    points = np.loadtxt(DATA / "far-coordinates" / "survey.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(x.std(axis=0), points.std(axis=0), rtol=0.1)
    np.testing.assert_allclose(x.mean(axis=0), points.mean(axis=0), atol=0.1)
    assert len(np.unique(x[:, 1])) > 580
    assert figures["w2"] < 0.15


def test_that_tiny_coordinates_keep_their_shape(tmp_path: Path) -> None:
    x, figures = sampled("tiny-coordinates/metres.csv", tmp_path / "o.npz")
    points = np.loadtxt(DATA / "tiny-coordinates" / "metres.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(x.std(axis=0), points.std(axis=0), rtol=0.1)
    assert figures["w2"] < 0.2 * points.std()


@pytest.mark.parametrize("name", ["tab.tsv", "quoted.csv", "sep.csv", "minus.csv"])
def test_that_decimal_comma_tab_quoted_and_their_like_are_read(name: str) -> None:
    spec = import_points(DATA / "decimal-comma-tab-quoted" / name)
    assert spec.points.shape == (400, 2)
    np.testing.assert_allclose(spec.units.from_plane(spec.points.values)[0], [1.122, -0.5453], rtol=1e-6)


@pytest.mark.parametrize("name", ["cols.csv", "index.csv"])
def test_that_pandas_headers_and_indices_are_no_points(name: str) -> None:
    spec = import_points(DATA / "pandas-headers" / name)
    assert spec.points.shape == (400, 2)
    np.testing.assert_allclose(spec.points.values[0], [1.12195, -0.54531], rtol=1e-6)
    assert spec.remarks


def test_that_first_row_vanishes_for_no_bad_cell() -> None:
    assert import_points(DATA / "first-row-vanishes" / "minus.csv").points.shape == (4, 2)
    for name in ("na.csv", "typo.csv"):
        with pytest.raises(ImportProblem, match="line 1"):
            import_points(DATA / "first-row-vanishes" / name)


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("black_on_darkgrey", 0.044),
        ("white_on_lightgrey", 0.044),
        ("isoluminant", 0.044),
        ("both_on_grey", 0.087),
    ],
)
def test_that_grey_ground_is_no_ink_and_what_differs_is(name: str, share: float) -> None:
    mass = import_picture(DATA / "grey-ground" / f"{name}.png").raster.values
    assert (mass > 0.5 * mass.max()).mean() == pytest.approx(share, rel=0.05)


def test_that_first_frame_blank_is_passed_over() -> None:
    spec = import_picture(DATA / "first-frame-blank" / "blank_first.gif")
    assert (spec.raster.values > 0.5).mean() == pytest.approx(0.044, rel=0.05)
    assert "first frame with ink" in spec.remarks
