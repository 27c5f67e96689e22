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
from fmstudio.document.point_files import MAX_POINTS, read_points
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
    "row names, as R writes them": '"x" "y"\n"1" 1 2\n"2" 3 4\n"3" -1 0.5\n',
    "an index, as pandas writes it": ",x,y\n0,1.0,2.0\n1,3.0,4.0\n2,-1.0,0.5\n",
    "columns that are numbered": "0,1\n1.0,2.0\n3.0,4.0\n-1.0,0.5\n",
    "a named separator": "sep=;\nx;y\n1,0;2,0\n3,0;4,0\n-1,0;0,5",
    "minus signs of typography": "x;y\n1;2\n3;4\n\u22121;0.5",
    "blanks that do not break": "1,0;2,0\n3,0\u00a0;\u202f4,0\n-1,0;0,5",
    "other columns": "id,x,y,z\n7,1,2,0.1\n8,3,4,0.2\n9,-1,0.5,0.3",
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
    "NA,0.5\n1,2\n3,4\n": "line 1",
    "1.25;0.5O\n1;2\n3;4\n": "line 1",
    "1.25x;0.5O\n1;2\n3;4\n": "line 1",
    "1,122\n2,175\n": "line 1",
    "x,y\n1,5,2,5\n3,5,4,5\n": "line 2",
    "1,5;2.5\n1;2\n": "line 1",
    '"1,234","5,678"\n"2,345","6,789"\n': "line 1",
    "x,y\n1,2\n,3\n": "line 3",
    "1_0,2\n3,4\n": "line 1",
    "1,2\n3,\n5,6\n": "line 2",
    'x,y\n1,2\n"3,4\n': "line 3",
    "a,b,c\n1,2,0.5\n1,3,0.25\n": "3 columns",
    "x,y,\n1,2,3\n4,5,6\n": "column 3",
    "0,1.5,1\n1,2.5,0\n2,1.5,1\n3,2,0\n": "label",
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


def test_that_text_in_another_encoding_is_read_by_its_mark_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "cloud.txt"
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        path.write_bytes("1,2\n3,4".encode(encoding))
        np.testing.assert_array_equal(import_points(path).points.values, [[1, 2], [3, 4]])
    path.write_bytes("größe,y\n1,2\n3,4".encode("latin-1"))
    np.testing.assert_array_equal(import_points(path).points.values, [[1, 2], [3, 4]])
    assert "Windows-1252" in " ".join(read_points(path).notes)
    for data in ("1,2\n3,4".encode("utf-16-le"), b"gr\xf6\xdfe\x01,y\n1,2\n3,4", b"x\x81,y\n1,2\n3,4"):
        path.write_bytes(data)
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
@given(array=arrays(np.float64, st.tuples(st.integers(2, 8), st.just(2)), elements=st.floats(-1e308, 1e308)))
def test_that_any_finite_points_end_in_view_without_changing_shape(
    array: np.ndarray, tmp_path_factory
) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("points") / "cloud.npy"
    np.save(path, array)
    spec = import_points(path)
    values = spec.points.values.astype(np.float64)
    assert np.abs(values).max() <= 4.0
    half = float((array.max(axis=0) / 2 - array.min(axis=0) / 2).max())
    if spec.units.are_plane:
        assert half >= 0.5 or half == 0
        np.testing.assert_allclose(values, array, atol=1e-6)
        return
    np.testing.assert_allclose(spec.units.from_plane(values), array, rtol=1e-6, atol=1e-6 * half)
    assert half == 0 or half < 1e-300 or np.abs(values).max() == pytest.approx(3.0)
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
    assert first.name == "large"
    assert "20,000 of 20,005 points" in first.remarks


SENTINELS = [-9999.0, 999.0, -99.0, 1e20, -32768.0]


