"""Is there a display, and a virtual one for the tests. For Python 3.6 too."""

import contextlib
import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator

from reports import BootstrapError


def has_display() -> bool:
    """A window can be shown: always but on Linux, where a Wayland or X server must be there."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("WAYLAND_DISPLAY")) or has_x()


def has_x() -> bool:
    """An X server answers."""
    return bool(os.environ.get("DISPLAY")) and x_server_answers()


def needs_virtual_display() -> bool:
    """The tests need an X server of our own."""
    return sys.platform.startswith("linux") and not has_x()


def x_server_answers() -> bool:
    """False only if the X server that DISPLAY names refuses or is not there."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    is_broken = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not is_broken


@contextlib.contextmanager
def virtual_display() -> "Iterator[str]":
    """The number of an X server of our own, which ends with the block."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1920x1200x24", "-nolisten", "tcp"]
    server = subprocess.Popen(
        command, pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as stream:
            number = stream.readline().strip()
        if not number:
            raise BootstrapError("Xvfb ended at once; run 'Xvfb :99' to see why")
        yield ":" + number
    finally:
        server.terminate()
        server.wait()
