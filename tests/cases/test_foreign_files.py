"""Files that people reported of such programs: each comes out right, or in a sentence that says why not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fmstudio.cli import app
from fmstudio.document.imports import ImportProblem, import_picture, import_points

CASES = Path(__file__).parents[1] / "data" / "cases"


def sampled(name: str, out: Path) -> tuple[np.ndarray, dict[str, float]]:
    """What the shell samples of a file, and what it measures of these samples."""
    path = str(CASES / name)
    runner = CliRunner()
    told = runner.invoke(
        app, ["sample", "-o", str(out), "-n", "600", "--seed", "1", "--steps", "60", "--target", path]
    )
    assert told.exit_code == 0, told.stderr
    assert "one unit of the plane is" in told.stderr
    measured = runner.invoke(app, ["measure", str(out), "--target", path, "--json"])
    with np.load(out) as arrays:
        return arrays["x"], json.loads(measured.stdout)


def test_that_points_in_metres_of_a_map_zone_keep_their_last_digits(tmp_path: Path) -> None:
    x, figures = sampled("survey.csv", tmp_path / "o.npz")
    points = np.loadtxt(CASES / "survey.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(x.std(axis=0), points.std(axis=0), rtol=0.1)
    np.testing.assert_allclose(x.mean(axis=0), points.mean(axis=0), atol=0.1)
    assert len(np.unique(x[:, 1])) > 580
    assert figures["w2"] < 0.15


def test_that_points_in_millionths_keep_their_shape(tmp_path: Path) -> None:
    x, figures = sampled("metres.csv", tmp_path / "o.npz")
    points = np.loadtxt(CASES / "metres.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(x.std(axis=0), points.std(axis=0), rtol=0.1)
    assert figures["w2"] < 0.2 * points.std()


@pytest.mark.parametrize("name", ["tab.tsv", "quoted.csv", "sep.csv", "minus.csv"])
def test_that_no_dialect_of_a_spreadsheet_is_refused(name: str) -> None:
    spec = import_points(CASES / "decimal-comma-tab-quoted" / name)
    assert spec.points.shape == (400, 2)
    np.testing.assert_allclose(spec.units.from_plane(spec.points.values)[0], [1.122, -0.5453], rtol=1e-6)


@pytest.mark.parametrize("name", ["cols.csv", "index.csv"])
def test_that_headers_and_indices_of_pandas_are_no_points(name: str) -> None:
    spec = import_points(CASES / "pandas-headers" / name)
    assert spec.points.shape == (400, 2)
    np.testing.assert_allclose(spec.points.values[0], [1.12195, -0.54531], rtol=1e-6)
    assert spec.remarks


def test_that_a_first_row_with_a_bad_cell_is_no_header() -> None:
    assert import_points(CASES / "first-row-vanishes" / "minus.csv").points.shape == (4, 2)
    for name in ("na.csv", "typo.csv"):
        with pytest.raises(ImportProblem, match="line 1"):
            import_points(CASES / "first-row-vanishes" / name)


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("black_on_darkgrey", 0.044),
        ("white_on_lightgrey", 0.044),
        ("isoluminant", 0.044),
        ("both_on_grey", 0.087),
    ],
)
def test_that_ink_is_what_differs_in_either_direction_and_in_colour(name: str, share: float) -> None:
    mass = import_picture(CASES / "grey-ground" / f"{name}.png").raster.values
    assert (mass > 0.5 * mass.max()).mean() == pytest.approx(share, rel=0.05)


def test_that_a_film_is_shown_from_its_first_frame_with_ink() -> None:
    spec = import_picture(CASES / "first-frame-blank" / "blank_first.gif")
    assert (spec.raster.values > 0.5).mean() == pytest.approx(0.044, rel=0.05)
    assert "first frame with ink" in spec.remarks
