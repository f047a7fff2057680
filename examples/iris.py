"""Three species of iris, told by the length and width of their petals and sepals: classes by equations.

Expected: scores of the petals, as the sepals overlap; Fisher (1936) took all four in a linear function.
Found: setosa by the width of its petals, virginica by their length and width; the sepals are left out.

On rows left out (15 processor seconds, 5 folds, commit e0eb9cd) the log loss is 0.110, against 0.155 of logistic
regression on all columns, and the accuracy 0.953 against 0.960.
"""

import numpy as np
import pandas as pd
from _common import DATA, arguments
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eqdarts import DARTSClassifier


def compare(model: DARTSClassifier, X: pd.DataFrame, y: pd.Series, folds: int) -> None:
    """Log loss and accuracy on rows left out, beside those of logistic regression on all columns."""
    split = StratifiedKFold(folds, shuffle=True, random_state=0)
    rivals = {"eqdarts": model, "logistic regression": make_pipeline(StandardScaler(), LogisticRegression())}
    for name, rival in rivals.items():
        chance = cross_val_predict(rival, X, y, cv=split, method="predict_proba")
        right = (np.unique(y)[chance.argmax(axis=1)] == y).mean()
        print(f"{name}, {folds} folds: log loss {log_loss(y, chance):.4f}, accuracy {right:.4f}")


def main() -> None:
    options = arguments(__doc__, folds=True)

    table = pd.read_csv(DATA / "iris.csv")
    X, y = table.drop(columns="species"), table["species"]

    model = DARTSClassifier(max_time=options.max_time, random_state=0)
    model.fit(X, y)

    print(model)
    print(model.latex())
    print(f"accuracy = {model.score(X, y):.4f}")
    if options.folds:
        compare(model, X, y, options.folds)

    path = options.output / "iris.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    model.plot(X, y).savefig(path)
    print(f"plot saved to {path}")


if __name__ == "__main__":
    main()
