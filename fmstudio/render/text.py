"""Words on the canvas as pictures: premultiplied RGBA arrays, made by Pillow at the pixel ratio asked for.

Pure functions of their arguments, so a canvas may keep a picture until the words change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from fmstudio.render.fonts import pieces
from fmstudio.render.palette import Palette, rgb
from fmstudio.render.scene import Bytes, Legend, Swatch

SIZE = 13.0
"""Logical pixels of all words."""
SMALL = 0.74
"""A lowered index, as a share of the size."""
LINE = 1.62
"""Line height, as a share of the size."""
PAD = 6
"""Logical pixels of plate around the words."""
CORNER, PLATE = 5.0, 0.84
"""Radius of a plate's corners in logical pixels, and how much of what lies behind it is hidden."""

BAR = 2.4
"""The length of a bar of several colours, in sizes of the words."""

_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼ", "0123456789aeoxhklmnpstij")
_INDEX = re.compile(
    r"(?<![A-Za-zα-ωΑ-Ω0-9_])(?P<base>[A-Za-zα-ωΑ-Ω])_(?P<plain>[A-Za-z0-9]{1,5})(?![A-Za-z0-9_])"
    r"|(?P<lowered>[" + "".join(map(chr, _LOWERED)) + "]+)"
)


Pixels = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Run:
    """Words of one look. ``swatch`` stands before them."""

    text: str
    colour: str
    bold: bool = False
    swatch: Swatch | None = None
    lowered: bool = False


Words = tuple[tuple[Run, ...], ...]
"""Lines of runs."""


def indexed(run: Run) -> Iterator[Run]:
    """The run in pieces, with 'p_t' and 'pₜ' as p and a lowered t."""
    done = 0
    for found in _INDEX.finditer(run.text):
        before = run.text[done : found.start()] + (found["base"] or "")
        if before:
            yield replace(run, text=before, swatch=None if done else run.swatch)
        yield replace(
            run, text=found["plain"] or found["lowered"].translate(_LOWERED), lowered=True, swatch=None
        )
        done = found.end()
    if done < len(run.text):
        yield replace(run, text=run.text[done:], swatch=None if done else run.swatch)


def block_size(lines: Words, ratio: float) -> tuple[int, int]:
    """(columns, rows) of these lines as a picture, with its padding."""
    widest = max((advance(line, ratio) for line in lines), default=0.0)
    pad, step = round(PAD * ratio), SIZE * LINE * ratio
    return round(widest) + 2 * pad + 1, round(step * len(lines)) + 2 * pad


def block(lines: Words, behind: Palette | None, ratio: float, centred: bool = False) -> Bytes:
    """Lines of runs as one picture with PAD logical pixels around, on a quiet plate of the canvas colour of
    ``behind``, or on nothing without it."""
    pieces = [[piece for run in line for piece in indexed(run)] for line in lines]
    widths = [sum(_advance(piece, ratio) for piece in line) for line in pieces]
    pad, step = round(PAD * ratio), SIZE * LINE * ratio
    size = block_size(lines, ratio)
    masks: dict[str, Image.Image] = {}
    for i, line in enumerate(pieces):
        start = pad + ((max(widths) - widths[i]) / 2 if centred else 0)
        _draw_line(masks, size, line, (start, pad + (i + 0.72) * step), ratio)
    picture: Pixels = np.zeros((size[1], size[0], 4), np.float32)
    for colour, mask in masks.items():
        cover = np.asarray(mask, np.float32)[..., None] / 255
        picture = np.asarray(
            cover * np.array([*rgb(colour), 1.0], np.float32) + (1 - cover) * picture, np.float32
        )
    if behind is not None:
        picture = _over_plate(picture, behind, ratio)
    return np.asarray(np.round(255 * picture), np.uint8)


@lru_cache(maxsize=64)
def title_lines(title: str, subtitle: str, palette: Palette, ratio: float, width: float) -> Words:
    """'**title** subtitle' in one line where ``width`` physical pixels hold it, else one below the other."""
    name = [Run(title, palette.text, bold=True)] if title else []
    rest = [Run(subtitle, palette.secondary)] if subtitle else []
    beside = (*name, *((_GAP,) if name and rest else ()), *rest)
    if advance(beside, ratio) <= width:
        return (beside,) if beside else ()
    return (*wrapped(name, ratio, width), *wrapped(rest, ratio, width))


