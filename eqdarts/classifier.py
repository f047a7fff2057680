"""Classes as equations: `DARTSClassifier`, its options and how it is fitted. No mathematics here."""

from __future__ import annotations

import inspect
import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from eqdarts.classes.answers import ClassAnswers, ClassSummary
from eqdarts.classes.baseline import baseline_of
from eqdarts.classes.choosing import frequencies, joint_front
from eqdarts.classes.labels import Labels, given_labels
from eqdarts.classes.likelihood import ClassRows
from eqdarts.classes.planes import planes
from eqdarts.classes.saving import SavedClasses, read, write
from eqdarts.classes.settling import constant, settled
from eqdarts.data import check_finite_columns, given_table, units_of
from eqdarts.data.cells import checked_weights
from eqdarts.data.columns import varying
from eqdarts.data.table import Table, lexicographic
from eqdarts.equation.equation import Equation
from eqdarts.errors import InputDataError, shown
from eqdarts.estimator import DARTSRegressor
from eqdarts.formula.records import dump
from eqdarts.losses.link import LOGIT
from eqdarts.options_together import not_with
from eqdarts.runtime.writing import write_text
from eqdarts.search.history import history_table

if TYPE_CHECKING:
    from typing_extensions import Self

#: Options of the regressor that mean nothing here, and why.
_NOT_HERE = not_with("classes")
#: Options that a sum of columns would not heed.
_WITHOUT_PLANES = ("operations", "constraints", "max_complexity")
_SEARCHES, _JOINT = 0.85, 0.97  # of `max_time`, when searches end, and the joint fits of scores (not tuned)


def _options() -> dict[str, inspect.Parameter]:
    """The options of `DARTSRegressor` that a classifier has too, with their defaults."""
    found = inspect.signature(DARTSRegressor).parameters
    return {name: parameter for name, parameter in found.items() if name not in _NOT_HERE}


