"""A Parquet file → frames, through pyarrow, which the extra `parquet` installs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eqdarts.data.text_file import first_bytes
from eqdarts.errors import EqdartsError, InputDataError


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The open file; what pyarrow cannot make of it, now or when its rows are read, is an `InputDataError`."""
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise EqdartsError(
            f"{path}: reading Parquet needs pyarrow; pip install 'eqdarts[parquet]', or save the table as CSV"
        ) from error
    try:
        # Read ahead by pyarrow itself, the whole file would come to lie in memory.
        with parquet.ParquetFile(path, pre_buffer=False) as file:
            yield file
    except (ArrowException, OSError, UnicodeError) as error:
        raise InputDataError(f"{path}: cannot be read as Parquet ({' '.join(str(error).split())[:120]})") from error


def is_parquet(path: Path) -> bool:
    """By its name, or by how it begins."""
    return path.suffix.lower() in (".parquet", ".pq") or first_bytes(path) == b"PAR1"


def parquet_frame(path: Path) -> pd.DataFrame:
    """All of it."""
    columns = parquet_columns(path)
    parts = list(parquet_chunks(path, columns, max(parquet_rows(path), 1)))
    cells = [[part[k] for part in parts] for k in range(len(columns))]
    return pd.DataFrame(
        {k: pd.concat(map(pd.Series, column), ignore_index=True) for k, column in enumerate(cells) if column}
    ).set_axis(columns, axis=1)


def parquet_columns(path: Path) -> list[str]:
    """Names of the columns; of nested ones, the outermost."""
    with _opened(path) as file:
        return list(file.schema_arrow.names)


def parquet_rows(path: Path) -> int:
    with _opened(path) as file:
        return int(file.metadata.num_rows)


def parquet_chunks(path: Path, columns: Sequence[str], rows: int) -> Iterator[list[pd.Series | np.ndarray]]:
    """These columns, in this order, of so many rows at a time."""
    with _opened(path) as file:
        for batch in file.iter_batches(batch_size=rows, columns=list(columns)):
            yield [_column(batch.column(name)) for name in columns]


def _column(cells: Any) -> pd.Series | np.ndarray:
    """The numbers of a column as they lie in memory, if none is missing; anything else as pandas has it."""
    from pyarrow import types

    plain = cells.null_count == 0 and (types.is_floating(cells.type) or types.is_integer(cells.type))
    return cells.to_numpy() if plain else cells.to_pandas()
