"""The package's own front page: every name is there, and importing it is light."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fmstudio import flows


def test_that_every_public_name_exists() -> None:
    for name in flows.__all__:
        assert getattr(flows, name) is not None
    assert len(set(flows.__all__)) == len(flows.__all__), "a name that is also a chapter would hide it"
    assert set(flows.__all__) <= set(dir(flows))


def test_that_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Momentum'"):
        flows.Momentum  # noqa: B018


def test_that_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'scipy', 'ot', 'numpy'}"
    code = f"import sys, fmstudio.flows; print({heavy} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