@lru_cache(maxsize=64)
def legend_lines(entries: tuple[Legend, ...], palette: Palette, ratio: float, width: float) -> Words:
    """The entries side by side, in as many lines as ``width`` physical pixels demand."""
    lines: list[tuple[Run, ...]] = []
    for entry in entries:
        runs = _entry(entry, palette)
        if lines and advance((*lines[-1], _GAP, *runs), ratio) <= width:
            lines[-1] = (*lines[-1], _GAP, *runs)
        else:
            lines += wrapped(runs, ratio, width)
    return tuple(lines)


@lru_cache(maxsize=64)
def notice_lines(notice: str, palette: Palette, ratio: float, width: float) -> Words:
    """A paragraph, broken between words to ``width`` physical pixels."""
    return wrapped([Run(notice, palette.secondary)], ratio, width)


def label_block(text: str, colour: str, ratio: float, bold: bool = False) -> Bytes:
    """A few words of one look, without a plate."""
    return block(((Run(text, colour, bold),),), None, ratio)


def wrapped(runs: Sequence[Run], ratio: float, width: float) -> Words:
    """The runs in lines of at most ``width`` physical pixels: broken between words, and within one where a
    word alone is longer. Nothing is left out."""
    lines: list[tuple[Run, ...]] = []
    line: list[Run] = []
    for word in _words(runs, ratio, width):
        if line and advance((*line, replace(word, text=word.text.rstrip())), ratio) > width:
            lines.append(_ended(line))
            line = []
        line.append(word if line else replace(word, text=word.text.lstrip()))
    return (*lines, _ended(line)) if line else tuple(lines)


def _words(runs: Sequence[Run], ratio: float, width: float) -> Iterator[Run]:
    """Words with the space behind them (one that may not break is a letter like others), none longer than
    ``width`` (but for single letters): a longer one is broken behind a hyphen, if it has one in time."""
    for run in runs:
        swatch = run.swatch
        for text in re.findall(r"[^ ]+ *| +", run.text):
            while text:
                part = text
                while (
                    len(part) > 1
                    and advance((replace(run, text=part.rstrip(), swatch=swatch),), ratio) > width
                ):
                    part = part[:-1]
                if part != text and (hyphen := max(part.rfind(sign) for sign in "-–")) > 0:
                    part = part[: hyphen + 1]
                yield replace(run, text=part, swatch=swatch)
                text, swatch = text[len(part) :], None


def _ended(line: Sequence[Run]) -> tuple[Run, ...]:
    """The line without space at its end; neighbours of one look are one run again."""
    joined: list[Run] = []
    for run in line:
        if joined and replace(joined[-1], text="", swatch=None) == replace(run, text=""):
            joined[-1] = replace(joined[-1], text=joined[-1].text + run.text)
        else:
            joined.append(run)
    joined[-1] = replace(joined[-1], text=joined[-1].text.rstrip())
    return tuple(joined)


def advance(line: Sequence[Run], ratio: float) -> float:
    """How many physical pixels a line of runs is wide."""
    return sum(_advance(piece, ratio) for run in line for piece in indexed(run))


_GAP = Run("     ", "#000000")


def _entry(entry: Legend, palette: Palette) -> tuple[Run, ...]:
    """Without a name it is words about what all panes share."""
    swatch = entry.scale or (Swatch((entry.colour,)) if entry.colour else None)
    name = (Run(f"{entry.name} ", palette.text, bold=True, swatch=swatch),) if entry.name else ()
    return (*name, Run(entry.text, palette.secondary))


def _advance(piece: Run, ratio: float) -> float:
    """The width of a piece in physical pixels."""
    scale = SMALL if piece.lowered else 1.0
    return _length(piece.text, SIZE * ratio * scale, piece.bold) + SIZE * ratio * _ems(piece.swatch)


