"""A closed loop: a search for the law of an enzyme chooses the observations that would decide between its own answers.

Expected: rate = 210 · c / (0.06 + c), from four noisy observations and ten more that the loop asks for, two at a time.
Found: rate = 3404 / (16 + 1/c), which is 213 · c / (0.0625 + c). Four observations had given a power of c, six already
the law; what the loop asks for is then at the ends, where the constants show.

No experiment: `observe` draws rates by that law, with an error of 4 (seed 1974). The workflow is that of AutoRA
(`pip install 'eqdarts[autora]'`): a state with conditions, observations and models, and three functions on it.
"""

import numpy as np
import pandas as pd
from _common import arguments, save_plot
from autora.state import StandardState, on_state
from autora.variable import Variable, VariableCollection

from eqdarts import DARTSRegressor

CYCLES, AT_ONCE, ERROR = 5, 2, 4.0
POSSIBLE = pd.DataFrame({"c": np.geomspace(0.01, 2.0, 60).round(3)})
VARIABLES = VariableCollection(independent_variables=[Variable("c")], dependent_variables=[Variable("rate")])


def doubt(model: DARTSRegressor, conditions: pd.DataFrame) -> np.ndarray:
    """How far the equations of the front differ there: the standard deviation of what they predict, by probability."""
    likely = model.equations_["probability"].to_numpy() > 0.01
    shares = model.equations_["probability"].to_numpy()[likely]
    values = np.array([model.predict(conditions, index=int(k)) for k in np.flatnonzero(likely)])
    mean = np.average(values, axis=0, weights=shares)
    return np.sqrt(np.average((values - mean) ** 2, axis=0, weights=shares))


@on_state(output=["conditions"])
def experimentalist(models: list[DARTSRegressor]) -> pd.DataFrame:
    """The conditions at which the last model doubts most, none next to another."""
    worth, chosen = doubt(models[-1], POSSIBLE), []
    for _ in range(AT_ONCE):
        chosen.append(int(worth.argmax()))
        worth[max(0, chosen[-1] - 5) : chosen[-1] + 6] = -1.0
    return POSSIBLE.iloc[chosen]


def laboratory(random: np.random.Generator) -> object:
    @on_state(output=["experiment_data"])
    def observe(conditions: pd.DataFrame) -> pd.DataFrame:
        c = conditions["c"].to_numpy()
        return conditions.assign(rate=(210 * c / (0.06 + c) + ERROR * random.normal(size=len(c))).round(1))

    return observe


def theorist(seconds: float) -> object:
    @on_state(output=["models"])
    def search(experiment_data: pd.DataFrame) -> list[DARTSRegressor]:
        # A new model each time, so that those of earlier cycles stay what they were.
        rows = experiment_data.reset_index(drop=True)
        model = DARTSRegressor(max_time=seconds, random_state=0, verbose=0)
        return [model.fit(rows[["c"]], rows["rate"], y_error=np.full(len(rows), ERROR))]

    return search


def main() -> None:
    options = arguments(__doc__)
    observe, search = laboratory(np.random.default_rng(1974)), theorist(options.max_time / CYCLES)

    # What a worker might try first; the state grows by what each function adds.
    first = pd.DataFrame({"c": [0.05, 0.1, 0.2, 0.4]})
    state = search(observe(StandardState(variables=VARIABLES, conditions=first)))
    lines = []
    for _ in range(CYCLES):
        lines.append(f"{len(state.experiment_data)} observations: {state.models[-1].equation().text()}")
        state = search(observe(experimentalist(state)))
        lines.append(f"    doubt is greatest at c = {', '.join(f'{c:g}' for c in state.conditions['c'])}")

    model, rows = state.models[-1], state.experiment_data.reset_index(drop=True)
    print(model)
    print(model.latex())
    print("\n".join(lines))
    save_plot(model, rows[["c"]], rows["rate"], options.output / "autora_closed_loop.png")


if __name__ == "__main__":
    main()
