"""The bootstrap's decisions. That it works as a whole is tried on a fresh clone (CONTRIBUTING)."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import bootstrap
import displays
import pytest
import system_packages
from reports import BootstrapError

WITH_FMSTUDIO = ("gallery_cards.py", "opening_rows.py", "fuzz_files.py")
"""they run in the finished environment"""
SCRIPTS = sorted(p for p in Path(bootstrap.__file__).parent.glob("*.py") if p.name not in WITH_FMSTUDIO)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in a folder with a space in its name, with an environment that seems to work."""
    root = tmp_path / "fresh clone"
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (root / "pyproject.toml").write_text("[project]\n")
    monkeypatch.setattr(bootstrap, "ROOT", str(root))
    monkeypatch.setattr(bootstrap, "VENV", str(root / ".venv"))
    monkeypatch.setattr(bootstrap, "STAMP", str(root / ".venv" / "stamp.json"))
    monkeypatch.setattr(bootstrap, "make_venv", lambda: None)
    return root


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """What was installed."""
    done: list[set[str]] = []
    monkeypatch.setattr(bootstrap, "install", lambda extras: done.append(set(extras)))
    return done


# ---- Python and the environment ----------------------------------------------------------------------


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_that_an_old_python_can_read_the_script_and_it_needs_the_standard_library_only(script: Path) -> None:
    tree = ast.parse(script.read_text(), feature_version=(3, 6))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    own = {path.stem for path in SCRIPTS}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names | own


def test_that_an_old_python_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    assert bootstrap.main(["test"]) == 1
    assert "this is Python 3.10.4" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["walk"], ["run", "test"], ["run", "two-moons"]])
def test_that_other_words_show_the_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        bootstrap.main(arguments)
    assert caught.value.code == 2


def test_that_what_follows_two_dashes_is_passed_on() -> None:
    assert bootstrap.parse(["run", "--", "--version", "--", "x"]) == ("run", ["--version", "--", "x"])
    assert bootstrap.parse(["test"]) == ("test", [])


@pytest.mark.usefixtures("checkout")
def test_that_a_second_run_installs_nothing(installs: list[set[str]]) -> None:
    for _ in range(2):
        bootstrap.set_up(["dev"])
    bootstrap.set_up([])  # 'run' after 'test' needs nothing more
    assert installs == [{"dev"}]


@pytest.mark.usefixtures("checkout")
def test_that_test_after_run_installs_what_tests_need(installs: list[set[str]]) -> None:
    bootstrap.set_up([])
    bootstrap.set_up(["dev"])
    assert installs == [set(), {"dev"}]


