"""What a shell offers for the name of a column, from the header of the file on the command line.

A shell may evaluate what it is given, so names are offered only if they are plain words.
"""

from __future__ import annotations

import re
from pathlib import Path

import typer

_TEXT = (".csv", ".tsv", ".txt", ".dat")
_LONGEST = 2**16  # characters of a line that are looked at
_WORD = re.compile(r"([\w.-]+)(?:\s*[\[(].*)?")  # and its unit


def columns(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of columns that begin so."""
    # An option that still lacks its value keeps the arguments before it from being read.
    given = (ctx.params.get("file"), *ctx.args)
    file = next((str(file) for file in given if file and Path(file).suffix.lower() in _TEXT), None)
    return [] if file is None else [name for name in _header(file) if name.startswith(incomplete)]


def _header(file: str) -> list[str]:
    try:
        with open(file, encoding="utf-8-sig", errors="replace") as lines:
            read = iter(lambda: lines.readline(_LONGEST), "")
            first = next((line for line in read if line.strip() and not line.lstrip().startswith("#")), "")
    except OSError:
        return []
    cells = first.split(max("\t;|,", key=first.count))
    words = [_WORD.fullmatch(cell.strip().strip('"').strip()) for cell in cells]
    return [word[1] for word in words if word is not None and not word[1].startswith("-")]
