"""Every export is run, and gives what the equation predicts."""

import copy
import ctypes
import importlib.util
import math
import re
import shutil
import subprocess
from dataclasses import replace

import formulas as spreadsheet
import numpy as np
import pytest
import sympy
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_expressions import X, formulas
from strategies import examples

from eqdarts import DARTSRegressor, InputDataError
from eqdarts.equation.equation import Equation
from eqdarts.equation.exports.c import reserved
from eqdarts.equation.exports.formula import identifiers
from eqdarts.equation.exports.record import in_table_units
from eqdarts.formula.functions import FUNCTIONS
from eqdarts.graph.to_sympy import plain

u, v = sympy.symbols("u v")
F, R = sympy.Float, sympy.Rational
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")

#: Powers of negative bases, signs, corners, exact fractions, constants of all digits, both sides of precedence.
CHOSEN = [
    -(u**2), (-v) ** 2, -v**3, (-v) ** 3, u**-2, -1 / v**2, 2 / (3 * v), v**3 / 7, u ** R(3, 2), u ** R(-1, 3),
    -sympy.sqrt(u), 1 / sympy.sqrt(u), sympy.Abs(v) ** F(1.7), sympy.sign(v) * sympy.Abs(v) ** F(-0.3),
    sympy.Max(0, v, u - 1), sympy.Min(v, F(0.5)), F(0.1) + F(1) / 3 * v, F(-1.2345678901234567e-7) * v, F(2) ** v,
    u**v, (u + 1) ** (v - 1), 2**-v, sympy.pi * v, -sympy.exp(-(v**2)), 1 / (1 + sympy.exp(-v)), v - (u - v),
    u / (v / (u + 1)), -(u - v) * -(v + F(0.3)), sympy.sqrt(2) * u, u ** (v**2), (u**v) ** 2,
    sympy.Mul(2, u + v, evaluate=False), -sympy.Mul(u, v + 1), sympy.log(u) ** 2, (v + 1) ** 2 / (u + 1) ** 2,
    v**4 - v**2 - 1, sympy.Integer(3), F(-2.5), sympy.pi / 2, sympy.exp(1) * u, -u, 1 / u, v * -2, F(1e-300) * v,
    F(1.5e300) * v * F(1e-9), sympy.Pow(-v, 2, evaluate=False) * 3, 5 - v**2, -2 * v**2, -u * v**2, 1 - 1 / v**2,
    sympy.Pow(1 / u, F(0.3)), sympy.sqrt(u + 2) / (-v), *(row.kind(v / 3) for row in FUNCTIONS if row.name != "acosh"),
    sympy.acosh(u + 1),
]  # fmt: skip


def equation(expression, columns=("u", "v")):
    return Equation(expression, columns, "y", 0.0, 0.0, "sample")


def tolerance(expression, rows=X):
    """Per row 1e-12 of the value, and what rounding errors of inputs and constants may come to."""
    rng = np.random.default_rng(0)
    value = equation(expression).predict(rows)
    spread = np.zeros(len(rows))
    with np.errstate(all="ignore"):
        for _ in range(5):
            shaken = expression.xreplace(
                {f: f * (1 + 1e-10 * rng.uniform(-1, 1)) for f in expression.atoms(sympy.Float)}
            )
            moved = equation(shaken).predict(rows * (1 + 1e-10 * rng.uniform(-1, 1, rows.shape)))
            spread = np.maximum(spread, np.nan_to_num(np.abs(moved - value), nan=np.inf))
    return value, 1e-12 * np.abs(value) + 1e-4 * spread


def check(found, expression, rows=X):
    """Equal where the equation is defined, and NaN or infinite where it is not."""
    value, allowed = tolerance(expression, rows)
    found = np.broadcast_to(np.asarray(found, dtype=float), value.shape)
    ordinary = np.isfinite(value) & (np.abs(value) < 1e290) & np.isfinite(allowed)
    assert (np.abs(found - value)[ordinary] <= allowed[ordinary]).all()
    assert not np.isfinite(found[np.isnan(value)]).any()