@pytest.mark.parametrize("change", ["pyproject", "python", "place", "stamp"])
def test_that_a_change_installs_again(
    checkout: Path, installs: list[set[str]], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    bootstrap.set_up(["dev"])
    if change == "pyproject":
        (checkout / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    elif change == "python":
        monkeypatch.setattr(sys, "version", "3.99")
    elif change == "place":
        monkeypatch.setattr(bootstrap, "ROOT", str(shutil.copytree(checkout, checkout.with_name("moved"))))
    else:
        Path(bootstrap.STAMP).write_text("{")
    bootstrap.set_up(["dev"])
    assert installs == [{"dev"}, {"dev"}]


@pytest.mark.usefixtures("checkout")
def test_that_a_failed_install_leaves_no_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "install", lambda _extras: None)
    bootstrap.set_up([])

    def fail(_extras: object) -> None:
        raise BootstrapError("no network")

    monkeypatch.setattr(bootstrap, "install", fail)
    with pytest.raises(BootstrapError):
        bootstrap.set_up(["dev"])
    assert not Path(bootstrap.STAMP).exists()


def test_that_a_failing_pip_shows_its_last_lines(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import sys; print('\\n'.join(f'line {i}' for i in range(50))); sys.exit('ERROR: no network')"
    pip = checkout / "python"
    pip.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c \"{program}\"\n")
    pip.chmod(0o755)
    monkeypatch.setattr(bootstrap, "venv_python", lambda: str(pip))
    with pytest.raises(BootstrapError) as caught:
        bootstrap.install({"dev"})
    assert "ERROR: no network" in str(caught.value)
    assert "line 49" in str(caught.value)
    assert "line 3\n" not in str(caught.value)


@pytest.mark.usefixtures("checkout")
def test_that_a_moved_environment_is_made_anew() -> None:
    activate = Path(bootstrap.venv_python()).with_name("activate")
    activate.write_text(f"VIRTUAL_ENV='{bootstrap.VENV}'")
    assert bootstrap.is_made_here()
    activate.write_text("VIRTUAL_ENV='/somewhere/else/.venv'")
    assert not bootstrap.is_made_here()


def test_that_packages_of_the_system_and_the_user_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    environment = bootstrap.clean_environment()
    assert "PYTHONPATH" not in environment
    assert environment["PYTHONNOUSERSITE"] == "1"


# ---- system packages ---------------------------------------------------------------------------------


@pytest.fixture
def bare_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux without a display, X server or any library; what can be run is in the test's hands."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(system_packages, "can_load", lambda _library: False)
    monkeypatch.setattr(system_packages, "DRIVERS", ())
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("bare_linux")
def test_that_without_rights_the_exact_command_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    system_packages.need_libraries("run")
    out = capsys.readouterr().out
    assert "sudo apt-get update && sudo apt-get install -y --no-install-recommends libegl1 libgl1 " in out
    assert "libgl1-mesa-dri" in out
    assert "xvfb" not in out
    with pytest.raises(BootstrapError, match="xvfb"):
        system_packages.need_libraries("test")


@pytest.mark.usefixtures("bare_linux")
@pytest.mark.parametrize("codes", [[0], [100, 0, 0]])
def test_that_with_rights_apt_is_asked_and_if_need_be_updated_first(
    monkeypatch: pytest.MonkeyPatch, codes: list[int]
) -> None:
    called: list[list[str]] = []

    def fake(command: list[str], **_: object) -> SimpleNamespace:
        called.append([word for word in command if word in ("install", "update")])
        return SimpleNamespace(returncode=codes[len(called) - 1], stdout="")

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(subprocess, "run", fake)
    assert system_packages.install_packages(["libegl1"]) == ""
    assert called == [["install"], ["update"], ["install"]][: len(codes)]


@pytest.mark.usefixtures("bare_linux")
def test_that_other_systems_than_debian_are_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert system_packages.install_packages(["libegl1"]).endswith("libegl1")


# ---- the display -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bare_linux")
def test_that_without_a_display_run_makes_a_video_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.arguments_for_display([]) == ["render", "two-moons", "-o", "two-moons.mp4"]
    assert "no display" in capsys.readouterr().out
    document = "/a b/my.fmstudio"
    assert bootstrap.arguments_for_display([document]) == ["render", document, "-o", "my.mp4"]
    for arguments in (["gallery"], ["doctor", "--json"], ["--version"], ["render", "x", "-o", "y.mp4"]):
        assert bootstrap.arguments_for_display(arguments) == arguments


def test_that_with_a_display_run_opens_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "has_display", lambda: True)
    assert bootstrap.arguments_for_display([]) == []


def test_that_an_x_server_that_does_not_answer_is_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":61234")
    assert not displays.has_display()


def test_that_our_own_x_server_answers_and_ends_with_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    def tests(outcome: Exception | None) -> None:
        with displays.virtual_display() as display:
            monkeypatch.setenv("DISPLAY", display)
            assert displays.has_x()
            if outcome:
                raise outcome

    tests(None)
    assert not displays.has_x()
    with pytest.raises(BootstrapError):
        tests(BootstrapError("anything"))
    assert not displays.has_x()


def test_that_the_commands_it_knows_are_those_of_the_shell() -> None:
    from fmstudio.cli import app

    names = {
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    }
    assert names <= set(bootstrap.COMMANDS)
