#!/usr/bin/env python3
"""Set fmstudio up in this checkout, then open the studio or run its tests.

    python3 packaging/bootstrap.py run  [-- ARGUMENTS FOR FMSTUDIO]
    python3 packaging/bootstrap.py test [-- ARGUMENTS FOR PYTEST]

Standard library only. The first run makes .venv beside pyproject.toml, installs the package into it and
looks for the system libraries that a window needs; a stamp in .venv makes every later run start at once.
It and what it imports stay readable for Python 3.6, so that an old Python can say that it is too old.
"""

import collections
import contextlib
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from typing import Any

from displays import has_display, needs_virtual_display, virtual_display
from reports import SHOWN_LINES, BootstrapError, last_lines, say
from system_packages import install_packages, need_libraries

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "fmstudio-bootstrap.json")
EXTRAS = {"run": [], "test": ["dev"]}
OPENING = "two-moons"
COMMANDS = ("open", "gallery", "verify", "render", "still", "train", "sample", "measure", "bench", "doctor")


# ---- the Python environment --------------------------------------------------------------------------


def check_python() -> None:
    if sys.version_info < OLDEST:
        found = ".".join(str(part) for part in sys.version_info[:3])
        raise BootstrapError(
            f"this is Python {found} ({sys.executable}), and fmstudio needs "
            f"{OLDEST[0]}.{OLDEST[1]} or newer. Install a newer Python and call this script with it."
        )


def venv_python() -> str:
    """The Python of .venv."""
    parts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(VENV, *parts)


def fingerprint() -> str:
    """What the environment depends on: the Python, the place, and pyproject.toml."""
    digest = hashlib.sha256()
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as stream:
        digest.update(stream.read())
    digest.update(repr((sys.version, ROOT)).encode())
    return digest.hexdigest()


def read_stamp() -> "dict[str, Any]":
    """The stamp of the last install that ended well, or {}."""
    try:
        with open(STAMP) as stream:
            stamp = json.load(stream)
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(extras: "set[str]") -> None:
    part = STAMP + ".part"
    with open(part, "w") as stream:
        json.dump({"fingerprint": fingerprint(), "extras": sorted(extras)}, stream)
    os.replace(part, STAMP)


def clean_environment() -> "dict[str, str]":
    """Our environment without what would let packages of the system or the user in."""
    environment = dict(os.environ, PYTHONNOUSERSITE="1", PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_USER="0")
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PIP_TARGET", "PIP_PREFIX", "VIRTUAL_ENV"):
        environment.pop(name, None)
    return environment


def set_up(extras: "list[str]") -> None:
    """Make .venv and install into it, unless the stamp says that this is done."""
    stamp = read_stamp()
    is_same = stamp.get("fingerprint") == fingerprint()
    installed = set(stamp.get("extras", [])) if is_same else set()
    if is_same and installed.issuperset(extras) and os.path.exists(venv_python()):
        return
    with contextlib.suppress(OSError):
        os.remove(STAMP)
    make_venv()
    install(installed.union(extras))
    write_stamp(installed.union(extras))


def make_venv() -> None:
    """Make .venv; one that is there is kept if it was made here, by the Python that runs this."""
    if is_made_here() and venv_version() == list(sys.version_info[:2]):
        return
    say("making " + VENV)
    need_ensurepip()
    result = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise BootstrapError("the environment could not be made:\n" + last_lines(result.stdout.splitlines()))


def is_made_here() -> bool:
    """The programs in .venv hold its path: a folder that was moved or copied needs a new one."""
    try:
        with open(os.path.join(os.path.dirname(venv_python()), "activate")) as stream:
            return VENV in stream.read()
    except (OSError, UnicodeDecodeError):
        return False


def venv_version() -> "list[int] | None":
    """[major, minor] of a working .venv that has pip, else None."""
    program = "import json, sys, pip; print(json.dumps(sys.version_info[:2]))"
    try:
        output = subprocess.check_output(
            [venv_python(), "-c", program], env=clean_environment(), stderr=subprocess.DEVNULL
        )
        version = json.loads(output.decode())  # type: list[int]
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    return version