def python_of(e, folder, **options):
    path = folder / "exported.py"
    path.write_text(e.python(**options), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (name,) = [n for n, x in vars(module).items() if callable(x) and getattr(x, "__module__", "") == "exported"]
    return getattr(module, name)


def used(e, rows):
    return [rows[:, k] for k, c in enumerate(e.columns) if c in e.formula.used]


def c_library(sources, folder):
    path = folder / "exported.c"
    path.write_text("\n".join(sources), encoding="utf-8")
    library = folder / "exported.so"
    flags = ["-std=c99", "-O1", "-Wall", "-Wextra", "-pedantic", "-Werror", "-ffp-contract=off", "-shared", "-fPIC"]
    subprocess.run([COMPILER, *flags, str(path), "-o", str(library), "-lm"], check=True, capture_output=True, text=True)
    return ctypes.CDLL(str(library))


def c_function(library, name, arguments):
    function = getattr(library, name)
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double] * arguments
    return lambda *columns: (
        [function(*map(float, row)) for row in zip(*columns, strict=True)] if columns else function()
    )


def excel_value(text, e, rows, cells=None):
    """Evaluated row by row; errors as NaN."""
    function = spreadsheet.Parser().ast(text)[1].compile()
    places = cells or {c: f"{chr(65 + k)}2" for k, c in enumerate(e.columns)}
    column = {cell.replace("$", ""): k for k, cell in enumerate(places.values())}
    out = []
    for row in rows:
        result = function(*(row[column[name]] for name in function.inputs))
        try:
            out.append(float(np.ravel(result)[0]))
        except (TypeError, ValueError):
            out.append(math.nan)
    return np.array(out)


@pytest.mark.parametrize("expression", CHOSEN, ids=str)
def test_python_source_computes_the_equation(expression, tmp_path):
    e = equation(expression)
    check(python_of(e, tmp_path)(*used(e, X)), expression)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(formulas)
def test_python_source_of_any_formula(tmp_path, formula):
    e = equation(plain(formula))
    check(python_of(e, tmp_path)(*used(e, X)), e.expression)


@needs_compiler
def test_c_source_computes_the_equation(tmp_path):
    library = c_library([equation(x).c(f"f{k}") for k, x in enumerate(CHOSEN)], tmp_path)
    for k, expression in enumerate(CHOSEN):
        e = equation(expression)
        check(c_function(library, f"f{k}", len(e.formula.used))(*used(e, X)), expression)


@needs_compiler
@examples(4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.data_too_large])
@given(st.lists(formulas, min_size=25, max_size=25))
def test_c_source_of_any_formula(tmp_path_factory, many):
    expressions = [plain(f) for f in many]
    library = c_library([equation(x).c(f"f{k}") for k, x in enumerate(expressions)], tmp_path_factory.mktemp("c"))
    for k, expression in enumerate(expressions):
        e = equation(expression)
        check(c_function(library, f"f{k}", len(e.formula.used))(*used(e, X)), expression)


def excel_rows(expression):
    """Rows whose value is a number of a spreadsheet, which raises nothing to a power off its own idea of a domain."""
    value = equation(expression).predict(X[:7])
    return X[:7][np.isfinite(value) & (np.abs(value) < 1e290)]


@pytest.mark.parametrize("expression", CHOSEN, ids=str)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_excel_formula_computes_the_equation(expression):
    e = equation(expression)
    rows = excel_rows(expression)
    check(excel_value(e.excel(), e, rows), expression, rows)


@given(formulas)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_excel_formula_of_any_formula(formula):
    e = equation(plain(formula))
    rows = excel_rows(e.expression)
    assume(len(rows))
    check(excel_value(e.excel(), e, rows), e.expression, rows)


@pytest.mark.parametrize("expression", CHOSEN, ids=str)
def test_torch_module_computes_the_equation_and_its_gradient(expression):
    e = equation(expression)
    inputs = torch.tensor(X, requires_grad=True)
    module = e.torch()
    value = module(inputs)
    assert value.dtype == torch.float64
    assert value.shape == (len(X),)
    check(value.detach().numpy(), expression)
    if not value.requires_grad:
        return  # a constant without a float
    value.sum().backward()
    gradient = np.zeros(X.shape) if inputs.grad is None else inputs.grad.numpy()
    for k, column in enumerate(e.columns):
        slope = e.derivative(column)
        expected = slope.predict(X)
        good = np.isfinite(expected) & np.isfinite(value.detach().numpy()) & (np.abs(expected) < 1e250)
        np.testing.assert_allclose(gradient[good, k], expected[good], rtol=1e-11, atol=1e-13)


