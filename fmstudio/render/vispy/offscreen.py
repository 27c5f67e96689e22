"""Pictures of scenes without a window: through EGL where there is one, else a hidden window."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vispy import app

from fmstudio.render.scene import Bytes, Scene
from fmstudio.render.sheet import film_sheet
from fmstudio.render.vispy.capture import Capture, is_software, renderer_name, straight
from fmstudio.render.vispy.painter import ScenePainter
from fmstudio.startup import display_problem


class NoOpenGL(RuntimeError):
    """There is nothing to draw with: one sentence."""


class OffscreenRenderer:
    """Draws scenes of one size into arrays. Stays on the thread that made it; windows are not disturbed."""

    def __init__(
        self,
        width: int,
        height: int,
        pixel_ratio: float | None = None,
        *,
        transparent: bool = False,
        time_bar: bool = True,
    ) -> None:
        """``width`` and ``height`` in pixels of the picture; words and widths are ``pixel_ratio`` times their
        logical size (by default so that they look alike at all sizes of picture).

        Raises NoOpenGL where there is none, ValueError for an impossible size.
        """
        self._sheet = film_sheet(width, height, pixel_ratio, time_bar=time_bar, transparent=transparent)
        self._canvas = unseen_canvas()
        try:
            with self._current():
                self.gl_renderer = renderer_name()
                self._capture = Capture(width, height)
                self._painter = ScenePainter()
        except BaseException:
            self._canvas.close()
            raise

    @property
    def size(self) -> tuple[int, int]:
        return self._sheet.width, self._sheet.height

    @property
    def is_software(self) -> bool:
        """Whether the processor does the drawing."""
        return is_software(self.gl_renderer)

    def draw(self, scene: Scene) -> Bytes:
        """The scene as (h, w, 3) bytes, or (h, w, 4) with straight alpha when transparent."""
        with self._current(), self._capture.drawing():
            self._painter.paint(scene, self._sheet)
            self._canvas.context.flush_commands()
            if self._sheet.transparent:
                return straight(self._capture.pixels(4))
            return self._capture.pixels(3)

    def close(self) -> None:
        """Release the context. Closing twice does no harm."""
        self._canvas.close()

    @contextmanager
    def _current(self) -> Iterator[None]:
        """Our context is the thread's while the block runs, and no longer: a window's toolkit that makes its
        own current (or ends it) must not find ours."""
        self._canvas.set_current()
        try:
            yield
        finally:
            self._canvas.context.flush_commands()
            _release(self._canvas)


def unseen_canvas(kind: type[app.Canvas] = app.Canvas, **options: Any) -> Any:
    """A vispy canvas that nobody sees, whose context is current. Raises NoOpenGL."""
    on_linux = sys.platform.startswith("linux")
    reason = ""
    if on_linux:
        try:
            with _surfaceless():
                return kind(app=app.Application("egl"), show=False, **{"size": (16, 16), **options})
        except (RuntimeError, IndexError) as error:
            reason = f" EGL says: {error}"
    # Without a display Qt would end the process, not raise.
    if not display_problem():
        return _hidden_window(kind, options)
    raise NoOpenGL(f"There is no OpenGL to draw with: install libegl1 and libgl1-mesa-dri.{reason}")


def _release(canvas: app.Canvas) -> None:
    """No EGL context is current any more. vispy has no word for it."""
    if canvas.app.backend_name == "egl":
        from vispy.app.backends import _egl

        nothing = _egl.egl.EGL_NO_CONTEXT
        _egl.egl.eglMakeCurrent(_egl._EGL_DISPLAY, nothing, nothing, nothing)


def _hidden_window(kind: type[app.Canvas], options: dict[str, Any]) -> app.Canvas:
    """For systems without EGL. Qt makes the context when a window is shown, so it is shown once."""
    given = {"size": (16, 16), "decorate": False, "position": (-200, -200), **options}
    canvas = kind(app="pyside6", show=True, **given)
    canvas.app.process_events()
    return canvas


_AROUND_EGL: dict[str, str | None] = {
    "EGL_PLATFORM": os.environ.get("EGL_PLATFORM", "surfaceless"),
    "DISPLAY": None,
}
"""EGL without a display; vispy would ask one that is named for its resolution, aloud where it does not
answer."""


@contextmanager
def _surfaceless() -> Iterator[None]:
    """For this process alone and only while vispy looks for EGL: a window toolkit in the same process must
    find its own platform."""
    given = {name: os.environ.get(name) for name in _AROUND_EGL}
    _set(_AROUND_EGL)
    try:
        yield
    finally:
        _set(given)


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
