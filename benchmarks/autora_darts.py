"""AutoRA's DARTS, the ancestor of eqdarts, among the libraries: its discrete networks become formulas."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from contest import Snapshot, Task, stepwise

_PRIMITIVES = (
    "none", "add", "subtract", "mult", "linear", "linear_exp", "linear_logistic", "linear_ln", "linear_sin",
    "linear_cos", "linear_tanh", "linear_reciprocal",
)  # fmt: skip
_LAYERS = {
    "Zero": "0*{}", "Identity": "{}", "NegIdentity": "(-{})", "Exponential": "exp({})", "Sigmoid": "(1/(1 + exp(-{})))",
    "NatLogarithm": "log({})", "Sine": "sin({})", "Cosine": "cos({})", "Tangens_Hyperbolicus": "tanh({})",
    "MultInverse": "(1/{})",
}  # fmt: skip
_EPOCHS = 10


def load() -> None:
    from autora.theorist.darts import regressor

    regressor._progress_indicator = iter  # a bar for every step, otherwise


def work(task: Task) -> list[Snapshot]:
    """The best discrete model so far after every 10 epochs: a second fit goes on with the network of the first.

    Columns and target come divided by their standard deviations; 3 nodes, a fitted readout, and otherwise its
    defaults. Of the time, about a seventh goes into refitting the discrete model after every 10 epochs.
    """
    import torch
    from autora.theorist.darts import DARTSRegressor

    torch.set_num_threads(task.threads)
    torch.manual_seed(task.seed)  # this process has only this fit
    X, y = task.X.to_numpy(float), np.asarray(task.y, dtype=float)
    x_scale, y_scale = (np.where(a > 0, a, 1.0) for a in (X.std(axis=0), np.asarray(y.std())))
    columns = [f"({name}/{float(scale)!r})" for name, scale in zip(task.names, x_scale, strict=True)]

    def steps() -> Iterator[Callable[[float], Snapshot]]:
        model = DARTSRegressor(
            num_graph_nodes=3, primitives=_PRIMITIVES, batch_size=64, max_epochs=_EPOCHS,
            train_classifier_coefficients=True, train_classifier_bias=True,
        )  # fmt: skip
        best, least = None, np.inf
        while True:
            model.fit(X / x_scale, y / y_scale)
            error = float(np.mean((model.predict(X / x_scale)[:, 0] * y_scale - y) ** 2))
            if best is None or error < least:
                best, least = model.model_, error

            def shown(seconds: float, network: Any = best) -> Snapshot:
                scaled = torch.as_tensor(task.X_test.to_numpy(float) / x_scale).float()
                prediction = network(scaled).detach().numpy()[:, 0] * y_scale
                text = f"{float(y_scale)!r}*({_network(network[0], columns)})"
                return Snapshot(seconds, (text,), task.loss(prediction))

            yield shown

    return stepwise(task, steps())


def _network(network: Any, columns: list[str]) -> str:
    """A discrete network of AutoRA as a formula; a node is the sum of its edges, one operation each."""
    states, edge = list(columns), 0
    nodes = network._steps
    for _ in range(nodes):
        terms = []
        for state in states:
            chosen = int(network.alphas_normal[edge].argmax())
            terms.append(_operation(network.cells._ops[edge]._ops[chosen], state))
            edge += 1
        states.append(f"({' + '.join(terms)})")
    weights = network.classifier.weight.detach().numpy()[0]
    readout = [f"({float(c)!r})*{state}" for c, state in zip(weights, states[-nodes:], strict=True)]
    return " + ".join([*readout, f"({float(network.classifier.bias.detach())!r})"])


def _operation(module: Any, text: str) -> str:
    for layer in module if hasattr(module, "__iter__") else [module]:
        if type(layer).__name__ == "Linear":
            bias = 0.0 if layer.bias is None else float(layer.bias.detach())
            text = f"({float(layer.weight.detach())!r}*{text} + ({bias!r}))"
        else:
            text = _LAYERS[type(layer).__name__].format(text)
    return text
