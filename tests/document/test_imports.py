"""Imports: every file becomes a distribution that looks like it, or one sentence."""

from __future__ import annotations

import io
import pickle
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw

from fmstudio.document.imports import SUFFIXES, ImportProblem, import_picture, import_points, import_target
from fmstudio.document.point_files import MAX_POINTS
from fmstudio.document.specs.distribution import DrawnSpec, PointsSpec

GOOD_TEXTS = {
    "comma": "1,2\n3,4\n-1,0.5\n",
    "header": "x,y\n1,2\n3,4\n-1,0.5\n",
    "quoted header, bom": '\ufeff"x","y"\r\n1,2\r\n3,4\r\n-1,0.5\r\n',
    "semicolon": "x;y\n1;2\n3;4\n-1;0.5",
    "decimal comma": "1,0;2,0\n3,0;4,0\n-1,0;0,5",
    "blanks": "  1   2\n3 4\n-1\t0.5\n\n",
    "comments": "# made by hand\n1,2 # first\n3,4\n-1,0.5",
    "trailing separator": "1,2,\n3,4,\n-1,0.5,\n",
    "exponents": "1e0,2\n0.3e1,4\n-1,5e-1\n",
}

BAD_TEXTS = {
    "": "empty",
    "\n\n": "no points",
    "x,y\n": "no points",
    "1,2\n": "one point",
    "1,2\n3,nan\n": "NaN",
    "1,2\n-inf,3\n": "infinite",
    "1,2,3\n4,5,6\n": "3 columns",
    "1\n2\n": "1 column",
    "1,2\n3,4,5\n": "line 2",
    "1,2\nthree,4\n": "line 2",
    "a,b\nc,d\n1,2\n3,4": "line 2",
}


def refusal(path: Path) -> str:
    with pytest.raises(ImportProblem) as caught:
        import_target(path)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert path.name in sentence
    return sentence


# ---- points ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", GOOD_TEXTS)
def test_that_text_of_any_usual_shape_reads_the_same(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "cloud.csv"
    path.write_bytes(GOOD_TEXTS[kind].encode())
    spec = import_points(path)
    np.testing.assert_array_equal(spec.points.values, [[1, 2], [3, 4], [-1, 0.5]])
    assert spec.name == "cloud"


@pytest.mark.parametrize("text", BAD_TEXTS)
def test_that_bad_text_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cloud.csv"
    path.write_text(text)
    assert BAD_TEXTS[text] in refusal(path)


def test_that_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cloud.txt"
    path.write_bytes("1,2\n3,4".encode("utf-16"))
    assert "UTF-8" in refusal(path)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((3, 3)), "3 columns"),
        (np.zeros(6), "shape (6,)"),
        (np.zeros((1, 2)), "one point"),
        (np.zeros((0, 2)), "no points"),
        (np.array([[0, 1], [np.nan, 2]]), "point 2"),
        (np.zeros((3, 2), complex), "numbers"),
        (np.array([["a", "b"]] * 3), "numbers"),
        (np.array([[{}, 1]] * 3, dtype=object), "numbers"),
    ],
)
def test_that_a_bad_npy_is_one_sentence(tmp_path: Path, array: np.ndarray, words: str) -> None:
    path = tmp_path / "cloud.npy"
    np.save(path, array, allow_pickle=True)
    assert words in refusal(path)


@pytest.mark.parametrize("data", [b"", b"nothing", b"\x93NUMPY\x01\x00", pickle.dumps([[1, 2]])])
def test_that_what_is_no_npy_is_one_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "cloud.npy"
    path.write_bytes(data)
    refusal(path)


@settings(max_examples=60, deadline=None)
@given(array=arrays(np.float64, st.tuples(st.integers(2, 20), st.just(2)), elements=st.floats(-1e308, 1e308)))
def test_that_any_finite_points_end_in_view_without_changing_shape(
    array: np.ndarray, tmp_path_factory
) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("points") / "cloud.npy"
    np.save(path, array)
    spec = import_points(path)
    values = spec.points.values.astype(np.float64)
    assert np.abs(values).max() <= 4.0
    if np.abs(array).max() <= 4.0:
        np.testing.assert_allclose(values, array, atol=1e-6)
        return
    assert "scaled by" in spec.name
    scale = np.abs(array).max()
    left, right = np.diff(array / scale, axis=0), np.diff(values, axis=0)
    # one factor for both axes and all points
    np.testing.assert_allclose(left * np.abs(right).max(), right * np.abs(left).max(), atol=1e-5)


def test_that_large_clouds_are_thinned_the_same_way_each_time_and_say_so(tmp_path: Path) -> None:
    path = tmp_path / "large.npy"
    np.save(path, np.random.default_rng(1).normal(size=(MAX_POINTS + 5, 2)) / 2)
    first, second = import_points(path), import_points(path)
    assert first == second
    assert first.points.shape == (MAX_POINTS, 2)
    assert "20,000 of 20,005 points" in first.name


