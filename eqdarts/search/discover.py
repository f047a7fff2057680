"""A table in memory → the front of its equations, and what is kept of both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from eqdarts.checkpoint.keeper import Keeper, keeping
from eqdarts.data.kept import Training
from eqdarts.data.noise import weighted
from eqdarts.data.table import Table
from eqdarts.equation.confirm import confirmed
from eqdarts.equation.front import Front
from eqdarts.equation.model_file import Summary
from eqdarts.equation.selection import choose
from eqdarts.graph.space import SearchSpace
from eqdarts.knowledge.named import with_known_constants
from eqdarts.losses.noise import LossNoise
from eqdarts.options import SearchConfig
from eqdarts.runtime.interrupts import interrupts
from eqdarts.runtime.leaving import Deadline
from eqdarts.runtime.threads import one_thread
from eqdarts.search.earlier import Earlier
from eqdarts.search.finish import constant_equation
from eqdarts.search.fit_options import FitOptions
from eqdarts.search.loop import SearchResult, run
from eqdarts.search.machine import Machine
from eqdarts.search.pose import pose
from eqdarts.search.problem import Problem
from eqdarts.search.progress import Notice, both, progress
from eqdarts.search.stops import Watch
from eqdarts.search.warm_up import compile_loops


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found on a table, and what is kept of it.

    Attributes
    ----------
    front : Front
    space : SearchSpace or None
        None for a constant target.
    problem : Problem
    result : SearchResult or None
        None for a constant target.
    training : Training
    summary : Summary
    until : Deadline
        When all must be over, what is made of the front included.
    """

    front: Front
    space: SearchSpace | None
    problem: Problem
    result: SearchResult | None
    training: Training
    summary: Summary
    until: Deadline = np.inf


@contextmanager
def discovered(
    table: Table,
    options: FitOptions,
    rng: np.random.Generator,
    start: float,
    earlier: Earlier | None = None,
    keeper: Keeper | None = None,
) -> Iterator[Found]:
    """What is found on a table; Ctrl-C, then and while it is stored, costs nothing of it.

    start: when the time of the search began, in `time.monotonic`   earlier: what it goes on from
    keeper: writes where it stands
    """
    with np.errstate(all="ignore"), interrupts() as noted, keeping(keeper):
        watch = Watch(options.config, start, noted, memory=options.memory)
        yield discover(table, options, rng, watch, earlier=earlier, keeper=keeper)


def discover(
    table: Table,
    options: FitOptions,
    rng: np.random.Generator,
    watch: Watch,
    only_exact: bool = False,
    earlier: Earlier | None = None,
    keeper: Keeper | None = None,
) -> Found:
    """The front of a checked table, each of whose equations is fitted to all of its rows.

    watch: with the settings of the search   only_exact: as in `run`; nothing is shown
    earlier: what it goes on from   keeper: writes where it stands
    """
    chosen = None if keeper is None or keeper.resumed is None else keeper.resumed.boundary.chosen
    posed = pose(table, options, rng, watch, None if earlier is None else earlier.space.inputs, chosen)
    problem, training = posed.problem, posed.training
    summary = Summary.of(table, distinct_rows=len(problem.table))
    if posed.is_constant:
        front = admitted(Front((constant_equation(problem),), problem.evidence), problem)
        return Found(front, None, problem, None, training, summary)
    if earlier is not None:
        problem = earlier.in_scales_of(problem)
        earlier = earlier.on(problem, training.table)
    config = watch.config
    space = _space(problem, config)
    machine = Machine(options.device, options.threads, prepare=partial(_compile, options))
    # The search's tensors are small: a second thread made it several times slower.
    verbose, target = 0 if only_exact else options.verbose, problem.table.target
    with one_thread(), progress(verbose, config, target, training.noise) as shown:
        callback = both(shown, None if only_exact else options.callback)
        result = run(space, watch, problem, rng, machine, callback, only_exact, earlier, keeper)
        front, training = _weighed_by_law(admitted(result.front, problem), training)
        front = with_known_constants(front, training.table.of_mean_weight_one(), options.constants)
        front = admitted(front, problem)
    return Found(front, space, problem, result, training, summary, until=lambda: watch.end)


def admitted(front: Front, problem: Problem) -> Front:
    """The front of the equations that keep what is known of the law, as far as constants have moved since."""
    return front if problem.admission is None else problem.admission.only(front)


def _weighed_by_law(front: Front, training: Training) -> tuple[Front, Training]:
    """Refitted with weights at the values of the chosen equation, which is nearer the law than what the search had."""
    if not training.noise.depends_on_law or training.inflation != 1 or isinstance(training.noise, LossNoise):
        return front, training
    law, given = front[choose(front, "best", front.rows)], training.as_given
    table, noise = weighted(given, training.noise, law.predict(given.X))
    known = [*front, *(equation for equation, _ in front.offered if not any(equation is e for e in front))]
    return confirmed(known, table, rows=front.rows), replace(training, table=table, noise=noise)


def _space(problem: Problem, config: SearchConfig) -> SearchSpace:
    return SearchSpace(
        inputs=problem.table.names,
        nodes=config.max_nodes,
        operations=config.operations,
        aggregators=config.aggregators,
        signed=problem.signed,
        readout_inputs=config.readout_inputs,
        readout_coefficients=config.readout_coefficients,
        readout_intercept=config.readout_intercept,
        links=problem.usable_links(config.links),
    )


def _compile(options: FitOptions) -> None:
    if options.device == "cpu":
        with Notice("eqdarts: compiling its loops, once per installation ...", options.verbose):
            compile_loops()
