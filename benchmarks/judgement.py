"""Laws of human judgement, learning and choice, from the synthetic experiments of autora-synthetic.

    pip install '.[bench]'                           # brings autora-synthetic
    python benchmarks/judgement.py                   # resumes where it stopped, then prints the table
    python benchmarks/judgement.py --law stevens --law luce --seeds 3
    python benchmarks/judgement.py --table

300 rows of each law, drawn from the values that its experiment allows, with the noise that the experiment has
by default. The law is recovered when the chosen equation comes close to it without noise, on 2000 fresh rows
between those values (root mean square of the gap below 1 % of the law's standard deviation), and has at
most three times as many nodes. Probabilities of choice may come as a logistic or as a ratio.
"""

import importlib
import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import runner
import sympy
from forms import evaluate, nodes

from eqdarts import DARTSRegressor

ROWS, FRESH_ROWS, TOLERANCE, SHOWN = 300, 2000, 0.01, 160


@dataclass(frozen=True)
class Law:
    """An experiment of autora-synthetic, with its default parameters.

    module, factory: of `autora.experiment_runner.synthetic`
    formula: what it computes without noise, over the names of its variables
    ordered: are the conditions of a row in rising order?   discrete: columns without values in between
    words: the formula in short, if it is long
    """

    module: str
    factory: str
    formula: str
    ordered: bool = False
    discrete: tuple[str, ...] = ()
    words: str = ""

    @property
    def experiment(self) -> Any:
        name = f"autora.experiment_runner.synthetic.{self.module}.{self.factory}"
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
            raise SystemExit("This benchmark needs autora-synthetic: pip install autora-synthetic") from None
        return getattr(module, self.factory)()

    @property
    def expression(self) -> sympy.Expr:
        # S is the name of a variable here, and of something else in SymPy.
        return sympy.sympify(self.formula, locals={name: sympy.Symbol(name) for name in self.names})

    @property
    def names(self) -> list[str]:
        return [variable.name for variable in self.experiment.variables.independent_variables]

    def sample(self, rows: int, seed: int) -> tuple[pd.DataFrame, pd.Series]:
        """Rows of the values that the experiment allows, with its noise."""
        generator = np.random.default_rng(seed)
        experiment = self.experiment
        allowed = [v.allowed_values for v in experiment.variables.independent_variables]
        X = self._table([generator.choice(values, rows) for values in allowed])
        return X, experiment.run(X.copy(), random_state=seed).iloc[:, -1]

    def sample_fresh(self, rows: int, seed: int) -> tuple[pd.DataFrame, pd.Series]:
        """Rows between the values that the experiment allows, without noise."""
        generator = np.random.default_rng([seed, 1])
        experiment = self.experiment
        columns = []
        for variable in experiment.variables.independent_variables:
            values = variable.allowed_values
            discrete = variable.name in self.discrete
            columns.append(
                generator.choice(values, rows) if discrete else generator.uniform(min(values), max(values), rows)
            )
        X = self._table(columns)
        return X, experiment.ground_truth(X.copy()).iloc[:, -1]

    def _table(self, columns: list[np.ndarray]) -> pd.DataFrame:
        X = np.column_stack(columns).astype(float)
        return pd.DataFrame(np.sort(X) if self.ordered else X, columns=self.names)


def _prospect() -> str:
    """Values and probabilities are felt differently in gains and in losses (Tversky & Kahneman 1992)."""

    def felt(v: str, p: str) -> str:
        def weight(c: str) -> str:
            return f"{p}**{c}/({p}**{c} + (1 - {p})**{c})**(1/{c})"

        return f"Piecewise(({v}**0.88*{weight('0.61')}, {v} >= 0), (-2.25*(-{v})**0.88*{weight('0.69')}, True))"

    return f"1/(1 + exp(10*({felt('V_B', 'P_B')} - {felt('V_A', 'P_A')})))"


def _switching() -> str:
    current, other = "(cur_task_strength + 0.3*(1 - is_switch))", "(alt_task_strength + 0.3*is_switch)"
    control = f"Max(0.15, 1/(2.61541389*{current}/{other} + 0.7042097))"
    return f"1/(1 + exp(5*(exp(-1.5*({current} + {control})) - exp(-1.5*{other}))))"


