"""Data in: a CSV file or arrays → rows and columns a search can use, and the exact way back."""

from eqdarts.table.checks import check_numeric, checked_weights
from eqdarts.table.columns import Prepared, Scales, check_finite_columns, check_names, column_scale, prepare
from eqdarts.table.files import Table, read_csv, read_frame
from eqdarts.table.given import Given, given_columns, given_table, given_target, numbered
from eqdarts.table.rounding import rounding, rounding_alike
from eqdarts.table.rows import MIN_ROWS_TO_SPLIT, merge_rows, split_rows

__all__ = [
    "MIN_ROWS_TO_SPLIT",
    "Given",
    "Prepared",
    "Scales",
    "Table",
    "check_finite_columns",
    "check_names",
    "check_numeric",
    "checked_weights",
    "column_scale",
    "given_columns",
    "given_table",
    "given_target",
    "merge_rows",
    "numbered",
    "prepare",
    "read_csv",
    "read_frame",
    "rounding",
    "rounding_alike",
    "split_rows",
]