@given(formulas)
def test_torch_module_of_any_formula(formula):
    expression = plain(formula)
    inputs = torch.tensor(X, requires_grad=True)
    module = equation(expression).torch()
    value = module(inputs)
    check(value.detach().numpy(), expression)
    assert {float(f) for f in expression.atoms(sympy.Float)} == set(module.constants.tolist())


@given(formulas)
def test_derivatives_are_slopes(formula):
    e = equation(plain(formula))
    slope = e.derivative("v")
    step = 1e-6
    up, down = X + np.array([0, step]), X - np.array([0, step])
    with np.errstate(all="ignore"):
        estimate = (e.predict(up) - e.predict(down)) / (2 * step)
        curvature = np.abs(slope.predict(up) - slope.predict(down))
        value, size = slope.predict(X), np.abs(e.predict(X))
    good = np.isfinite(estimate) & np.isfinite(value) & (curvature < 1e-4 * (1 + np.abs(value))) & (size < 1e3)
    np.testing.assert_allclose(value[good], estimate[good], rtol=1e-3, atol=1e-4)


def test_derivatives_predict_and_export(tmp_path):
    law = equation(F(2.5) * sympy.Abs(sympy.log(u)) + sympy.Max(0, v) + sympy.sign(v) * u)
    slope = law.derivative("u")
    np.testing.assert_allclose(slope.predict(X), 2.5 * np.sign(np.log(X[:, 0])) / X[:, 0] + np.sign(X[:, 1]))
    assert (slope.target, slope.origin, slope.genotype) == ("∂y/∂u", "derivative", None)
    assert slope.latex().startswith(r"\frac{\partial y}{\partial u} = ")
    check(python_of(slope, tmp_path)(*used(slope, X)), slope.expression)
    np.testing.assert_array_equal(law.derivative("v").predict(X), 0.5 + np.sign(X[:, 1]) / 2)
    with pytest.raises(InputDataError, match="'w' is none of the columns 'u', 'v'"):
        law.derivative("w")


NAMES = [
    "lambda", "flow rate (m3/s)", "2θ", "np", "exp", "double", "y", '"""\nimport os\nos.system("touch canary")\n"""',
    "*/ int x; /*", "a\\", "??/", "{0}", "%s", "\x00", "x", "x ", "é", "'", "main", "pi",
]  # fmt: skip


def test_names_of_columns_never_become_code(tmp_path):
    symbols = [sympy.Symbol(n) for n in NAMES]
    e = replace(equation(sympy.Add(*((k + 1) * s for k, s in enumerate(symbols)))), columns=tuple(NAMES))
    rows = np.random.default_rng(0).uniform(1, 2, (5, len(NAMES)))
    expected = rows @ np.arange(1, len(NAMES) + 1)
    function = python_of(e, tmp_path)
    np.testing.assert_allclose(function(*rows.T), expected, rtol=1e-14)
    assert "column 'lambda'" in function.__doc__
    np.testing.assert_allclose(excel_value(e.excel(), e, rows), expected, rtol=1e-14)
    np.testing.assert_allclose(e.torch()(torch.tensor(rows)).detach(), expected, rtol=1e-14)
    assert Equation.from_json(e.to_json()) == e
    if COMPILER is not None:
        library = c_library([e.c()], tmp_path)
        np.testing.assert_allclose(c_function(library, "y_", len(NAMES))(*rows.T), expected, rtol=1e-14)


#: Keywords, macros, types, functions of math.h and of the standard library, words that only other compilers know.
MEANINGS = [
    "_Bool", "M_PI", "FP_NAN", "math_errhandling", "asm", "HUGE_VAL", "abs", "yn", "nan", "gamma", "linux", "unix",
    "j0", "typeof", "inline", "auto", "NULL", "NAN", "signgam", "printf", "time", "index", "close", "cexp", "expf",
    "size_t", "EOF", "INFINITY", "MATH_ERRNO", "_Complex", "__x", "_", "stdin", "bool", "and", "main", "isnan",
    "y_sign", "sqrt", "malloc", "signal", "write", "lgamma_r", "finite", "M_E", "DBL_MAX", "errno", "restrict",
    "y_maximum", "imag",
]  # fmt: skip


