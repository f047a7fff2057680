"""Least squares against certified constants: NIST's Statistical Reference Datasets, from both of their starts."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

import strd

from eqdarts import refit

PROBLEMS = {problem.name: problem for problem in strd.problems()}


def test_all_files_are_read():
    assert len(PROBLEMS) == 27
    assert PROBLEMS["Misra1a"].formula == "b1*(1-exp(-b2*x))"
    assert PROBLEMS["Nelson"].X.shape == (128, 2)
    assert PROBLEMS["ENSO"].starts[0]["b7"] == 25.0
    assert strd.agreeing_digits([1.0, 2.00002], PROBLEMS["Misra1a"].values * 0 + [1, 2]) == pytest.approx(5, abs=0.01)
    assert strd.agreeing_digits([np.nan, 2.0], PROBLEMS["Misra1a"].values) == 0


@pytest.mark.parametrize("name", PROBLEMS)
def test_constants_standard_deviations_and_statistics_from_both_starts(name):
    """A warning would be an error."""
    problem = PROBLEMS[name]
    for start in problem.starts:
        equation = refit(problem.formula, problem.X, problem.y, start)
        assert strd.agreeing_digits(equation.constants.loc[problem.values.index, "value"], problem.values) >= 7
        fit = equation.fit
        assert strd.agreeing_digits(equation.constants.loc[problem.values.index, "std_error"], problem.std_errors) >= 6
        assert fit.rss == pytest.approx(problem.rss, rel=1e-6)
        assert fit.residual_std == pytest.approx(problem.residual_std, rel=1e-6)
        # The file of Rat43 says 9, and divides by 11.
        assert fit.degrees_of_freedom == (11 if name == "Rat43" else problem.degrees_of_freedom)
        assert fit.converged
        assert fit.identifiable
        assert equation.loss == pytest.approx(problem.rss / len(problem.y), rel=1e-6)
        residual = problem.y - equation.predict(problem.X.to_numpy())
        if name != "Lanczos1":  # whose residuals are rounding
            assert float(residual @ residual) == pytest.approx(problem.rss, rel=1e-6)
