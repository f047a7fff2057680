"""Formulas that are the same after they were pickled."""

import copy
import pickle

import numpy as np
import pytest
import sympy
from hypothesis import given
from random_expressions import formulas
from strategies import examples

from eqdarts import Equation
from eqdarts.formula.pickled import put_together_again, taken_apart

x = sympy.Symbol("x")


@pytest.mark.parametrize("again", [lambda law: pickle.loads(pickle.dumps(law)), copy.deepcopy])
def test_a_sum_is_not_multiplied_out(again):
    expression = sympy.Mul(sympy.Float(2.5000123), x - 1950, evaluate=False)
    law = Equation(expression, ("x",), "y", 0.0, 0.0, "sample")
    other, X = again(law), np.array([[1950.0001], [1951.0]])
    assert str(other) == "2.5000123*(x - 1950)"
    assert other == law
    assert np.array_equal(other.predict(X), law.predict(X))


@given(formulas)
@examples(60)
def test_formulas_are_put_together_as_they_were(formula):
    for one in (formula, sympy.Mul(sympy.Float(1.25), formula + x, evaluate=False)):
        again = put_together_again(pickle.loads(pickle.dumps(taken_apart(one))))
        assert sympy.srepr(again) == sympy.srepr(one)
