"""Data in: a CSV file or arrays → rows and columns a search can use, and the exact way back."""

from eqdarts.data.cells import check_numeric, checked_weights, is_numeric
from eqdarts.data.columns import Prepared, Scales, as_words, check_finite_columns, check_names, column_scale, prepare
from eqdarts.data.csv import Table, read_csv, read_frame
from eqdarts.data.frames import as_frame, as_series, has_columns, rows_of, rows_of_values, select
from eqdarts.data.missing import Missing
from eqdarts.data.rounding import rounding, rounding_alike
from eqdarts.data.split import MIN_ROWS_TO_SPLIT, merge_rows, split_rows
from eqdarts.data.user_table import Given, given_columns, given_table, given_target, numbered

__all__ = [
    "MIN_ROWS_TO_SPLIT",
    "Given",
    "Missing",
    "Prepared",
    "Scales",
    "Table",
    "as_frame",
    "as_series",
    "as_words",
    "check_finite_columns",
    "check_names",
    "check_numeric",
    "checked_weights",
    "column_scale",
    "given_columns",
    "given_table",
    "given_target",
    "has_columns",
    "is_numeric",
    "merge_rows",
    "numbered",
    "prepare",
    "read_csv",
    "read_frame",
    "rounding",
    "rounding_alike",
    "rows_of",
    "rows_of_values",
    "select",
    "split_rows",
]
