"""Symbolic regression by several libraries, each with a history of what it held when.

Clocks run while the library works, not while something is noted or judged. A library gets the functions that eqdarts
has by default as far as it has them, the same rows, seed, seconds and threads, and otherwise its defaults or, where
they are known, the settings of its authors in SRBench (La Cava et al. 2021).
"""

import contextlib
import io
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import autora_darts
import numpy as np
from contest import Library, Snapshot, Task, stepwise


def load_eqdarts() -> None:
    from eqdarts.search.warm_up import compile_loops

    compile_loops()


def eqdarts(task: Task) -> list[Snapshot]:
    """After every epoch the loss of its best graph on its validation rows, and the formula that it would choose."""
    from eqdarts import DARTSRegressor

    history: list[Snapshot] = []
    model = DARTSRegressor(
        max_time=task.budget, random_state=task.seed, n_jobs=task.threads, verbose=0,
        callback=lambda record: history.append(
            Snapshot(record.seconds, (record.equation,), record.best_loss)
        ),
    )  # fmt: skip
    start = time.perf_counter()
    model.fit(task.X, task.y)
    seconds = time.perf_counter() - start
    front = [str(e) for e in model.equations_["sympy"]]
    chosen = front.pop(model.best_index_)
    return [*history, Snapshot(seconds, (chosen, *front))]


_OPERON = "add,sub,mul,div,pow,square,sqrt,exp,log,sin,cos,tanh,constant,variable"


def load_operon() -> None:
    import pyoperon.sklearn  # noqa: F401
    import sklearn.ensemble  # noqa: F401


def operon(task: Task) -> list[Snapshot]:
    """The front of every generation; the choice is made at the end, by description length.

    Its noise level is the error of a random forest, as in SRBench, which is off the clock.
    """
    import pyoperon
    from pyoperon.sklearn import SymbolicRegressor
    from sklearn.ensemble import RandomForestRegressor

    X, y = task.X.to_numpy(float, copy=True), np.array(task.y, dtype=float)
    forest = RandomForestRegressor(random_state=task.seed, n_jobs=1).fit(X, y)
    sigma = max(float(np.sqrt(np.mean((y - forest.predict(X)) ** 2))), 1e-12)
    model = SymbolicRegressor(
        allowed_symbols=_OPERON, objectives=["r2", "length"], optimizer_iterations=10, max_length=50,
        generations=10**6, max_evaluations=10**9, max_time=max(1, round(task.budget)), uncertainty=[sigma],
        n_threads=task.threads, random_state=task.seed + 1,
    )  # fmt: skip
    seen: list[tuple[float, tuple[str, ...]]] = []
    start = 0.0

    class Watched(pyoperon.NSGA2Algorithm):  # type: ignore[misc, name-defined]
        """The estimator passes no callback; this one notes the front of every generation."""

        def Run(self, rng: Any, callback: Any, threads: int, warm: bool) -> Any:
            names = dict(zip(model.variables_, task.names, strict=True))

            def note() -> None:
                trees = (pyoperon.InfixFormatter.Format(s.Genotype, names, 16) for s in self.BestFront)
                seen.append((time.perf_counter() - start, tuple(trees)))

            return super().Run(rng, note, threads, warm)

    original, pyoperon.NSGA2Algorithm = pyoperon.NSGA2Algorithm, Watched
    try:
        start = time.perf_counter()
        model.fit(X, y)
        seconds = time.perf_counter() - start
    finally:
        pyoperon.NSGA2Algorithm = original
    chosen, *front = (
        model.get_model_string(tree, 16, task.names)
        for tree in (model.model_, *(member["tree"] for member in model.pareto_front_))
    )
    return [*(Snapshot(at, texts) for at, texts in seen), Snapshot(seconds, (chosen, *front))]


_GPLEARN = ("add", "sub", "mul", "div", "log", "sqrt", "sin", "cos", "exp")
_INFIX = {
    "add": "({} + {})", "sub": "({} - {})", "mul": "({} * {})", "div": "({} / {})", "log": "log(Abs({}))",
    "sqrt": "sqrt(Abs({}))", "sin": "sin({})", "cos": "cos({})", "exp": "exp({})",
}  # fmt: skip