@pytest.mark.parametrize("sentinel", SENTINELS)
def test_that_what_stands_for_a_missing_value_is_named(tmp_path: Path, sentinel: float) -> None:
    points = np.random.default_rng(2).normal(size=(50, 2))
    points[[17, 30], 1] = sentinel
    for name in ("cloud.npy", "cloud.csv"):
        path = tmp_path / name
        if name.endswith("npy"):
            np.save(path, points)
        else:
            np.savetxt(path, points, delimiter=",")
        assert f"18: y is {sentinel:g} (2 of 50 rows)" in refusal(path)


def test_that_a_value_among_others_stands_for_itself(tmp_path: Path) -> None:
    path = tmp_path / "cloud.npy"
    np.save(path, np.random.default_rng(2).permutation(np.arange(-1200.0, 1200.0)).reshape(-1, 2))
    assert import_points(path).points.shape == (1200, 2)


@pytest.mark.parametrize("factor", [1e-9, 1e-4, 1.0, 1e6])
@pytest.mark.parametrize("away", [0.0, 1e3])
def test_that_widths_follow_the_points(tmp_path: Path, factor: float, away: float) -> None:
    points = np.random.default_rng(3).normal(size=(400, 2)) + away
    np.save(tmp_path / "unit.npy", points * 1.0)
    np.save(tmp_path / "other.npy", points * factor)
    unit, other = import_points(tmp_path / "unit.npy"), import_points(tmp_path / "other.npy")
    assert other.width * other.units.scale == pytest.approx(unit.width * unit.units.scale * factor, rel=1e-3)


def test_that_two_files_lie_as_they_do_in_their_own_units(tmp_path: Path) -> None:
    near = np.random.default_rng(4).normal(size=(50, 2)) + 5e6
    for name, points in (("a.npy", near), ("b.npy", near + 2.0), ("c.npy", near * 10)):
        np.save(tmp_path / name, points)
    first = import_points(tmp_path / "a.npy")
    second = import_points(tmp_path / "b.npy", first)
    assert second.units == first.units
    gap = (second.points.values - first.points.values) * first.units.scale
    np.testing.assert_allclose(gap, 2.0, rtol=1e-5)
    far = import_points(tmp_path / "c.npy", first)
    assert far.units != first.units
    assert "moved and scaled apart" in far.remarks


# ---- labels ------------------------------------------------------------------------------------------

LABELLED = {
    "words": ("x,y,label\n1,2,red\n3,4,blue\n1,1,red\n3,3,blue", [1, 0, 1, 0], ("blue", "red")),
    "numbers": ("1.5 2 7\n3 4 0\n1 1 7\n3 3 0", [1, 0, 1, 0], ("0", "7")),
    "no header": ("1;2;a\n3;4;b\n1;1;a\n3;3;b", [0, 1, 0, 1], ("a", "b")),
    "first": ("species,x,y\na,1,2\nb,3,4\na,1,1\nb,3,3", [0, 1, 0, 1], ("a", "b")),
    "index": (",x,y,label\n0,1,2,a\n1,3,4,b\n2,1,1,a\n3,3,3,b", [0, 1, 0, 1], ("a", "b")),
    "other names": ("east,north,class\n1,2,a\n3,4,b\n1,1,a\n3,3,b", [0, 1, 0, 1], ("a", "b")),
}


@pytest.mark.parametrize("kind", LABELLED)
def test_that_a_third_column_of_labels_is_kept(tmp_path: Path, kind: str) -> None:
    text, codes, names = LABELLED[kind]
    path = tmp_path / "cloud.csv"
    path.write_text(text)
    spec = import_points(path)
    assert spec.labels is not None
    np.testing.assert_array_equal(spec.labels.values, codes)
    assert spec.label_names == names
    assert "2 labels from column" in spec.remarks
    assert PointsSpec.model_validate_json(spec.model_dump_json()) == spec


