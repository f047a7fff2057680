"""What is no file of text or Parquet as one: standard input, and sheets of spreadsheets, in a temporary folder."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from eqdarts.data.dialect import FileFormat
from eqdarts.data.text_file import is_workbook
from eqdarts.data.workbook import write_sheet
from eqdarts.errors import EqdartsError, InputDataError


@contextmanager
def plain_file(path: str | Path, form: FileFormat) -> Iterator[tuple[Path, FileFormat]]:
    """A file of text or Parquet that can be read again and again, and what is known of it.

    A path ``-`` is standard input. Messages name what was given.
    """
    with tempfile.TemporaryDirectory(prefix="eqdarts-") as folder:
        file, name = Path(path), str(path)
        try:
            if name == "-":
                name, file = "standard input", Path(folder) / "standard input"
                file.write_bytes(sys.stdin.buffer.read())
            if is_workbook(file):
                sheet = Path(folder) / "sheet.csv"
                write_sheet(file, form.sheet, sheet)
                decimal, thousands = form.decimal or ".", form.thousands or ""
                file, form = sheet, replace(form, delimiter=",", decimal=decimal, thousands=thousands, encoding="utf-8")
            elif form.sheet is not None:
                raise InputDataError(f"{name}: sheet={form.sheet!r}, and this is no spreadsheet; leave it out")
            yield file, replace(form, name=name)
        except EqdartsError as error:
            message = str(error)
            for copy in Path(folder).iterdir():
                message = message.replace(str(copy), name)
            if message == str(error):
                raise
            raise type(error)(message) from error