@needs_compiler
@pytest.mark.parametrize("standard", ["c99", "gnu17"])
def test_names_with_a_meaning_in_c_compile_without_a_warning(standard, tmp_path):
    sources = []
    for k, name in enumerate(MEANINGS):
        symbol = sympy.Symbol(name)
        formula = sympy.sign(symbol) * sympy.sqrt(symbol) + sympy.Max(symbol, u)
        e = replace(equation(formula), columns=(name, "u"), target=name)
        sources += [e.c(f"argument_{k}"), replace(e, expression=formula.subs(symbol, v), columns=("u", "v")).c()]
    everything = sympy.Add(*(sympy.sign(sympy.Symbol(name)) for name in MEANINGS))
    for target in ("y", "sqrt"):
        sources.append(replace(equation(everything), columns=tuple(MEANINGS), target=target).c())
    path = tmp_path / "exported.c"
    path.write_text("\n".join(sources), encoding="utf-8")
    flags = [f"-std={standard}", "-Wall", "-Wextra", "-pedantic", "-Werror", "-c", str(path), "-o", f"{path}.o"]
    process = subprocess.run([COMPILER, *flags], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr


@needs_compiler
def test_no_word_of_its_header_is_a_name():
    """Neither a macro nor a function of math.h, in any dialect, is left as the name of an argument."""
    found = set()
    for standard in ("c99", "gnu17"):
        for options, pattern in ((["-dM"], r"^#define (\w+)"), (["-P"], r"\b(\w+)\s*\((?!\()")):
            run = [COMPILER, f"-std={standard}", "-E", *options, "-"]
            text = subprocess.run(run, input="#include <math.h>", capture_output=True, text=True, check=True).stdout
            found |= set(re.findall(pattern, text, re.MULTILINE))
    assert {"M_PI", "yn", "math_errhandling", "isnan"} < found
    words = identifiers(sorted(found), set(), reserved)
    assert not {name for name, word in words.items() if name == word}


def test_names_with_a_meaning_in_python_are_changed(tmp_path):
    names = ("match", "case", "type", "_", "__debug__", "sum", "print", "float", "None", "np", "log", "special", "int")
    e = replace(equation(sympy.Add(*map(sympy.Symbol, names))), columns=names)
    rows = np.random.default_rng(0).uniform(1, 2, (5, len(names)))
    np.testing.assert_allclose(python_of(e, tmp_path)(*rows.T), rows.sum(axis=1), rtol=1e-14)
    for target in (*names, "input", "lambda"):
        assert re.search(r"def (\w+)\(", replace(equation(u), target=target).python())[1] not in (target, "")


@given(st.lists(st.text(max_size=6), max_size=11, unique=True))
def test_identifiers_are_words_and_distinct(names):
    words = identifiers(names, {"np", "x_1"})
    assert list(words) == names
    assert len(set(words.values())) == len(names)
    for word in words.values():
        assert word.isascii()
        assert word.isidentifier()
        assert word not in ("np", "x_1")


def extreme():
    units, target_unit = (2.0**-900, 1.0), 2.0**800
    inner = F(1.3) * u**2 * sympy.exp(-v) + F(0.7) * u
    e = equation(inner)
    table = in_table_units(replace(e.formula, units=units, target_unit=target_unit))
    return replace(e, expression=table, inner=inner, units=units, target_unit=target_unit)


def test_equations_in_extreme_units(tmp_path):
    e = extreme()
    rows = X * [2.0**-900, 1.0]
    expected = e.predict(rows)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(python_of(e, tmp_path)(*rows.T), expected, rtol=1e-13)
    np.testing.assert_allclose(excel_value(e.excel(), e, rows[:5]), expected[:5], rtol=1e-12)
    np.testing.assert_allclose(e.torch()(torch.tensor(rows)).detach(), expected, rtol=1e-13)
    if COMPILER is not None:
        np.testing.assert_allclose(c_function(c_library([e.c()], tmp_path), "y", 2)(*rows.T), expected, rtol=1e-13)
    again = Equation.from_json(e.to_json())
    assert again == e
    np.testing.assert_array_equal(again.predict(rows), expected)
    slope = e.derivative("v")
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(slope.predict(rows), -(2.0**800) * 1.3 * X[:, 0] ** 2 * np.exp(-X[:, 1]), rtol=1e-12)
    with pytest.raises(InputDataError, match="magnitude beyond floats"):
        e.derivative("u")


@given(formulas)
def test_json_keeps_every_bit(formula):
    e = equation(plain(formula))
    again = Equation.from_json(e.to_json())
    assert again == e
    assert sympy.srepr(again.expression) == sympy.srepr(e.expression)
    np.testing.assert_array_equal(again.predict(X), e.predict(X))
    assert (again.latex(), str(again), again.complexity) == (e.latex(), str(e), e.complexity)


@pytest.mark.parametrize("scale", [1.0, 1e-200])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_fitted_models_export_what_they_predict(scale, tmp_path):
    rows = X * [scale, 1.0]
    y = scale * (X[:, 0] ** 1.5 * np.exp(-X[:, 1] / 3) + 0.1 * np.cos(7 * X[:, 0]))
    model = DARTSRegressor(max_epochs=4, replicas=96, max_nodes=3, verbose=0, random_state=0).fit(rows, y)
    assert len(model.front_) > 2
    for k, e in enumerate(model.front_):
        expected = model.predict(rows, index=k)
        close = {"rtol": 1e-12, "atol": 1e-12 * np.abs(y).max()}
        np.testing.assert_allclose(python_of(e, tmp_path)(*used(e, rows)), expected, **close)
        np.testing.assert_allclose(excel_value(e.excel(), e, rows), expected, **close)
        np.testing.assert_allclose(e.torch()(torch.tensor(rows)).detach(), expected, **close)
        if COMPILER is not None:
            folder = tmp_path / str(k)
            folder.mkdir()
            function = c_function(c_library([e.c("law")], folder), "law", len(e.formula.used))
            np.testing.assert_allclose(function(*used(e, rows)), expected, **close)
        np.testing.assert_array_equal(Equation.from_json(e.to_json()).predict(rows), expected)


def test_torch_module_learns():
    """The gradient by the constants is that of the prediction, and the module keeps its state as others do."""
    e = equation(F(1.5) * sympy.exp(-F(0.5) * v) + u ** F(1.7))
    module = e.torch()
    inputs = torch.tensor(X)
    module(inputs).sum().backward()
    values = module.constants.detach().clone()
    for k in range(len(values)):
        step = torch.zeros_like(values)
        step[k] = 1e-6
        moved = []
        for sign in (1, -1):
            again = e.torch()
            again.load_state_dict({**module.state_dict(), "constants": values + sign * step})
            moved.append(float(again(inputs).sum().detach()))
        assert float(module.constants.grad[k]) == pytest.approx((moved[0] - moved[1]) / 2e-6, rel=1e-6)
    assert copy.deepcopy(module)(inputs).equal(module(inputs))


def test_excel_knows_cells_and_names():
    e = equation(u * v**2)
    assert e.excel() == "=A2*B2^2"
    assert e.excel({"v": "$C$3", "u": "mass"}) == "=mass*$C$3^2"
    assert e.excel({"v": "'Sheet 1'!B7"}) == "=A2*'Sheet 1'!B7^2"
    assert equation(sympy.Symbol("c"), (*(f"x{k}" for k in range(700)), "c")).excel() == "=ZY2"
    with pytest.raises(InputDataError, match="'w' is none of the columns"):
        e.excel({"w": "A1"})
    for cell in ("A0", "", "A1+1", '=CMD("x")', "A1\n", "A 1", None, "[x.xls]!A1", "R", "rc", "R1C1", "True"):
        with pytest.raises(InputDataError, match="is not a cell or a name"):
            e.excel({"u": cell})
    with pytest.raises(InputDataError, match="at most 8191"):
        equation(sympy.Add(*(F(0.1 + k) * u**k for k in range(2, 900)))).excel()


@given(st.floats(1e-290, 1e300))
def test_excel_constants_keep_every_bit(number):
    """A spreadsheet keeps 15 digits of each literal; the sum of two gives the double back."""
    text = equation(F(number) * u).excel()
    literals = re.findall(r"[-+]?\d+\.?\d*(?:E[-+]\d+)?", text.split("*")[0])
    assert all(len(re.sub(r"E.*|[-+.]", "", part).strip("0")) <= 15 for part in literals)
    assert sum(map(float, literals)) == number


def test_names_of_functions():
    e = equation(u * v)
    assert "def momentum(u, v):" in e.python("momentum")
    assert "double momentum(double u, double v)" in e.c("momentum")
    for name in ("2x", "a b", "lambda", "x(): import os", ""):
        with pytest.raises(InputDataError, match="name"):
            e.python(name)
        with pytest.raises(InputDataError, match="name"):
            e.c(name)
    with pytest.raises(InputDataError, match="name='M_PI': it has a meaning in C"):
        e.c("M_PI")


def test_functions_without_counterpart_are_refused():
    e = equation(sympy.gamma(u))
    for export in (e.python, e.c, e.excel, e.torch, e.to_json):
        with pytest.raises(InputDataError, match="gamma"):
            export()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (sympy.log(2 * u - 1), ["2*u - 1 > 0"]),
        (sympy.log(-F(2.5) * v), ["v < 0"]),
        (1 / (v * (u - v)), {"v != 0", "u - v != 0"}),
        (u**F(0.3), ["u >= 0"]),
        (u**R(-1, 3), ["u > 0"]),
        (v**F(-2.0), ["v != 0"]),
        (sympy.asin(u), ["u >= -1", "u <= 1"]),
        (u**v, ["u > 0"]),
        (1 / (1 + sympy.exp(-v)) + sympy.sqrt(v**2 + 1) + 1 / (u**2 + F(0.5)), []),
        (sympy.exp(v) * u**2 + 3, []),
        (sympy.acosh(v), ["v >= 1"]),
        (sympy.tan(v), ["cos(v) != 0"]),
        (sympy.log(sympy.Abs(v)), ["Abs(v) > 0"]),
    ],
)  # fmt: skip
def test_domain(expression, expected):
    found = equation(expression).domain()
    assert set(found) == set(expected)
    assert len(found) == len(expected)


