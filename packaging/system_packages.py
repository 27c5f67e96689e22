"""The system libraries that a window needs on Linux: which are missing, and apt-get. For Python 3.6 too."""

import ctypes
import glob
import os
import shutil
import subprocess
import sys

from displays import needs_virtual_display
from reports import BootstrapError, last_lines, say

LIBRARIES = [
    ("libEGL.so.1", "libegl1"),
    ("libGL.so.1", "libgl1"),
    ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
    ("libxcb-cursor.so.0", "libxcb-cursor0"),
    ("libxcb-icccm.so.4", "libxcb-icccm4"),
    ("libxcb-keysyms.so.1", "libxcb-keysyms1"),
    ("libxcb-image.so.0", "libxcb-image0"),
    ("libxcb-render-util.so.0", "libxcb-render-util0"),
    ("libxcb-shape.so.0", "libxcb-shape0"),
    ("libdbus-1.so.3", "libdbus-1-3"),
    ("libfontconfig.so.1", "libfontconfig1"),
    ("libX11-xcb.so.1", "libx11-xcb1"),
    ("libgthread-2.0.so.0", "libglib2.0-0"),
]
"""What Qt and the canvas load at run time, and the Debian or Ubuntu package that holds it."""

DRIVERS = ("/usr/lib/*/dri/*_dri.so", "/usr/lib*/dri/*_dri.so", "/usr/lib*/xorg/modules/dri/*_dri.so")
"""Mesa's drivers (libgl1-mesa-dri): files that are looked up, not libraries that are linked."""


def can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_packages(command: str) -> "list[str]":
    """The system packages that are not there (Linux; elsewhere Qt brings what it needs)."""
    if not sys.platform.startswith("linux"):
        return []
    missing = [package for library, package in LIBRARIES if not can_load(library)]
    if not any(glob.glob(pattern) for pattern in DRIVERS):
        missing.append("libgl1-mesa-dri")
    if command == "test" and needs_virtual_display() and shutil.which("Xvfb") is None:
        missing.append("xvfb")
    return missing


def need_libraries(command: str) -> None:
    """Install what is missing, or say how. The studio is tried either way; the tests need a display."""
    missing = missing_packages(command)
    if not missing:
        return
    say("missing system packages: " + " ".join(missing))
    by_hand = install_packages(missing)
    if by_hand and "xvfb" in missing:
        raise BootstrapError("the tests need a display. Run this, then try again:\n  " + by_hand)
    if by_hand:
        say("they cannot be installed from here. If no window opens, run this and try again:\n  " + by_hand)


def install_packages(packages: "list[str]") -> str:
    """Install Debian or Ubuntu packages; '' if that went well, else the command for a person to run."""
    install_command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    by_hand = "sudo apt-get update && sudo " + " ".join(install_command)
    if shutil.which("apt-get") is None:
        return "(with your system's package manager, the equivalents of) " + " ".join(packages)
    prefix = root_prefix()
    if prefix is None:
        return by_hand
    say("installing them with apt-get")
    for command in (install_command, ["apt-get", "update"], install_command):
        result = subprocess.run(
            [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if result.returncode == 0 and command is install_command:
            return ""
    say("apt-get could not install them:\n" + last_lines(result.stdout.splitlines()))
    return by_hand


def root_prefix() -> "list[str] | None":
    """What makes a command run as root without a question: [], ['sudo', '-n'], or None if nothing does."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    may = subprocess.run(["sudo", "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return ["sudo", "-n"] if may.returncode == 0 else None
