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
from PIL import Image, ImageDraw, ImageFilter

from fmstudio.render.fonts import font
from fmstudio.render.palette import Palette, rgb
from fmstudio.render.scene import Bytes, Legend

SIZE = 13.0
"""Logical pixels of all words."""
SMALL = 0.74
"""A lowered index, as a share of the size."""
LINE = 1.62
"""Line height, as a share of the size."""
HALO = 5
"""Logical pixels around the words in which the canvas colour keeps what lies behind from touching them."""

_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼ", "0123456789aeoxhklmnpstij")
_INDEX = re.compile(
    r"(?<![A-Za-zα-ωΑ-Ω0-9_])(?P<base>[A-Za-zα-ωΑ-Ω])_(?P<plain>[A-Za-z0-9]{1,5})(?![A-Za-z0-9_])"
    r"|(?P<lowered>[" + "".join(map(chr, _LOWERED)) + "]+)"
)


Pixels = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Run:
    """Words of one look. ``swatch`` puts a dot of that colour before them."""

    text: str
    colour: str
    bold: bool = False
    swatch: str = ""
    lowered: bool = False


def indexed(run: Run) -> Iterator[Run]:
    """The run in pieces, with 'p_t' and 'pₜ' as p and a lowered t."""
    done = 0
    for found in _INDEX.finditer(run.text):
        before = run.text[done : found.start()] + (found["base"] or "")
        if before:
            yield replace(run, text=before, swatch="" if done else run.swatch)
        yield replace(
            run, text=found["plain"] or found["lowered"].translate(_LOWERED), lowered=True, swatch=""
        )
        done = found.end()
    if done < len(run.text):
        yield replace(run, text=run.text[done:], swatch="" if done else run.swatch)


def block(
    lines: Sequence[Sequence[Run]], behind: Palette | None, ratio: float, centred: bool = False
) -> Bytes:
    """Lines of runs as one picture. Around the words lie HALO logical pixels, softly filled with the canvas
    colour of ``behind``, or empty without it."""
    pieces = [[piece for run in line for piece in indexed(run)] for line in lines]
    widths = [sum(_advance(piece, ratio) for piece in line) for line in pieces]
    pad, step = round(HALO * ratio), SIZE * LINE * ratio
    size = (round(max(widths, default=0)) + 2 * pad + 1, round(step * len(lines)) + 2 * pad)
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
        picture = _over_halo(picture, behind, ratio)
    return np.asarray(np.round(255 * picture), np.uint8)


def title_block(
    title: str, subtitle: str, palette: Palette, ratio: float, width: float, halo: bool = True
) -> Bytes:
    """'**title** subtitle' in one line, shortened to ``width`` physical pixels."""
    runs = [Run(title, palette.text, bold=True)] if title else []
    if subtitle:
        runs.append(Run(("   " if title else "") + subtitle, palette.secondary))
    return block([shortened(runs, ratio, width)], palette if halo else None, ratio)


def legend_block(
    legend: Sequence[Legend], palette: Palette, ratio: float, width: float, halo: bool = True
) -> Bytes:
    """The entries side by side, in as many lines as ``width`` physical pixels demand."""
    lines: list[list[Run]] = [[]]
    used = 0.0
    for entry in legend:
        runs = _entry(entry, palette)
        length = sum(_advance(piece, ratio) for run in runs for piece in indexed(run))
        if lines[-1] and used + length > width:
            lines.append([])
            used = 0.0
        lines[-1] += shortened(runs, ratio, width)
        used += length + _advance(_GAP, ratio)
        lines[-1].append(_GAP)
    return block(lines, palette if halo else None, ratio)


def notice_block(notice: str, palette: Palette, ratio: float, width: float, halo: bool = True) -> Bytes:
    """A centred paragraph, broken between words to ``width`` physical pixels."""
    lines: list[str] = []
    for word in notice.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and _advance(Run(joined, ""), ratio) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return block([[Run(line, palette.secondary)] for line in lines], palette if halo else None, ratio, True)


def label_block(text: str, colour: str, ratio: float, bold: bool = False) -> Bytes:
    """A few words of one look, without a halo."""
    return block([[Run(text, colour, bold)]], None, ratio)


def shortened(runs: Sequence[Run], ratio: float, width: float) -> list[Run]:
    """The runs, cut with an ellipsis where they are longer than ``width`` physical pixels."""
    kept: list[Run] = []
    room = width
    for run in runs:
        length = sum(_advance(piece, ratio) for piece in indexed(run))
        if length <= room:
            kept.append(run)
            room -= length
            continue
        text = run.text
        while text and sum(_advance(p, ratio) for p in indexed(replace(run, text=text + "…"))) > room:
            text = text[:-1]
        if text.strip():
            kept.append(replace(run, text=text.rstrip() + "…"))
        break
    return kept


_GAP = Run("     ", "#000000")


def _entry(entry: Legend, palette: Palette) -> list[Run]:
    name = Run(f"{entry.name} ", palette.text, bold=True, swatch=entry.colour)
    return [name, Run(entry.text, palette.secondary)]


def _advance(piece: Run, ratio: float) -> float:
    """The width of a piece in physical pixels."""
    scale = SMALL if piece.lowered else 1.0
    length = float(font(SIZE * ratio * scale, piece.bold).getlength(piece.text))
    return length + (SIZE * ratio if piece.swatch else 0)


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
            pen(piece.swatch).bitmap((round(x), round(baseline - 0.66 * em)), _disc(round(0.6 * em)), 255)
        at = (x + (em if piece.swatch else 0), baseline + (0.17 * em if piece.lowered else 0))
        face = font(em * (SMALL if piece.lowered else 1), piece.bold)
        pen(piece.colour).text(at, piece.text, 255, face, anchor="ls")
        x += _advance(piece, ratio)


@lru_cache(maxsize=16)
def _disc(size: int) -> Image.Image:
    """An antialiased disc as a mask."""
    big = Image.new("L", (8 * size, 8 * size))
    ImageDraw.Draw(big).ellipse((0, 0, 8 * size - 1, 8 * size - 1), 255)
    return big.resize((size, size), Image.Resampling.BOX)


def _over_halo(picture: Pixels, palette: Palette, ratio: float) -> Pixels:
    """The words over a soft cloud of the canvas colour."""
    mask = Image.fromarray(np.asarray(255 * picture[..., 3], np.uint8)).filter(
        ImageFilter.MaxFilter(2 * round(ratio) + 1)
    )
    soft = np.asarray(mask.filter(ImageFilter.GaussianBlur(1.8 * ratio)), np.float32) / 255
    cloud = np.minimum(1.6 * soft, 0.82)[..., None] * np.array([*rgb(palette.canvas), 1.0], np.float32)
    return np.asarray(picture + (1 - picture[..., 3:]) * cloud, np.float32)
