"""The scikit-learn surface: `DARTSRegressor`, its options and how it is fitted. No mathematics here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import column_or_1d

from eqdarts.checkpoint.keeper import Saved
from eqdarts.data import as_frame, check_finite_columns, given_table, units_of
from eqdarts.data.cache import parsed_once
from eqdarts.data.chunks import Source, open_table
from eqdarts.data.dialect import FileFormat
from eqdarts.data.grid import left_out
from eqdarts.data.groups import beside_columns, given_groups
from eqdarts.data.local import plain_file
from eqdarts.data.logarithm import Logarithm
from eqdarts.data.measured import Measured, Weighted
from eqdarts.data.missing import Missing
from eqdarts.data.noise import GIVEN, Noise
from eqdarts.data.outputs import beside, given_outputs
from eqdarts.data.table import CHUNK_ROWS, Table
from eqdarts.dimensions.table_units import table_units
from eqdarts.errors import InputDataError, check_flag, warn
from eqdarts.fitted.checkpoints import keeper_of, opened, settings_with
from eqdarts.fitted.kept import Kept, kept_of, kept_of_groups, kept_of_outputs, warn_of_limits, warn_of_outliers
from eqdarts.fitted.outputs import OutputsModel
from eqdarts.fitted.searched import searched, weighed
from eqdarts.grouped.fitting import discovered_in_groups
from eqdarts.grouped.outputs import check_outputs, discovered_for_all
from eqdarts.knowledge.constraints import Constraints
from eqdarts.runtime.garbage import no_full_collections
from eqdarts.search.earlier import Earlier
from eqdarts.search.fit_options import FitOptions, fit_options
from eqdarts.search.history import EpochRecord, appended, history_table
from eqdarts.search.large import SUBSET_ROWS, discovered_in_large, first_rows
from eqdarts.templates.search import template_for


class DARTSRegressor(OutputsModel):
    """Discover the equation behind a column by differentiable architecture search.

    A graph with d inputs, latent nodes and a linear readout is searched: architecture weights α say
    which operation an edge carries and are learned on validation rows, while the constants w are
    fitted on train rows (Liu, Simonyan & Yang 2019). The best graphs become SymPy expressions, their
    constants are refitted on all rows and snapped to simpler values where the data allow, and one
    equation is chosen from the front of complexity against loss.

    Some parameters belong to relaxed searches, and some to that of sampled graphs (relaxation "sampled", the default).
    One that the chosen search does not read must keep its default; anything else is an error.

    Parameters
    ----------
    operations : sequence of str, optional
        Candidates of an edge, by name from `eqdarts.OPERATIONS`; "zero" is added if it is missing.
        Default: `eqdarts.graph.operations.DEFAULT_OPERATIONS`.
    aggregators : sequence of {"sum", "product"}
        How a latent node may integrate its edges. ("sum",) is the classic search.
    links : sequence of str, optional
        How the readout may become the target, y = g(Σ c_q φ_q), by name from `eqdarts.graph.links.LINKS`;
        those that cannot give every y are left out. Default: all for sampled graphs, "identity"
        for relaxed searches.
    max_nodes : int
        Latent nodes at the most, at least 1.
    replicas : int, optional
        Graphs drawn per epoch (relaxation "sampled"; default 2048, and at most 512 in the first six), or relaxed
        searches that run side by side (default 16).
    relaxation : {"sampled", "softmax", "sigmoid", "gumbel"}
        "sampled": no mixture; graphs are drawn from α and fitted alone. The others are mixtures on every edge, with
        weights from α by softmax (Liu et al. 2019, eq. 2), by independent sigmoids (Chu et al. 2020, "Fair DARTS"),
        or by samples with Gumbel noise and straight-through gradients (Jang et al. 2017, Xie et al. 2019).
    temperature : (float, float)
        First and last temperature of relaxation "gumbel".
    optimizer : {"auto", "lm", "adam", "sgd"}
        How w is fitted. "lm": Levenberg–Marquardt with an exactly solved readout, on sampled graphs.
        "adam", "sgd": gradient steps on the mixture. "auto": "lm" for "sampled", else "adam".
    order : {1, 2}
        Architecture gradient of a relaxed search: first order, or second order through one unrolled
        step of w (Liu et al. 2019, eq. 7).
    discretisation : {"argmax", "sample", "k_best"}
        How a relaxed search is read off as graphs.
    max_epochs : int, optional
        Bounds the search repeatably: same data, seed and max_epochs give the same equation, unless
        max_time strikes first.
    max_fits : int, optional
        Graphs whose constants are fitted in each search, which bounds it repeatably as well, and whatever the size of
        epochs: within 10 %, as what linear algebra finds first counts and is always asked.
    max_time : float, optional
        Seconds from the checked table to the fitted model, within 10 % of them and of a second at least. None: no
        limit. The first search after an installation compiles its loops, which takes about a minute more and does not
        count; laws that are found before it need none. Reading a table does not count either, nor the passes over a
        large one, nor a callback.
    max_memory : int or str, optional
        Bytes by which the process may grow, or a text such as "2 GB" (kB, MB, GB, TB are powers of 1000; KiB, MiB, GiB,
        TiB of 1024). A search that comes near ends with what it has; a table that does not fit is refused. Loops and
        libraries count as far as they are loaded by the fit. Linux and macOS say how much a process has; elsewhere
        nothing is limited.
    patience : int, optional
        Epochs without progress after which the search stops.
    agreeing_runs : int, optional
        Sampled search of noisy data: it is settled when so many independent runs have found the best graph, and none a
        better one in as many graphs again (`eqdarts.search.settled`). None: it goes on until another bound.
    validation : float, array or splitter
        Rows for the α-step: a share, row numbers or a mask, or a scikit-learn splitter. Tables with
        fewer than 60 rows use all rows for both steps, unless rows or a splitter are given.
    w_steps, alpha_steps : int
        Steps per epoch of a relaxed search.
    w_learning_rate, w_weight_decay : float
        Of the w-step of a relaxed search.
    alpha_learning_rate, alpha_weight_decay : float
        Of the α-step.
    parameter_decay : float
        Decay of α that grows with the number of parameters of the operation, in a relaxed search.
    fair_weight : float
        Weight of the zero-one loss of relaxation "sigmoid".
    readout_inputs, readout_coefficients, readout_intercept : bool
        Does the readout see the inputs, fit its coefficients, and have an intercept?
    proposers : sequence of str or class, optional
        Sampled search: where candidate graphs come from, by name from `eqdarts.PROPOSERS`, or a class of your own
        (`eqdarts.propose.proposer`). "sample": drawn from α; "wave": sines at the frequencies that the table shows;
        "shape": the curves of textbooks, started where the rows may show them;
        "neighbour", "move", "gradient": changes of good graphs, of one edge, of one part, or by the gradient at their
        vertex; "product", "monomials", "ratio", "library": sums and products of given terms by linear algebra;
        "lattice": products of small powers of the columns of few rows, and sums of two, which are all tried.
        Beside the columns, all of them search other problems (`eqdarts.search.reformulations`): "units": columns that
        were scaled in their own units; "shifted": columns far from zero from their beginning; "regular": without the
        few rows at which laws may be 0/0; "dimensionless": products of powers of columns that have no dimension, where
        `units` are given; "symmetry": what the rows of few columns, or the slopes of the best graphs,
        show the target to depend on, differences, sums or products of powers of columns, which takes about half of the
        time, and needs "linear" and "power" among the operations, and both aggregators. Default: all.
    model_selection : {"best", "accuracy", "score"}
        Which equation of the front `predict` uses; see `eqdarts.equation.selection.choose`.
    max_complexity : int, optional
        Equations with more nodes in their expression tree are left out.
    loss : str, object or callable
        What is made small, and what `predict` returns by it. "squared": the mean, with errors that are alike in all
        rows or as `noise` says. "poisson", "negative_binomial": counts, whose mean is exp(f) of a formula f.
        "binomial": shares of successes, with the number of trials as `sample_weight`; "bernoulli": 0 or 1; of both the
        chance is 1/(1 + exp(-f)). "absolute": the median; "quantile": a quantile, as in `eqdarts.losses.Quantile(0.9)`;
        "huber", "log_cosh": a middle that few wild rows do not move. Objects of `eqdarts.losses` have parameters. Or a
        function ``loss(y_pred, y_true, weight)`` in torch. Constants are refitted by the loss itself, equations are
        chosen by it, and `loss` in `equations_` is its mean: of counts and shares the mean deviance.
    noise : {"additive", "proportional", "poisson", "auto"}
        How the error of a row goes with the law's value there: alike in all rows, in proportion to it, or to its root
        as that of counts, these two down to a floor that the rows show. "auto": whichever the rows show before the
        search, "additive" where they do not decide (`eqdarts.search.noise`). Rows are weighed by it, and standard
        errors, intervals and pictures follow.
    units : mapping of str to str, or "header", optional
        The unit of each column and of the target, such as ``{"m": "kg", "v": "m/s", "E": "J"}``, "1" of a number
        without dimension; or "header": those that stand in the header, as in ``v [m/s]``. Equations whose units cannot
        match are left out then, constants get the units that they must have, and laws of pure numbers are searched in
        products of columns that have no dimension. A column without a unit may have any; the target needs one.
        Degrees Celsius are taken as differences of temperature. It needs the extra ``eqdarts[units]``. None: units
        are not looked at.
    guesses : sequence of str, optional
        Starting equations, such as ``["v*c/(K + c)"]``, over columns and constants: a name that is no column is one.
        Each is fitted, offered to the front, changed here and there, and the search goes on from it: for what y is as a
        multiple of it, and with it as a column more.
    constants : mapping of str to float, optional
        Known constants, such as ``{"R": 8.314}``, in the units of the table. Where a fitted number agrees within its
        error with one of them, a power of it, a simple multiple, or a product of two, the equation is offered with its
        name too, which is shorter to describe. The more there are, the better a number must be known
        (`eqdarts.knowledge.named`).
    constraints : Constraints or dict, optional
        What is known of the law (`eqdarts.Constraints`): columns that it must or must not have, what may stand around
        them, its shape and its values. All equations of the front keep it; `excluded_` says what it kept out.
    max_columns : int, optional
        Columns that the search sees at the most; those of a wider table are screened first
        (`eqdarts.data.screening`), which keeps columns that matter only in a product of two. Columns that
        matter in nothing but a fast oscillation, such as sin(x1·x2) over many periods, may be lost.
        None: all columns.
    template : str, optional
        A law of which parts are known, such as ``"a*x1 + f(x2, x3)"``: known functions as
        `eqdarts.formula.parsing.parse_expression` reads them, unknown ones of any other name, of columns or of
        expressions of columns, and constants, which are the names that are no columns. A formula is searched for each
        unknown function, by `max_time` for all of them together, and by `max_epochs` for each one, twice
        (`eqdarts.templates.search`). See `functions_`.
    shared : {None, "graph"}
        Of several columns of y: "graph" finds one structure for all of them, with constants of each one's own, and one
        choice of equation holds for all (`select`). The structure is searched on the rows of all outputs, each in units
        of its own standard deviation, and judged by all of them together. None: each column has a search of its own.
    warm_start : bool
        Does another `fit` go on from where the last one ended, with α, β and γ, its best graphs and the equations of
        its front, all fitted to the rows that are given now? It needs the same columns and target, and the same options
        on what graphs there are and, of a wide table, `max_columns`; there may be other rows and more time. False: a
        fit begins anew.
    checkpoint : str or path, optional
        A file in which the search is kept while it runs: after its first epoch, every half minute and at its end. What
        is killed goes on with `resume`, to the same result. A file that another process writes, a full disk or a folder
        without leave to write cost a warning, and the search goes on. An unfinished search in the file is not written
        over. None: no file is written.
    callback : callable, optional
        Called after every epoch with an `EpochRecord`.
    device : str
        Where the tensors live, such as "cpu" or "cuda".
    n_jobs : int
        Threads that fit graphs on a CPU; -1: as many as there are cores. The equation does not depend on it.
    verbose : int
        0: silent; 1: a progress bar on the terminal (never in a pipe).
    random_state : int, RandomState or None
        Every random number comes from it.

    Attributes
    ----------
    equations_ : DataFrame
        The front, a row per equation: complexity, loss (mean squared error, of weighted rows where noise or weights say
        so), r2 (1 less the share of the variance that it leaves; by another loss d2 in its place, the explained
        deviance or loss: 1 less `loss` over that of the best constant), error (the level of the noise: its standard
        deviation in units of the target, or as a share of the value where noise is proportional, or times the value's
        root), loo (the same of each row by the constants that the others give; NaN where it is not known, as of exact
        laws and of more than 2000 rows), probability (of its form, constants aside: see `rivals_`), score, equation,
        sympy, origin.
    rivals_ : DataFrame
        Every form of equation, constants aside, that the search came upon and that has a probability of at least one in
        a hundred, most probable first; also such as the front does not hold, as another is as simple and fits as well.
        Columns as in `equations_`, without the score. The probability is that of being the law, or equal to it within
        what the rows show, if the law is among what the search came upon (`eqdarts.equation.rivals`).
    excluded_ : DataFrame
        What `constraints` kept out, a row per constraint that was broken: how many graphs and equations, and the best
        of these equations with its complexity, loss and r2 or d2.
    best_index_ : int
        The row that `model_selection` chooses, or the one that was selected (`select`).
    selected_ : int or None
        The row that was selected, if one was.
    history_ : DataFrame
        A row per epoch: epoch, seconds, nodes, train_loss and validation_loss (of the epoch's best,
        relative to the variance of y), best_loss, graphs, found (how many independent runs have found the best graph of
        noisy data), equation (the best so far, as text). And for every source
        of graphs, such as "move": move_graphs (given in the epoch), move_seconds (to propose them, and its part of the
        time in which all were fitted), move_kept (graphs of its among the best so far).
    alpha_history_ : float array [epochs, R, A, E, M]
        Architecture weights after every epoch; R = 1 when graphs are sampled.
    front_ : Front
    genotype_ : Genotype or None
        The graph of the chosen equation.
    functions_ : dict of str to sympy.Expr
        What was found for the unknown functions of `template`.
    search_space_ : SearchSpace or None
        None for a constant target, and with a `template`, whose functions have spaces of their own.
    screened_columns_ : tuple of str
        The columns that the search saw: not the constant ones, nor those that `max_columns` left out.
    noise_ : Noise
        How errors go with the law's value, as the search took it: `noise_.form`, which is "given" where `fit` had
        `y_error`; `noise_.level(loss)` times `noise_.spreads(values)` is the standard deviation of an observation.
    units_ : dict of str to str
        The units of columns and target, as they were given or stand in the header.
    leaves_more_than_noise_ : bool
        Do rows near each other err alike, by the best equation? Then it leaves something unexplained, and the law may
        be another one.
    training_ : Summary
        Number of rows, and ranges of the columns and the target, that the model was fitted to.
    stop_reason_ : str
        "exact", "settled" (of noisy data: see `agreeing_runs`), "max_epochs", "max_fits", "max_time", "max_memory",
        "patience", or "constant" (the target is); "interrupted" (by Ctrl-C, or by SIGTERM where nobody else handles
        it) or "error" (in the search itself, which a `SearchWarning` describes), where the equations are those found so
        far.
    outputs_ : tuple of DARTSRegressor
        A fitted model for each column of y, which `output` gives by name; the model itself where y had one. Of several
        `predict`, `score`, `latex`, `sympy`, `equations_`, `rivals_`, `history_`, `plot` and `save` are those of all,
        and everything else is asked of one output.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from eqdarts import DARTSRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.uniform(1, 5, (200, 3)), columns=["G", "m", "r"])
    >>> y = (X.G * X.m / X.r**2).rename("g")
    >>> model = DARTSRegressor(max_epochs=50, random_state=0, verbose=0).fit(X, y)
    >>> model.sympy()
    G*m/r**2
    >>> print(model.latex())
    g = \\frac{G m}{r^{2}}
    """

    _fits: int  # how many fits went on from one another
    _fitted_with: dict[str, Any]  # the options of the last

    def __init__(
        self,
        *,
        operations: Sequence[str] | None = None,
        aggregators: Sequence[str] = ("sum", "product"),
        links: Sequence[str] | None = None,
        max_nodes: int = 6,
        replicas: int | None = None,
        relaxation: str = "sampled",
        temperature: tuple[float, float] = (1.0, 0.2),
        optimizer: str = "auto",
        order: int = 1,
        discretisation: str = "argmax",
        max_epochs: int | None = None,
        max_fits: int | None = None,
        max_time: float | None = 60.0,
        max_memory: int | str | None = None,
        patience: int | None = 1000,
        agreeing_runs: int | None = 2,
        validation: Any = 0.25,
        w_steps: int = 10,
        alpha_steps: int = 1,
        w_learning_rate: float = 0.025,
        w_weight_decay: float = 3e-4,
        alpha_learning_rate: float = 0.05,
        alpha_weight_decay: float = 1e-3,
        parameter_decay: float = 0.0,
        fair_weight: float = 1.0,
        readout_inputs: bool = True,
        readout_coefficients: bool = True,
        readout_intercept: bool = True,
        proposers: Sequence[str | type] | None = None,
        model_selection: str = "best",
        loss: Any = "squared",
        noise: str = "additive",
        units: Mapping[str, str] | str | None = None,
        guesses: Sequence[str] | None = None,
        constants: Mapping[str, float] | None = None,
        constraints: Constraints | Mapping[str, Any] | None = None,
        max_complexity: int | None = None,
        max_columns: int | None = 20,
        template: str | None = None,
        shared: str | None = None,
        warm_start: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        callback: Callable[[EpochRecord], None] | None = None,
        device: str = "cpu",
        n_jobs: int = -1,
        verbose: int = 1,
        random_state: Any = None,
    ) -> None:
        self.operations = operations
        self.aggregators = aggregators
        self.links = links
        self.max_nodes = max_nodes
        self.replicas = replicas
        self.relaxation = relaxation
        self.temperature = temperature
        self.optimizer = optimizer
        self.order = order
        self.discretisation = discretisation
        self.max_epochs = max_epochs
        self.max_fits = max_fits
        self.max_memory = max_memory
        self.max_time = max_time
        self.patience = patience
        self.agreeing_runs = agreeing_runs
        self.validation = validation
        self.w_steps = w_steps
        self.alpha_steps = alpha_steps
        self.w_learning_rate = w_learning_rate
        self.w_weight_decay = w_weight_decay
        self.alpha_learning_rate = alpha_learning_rate
        self.alpha_weight_decay = alpha_weight_decay
        self.parameter_decay = parameter_decay
        self.fair_weight = fair_weight
        self.readout_inputs = readout_inputs
        self.readout_coefficients = readout_coefficients
        self.readout_intercept = readout_intercept
        self.proposers = proposers
        self.model_selection = model_selection
        self.loss = loss
        self.noise = noise
        self.units = units
        self.guesses = guesses
        self.constants = constants
        self.constraints = constraints
        self.max_complexity = max_complexity
        self.max_columns = max_columns
        self.template = template
        self.shared = shared
        self.warm_start = warm_start
        self.checkpoint = checkpoint
        self.callback = callback
        self.device = device
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    @no_full_collections()
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        y_error: ArrayLike | None = None,
        groups: Any = None,
    ) -> DARTSRegressor:
        """Search for the equation y = f(X). A second fit forgets the first, unless `warm_start` is true.

        Of a table with more than 10,000 rows, and `validation` a share, so many are drawn at random, and the extreme
        ones of each column with them (`eqdarts.data.subset`). The search sees these, and the equations of its front
        are refitted to all rows, which is the only work that grows with the table. Of more than ten million numbers the
        first 10,000 rows are searched before; a law found there that is exact on all rows needs no other search.

        Parameters
        ----------
        X : DataFrame or array [n, d]
        y : Series or array [n], or DataFrame or array [n, k]
            The name of a Series stands on the left of the equation; "y" if it has none, or that of a column of X.
            Several columns give an equation each, by a search of its own with the same seed, and `max_time` is for all
            of them together; see `output`.
        sample_weight : array [n] or [n, k], optional
            Not negative; a row of weight 2 counts like two rows.
        y_error : float or array [n] or [n, k], optional
            The standard deviation of the error of y, of all rows or of each: a row counts by 1/y_error². Standard
            errors of constants take it at its word, as ``absolute_sigma=True`` of SciPy's `curve_fit`. It stands for
            `sample_weight` and `noise`, of which the first is not given as well, nor the second as another form.
        groups : str or array [n], optional
            A column of X by its name, which is then no input, or a label for each row: animals, days, instruments. One
            form is found for all groups, and each of its constants is either shared or a group's own, as the length of
            the description says: `constants_` and `shared_constants_` (`eqdarts.grouped`).

        Returns
        -------
        DARTSRegressor
            Itself.

        Raises
        ------
        InputDataError
            A `ValueError` that names the column, row or option.
        """
        outputs, beside_y = given_outputs(X, y), {"sample_weight": sample_weight, "y_error": y_error}
        self._options(outputs=1 if outputs is None else len(outputs), groups=groups, **beside_y)
        if outputs is not None:
            if self.shared is not None:
                return self._fit_shared(as_frame(X), outputs, beside_y)
            return self._fit_outputs(as_frame(X), outputs, beside_y)
        if groups is not None:
            return self._fit_groups(X, y, sample_weight, y_error, groups)
        return self._fit(X, y, sample_weight, y_error, units_of(X, y))

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, y_error: Any, header: Mapping[str, str], saved: Saved | None = None
    ) -> DARTSRegressor:
        """header: units that stand there, by the names of columns   saved: what a search goes on from"""
        table, options = self._checked(X, y, sample_weight, y_error, header)
        start = time.monotonic()  # the first unit that is read takes a second or more, which is no search
        earlier = self._earlier(table.names, table.target)
        keeper = keeper_of(self.get_params(deep=False), table, options, saved)
        with searched(table, options, self._generator_after(earlier), start, earlier, keeper) as found:
            return self._store(kept_of(found), earlier is not None)

    @classmethod
    def resume(
        cls,
        path: str | os.PathLike[str],
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        y_error: ArrayLike | None = None,
        **options: Any,
    ) -> DARTSRegressor:
        """Go on with a search that was killed, or interrupted, from the file that it had as `checkpoint`.

        Where a number of epochs ends it, the result is that of a search that nobody disturbed, to the last bit. The
        time that it had before counts. A search that was over gives its result at once; with more epochs or time than
        it had, it goes on.

        Parameters
        ----------
        path : str or path
            The file, which the search goes on to write.
        X, y, sample_weight, y_error
            The same as in `fit`.
        **options
            Options that only say when to stop or what is shown, which may change: max_epochs, max_time, max_fits,
            max_memory, patience, agreeing_runs, callback, n_jobs, verbose, model_selection. All others come from the
            file, and are given again only where no file can hold them, such as a source of graphs of your own.

        Returns
        -------
        DARTSRegressor
            Fitted.

        Raises
        ------
        InputDataError
            If the file is damaged or of another version, or the table or an option is not what it was; it says which.

        Examples
        --------
        >>> import numpy as np, os, tempfile
        >>> x = np.linspace(1, 2, 40)[:, None]
        >>> y = 3 * x[:, 0] ** 2 + 0.1 * np.sin(9 * x[:, 0])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "run.ckpt")
        ...     model = DARTSRegressor(max_epochs=2, max_nodes=1, checkpoint=path, random_state=0, verbose=0)
        ...     first = model.fit(x, y)
        ...     longer = DARTSRegressor.resume(path, x, y, max_epochs=3)
        >>> len(first.history_), len(longer.history_)
        (2, 3)
        """
        saved = opened(path)
        model = cls(**settings_with(saved, path, options))
        return model._go_on(saved, X, y, sample_weight, y_error)

    @no_full_collections()
    def _go_on(self, saved: Saved, X: Any, y: Any, sample_weight: Any, y_error: Any) -> DARTSRegressor:
        return self._fit(X, y, sample_weight, y_error, units_of(X, y), saved)

    def _checked(
        self, X: Any, y: Any, sample_weight: Any, y_error: Any, header: Mapping[str, str]
    ) -> tuple[Table, FitOptions]:
        """The table and the options, or what is wrong with them."""
        options = self._options()
        table, options = weighed(self._table(X, y), options, self.noise, sample_weight, y_error)
        options.check_columns(table.names, table.target)
        options.constraints.check_rows(table)
        options = self._with_units(options, table, header)
        if options.template is not None:
            template_for(table, options.template, options)
        return table, options

    def _fit_groups(self, X: Any, y: Any, sample_weight: Any, y_error: Any, groups: Any) -> DARTSRegressor:
        options, start = self._options(), time.monotonic()
        labels, X = beside_columns(groups, X)
        table, options = weighed(self._table(X, y), options, self.noise, sample_weight, y_error)
        known = given_groups(labels, len(table))
        with discovered_in_groups(table, known, options, self._generator(), start) as found:
            self.units_ = units_of(X, y)
            return self._store(kept_of_groups(found))

    def _fit_shared(self, X: Any, outputs: Sequence[pd.Series], beside_y: Mapping[str, Any]) -> DARTSRegressor:
        """One structure for all of these columns, with constants of each."""
        start, given = time.monotonic(), {name: beside(name, value, outputs) for name, value in beside_y.items()}
        models, tables, noises = [], [], []
        for k, output in enumerate(outputs):
            one = type(self)(**{**self.get_params(deep=False), "shared": None})
            rows = {name: values[k] for name, values in given.items()}
            table, options = one._checked(X, output, **rows, header=units_of(X, output))
            models.append(one)
            tables.append(table)
            noises.append(options.noise)
        check_outputs(tables)
        with discovered_for_all(tables, self._options(), noises, self._generator(), start) as found:
            kept = kept_of_outputs(found)
            return self._keep(tuple(one._store(own) for one, own in zip(models, kept, strict=True)))

    def fit_file(
        self,
        path: str | os.PathLike[str],
        target: str,
        inputs: Sequence[str] | None = None,
        *,
        chunk_rows: int = CHUNK_ROWS,
        delimiter: str | None = None,
        decimal: str | None = None,
        thousands: str | None = None,
        encoding: str | None = None,
        sheet: str | int | None = None,
        na: str | Sequence[str] = (),
        drop_missing: bool = False,
        y_error: str | None = None,
        weights: str | None = None,
        log_target: bool = False,
    ) -> DARTSRegressor:
        """Search for the equation of a column of a file of any kind, which need not fit into memory.

        The file is read in chunks. The search sees at most 10,000 of its rows, drawn at random, and those with the
        least and the greatest value of each column (`eqdarts.data.subset`). The equations on its front are then
        refitted to all rows, in a few passes over the file, and their losses are those of all rows. Before a file of
        more than ten million numbers is read, a short search sees its first 10,000 rows; a law found there that is
        exact on all rows needs no other search, and one pass. The text of a CSV
        file is parsed once: its numbers are kept in a temporary file, eight bytes each. A file of at most
        10,000 rows gives what `fit` gives, and a larger one what `fit` gives of the same table in memory.

        Parameters
        ----------
        path : str or path
            Text with a header line, which may be compressed; Parquet, which needs the extra ``eqdarts[parquet]``; or a
            spreadsheet (.xlsx), which needs ``eqdarts[excel]``. ``"-"`` is standard input.
        target : str
            The column to explain.
        inputs : sequence of str, optional
            The columns to explain it with; by default all others, which must hold numbers then.
        chunk_rows : int
            Rows that each thread holds in memory at once.
        delimiter, decimal, thousands, encoding : str, optional
            Of a CSV file: one character that separates cells (a space for runs of spaces), "." or ",", and what stands
            between thousands (",", ".", " ", "'" or ""). What is not given is found out from the first lines, and a
            warning says what is not as usual.
        sheet : str or int, optional
            Of a spreadsheet, its name or its number, counted from 0; by default the first.
        na : str or sequence of str
            Cells to be read as missing, such as "<LOD" or "-999", besides the usual ones (empty, NA, NaN, null, none).
        drop_missing : bool
            Leave out the rows that have a missing cell in one of the columns; a warning says how many. Otherwise a
            missing cell is an error.
        y_error : str, optional
            A column with the standard deviation of the target's error in each row, as `fit` takes it.
        weights : str, optional
            A column with the weight of each row, as `sample_weight` of `fit`.
        log_target : bool
            Search for the law of the target's natural logarithm, which is called ``log(target)`` then.

        Returns
        -------
        DARTSRegressor
            Itself. `max_time` bounds the search; the passes over a large file come on top.

        Raises
        ------
        InputDataError
            Naming the file, the column and the row.

        Warns
        -----
        SearchWarning
            If columns without a name, or rows with missing cells, are left out.

        Examples
        --------
        >>> import numpy as np, os, pandas as pd, tempfile
        >>> t = np.random.default_rng(0).uniform(0, 5, 12_000)
        >>> model = DARTSRegressor(max_epochs=10, random_state=0, verbose=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "fall.csv")
        ...     pd.DataFrame({"t": t, "h": 4.905 * t**2}).to_csv(path, index=False)
        ...     print(model.fit_file(path, "h").sympy())
        4.905*t**2
        """
        missing = Missing.of(na, drop_missing)
        check_flag("log_target", log_target)
        self._options(outputs=1, y_error=y_error, weights=weights)
        kind, beside = (Measured, y_error) if weights is None else (Weighted, weights)
        columns = inputs if inputs is None or beside is None else [*inputs, beside]
        form = FileFormat(delimiter, decimal, thousands, encoding, sheet)
        with plain_file(os.fsdecode(path), form) as (file, known):
            table = open_table(file, target, columns, chunk_rows, known, missing)
            with parsed_once(table) as source:
                rows = source if beside is None else kind(source, table.headings.name(beside))
                source = Logarithm(rows) if log_target else rows
                self._fit_source(source, table.headings.units, y_error is not None)
        if table.rows_left_out:
            warn(left_out(os.fsdecode(path), table.rows_left_out, self.training_.rows + table.rows_left_out))
        return self

    @no_full_collections()
    def _fit_source(self, source: Source, header: Mapping[str, str], measured: bool = False) -> DARTSRegressor:
        """header: units that stand there   measured: do weights come of the errors of rows?"""
        head = first_rows(source)
        X, y = head.as_pandas()
        if len(head) <= SUBSET_ROWS:
            if measured and head.weights is not None:
                return self._fit(X, y, None, head.weights**-0.5, header)
            return self._fit(X, y, head.weights, None, header)
        options = self._options(large_file=True)
        if measured:
            options = replace(options, noise=Noise(GIVEN))
        self._table(X, y)  # notes the names of the columns
        options = self._with_units(options, head, header)
        options.check_columns(head.names, head.target)
        earlier = self._earlier(head.names, head.target)
        with discovered_in_large(source, options, self._generator_after(earlier), earlier) as found:
            return self._store(kept_of(found), earlier is not None)

    def _earlier(self, columns: tuple[str, ...], target: str) -> Earlier | None:
        """What this fit goes on from; None if it begins anew."""
        if self.warm_start and self._several:
            raise InputDataError(
                "warm_start: this model was fitted to several outputs, which do not go on; fit with warm_start=False, "
                "or go on with one of outputs_"
            )
        if not self.warm_start or not hasattr(self, "front_"):
            return None
        if self._problem is None:
            raise InputDataError(
                "warm_start: this model has no α to go on from, as it comes of a file or was fitted by groups; fit it "
                "with warm_start=False"
            )
        space, result = self.search_space_, self._result
        if space is None or result is None:  # the target was constant
            return None
        known = [*self.front_, *(rival for rival in self._rivals if rival not in self.front_)]
        earlier = Earlier(
            self._fitted_with, self.front_[0].columns, self.target_name_, space, self._problem, result.alpha,
            result.beta, result.gamma, result.population, result.noisy, tuple(known),
        )  # fmt: skip
        earlier.check(columns, target, self.get_params(deep=False))
        return earlier

    def _with_units(self, options: FitOptions, table: Table, header: Mapping[str, str]) -> FitOptions:
        """With the units of the columns; notes their text. header: those that stand in the header"""
        units, self.units_ = table_units(self.units, table.names, table.target, header)
        return replace(options, units=units)

    def _options(self, **beside: Any) -> FitOptions:
        return fit_options(self.get_params(deep=False), **beside)

    def _generator_after(self, earlier: Earlier | None) -> np.random.Generator:
        """A fit that goes on draws other numbers than those before it."""
        return self._generator() if earlier is None else self._generator().spawn(self._fits)[-1]

    def _store(self, kept: Kept, goes_on: bool = False) -> DARTSRegressor:
        """goes_on: is it a fit that went on from the last one?"""
        self.__dict__.pop("_outputs", None)  # of a fit before
        self.front_, self._rivals, self._selected = kept.front, kept.rivals, None
        self.leaves_more_than_noise_, self._excluded = kept.leaves_something, kept.excluded
        self.search_space_, self.target_name_ = kept.space, kept.target
        self.training_, self._training, self._groups = kept.summary, kept.training, kept.groups
        self.noise_, self.stop_reason_ = kept.noise, kept.stop_reason
        self._problem, self._result = kept.problem, kept.result
        history, alphas = history_table(kept.history), np.array(kept.alpha_history)
        self.history_ = appended(self.history_, history) if goes_on else history
        self.alpha_history_ = np.concatenate([self.alpha_history_, alphas]) if goes_on else alphas
        self._fits = self._fits + 1 if goes_on else 1
        self._fitted_with = self.get_params(deep=False)
        if kept.groups is None:
            warn_of_limits(self.front_[self.best_index_], kept.training)
            warn_of_outliers(self.front_[self.best_index_], kept.training)
        return self

    def _table(self, X: Any, y: Any) -> Table:
        """The table that `fit` was given; notes the names of the columns."""
        table, named = given_table(X, y)
        self._earlier(table.names, table.target)  # refused before this model is changed
        check_finite_columns(table.X, table.names)
        if isinstance(y, np.ndarray) and y.ndim == 2:
            column_or_1d(y, warn=True)
        self._validated(table.X, table.names if named else None, reset=True)
        return table