def _ems(swatch: Swatch | None) -> float:
    """How wide it is, with the space behind it, in sizes of the words."""
    if swatch is None:
        return 0.0
    return 1.3 if swatch.is_wheel else 1.0 if len(swatch.colours) == 1 else 1 + BAR


@lru_cache(maxsize=4096)
def _length(text: str, size: float, bold: bool) -> float:
    return sum(float(face.getlength(part)) for part, face in pieces(text, size, bold))


def _draw_line(
    masks: dict[str, Image.Image],
    size: tuple[int, int],
    line: Sequence[Run],
    start: tuple[float, float],
    ratio: float,
) -> None:
    """Draw the pieces of a line into one mask a colour."""
    x, baseline = start
    em = SIZE * ratio

    def pen(colour: str) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(masks.setdefault(colour, Image.new("L", size)))

    for piece in line:
        if piece.swatch:
            for colour, mask, (right, up) in _parts(piece.swatch, em):
                pen(colour).bitmap((round(x + right), round(baseline - up)), mask, 255)
        at = (x + em * _ems(piece.swatch), baseline + (0.17 * em if piece.lowered else 0))
        for part, face in pieces(piece.text, em * (SMALL if piece.lowered else 1), piece.bold):
            pen(piece.colour).text(at, part, 255, face, anchor="ls")
            at = (at[0] + float(face.getlength(part)), at[1])
        x += _advance(piece, ratio)


@lru_cache(maxsize=16)
def _parts(swatch: Swatch, em: float) -> tuple[tuple[str, Image.Image, tuple[float, float]], ...]:
    """Each colour with the mask that it fills, and where that is: so far to the right, and up to its top."""
    count, colours = len(swatch.colours), swatch.colours
    if swatch.is_wheel:
        masks = [_sector(round(0.95 * em), k, count) for k in range(count)]
        return tuple((colour, mask, (0.0, 0.84 * em)) for colour, mask in zip(colours, masks, strict=True))
    if count == 1:
        return ((colours[0], _disc(round(0.6 * em)), (0.0, 0.66 * em)),)
    edges = [round((0.2 + BAR * k / count) * em) for k in range(count + 1)]
    bars = [Image.new("L", (edges[k + 1] - edges[k], round(0.5 * em)), 255) for k in range(count)]
    return tuple((colours[k], bars[k], (edges[k], 0.6 * em)) for k in range(count))


def _sector(size: int, number: int, count: int) -> Image.Image:
    """An antialiased sector of a disc, counted against the clock from the right, as a mask."""
    big = Image.new("L", (8 * size, 8 * size))
    start = -360 * (number + 1) / count
    ImageDraw.Draw(big).pieslice((0, 0, 8 * size - 1, 8 * size - 1), start, start + 360 / count, 255)
    return big.resize((size, size), Image.Resampling.BOX)


@lru_cache(maxsize=16)
def _disc(size: int) -> Image.Image:
    """An antialiased disc as a mask."""
    big = Image.new("L", (8 * size, 8 * size))
    ImageDraw.Draw(big).ellipse((0, 0, 8 * size - 1, 8 * size - 1), 255)
    return big.resize((size, size), Image.Resampling.BOX)


@lru_cache(maxsize=32)
def _plate(width: int, height: int, radius: int) -> Pixels:
    """A rectangle with round corners as cover in [0, 1], (h, w, 1)."""
    big = Image.new("L", (2 * width, 2 * height))
    ImageDraw.Draw(big).rounded_rectangle((0, 0, 2 * width - 1, 2 * height - 1), 2 * radius, 255)
    cover = np.asarray(big.resize((width, height), Image.Resampling.BOX), np.float32) / np.float32(255)
    return np.asarray(cover[..., None], np.float32)


def _over_plate(picture: Pixels, palette: Palette, ratio: float) -> Pixels:
    """The words over a plate of the canvas colour."""
    plate = _plate(picture.shape[1], picture.shape[0], round(CORNER * ratio))
    ground = PLATE * plate * np.array([*rgb(palette.canvas), 1.0], np.float32)
    return np.asarray(picture + (1 - picture[..., 3:]) * ground, np.float32)
