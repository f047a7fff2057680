"""A Parquet file → frames, through pyarrow, which the extra `parquet` installs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from eqdarts.errors import EqdartsError, InputDataError


def _opened(path: Path) -> Any:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise EqdartsError(
            f"{path}: reading Parquet needs pyarrow; pip install 'eqdarts[parquet]', or save the table as CSV"
        ) from error
    try:
        return parquet.ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise InputDataError(f"{path}: cannot be read as Parquet ({' '.join(str(error).split())[:120]})") from error


def parquet_columns(path: Path) -> list[str]:
    """Names of the columns; of nested ones, the outermost."""
    with _opened(path) as file:
        return list(file.schema_arrow.names)


def parquet_chunks(path: Path, columns: Sequence[str], rows: int) -> Iterator[pd.DataFrame]:
    """Frames of so many rows with these columns, in this order."""
    with _opened(path) as file:
        for batch in file.iter_batches(batch_size=rows, columns=list(columns)):
            yield batch.to_pandas()[list(columns)]