def load_gplearn() -> None:
    import gplearn.genetic  # noqa: F401


def infix(program: list[Any], names: list[str]) -> str:
    """A program of gplearn, which lists functions, numbers of columns and constants in prefix order, as a formula."""
    items = iter(program)

    def read() -> str:
        item = next(items)
        if isinstance(item, (int, np.integer)):
            return names[item]
        if isinstance(item, (float, np.floating)):
            return f"({float(item)!r})"
        return _INFIX[item.name].format(*(read() for _ in range(item.arity)))

    return read()


def gplearn(task: Task) -> list[Snapshot]:
    """The best program so far after every generation, by its error on the rows; SRBench's settings.

    The target comes divided by its standard deviation, which its charge for length is meant for.
    """
    from gplearn.functions import make_function
    from gplearn.genetic import SymbolicRegressor

    exp = make_function(function=_bounded_exp, name="exp", arity=1)
    X, y = task.X.to_numpy(float), np.asarray(task.y, dtype=float)
    unit = float(y.std()) or 1.0

    def steps() -> Iterator[Callable[[float], Snapshot]]:
        model = SymbolicRegressor(
            population_size=1000, generations=0, warm_start=True, tournament_size=20, init_depth=(2, 6),
            function_set=(*_GPLEARN[:-1], exp), parsimony_coefficient=0.001, p_crossover=0.9, p_subtree_mutation=0.01,
            p_hoist_mutation=0.01, p_point_mutation=0.01, n_jobs=task.threads, random_state=task.seed,
        )  # fmt: skip
        best, error = None, np.inf
        while True:
            model.set_params(generations=model.generations + 1).fit(X, y / unit)
            if best is None or model._program.raw_fitness_ < error:
                best, error = model._program, model._program.raw_fitness_

            def shown(seconds: float, program: Any = best) -> Snapshot:
                prediction = unit * program.execute(task.X_test.to_numpy(float))
                return Snapshot(seconds, (f"{unit!r}*({infix(program.program, task.names)})",), task.loss(prediction))

            yield shown

    return stepwise(task, steps())


def _bounded_exp(x: np.ndarray) -> np.ndarray:
    """The library wants functions that are finite everywhere."""
    return np.exp(np.clip(x, -100, 100))


def load_rils() -> None:
    import rils_rols.rils_rols  # noqa: F401


def rils(task: Task) -> list[Snapshot]:
    """It has no history: it is run anew with 1, 2, 4 … seconds, and each run's own time counts, as if the right
    budget had been known."""
    from rils_rols.rils_rols import RILSROLSRegressor

    history: list[Snapshot] = []
    seconds = 1
    while True:
        seconds = min(seconds, max(1, round(task.budget)))
        # It flattens its own array in place, which has to lie row by row.
        X = np.array(task.X, dtype=float, order="C")
        with contextlib.redirect_stdout(io.StringIO()):
            model = RILSROLSRegressor(max_fit_calls=10**9, max_time=seconds, random_state=task.seed)
            start = time.perf_counter()
            model.fit(X, np.array(task.y, dtype=float))
            took = time.perf_counter() - start
            text = renamed(str(model.model_string()), {f"x{k}": name for k, name in enumerate(task.names)})
        history.append(Snapshot(took, (text,)))
        if task.enough(history[-1]) or seconds >= round(task.budget):
            return history
        seconds *= 2


def renamed(text: str, names: dict[str, str]) -> str:
    """A formula with whole names replaced, all at once."""
    return re.sub(r"[A-Za-z_]\w*", lambda found: names.get(found[0], found[0]), text)


LIBRARIES = {
    "eqdarts": Library("eqdarts", "eqdarts", load_eqdarts, eqdarts),
    "pyoperon": Library("pyoperon", "pyoperon", load_operon, operon),
    "gplearn": Library("gplearn", "gplearn", load_gplearn, gplearn),
    "autora": Library("autora-theorist-darts", "autora.theorist.darts", autora_darts.load, autora_darts.work),
    "rils-rols": Library("rils-rols", "rils_rols", load_rils, rils),
}
