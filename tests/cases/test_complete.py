"""Every reported case has a test that is named after it."""

from __future__ import annotations

import re
from pathlib import Path

NAMES = {
    "colon-in-file-name",
    "decimal-comma-tab-quoted",
    "drop-web-address",
    "export-dotted-name",
    "far-coordinates",
    "first-frame-blank",
    "first-row-vanishes",
    "flat-source-likelihood",
    "folder-named-like-gallery",
    "gif-fast-frames",
    "grey-ground",
    "hostile",
    "legacy-console-encoding",
    "no-opengl-traceback",
    "option-order",
    "pandas-headers",
    "sde-constant-sigma-silent",
    "stale-display",
    "start-is-not-p0",
    "tiny-coordinates",
    "title-without-glyphs",
    "typed-decimal-comma",
    "uppercase-suffix",
}


def test_that_every_case_has_a_test_named_after_it() -> None:
    source = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    named = "\n".join(re.findall(r"^def test_that_(\w+)\(", source, re.M))
    assert {name for name in NAMES if not re.search(f"^{name.replace('-', '_')}", named, re.M)} == set()
