"""The shell's root: options, arguments and errors that all commands share.

Exit codes: 0 done, 1 failure, 2 bad input; errors are one sentence on standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from fmstudio import __version__
from fmstudio.document.sentences import MOST_OF_ALL, short
from fmstudio.document.sentences import sentence as plain

if TYPE_CHECKING:
    from fmstudio.document.document import Document
    from fmstudio.engine.messages import LearnedModel

UsageError: Any = typer.BadParameter.__base__
"""What the shell raises for words that it cannot take; Typer has no public name for it."""

_TAKES = {"int_parsing": "a whole number", "int_from_float": "a whole number", "float_parsing": "a number"}


class Shell(TyperGroup):
    """Commands whose misuse is one sentence, as every other bad input is."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """What the command gives; or, standing alone, the end of the process by its exit code."""
        try:
            result = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except UsageError as error:
            if not standalone_mode:
                raise
            typer.echo(_of_usage(error), err=True)
            sys.exit(2)
        if standalone_mode:
            sys.exit(result if isinstance(result, int) else 0)
        return result


def _of_usage(error: Any) -> str:
    """What was wrong, and where help is."""
    words, cause = error.format_message(), error.__cause__
    if isinstance(cause, ValidationError):
        (problem,) = cause.errors()[:1]
        takes = _TAKES.get(problem["type"])
        if takes:
            words = f"{max(error.param.opts, key=len)} takes {takes}, not '{short(problem['input'])}'."
    command = error.ctx.command_path if error.ctx else "fmstudio"
    return plain(f"{words.rstrip('.')}: see '{command} --help'.", MOST_OF_ALL)


app = typer.Typer(
    cls=Shell,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A studio for flow matching and diffusion in two dimensions. 'fmstudio [DOC]' opens the window.",
)

DocArgument = Annotated[str, typer.Argument(metavar="DOC", help="A gallery id or a .fmstudio file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ThemeOption = Annotated[str, typer.Option("--theme", help="dark or light.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fmstudio {__version__}")
        raise typer.Exit


@app.callback()
def shell(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that stand before any command."""


def fail(sentence: str, code: int) -> NoReturn:
    """One sentence on standard error, then leave: code 2 for bad input, 1 for failure."""
    typer.echo(plain(sentence, MOST_OF_ALL), err=True)
    raise typer.Exit(code)


@contextmanager
def sentences() -> Iterator[None]:
    """Turn the known errors into their sentence and exit code."""
    from fmstudio.document.files import SaveError
    from fmstudio.export.errors import ExportError
    from fmstudio.render.vispy.offscreen import NoOpenGL

    try:
        yield
    except (ExportError, SaveError, NoOpenGL) as error:
        fail(str(error), 1)
    except MemoryError as error:
        fail(str(error) or "Out of memory: use fewer particles or steps.", 1)
    except ValueError as error:
        fail(str(error), 2)


def print_json(value: object, indent: int | None = None) -> None:
    """One JSON value on standard output, in UTF-8 whatever the console's encoding is."""
    typer.echo(json.dumps(value, indent=indent, ensure_ascii=False).encode())


def load(doc: str) -> tuple[Document, tuple[LearnedModel, ...]]:
    """The document of a gallery id or a file, with its models. Raises ValueError with a sentence."""
    from fmstudio.studio.opening import open_document

    return open_document(doc)


def parse_size(text: str) -> tuple[int, int]:
    """'1280x720' -> (1280, 720). Raises ValueError."""
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) == 2 and all(part.strip().isdigit() for part in parts):
        width, height = (int(part) for part in parts)
        if 16 <= width <= 8192 and 16 <= height <= 8192:
            return width, height
    raise ValueError(f"Size '{text}' is not WIDTHxHEIGHT with 16 to 8192 pixels each, for example 1280x720.")
