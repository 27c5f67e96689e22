"""A command that opens windows gets a display, and its exit code comes back."""

from __future__ import annotations

import sys

import on_display


def test_that_a_command_without_a_display_gets_one_of_its_own(monkeypatch, capfd):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    program = "import os, sys; print(os.environ['DISPLAY'], os.environ['QT_QPA_PLATFORM']); sys.exit(3)"
    assert on_display.main([sys.executable, "-c", program]) == 3
    display, platform = capfd.readouterr().out.split()
    assert display.startswith(":")
    assert platform == "xcb"


def test_that_a_display_that_is_there_is_used(monkeypatch):
    monkeypatch.setattr(on_display, "needs_virtual_display", lambda: False)
    assert on_display.main([sys.executable, "-c", "raise SystemExit(4)"]) == 4


def test_that_a_command_that_is_not_there_is_told_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(on_display, "needs_virtual_display", lambda: False)
    assert on_display.main(["no-such-program"]) == 1
    assert "no-such-program" in capsys.readouterr().err


def test_that_no_command_shows_the_usage(capsys):
    assert on_display.main([]) == 2
    assert "COMMAND" in capsys.readouterr().err