# ---- pictures ----------------------------------------------------------------------------------------


def picture(
    ground: object, ink: object, mode: str = "RGB", size: tuple[int, int] = (300, 200)
) -> Image.Image:
    """A disc in the upper left quarter."""
    image = Image.new(mode, size, ground)  # type: ignore[arg-type]
    ImageDraw.Draw(image).ellipse((40, 30, 110, 100), fill=ink)  # type: ignore[arg-type]
    return image


GOOD_PICTURES = {
    "dark on light": picture("white", "black"),
    "light on dark": picture("#101020", "#ffffff"),
    "colour on paper": picture("#f4efe0", "#7a1020"),
    "grey": picture(255, 0, "L"),
    "one bit": picture(1, 0, "1"),
    "palette": picture("white", "black").convert("P"),
    "black on nothing": picture((0, 0, 0, 0), (0, 0, 0, 255), "RGBA"),
    "white on nothing": picture((255, 255, 255, 0), (255, 255, 255, 255), "RGBA"),
    "sixteen bits": Image.fromarray((np.asarray(picture(255, 0, "L")).astype(np.uint16)) * 200),
    "larger": picture("white", "black").resize((1500, 1000)),
}


@pytest.mark.parametrize("kind", GOOD_PICTURES)
def test_that_the_ink_of_a_picture_is_where_it_was_drawn(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "disc.png"
    GOOD_PICTURES[kind].save(path)
    spec = import_picture(path)
    mass = spec.raster.values
    assert mass.shape == (256, 256)
    assert spec.name == "disc"
    rows, columns = np.nonzero(mass > 0.5 * mass.max())
    # 300 x 200 pixels become 256 x 171 cells in the middle; y goes up
    assert columns.mean() == pytest.approx(75 * 256 / 300, abs=1.5)
    assert rows.mean() == pytest.approx(256 - (42.5 + 65 * 256 / 300), abs=1.5)
    assert len(rows) == pytest.approx(np.pi * (35 * 256 / 300) ** 2, rel=0.05)


def test_that_a_jpeg_has_no_grain_in_its_ground(tmp_path: Path) -> None:
    path = tmp_path / "disc.jpg"
    picture("white", "black").save(path, quality=85)
    mass = import_picture(path).raster.values
    assert mass[:60].max() == 0
    assert mass.max() > 0.9


def test_that_a_turned_photograph_is_turned_back(tmp_path: Path) -> None:
    path = tmp_path / "disc.jpg"
    upright = picture("white", "black")
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held turned by a quarter
    upright.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    rows, columns = np.nonzero(import_picture(path).raster.values > 0.5)
    assert (rows.mean() > 128, columns.mean() < 128) == (True, True)


def test_that_a_picture_of_one_colour_is_refused(tmp_path: Path) -> None:
    for ground in ((255, 255, 255, 255), (10, 20, 30, 255), (0, 0, 0, 0)):
        path = tmp_path / "plain.png"
        Image.new("RGBA", (64, 64), ground).save(path)
        assert "one colour" in refusal(path)


def png_claiming(width: int, height: int) -> bytes:
    """A tiny PNG whose header claims a size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(8000, 5000), (10_000, 10_000), (60_000, 60_000)])
def test_that_a_picture_of_forty_megapixels_or_more_is_refused_before_it_is_unpacked(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(png_claiming(*size))
    assert "32 megapixels are allowed" in refusal(path)


def test_that_damaged_pictures_are_one_sentence(tmp_path: Path) -> None:
    stream = io.BytesIO()
    picture("white", "black").save(stream, "PNG")
    for name, data in {
        "cut.png": stream.getvalue()[:200],
        "text.png": b"hello",
        "empty.jpg": b"",
        "lie.png": png_claiming(500, 500),
        "text.jpg": b"\xff\xd8\xff\xe0 nothing",
    }.items():
        (tmp_path / name).write_bytes(data)
        refusal(tmp_path / name)


# ---- by suffix ---------------------------------------------------------------------------------------


def test_that_the_suffix_decides(tmp_path: Path) -> None:
    (tmp_path / "a.CSV").write_text("1,2\n3,4")
    picture("white", "black").save(tmp_path / "b.PNG")
    assert isinstance(import_target(tmp_path / "a.CSV"), PointsSpec)
    assert isinstance(import_target(tmp_path / "b.PNG"), DrawnSpec)


@pytest.mark.parametrize("name", ["table.xlsx", "drawing.svg", "nothing", "model.fmstudio"])
def test_that_other_files_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    refusal(tmp_path / name)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_that_files_that_are_not_there_are_one_sentence(tmp_path: Path, suffix: str) -> None:
    assert "not there" in refusal(tmp_path / f"none{suffix}")


def test_that_a_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    assert "folder" in refusal(tmp_path / "folder.csv")