def test_that_labels_of_an_array_are_kept_too(tmp_path: Path) -> None:
    points = np.random.default_rng(5).normal(size=(60, 3))
    points[:, 2] = np.arange(60) % 3 + 4
    np.save(tmp_path / "cloud.npy", points)
    spec = import_points(tmp_path / "cloud.npy")
    assert spec.label_names == ("4", "5", "6")


@pytest.mark.parametrize("labels", [[0, 1], [0, 2, 2], [0.5, 0, 1], [1, 2, 2]])
def test_that_labels_with_gaps_are_no_labels(labels: list[float]) -> None:
    with pytest.raises(ValueError, match="labels must be"):
        PointsSpec(points=[[0, 0], [1, 1], [2, 2]], labels=labels)


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


GROUNDS = {
    "even": lambda place, _: np.zeros_like(place),
    "grain of a scan": lambda place, luck: luck.normal(0, 0.045, place.shape),
    "a lamp at one side": lambda place, _: -0.4 * place,
    "a lamp and grain": lambda place, luck: -0.3 * place + luck.normal(0, 0.02, place.shape),
}


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize(("paper", "ink"), [(0.95, 0.05), (0.45, 0.02), (0.45, 0.97), (0.5, 0.9)])
def test_that_a_disc_is_found_on_whatever_surrounds_it(
    ground: str, paper: float, ink: float, tmp_path: Path
) -> None:
    y, x = np.mgrid[0:160, 0:200]
    disc = (x - 60) ** 2 + (y - 50) ** 2 < 30**2
    stray = GROUNDS[ground](x / 199, np.random.default_rng(0)) * (1.0 if paper > 0.5 else 0.5)
    shades = np.clip(np.where(disc, ink, paper + stray), 0, 1)
    path = tmp_path / "disc.png"
    Image.fromarray(np.round(255 * shades).astype(np.uint8)).save(path)
    drawn = import_picture(path)
    mass = drawn.raster.values / drawn.raster.values.sum()
    rows, columns = np.mgrid[0:256, 0:256]
    scale = 256 / 200
    there = (columns / scale - 60) ** 2 + ((255 - rows - 25.6) / scale - 50) ** 2 < 33**2
    assert mass[there].sum() > 0.97


def test_that_a_frame_is_no_ground_and_faint_ink_is_ink(tmp_path: Path) -> None:
    path = tmp_path / "disc.png"
    framed = Image.new("L", (200, 160), 255)
    ImageDraw.Draw(framed).ellipse((40, 30, 90, 80), fill=0)
    ImageDraw.Draw(framed).rectangle((0, 0, 199, 159), outline=0)
    framed.save(path)
    assert (import_picture(path).raster.values > 0).mean() < 0.06
    faint = Image.new("L", (200, 160), 128)
    ImageDraw.Draw(faint).ellipse((40, 30, 90, 80), fill=120)
    faint.save(path)
    assert 0.02 < (import_picture(path).raster.values > 0).mean() < 0.05


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
    assert "megapixels where 32 are allowed" in refusal(path)


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


def test_that_a_vector_drawing_comes_in_as_its_picture_does(tmp_path: Path) -> None:
    (tmp_path / "disc.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><rect width="200" height="100" '
        'fill="white"/><circle cx="60" cy="50" r="30" fill="#c00"/></svg>'
    )
    rows, columns = np.mgrid[0:512, 0:1024]
    disc = (columns - 307) ** 2 + (rows - 256) ** 2 < 154**2
    pixels = np.where(disc[..., None], np.array([204, 0, 0]), 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "disc.png")
    vector, picture = (import_target(tmp_path / f"disc{ending}") for ending in (".svg", ".png"))
    assert isinstance(vector, DrawnSpec)
    drawn, taken = (np.asarray(spec.raster.values) > 0.5 for spec in (vector, picture))
    assert np.mean(drawn != taken) < 0.01
    assert 0.02 < drawn.mean() < 0.5


def test_that_a_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    assert "folder" in refusal(tmp_path / "folder.csv")
