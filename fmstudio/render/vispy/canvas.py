"""The canvas of the window: a vispy canvas in whatever backend the caller embeds. On the GUI thread only."""

from __future__ import annotations

from typing import Any

from vispy import app, gloo

from fmstudio.render.panes import PaneArea
from fmstudio.render.scene import Bytes, Scene, without_handles
from fmstudio.render.sheet import Sheet
from fmstudio.render.vispy.capture import Capture, is_software, renderer_name
from fmstudio.render.vispy.painter import ScenePainter


class StudioCanvas(app.Canvas):
    """Shows the last scene it was given. ``native`` is the widget to embed.

    Positions that go in and out are logical pixels, as the mouse reports them.
    """

    def __init__(self, reserve: float = 216.0, **canvas: Any) -> None:
        """``canvas`` goes to vispy (``app``, ``size``, ``parent``); ``reserve`` logical pixels in each pane's
        upper right corner stay free of words."""
        super().__init__(**{"keys": None, "title": "fmstudio", "autoswap": False, "vsync": True, **canvas})
        self.reserve = reserve
        """may be changed; it holds from the next drawing on, and so does ``enlarged``"""
        self.enlarged = 1.0
        """how much larger words are than usual"""
        self._scene: Scene | None = None
        self._painter: ScenePainter | None = None
        self._renderer = ""
        self.draws = 0
        """how often the canvas has been drawn"""

    @property
    def scene(self) -> Scene | None:
        """What is shown; None before the first scene."""
        return self._scene

    def show_scene(self, scene: Scene) -> None:
        """Draw this from now on."""
        self._scene = scene
        self.update()

    def on_draw(self, _event: object) -> None:
        """vispy's call, with the context current."""
        if self._scene is None:
            gloo.clear("black")
            return
        self._paint(self._scene, self.sheet())
        self.draws += 1

    def picture(self) -> Bytes:
        """What is seen but for handles, drawn afresh into pixels (h, w, 3)."""
        width, height = self.physical_size
        self.set_current()
        capture = Capture(int(width), int(height))
        try:
            with capture.drawing():
                if self._scene is not None:
                    self._paint(without_handles(self._scene), self.sheet())
                return capture.pixels(3)
        finally:
            capture.close()
            self.context.flush_commands()

    def pane_at(self, px: float, py: float) -> int | None:
        """The pane under a position; None on a line between panes."""
        ratio = self.pixel_scale
        for index, area in enumerate(self._areas()):
            if area.contains(px * ratio, py * ratio):
                return index
        return None

    def to_plane(self, px: float, py: float) -> tuple[float, float] | None:
        """The plane's point under a position; None outside all panes."""
        pane = self.pane_at(px, py)
        if pane is None or self._scene is None:
            return None
        ratio = self.pixel_scale
        return self._areas()[pane].to_plane(px * ratio, py * ratio, self._scene.camera_in(pane))

    def to_pixel(self, x: float, y: float, pane: int = 0) -> tuple[float, float]:
        """Where the plane's point is drawn in a pane."""
        assert self._scene is not None, "nothing is shown yet"
        px, py = self._areas()[pane].to_pixel(x, y, self._scene.camera_in(pane))
        return px / self.pixel_scale, py / self.pixel_scale

    def plane_length(self, pixels: float, pane: int = 0) -> float:
        """So many logical pixels in units of the plane, in a pane."""
        return pixels / (self.to_pixel(1.0, 0.0, pane)[0] - self.to_pixel(0.0, 0.0, pane)[0])

    @property
    def renderer(self) -> str:
        """The GL renderer's name; empty before the first drawing."""
        return self._renderer

    @property
    def is_software(self) -> bool:
        """Whether the processor does the drawing (False before the first drawing)."""
        return is_software(self._renderer)

    def _paint(self, scene: Scene, sheet: Sheet) -> None:
        if self._painter is None:
            self._painter = ScenePainter()
            self._renderer = renderer_name()
        self._painter.paint(scene, sheet)

    def places(self, n: int) -> tuple[PaneArea, ...]:
        """Where ``n`` panes lie: as they are drawn, if so many are."""
        if self._scene is not None and len(self._scene.panes) == n:
            return self._areas()
        return self.sheet().places(n)

    def sheet(self) -> Sheet:
        """What is drawn upon now."""
        width, height = self.physical_size
        return Sheet(
            int(width), int(height), float(self.pixel_scale), reserve=self.reserve, enlarged=self.enlarged
        )

    def _areas(self) -> tuple[PaneArea, ...]:
        return self.sheet().areas(self._scene) if self._scene is not None else ()