class DARTSClassifier(ClassAnswers):
    """Discover what makes the probabilities of classes, as equations of the columns.

    Every class k but one, the baseline, has a score s_k, which is an equation; that of the baseline is 0, and

        P(k | x) = exp(s_k(x)) / Σ_j exp(s_j(x)),

    the multinomial logit. With two classes there is one score s, and P = 1/(1 + exp(−s)) is the probability of the
    second. Each score is searched on the rows of its class and of the baseline, as `DARTSRegressor` with
    ``loss="bernoulli"`` does (those rows suffice: Begg & Gray 1984). Then the constants of all scores are fitted to all
    rows at once by their likelihood, and which score of each front is taken is decided together, by the shortest
    description.

    It has the options of `DARTSRegressor`, all but ``loss``, ``noise``, ``template``, ``guesses``, ``constants``,
    ``units``, ``shared``, ``checkpoint`` and ``warm_start``; `max_time` is for all searches together, `max_epochs` for
    each. ``model_selection="accuracy"`` takes the lowest log loss.

    Attributes
    ----------
    classes_ : array [K]
        The labels, sorted.
    baseline_ : label
        The class whose score is 0: of two the first, of more the one that shares most rows with others.
    equations_ : DataFrame
        The front, a row for each set of scores, none of which is both larger and worse than another: complexity (of all
        scores), log_loss (nats for each row), deviance, explained (share of the deviance, as R² has it for squares),
        accuracy, length (nats, by which one is chosen), a column with the text of each score, and sympy (expressions by
        label).
    best_index_ : int
        The row that `model_selection` chooses, or the one that was selected (`select`).
    selected_ : int or None
        The row that was selected, if one was.
    front_ : tuple of `eqdarts.classes.scores.Scores`
    searches_ : dict
        By label, the fitted `DARTSRegressor` behind its score, with graph, history and architecture weights; empty for
        a model from a file.
    history_ : DataFrame
        Of all searches, as `DARTSRegressor.history_`, with a column ``class``.
    stop_reasons_ : dict
        By label, why its search ended.
    training_ : ClassSummary
        Number of rows, how often each class occurs, and ranges of the columns.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from eqdarts import DARTSClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.uniform(0, 4, (300, 2)), columns=["dose", "age"])
    >>> dies = rng.random(300) < 1 / (1 + np.exp(4 - 2 * X.dose))
    >>> y = np.where(dies, "dead", "alive")
    >>> model = DARTSClassifier(max_epochs=3, replicas=64, max_nodes=1, random_state=0, verbose=0).fit(X, y)
    >>> sorted(model.sympy()["dead"].free_symbols, key=str)
    [dose]
    >>> model.predict(pd.DataFrame({"dose": [0.5, 3.5], "age": [1.0, 1.0]})).tolist()
    ['alive', 'dead']
    """

    def __init__(self, **options: Any) -> None:
        for name in options:
            if name not in _OPTIONS:
                why = f": {_NOT_HERE[name]}" if name in _NOT_HERE else ""
                raise TypeError(f"DARTSClassifier has no option {name!r}{why}")
        for name, parameter in _OPTIONS.items():
            setattr(self, name, options.get(name, parameter.default))

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> DARTSClassifier:
        """Search for the scores of the classes. A second fit forgets the first.

        Parameters
        ----------
        X : DataFrame or array [n, d]
        y : Series or array [n], or table [n, K]
            A label of each row: text, whole numbers or bool. Or the shares of K classes in each row, which add up to 1;
            names of columns are the labels then.
        sample_weight : array [n], optional
            Not negative; a row of weight 2 counts like two rows. A class whose rows all have the weight 0 is no class.

        Returns
        -------
        DARTSClassifier
            Itself.

        Raises
        ------
        InputDataError
            A `ValueError` that names the column, row or option; also where there is one class only, a label is missing,
            or labels are numbers that are not whole.
        """
        start, rng = time.monotonic(), self._generator()
        labels = given_labels(y)
        table = self._table(X, labels)
        weights = checked_weights(sample_weight, len(table))
        labels = labels.checked(weights)
        counts = np.ones(len(table)) if weights is None else weights
        kept = np.flatnonzero(counts > 0)
        if not hasattr(self.validation, "split"):  # type: ignore[attr-defined]  # which goes by the order of the rows
            kept = kept[lexicographic(table.X[kept], labels.shares[kept], counts[kept])]
        baseline = baseline_of(table.X[kept], labels.shares[kept], counts[kept])
        rows = ClassRows(table.X[kept], table.names, labels.shares[kept], counts[kept], baseline)
        header = units_of(X)
        searches = self._searched(rows, labels, kept, header, rng, start)
        fronts = [
            self._front(search, expression, rows, k)
            for search, expression, k in zip(searches.values(), frequencies(rows), rows.scored, strict=True)
        ]
        starts = [_chosen(front, search) for front, search in zip(fronts, searches.values(), strict=True)]
        end = start + _JOINT * self.max_time if _is_limit(self.max_time) else np.inf  # type: ignore[attr-defined]
        with np.errstate(all="ignore"):
            front = tuple(settled(one, rows, labels.names) for one in joint_front(fronts, starts, rows, end))
        known = [search.units_ for search in searches.values() if search is not None]
        self.units_ = {name: unit for name, unit in (known[0] if known else header).items() if name in table.names}
        return self._store(rows, labels, searches, front)

    def to_dict(self) -> dict[str, Any]:
        """Everything that `save` writes, as plain values for JSON."""
        best, labels = self.best_index_, self.classes_.tolist()
        saved = SavedClasses(
            settings=self.get_params(deep=False),
            columns=self._columns,
            named_columns=hasattr(self, "feature_names_in_"),
            target=self.target_name_,
            units=self.units_,
            classes=self.classes_,
            of_shares=self._of_shares,
            baseline=self.front_[0].baseline,
            training=self.training_,
            stop_reasons=tuple(self.stop_reasons_[labels[k]] for k in self.front_[0].scored),
            front=self.front_,
            selected=self.selected_,
        )
        return write(saved, best)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a JSON file, for `load`; the file is replaced as a whole or not at all.

        It holds the front with constants and their standard errors, classes, names and ranges of the columns, and the
        settings; not the rows, nor the searches.

        Raises
        ------
        EqdartsError
            If the file cannot be written.
        """
        write_text(path, dump(self.to_dict()))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """A model that `save` wrote. Predictions are the same to the last bit.

        Nothing in the file is evaluated as code, so a file of unknown origin does no harm.

        Raises
        ------
        InputDataError
            If it is damaged, foreign or of a later release; naming the field.
        """
        saved = read(path, {name: parameter.default for name, parameter in _OPTIONS.items()})
        model = cls(**saved.settings)
        model.n_features_in_ = len(saved.columns)
        if saved.named_columns:
            model.feature_names_in_ = np.array(saved.columns, dtype=object)
        model.classes_, model.target_name_, model.front_ = saved.classes, saved.target, saved.front
        model.training_, model.units_, model._selected = saved.training, dict(saved.units), saved.selected
        labels = saved.classes.tolist()
        model.stop_reasons_ = {labels[k]: r for k, r in zip(saved.front[0].scored, saved.stop_reasons, strict=True)}
        model.searches_, model.history_ = {}, history_table(())
        model._training, model._of_shares = None, saved.of_shares
        return model

    def _table(self, X: Any, labels: Labels) -> Table:
        """X as it was given, with names; the target stands for the labels."""
        places = pd.Series(labels.shares.argmax(axis=1).astype(float), name=labels.target)
        table, named = given_table(X, places if labels.target != "y" else places.to_numpy())
        check_finite_columns(table.X, table.names)
        self._validated(table.X, table.names if named else None, reset=True)
        return table

    def _searched(
        self,
        rows: ClassRows,
        labels: Labels,
        numbers: np.ndarray,
        units: dict[str, str],
        rng: np.random.Generator,
        start: float,
    ) -> dict[Any, DARTSRegressor | None]:
        """A search for each class but the baseline, the most frequent first; None where no column varies.

        numbers: of the rows in the table that was given   units: of its columns, that came with it
        """
        counts = rows.weights @ rows.shares
        found: dict[int, DARTSRegressor | None] = {}
        for place, k in enumerate(sorted(rows.scored, key=lambda k: (-counts[k], k))):
            left = len(rows.scored) - place
            search = self._search(labels, rng, _time_left(self.max_time, start, left))  # type: ignore[attr-defined]
            if any(before is not None and before.stop_reason_ == "interrupted" for before in found.values()):
                found[k] = None
                continue
            found[k] = self._fitted(search, rows, labels, k, numbers, units)
        names = labels.classes.tolist()
        return {names[k]: found[k] for k in rows.scored}

    def _search(self, labels: Labels, rng: np.random.Generator, max_time: float | None) -> DARTSRegressor:
        options = self.get_params(deep=False)
        seed, loss = int(rng.integers(2**31 - 1)), "binomial" if labels.are_shares else "bernoulli"
        return DARTSRegressor(**{**options, "random_state": seed, "max_time": max_time, "loss": loss})

    def _fitted(
        self,
        search: DARTSRegressor,
        rows: ClassRows,
        labels: Labels,
        k: int,
        numbers: np.ndarray,
        units: dict[str, str],
    ) -> DARTSRegressor | None:
        """It, fitted to the rows of one class and the baseline."""
        both = rows.shares[:, k] + rows.shares[:, rows.baseline]
        used = np.flatnonzero(both > 0)
        X = pd.DataFrame(rows.X[used], columns=list(rows.names))
        X.attrs["units"] = units
        share = pd.Series(rows.shares[used, k] / both[used], name=_free(f"P({labels.names[k]})", rows.names))
        if not varying(Table(X.to_numpy(), share.to_numpy(), rows.names)).names:
            return None
        search.validation = _validation(search.validation, numbers[used], len(labels.shares))
        weights = rows.weights[used] * both[used]
        return search.fit(X, share, sample_weight=None if (weights == 1).all() else weights)

    def _front(self, search: DARTSRegressor | None, frequency: Any, rows: ClassRows, k: int) -> list[Equation]:
        """Candidates for the score of a class: a constant first, what its search found, and plain ones."""
        found = [constant(frequency, rows)]
        for equation in () if search is None else search.front_:
            score = LOGIT.score_of(equation.expression)
            if score.free_symbols:
                found.append(Equation(score, rows.names, "s", 1.0, 1.0, equation.origin, equation.genotype))
        if search is None or any(getattr(self, name, None) is not None for name in _WITHOUT_PLANES):
            return found
        both = rows.shares[:, k] + rows.shares[:, rows.baseline]
        used = both > 0
        names = tuple(search.screened_columns_)
        X = rows.X[np.ix_(used, [rows.names.index(name) for name in names])]
        for score in planes(X, names, rows.shares[used, k] / both[used], rows.weights[used] * both[used]):
            found.append(Equation(score, rows.names, "s", 1.0, 1.0, "plane"))
        return found

    def _store(
        self, rows: ClassRows, labels: Labels, searches: dict[Any, DARTSRegressor | None], front: tuple[Any, ...]
    ) -> DARTSClassifier:
        self.classes_, self.target_name_, self.front_ = labels.classes, labels.target, front
        self.searches_ = {label: search for label, search in searches.items() if search is not None}
        self.stop_reasons_ = {
            label: "constant" if search is None else search.stop_reason_ for label, search in searches.items()
        }
        tables = [s.history_.assign(**{"class": label}) for label, s in self.searches_.items()]
        self.history_ = pd.concat(tables, ignore_index=True) if tables else history_table(())
        self.training_ = ClassSummary(
            len(labels.shares),
            tuple(map(float, rows.weights @ rows.shares)),
            tuple(map(float, rows.X.min(axis=0))),
            tuple(map(float, rows.X.max(axis=0))),
        )
        self._training, self._of_shares, self._selected = rows, labels.are_shares, None
        return self


_OPTIONS = _options()
#: What scikit-learn, `help` and editors read; it follows the regressor's options.
DARTSClassifier.__init__.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD), *_OPTIONS.values()]
)


def _chosen(front: list[Equation], search: DARTSRegressor | None) -> int:
    """The place of what the search chose."""
    if search is None:
        return 0
    score = LOGIT.score_of(search.sympy())
    return next((k for k, equation in enumerate(front) if equation.expression == score), 0)


def _time_left(max_time: Any, start: float, searches: int) -> Any:
    """Seconds for the next search, if that is a number; anything else is for the search to refuse."""
    if not _is_limit(max_time):
        return max_time
    return max(0.0, _SEARCHES * max_time - (time.monotonic() - start)) / searches


def _is_limit(max_time: Any) -> bool:
    return isinstance(max_time, int | float) and not isinstance(max_time, bool) and 0 <= max_time < np.inf


def _free(name: str, columns: tuple[str, ...]) -> str:
    """A name that no column has."""
    while name in columns:
        name += "'"
    return name


def _validation(validation: Any, numbers: np.ndarray, n: int) -> Any:
    """Rows to validate among those of these numbers; a share or a splitter as it is."""
    if np.ndim(validation) != 1 or hasattr(validation, "split") or isinstance(validation, str):
        return validation
    given = np.asarray(validation)
    mask = np.zeros(n, dtype=bool)
    try:
        mask[given] = True
    except IndexError as error:
        raise InputDataError(f"validation={shown(validation)}: expected numbers of {n} rows, or a mask") from error
    return np.flatnonzero(mask[numbers])
