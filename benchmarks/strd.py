"""Reads the nonlinear-regression problems of NIST's Statistical Reference Datasets from `data/strd/`."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).resolve().parent.parent / "data" / "strd"
DIGITS = 11  # of the certified values


@dataclass(frozen=True, eq=False)
class Problem:
    """One file.

    Attributes
    ----------
    name, level : str
        Of the data set, and its difficulty: "Lower", "Average" or "Higher".
    formula : str
        The right-hand side over the columns of X and the constants b1, b2, ...
    X : DataFrame
    y : Series
        Its logarithm where the model is one of log(y).
    starts : (dict, dict)
        Far and near.
    values, std_errors : Series
        Certified, indexed by constant.
    rss, residual_std : float
    degrees_of_freedom : int
    """

    name: str
    level: str
    formula: str
    X: pd.DataFrame
    y: pd.Series
    starts: tuple[dict[str, float], dict[str, float]]
    values: pd.Series
    std_errors: pd.Series
    rss: float
    residual_std: float
    degrees_of_freedom: int


def read(path: Path) -> Problem:
    """The problem of a `.dat` file."""
    text = path.read_text(encoding="ascii")
    lines = text.splitlines()
    constants = [line.split("=") for line in _lines(text, lines, "Starting Values") if "=" in line]
    names = [name.strip() for name, _ in constants]
    start1, start2, value, deviation = np.array([list(map(float, row.split())) for _, row in constants]).T
    data = np.array([list(map(float, line.split())) for line in _lines(text, lines, "Data") if line.strip()])
    left, right = _model(text)
    columns = ["x"] if data.shape[1] == 2 else [f"x{k}" for k in range(1, data.shape[1])]
    y = np.log(data[:, 0]) if left.startswith("log") else data[:, 0]
    return Problem(
        name=_find(r"Dataset Name:\s+(\S+)", text),
        level=_find(r"(\w+) Level of Difficulty", text),
        formula=right,
        X=pd.DataFrame(data[:, 1:], columns=columns),
        y=pd.Series(y, name="y"),
        starts=(dict(zip(names, start1.tolist(), strict=True)), dict(zip(names, start2.tolist(), strict=True))),
        values=pd.Series(value, index=names),
        std_errors=pd.Series(deviation, index=names),
        rss=float(_find(r"Residual Sum of Squares:\s+(\S+)", text)),
        residual_std=float(_find(r"Residual Standard Deviation:\s+(\S+)", text)),
        degrees_of_freedom=int(_find(r"Degrees of Freedom:\s+(\d+)", text)),
    )


def problems() -> list[Problem]:
    """All of them, by name."""
    return [read(path) for path in sorted(FOLDER.glob("*.dat"))]


def agreeing_digits(found: object, certified: pd.Series) -> float:
    """−log10 of the largest relative error, from 0 to `DIGITS`; 0 if a number is missing."""
    values = np.asarray(found, dtype=float)
    with np.errstate(all="ignore"):
        digits = -np.log10(np.abs(values - certified) / np.abs(certified))
    return float(np.clip(np.nan_to_num(digits, nan=0.0, posinf=DIGITS, neginf=0.0), 0, DIGITS).min())


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, pattern
    return found.group(1)


def _lines(text: str, lines: list[str], part: str) -> list[str]:
    """The lines that the head of the file names for a part."""
    first, last = (int(_find(rf"{part}\s+\(lines\s+{group}", text)) for group in (r"(\d+)", r"\d+\s+to\s+(\d+)"))
    return lines[first - 1 : last]


def _model(text: str) -> tuple[str, str]:
    """Left and right side of the model, in the notation of Python."""
    block = _find(r"(?s)\nModel:(.*?)Starting [Vv]alues", text)
    left, right = re.split(r"\n\s+(?=(?:y|log\[y\])\s*=)", block)[1].split("=", 1)
    formula = " ".join(re.sub(r"\+\s*e\s*$", "", right.strip()).split())
    for theirs, ours in (("[", "("), ("]", ")"), ("arctan", "atan")):
        formula = formula.replace(theirs, ours)
    return left.strip(), formula
