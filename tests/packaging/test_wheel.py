"""The wheel: everything that runs in a checkout is in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IGNORED = shutil.ignore_patterns("__pycache__")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of a copy of the checkout, unpacked."""
    source = tmp_path_factory.mktemp("source")
    for name in ("fmstudio", "assets"):
        shutil.copytree(ROOT / name, source / name, ignore=IGNORED)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    program = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-c", program, str(out)], cwd=source, check=True, capture_output=True)
    unpacked = out / "unpacked"
    with zipfile.ZipFile(next(out.glob("*.whl"))) as archive:
        archive.extractall(unpacked)
    return unpacked


def files_below(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_that_the_wheel_holds_every_module_and_every_asset(wheel: Path) -> None:
    packed = files_below(wheel / "fmstudio")
    assert files_below(ROOT / "fmstudio") <= packed
    assert {f"assets/{name}" for name in files_below(ROOT / "assets")} <= packed


def test_that_the_wheel_finds_its_assets_wherever_it_lies(wheel: Path, tmp_path: Path) -> None:
    program = "from fmstudio.document.gallery import ENTRIES; print(ENTRIES[0].make().caption)"
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(wheel)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert "Try:" in result.stdout


def test_that_the_listed_packages_are_the_folders() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    folders = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "fmstudio").rglob("*.py")
        if "__pycache__" not in path.parts
    }
    assert listed == folders | {"fmstudio.assets"}