LAWS = {
    "weber_fechner": Law("psychophysics", "weber_fechner_law", "log(S2/S1)", ordered=True),
    "stevens": Law("psychophysics", "stevens_power_law", "S**0.8"),
    "learning": Law("psychology", "exp_learning", "1 - (1 - P_asymptotic)*exp(-0.03*trial)"),
    "luce": Law(
        "psychology", "luce_choice_ratio",
        "4*similarity_category_A1/(4*similarity_category_A1 + 4*similarity_category_A2"
        " + similarity_category_B1 + similarity_category_B2)",
    ),
    "expected_value": Law("economics", "expected_value_theory", "1/(1 + exp(5*(V_B*P_B - V_A*P_A)))"),
    "prospect": Law(
        "economics", "prospect_theory", _prospect(),
        words="1/(1 + exp(10*(u_B - u_A))), u = V**0.88*w(P) for gains, -2.25*(-V)**0.88*w(P) for losses",
    ),
    "switching": Law(
        "neuroscience", "task_switching", _switching(), discrete=("is_switch",),
        words="1/(1 + exp(5*(exp(-1.5*(c + Max(0.15, 1/(2.615*c/a + 0.704)))) - exp(-1.5*a)))), "
        "c = cur_task_strength + 0.3*(1 - is_switch), a = alt_task_strength + 0.3*is_switch",
    ),
}  # fmt: skip


def error(expression: sympy.Expr, law: Law) -> float:
    """Root mean square of the gap to the law, in standard deviations of the law; infinite if undefined."""
    X, truth = law.sample_fresh(FRESH_ROWS, seed=0)
    found = evaluate(expression, X)
    if not np.isfinite(found).all():
        return float("inf")
    return float(np.sqrt(np.mean((found - truth) ** 2)) / np.std(truth))


def is_law(expression: sympy.Expr, law: Law) -> bool:
    return nodes(expression) <= 3 * nodes(law.expression) and error(expression, law) < TOLERANCE


def fit(job: runner.Job) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    law, seed = LAWS[job["law"]], job["seed"]
    X, y = law.sample(ROWS, seed)
    start = time.monotonic()
    model = DARTSRegressor(max_time=job["budget"], random_state=seed, n_jobs=job["threads"], verbose=0).fit(X, y)
    seconds = time.monotonic() - start
    front = list(model.equations_["sympy"])
    return {
        "seconds": round(seconds, 2),
        "expression": str(model.sympy()),
        "equation": model.equations_["equation"][model.best_index_],
        "nodes": nodes(model.sympy()),
        "r2": model.score(X, y),
        "gap": error(model.sympy(), law),
        "recovered": is_law(model.sympy(), law),
        "on_front": any(is_law(e, law) for e in front),
        "front": [str(e) for e in front],
        "stop_reason": model.stop_reason_,
    }


def markdown(records: list[dict[str, Any]]) -> str:
    def cell(text: str) -> str:
        return f"`{text if len(text) <= SHOWN else text[:SHOWN] + '…'}`"

    rows: list[list[object]] = []
    for r in sorted(records, key=lambda r: (list(LAWS).index(r["law"]), r["seed"])):
        law = LAWS[r["law"]]
        about: list[object] = [r["law"], cell(law.words or law.formula), r["seed"]]
        if r["error"]:
            rows.append([*about, r["error"], "", "", "no", "no", ""])
            continue
        found = [cell(r["equation"]), r["nodes"], f"{100 * r['gap']:.2g}"]
        rows.append([*about, *found, *("yes" if r[key] else "no" for key in ("recovered", "on_front")), r["seconds"]])
    return runner.table(["law", "formula", "seed", "found", "nodes", "gap %", "recovered", "on the front", "s"], rows)


def main() -> None:
    parser = runner.parser(__doc__, "judgement", budget=20.0, processes=1, threads=1)
    parser.add_argument("--law", choices=LAWS, action="append", help="default: all")
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0; of both data and search")
    options = parser.parse_args()
    if not options.table:
        LAWS["stevens"].experiment  # noqa: B018 (says what is missing before anything runs)
        same = {"budget": options.budget, "threads": options.threads}
        jobs = [{"law": law, "seed": s, **same} for law in options.law or LAWS for s in range(options.seeds)]
        _compile()
        runner.run(jobs, fit, options.results, 2 * options.budget + 60, options.processes, options.threads)
    print(markdown(runner.read(options.results)))


def _compile() -> None:
    """The first fit on a machine compiles the loops, which takes longer than a small budget."""
    X = np.linspace(1, 2, 60)
    DARTSRegressor(max_epochs=1, max_time=None, verbose=0).fit(X[:, None], np.sin(X) / X)


if __name__ == "__main__":
    main()