def test_rows_are_tested_against_the_domain():
    defined = equation(sympy.log(v)).is_defined(X)
    np.testing.assert_array_equal(defined, X[:, 1] > 0)


def test_solving_for_a_column():
    G, m, r = sympy.symbols("G m r")
    law = Equation(F(2.5) * G * m / r**2, ("G", "m", "r"), "g", 0.0, 0.0, "sample")
    (mass,) = law.solve_for("m")
    at = {G: 1.3, m: 0.7, r: 2.2}
    g = float(law.expression.subs(at))
    assert float(mass.subs({**at, sympy.Symbol("g"): g})) == pytest.approx(0.7)
    assert any(float(s.subs({**at, sympy.Symbol("g"): g})) == pytest.approx(2.2) for s in law.solve_for("r"))


def test_solving_gives_up_with_an_error():
    with pytest.raises(InputDataError, match="'w' does not stand in the equation; it has 'u'"):
        equation(u).solve_for("w")
    with pytest.raises(InputDataError, match="finds no solution"):
        equation(u + sympy.sin(u) * sympy.exp(u)).solve_for("u")
    with pytest.raises(InputDataError, match=r"in 0\.01 seconds"):
        equation(u).solve_for("u", max_time=0.01)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "format"),
        ("[]", "expected a JSON object"),
        ('{"format": "eqdarts equation", "version": 2}', "version: 2, but this release reads up to 1"),
        ('{"format": "eqdarts equation", "version": 1}', "columns: is missing"),
        ('{"format": "eqdarts model", "version": 1}', "not a file of that kind"),
    ],
)
def test_other_json_is_refused(text, message):
    with pytest.raises(InputDataError, match=message):
        Equation.from_json(text)
