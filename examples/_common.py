"""What every example repeats: the command line, the folder of tables, the picture."""

import argparse
from pathlib import Path

import pandas as pd

from eqdarts import DARTSRegressor, refit
from eqdarts.plots import overview

DATA = Path(__file__).resolve().parent.parent / "data"


def arguments(description: str | None, folds: bool = False) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path(), metavar="DIR", help="folder of the plot")
    parser.add_argument("--max-time", type=float, default=20, metavar="SECONDS", help="length of the search")
    if folds:
        parser.add_argument("--folds", type=int, default=0, metavar="N", help="compare on rows left out, N times")
    return parser.parse_args()


def save_plot(model: DARTSRegressor, X: pd.DataFrame, y: pd.Series, path: Path) -> None:
    """Draw the chosen equation beside the front it was chosen from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    overview(model, X, y).savefig(path)
    print(f"plot saved to {path}")


def compare(model: DARTSRegressor, formula: str, X: pd.DataFrame, y: pd.Series) -> None:
    """What the chosen equation leaves, and what the expected one does with its constants fitted."""
    law = refit(formula, X, y)
    chosen = model.equations_.loc[model.best_index_, "loss"]
    print(f"root mean square error: {chosen**0.5:.4g} chosen, {law.loss**0.5:.4g} by {formula}")