def need_ensurepip() -> None:
    """Debian and Ubuntu keep a part of venv in a package of its own."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    by_hand = install_packages(["python{}.{}-venv".format(*sys.version_info[:2])])
    if by_hand:
        raise BootstrapError("Python's venv is not complete here. Run this, then try again:\n  " + by_hand)


def install(extras: "set[str]") -> None:
    """Install the checkout, editable, with its dependencies."""
    names = "[" + ",".join(sorted(extras)) + "]" if extras else ""
    say("installing fmstudio" + names + " into .venv (the first time this takes some minutes)")
    command = [venv_python(), "-m", "pip", "install", "--progress-bar", "off", "-e", "." + names]
    lines = collections.deque(maxlen=SHOWN_LINES)  # type: collections.deque[str]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.strip().startswith(("Downloading", "Installing collected")):
                say(line.strip()[:100])
    if process.returncode:
        raise BootstrapError(
            "pip could not install fmstudio; nothing is marked as done, so try again once this is mended. "
            "Its last lines:\n" + last_lines(lines)
        )


# ---- commands ----------------------------------------------------------------------------------------


def run(arguments: "list[str]") -> int:
    """Open the studio, or make a video where there is no display; the exit code."""
    arguments = arguments_for_display(arguments)
    command = [venv_python(), "-P", "-m", "fmstudio", *arguments]
    if os.name == "posix":
        sys.stdout.flush()
        os.execve(command[0], command, clean_environment())
    return subprocess.call(command, env=clean_environment())


def arguments_for_display(arguments: "list[str]") -> "list[str]":
    """With no display, opening a document becomes making a video of it."""
    opens_window = not arguments or (arguments[0] not in COMMANDS and not arguments[0].startswith("-"))
    if has_display() or len(arguments) > 1 or not opens_window:
        return arguments
    document = arguments[0] if arguments else OPENING
    video = os.path.splitext(os.path.basename(document))[0] + ".mp4"
    say("there is no display, so no window can open; making a video instead: " + os.path.abspath(video))
    return ["render", document, "-o", video]


def test(arguments: "list[str]") -> int:
    """Run the tests, on a virtual display where there is none; the exit code."""
    if not needs_virtual_display():
        return run_pytest(arguments, {})
    with virtual_display() as display:
        return run_pytest(arguments, {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"})


def run_pytest(arguments: "list[str]", display: "dict[str, str]") -> int:
    """What was asked for; or everything, in two runs: the windows' OpenGL contexts and those of pictures
    without a window do not bear one another's end in one process, which no run of fmstudio has. Windows share
    one keyboard and go one after another; what has none goes on every core."""
    environment = dict(clean_environment(), **display)
    if display:
        environment.pop("WAYLAND_DISPLAY", None)
    every_core = ["--numprocesses", "auto", "--dist", "worksteal"]
    runs = [arguments] if arguments else [["-m", "not display", *every_core], ["-m", "display"]]
    codes = [
        subprocess.call([venv_python(), "-m", "pytest", *run], cwd=ROOT, env=environment) for run in runs
    ]
    return next((code for code in codes if code), 0)


def parse(arguments: "list[str]") -> "tuple[str, list[str]]":
    """The command, and what follows ``--``."""
    where = arguments.index("--") if "--" in arguments else len(arguments)
    own, passed = arguments[:where], arguments[where + 1 :]
    if len(own) == 1 and own[0] in EXTRAS:
        return own[0], passed
    asks_for_help = own in (["-h"], ["--help"])
    print(__doc__, file=sys.stdout if asks_for_help else sys.stderr)
    raise SystemExit(0 if asks_for_help else 2)


def main(arguments: "list[str]") -> int:
    """The exit code."""
    command, passed = parse(arguments)
    try:
        check_python()
        need_libraries(command)
        set_up(EXTRAS[command])
        return {"run": run, "test": test}[command](passed)
    except BootstrapError as error:
        print("bootstrap: " + str(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
