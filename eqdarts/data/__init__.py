"""Data in: a CSV file or arrays → rows and columns a search can use, and the exact way back."""

from eqdarts.data.cells import check_numeric, checked_weights, is_numeric
from eqdarts.data.columns import as_words, check_finite_columns, check_names, column_scale
from eqdarts.data.dialect import FileFormat
from eqdarts.data.frames import as_frame, as_series, has_columns, rows_of, rows_of_values, select
from eqdarts.data.indicators import one_hot, with_indicators
from eqdarts.data.missing import Missing
from eqdarts.data.reading import dialect, read_cells, read_csv, read_frame, read_rows, read_table
from eqdarts.data.rounding import rounding, rounding_alike
from eqdarts.data.split import MIN_ROWS_TO_SPLIT, split_rows
from eqdarts.data.table import Table, evenly, unevenly
from eqdarts.data.units import units_of, with_unit
from eqdarts.data.user_table import given_columns, given_table, given_target, with_errors

__all__ = [
    "MIN_ROWS_TO_SPLIT",
    "FileFormat",
    "Missing",
    "Table",
    "as_frame",
    "as_series",
    "as_words",
    "check_finite_columns",
    "check_names",
    "check_numeric",
    "checked_weights",
    "column_scale",
    "dialect",
    "evenly",
    "given_columns",
    "given_table",
    "given_target",
    "has_columns",
    "is_numeric",
    "one_hot",
    "read_cells",
    "read_csv",
    "read_frame",
    "read_rows",
    "read_table",
    "rounding",
    "rounding_alike",
    "rows_of",
    "rows_of_values",
    "select",
    "split_rows",
    "unevenly",
    "units_of",
    "with_errors",
    "with_indicators",
    "with_unit",
]
