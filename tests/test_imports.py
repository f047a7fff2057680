"""Imports point one way, heavy ones stay where they belong, and nothing evaluates text."""

import ast
from functools import cache
from pathlib import Path

import eqdarts

ROOT = Path(eqdarts.__file__).parent

#: The rooms of the package, lower ones first. What stands later imports what stands before.
HOUSE = {
    "errors": {},
    "options_together": {},
    "runtime": (
        "orphans", "writing", "lock", "overlapping", "garbage", "threads", "memory", "leaving", "interrupts", "kernel",
        "compiled_cache",
        "loops",
    ),
    "formula": (
        "visible", "records", "functions", "substitution", "pickled", "trees", "known", "tokens", "parsing", "text",
        "tape", "numbers", "latex", "likely", "templates", "mathml",
    ),
    "data": (
        "table", "zero", "cells", "columns", "units", "indicators", "frames", "groups", "nearby", "rounding", "noise",
        "user_table", "split", "numerals", "missing", "header", "text_file", "dialect", "workbook", "local", "grid",
        "csv", "parquet", "reading", "chunks", "logarithm", "measured", "cache", "read_ahead", "first_rows", "subset",
        "screening", "kept", "affine", "outputs",
    ),
    "checkpoint": ("generator", "codec", "content", "table_print", "keeper"),
    "dimensions": ("grammar", "unit", "reading", "solving", "checking", "groups", "writing", "table_units"),
    "losses": ("link", "loss", "families", "robust", "own", "named", "noise", "goal", "given", "record"),
    "graph": ("operations", "registering", "links", "space", "genotype", "tensor_program", "to_sympy", "population"),
    "options": {},
    "fit": {
        "flat": {}, "sketch": {}, "pilot": {}, "covariance": {}, "damped": {}, "policy": {}, "periodogram": {},
        "compiled": ("expressions", "own", "elementary", "program", "separable", "graphs", "formulas"),
        "least_squares": {}, "graphs": {}, "backend": {}, "formula": {}, "joint": {}, "leave_out": {}, "stream": {},
        "scoring": {}, "roundness": {}, "assess": {},
    },
    "darts": (
        "relaxation", "prior", "architecture", "supernet", "bilevel", "descent", "discretise", "sampling", "alpha_step",
    ),
    "simplify": (
        "form", "description", "rewriting", "canonical", "limits", "singularities", "snapping", "simplify", "reduce",
    ),
    "equation": {
        "exports": ("formula", "python", "c", "excel", "torch", "domain", "calculus", "solving", "record"),
        "regression": (
            "naming", "given", "affine", "model", "poles", "scales", "periodic", "starts", "minimise", "column_errors",
            "orthogonal", "report", "intervals", "record",
        ),
        "prediction": {}, "evaluation": {}, "by_group": {}, "composed": {}, "joint": {}, "written": {}, "exported": {},
        "equation": {}, "constant_units": {}, "figures": {},
        "markup": {}, "front": {}, "precision": {}, "confirm": {},
        "selection": {}, "picking": {}, "rivals": {}, "left_out": {}, "listing": {}, "latex_table": {}, "card": {},
        "excluded": {},
        "reweighting": {}, "scored": {}, "group_refit": {}, "refit": {}, "stability": {}, "extrapolation": {},
        "model_file": {},
    },
    "knowledge": ("constraints", "structure", "box", "shape", "admission", "of_graphs", "guesses", "named"),
    "propose": (
        "sparse", "terms", "proposer", "draw", "moves", "neighbours", "features", "monomials", "parts", "ratios",
        "shapes", "lattice", "library", "products", "waves", "gradient", "sources", "symmetry", "similarity",
    ),
    "search": (
        "budget", "log", "history", "settled", "problem", "earlier", "machine", "sums", "runs", "memory", "searcher",
        "sampled", "relaxed",
        "warm_up", "finish", "guesses", "exactness", "stops", "unit_sums", "reformulations", "branches", "looks",
        "loop", "kept_classes", "resample",
        "progress", "fit_options", "noise", "working", "pose", "discover", "large",
    ),
    "grouped": ("rows", "state", "sharing", "candidates", "writing", "discover", "rating", "fitting", "outputs"),
    "templates": ("scaffold", "absorbed", "pilot", "working", "joined", "search"),
    "plots": (
        "fonts", "style", "vector", "axes", "writing", "rows", "marks", "fit", "residuals", "response", "front",
        "constants", "layout", "graph", "history", "alpha", "groups", "classes", "classes_page", "page",
        "trajectories",
    ),
    "fitted": ("searched", "checkpoints", "kept", "given", "answers", "examined", "grouped", "saving", "outputs"),
    "classes": (
        "labels", "baseline", "likelihood", "planes", "scores", "choosing", "settling", "selection", "listing", "card",
        "coverage", "answers", "saving",
    ),
    "estimator": {},
    "classifier": {},
    "loading": {},
    "pipelines": {},
    "dynamics": (
        "smoothing", "given", "weak", "system", "shooting", "candidates", "choose", "forward", "steps", "writing",
        "model", "reading", "maps", "fitting",
    ),
    "sweeping": ("jobs", "outcome", "store", "workers", "study"),
    "report": (
        "words", "groups", "front", "compact", "shell", "drawings", "table", "laws", "sureness", "methods", "pictures",
        "classes", "page",
    ),
    "results": {},
    "app": (
        "reading", "telling", "desk", "worker", "process", "picture", "question", "session", "guard", "pages",
        "serving",
    ),
    "cli": (
        "groups", "manual", "messages", "completing", "reading", "cells", "searching", "keeping", "knowing", "choosing",
        "document", "classes", "screen", "output", "fit", "show", "predict", "refit", "report", "demo", "sweep",
        "operations",
        "browser", "program",
    ),
    "__main__": {},
}  # fmt: skip
FILES = sorted(ROOT.rglob("*.py"))
#: They import on first use: help appears at once, and `import eqdarts` does not wait for torch; pyarrow is optional,
#: and only wide tables need scikit-learn's trees.
LAZY = {
    *(ROOT / "cli").glob("*.py"),
    ROOT / "app" / "serving.py",
    ROOT / "app" / "worker.py",
    ROOT / "__init__.py",
    ROOT / "fitted" / "examined.py",
    ROOT / "dynamics" / "model.py",
    ROOT / "classes" / "answers.py",
    ROOT / "data" / "parquet.py",
    ROOT / "dimensions" / "reading.py",
    ROOT / "data" / "workbook.py",
    ROOT / "data" / "screening.py",
    ROOT / "runtime" / "compiled_cache.py",
    ROOT / "runtime" / "loops.py",
}
#: Where heavy libraries may be imported: rooms, or modules of them.
HOMES = {
    "torch": ("runtime.threads", "losses.own", "graph", "fit", "darts", "equation.exports", "search", "propose"),
    "numba": ("runtime.loops", "runtime.compiled_cache"),
    "sympy": (
        "formula", "dimensions", "losses", "graph", "fit", "simplify", "equation", "knowledge", "propose.symmetry",
        "search", "grouped", "templates", "plots", "fitted", "classes", "report.laws", "cli", "pipelines", "dynamics",
    ),
    "matplotlib": ("plots", "report.drawings", "report.pictures", "report.classes"),
    "sklearn": (
        "runtime.orphans", "data", "equation.stability", "fitted", "classes.labels", "classes.baseline",
        "classes.answers", "estimator", "pipelines", "sweeping", "dynamics",
    ),
    "pint": ("dimensions.reading",),
    "typer": ("cli",),
    "jinja2": ("report.shell", "app.pages"),
    "markupsafe": ("report",),
    "starlette": ("app.guard", "app.pages", "app.serving"),
    "uvicorn": ("app.serving",),
}  # fmt: skip
FORBIDDEN = {"eval", "exec", "compile", "__import__", "sympify", "parse_expr", "nsimplify"}
GLOBAL_GENERATORS = {"np.random.seed", "numpy.random.seed", "torch.manual_seed", "torch.seed"}
LAST_NAMES = {name.split(".")[-1] for name in GLOBAL_GENERATORS}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "joblib", "random"}


def parts(path):
    """("search", "moves") of search/moves.py, ("search",) of search/__init__.py."""
    names = path.relative_to(ROOT).with_suffix("").parts
    return names[:-1] if names[-1] == "__init__" else names


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path):
    return list(ast.walk(tree(path)))


def imported(node):
    """Dotted names that an import statement loads."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    assert node.level == 0, "relative import"
    return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]


def guarded(path):
    """Imports under `if TYPE_CHECKING:`, which never run."""
    return {
        id(inner)
        for node in nodes(path)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }


@cache
def imports(path):
    skipped = guarded(path)
    statements = (n for n in nodes(path) if isinstance(n, ast.Import | ast.ImportFrom) and id(n) not in skipped)
    return [name for node in statements for name in imported(node)]


def places(house, above=()):
    """(place, dotted name as a tuple) of every module and folder, in the order of the house."""
    for number, name in enumerate(house):
        here = (*above, (number, name))
        yield here
        if isinstance(house, dict) and house[name]:
            yield from places(house[name], here)


PLACES = {tuple(name for _, name in place): tuple(number for number, _ in place) for place in places(HOUSE)}


def test_every_module_has_its_place():
    assert {parts(f) for f in FILES if parts(f)} == set(PLACES)


def faults(check, files=FILES):
    """What a check has against each of these files, with the file."""
    return [f"{path.relative_to(ROOT)}: {fault}" for path in files for fault in check(path)]


def test_imports_point_to_what_stands_before():
    def check(path):
        here = parts(path)
        for name in imports(path):
            there = tuple(name.split(".")[1:])
            while there and there not in PLACES:
                there = there[:-1]  # a name that the module holds
            if name.split(".")[0] != "eqdarts" or not there or not here or here == there[: len(here)]:
                continue
            if not PLACES[there] < PLACES[here]:
                yield f"imports {name}"

    assert not faults(check)


def test_libraries_stay_where_they_belong():
    def check(path):
        here = parts(path)
        for name in imports(path):
            library = name.split(".")[0]
            homes = [tuple(home.split(".")) for home in HOMES.get(library, ())]
            at_home = here and any(here[: len(home)] == home for home in homes)
            if library in FORBIDDEN_MODULES or (homes and not at_home):
                yield f"imports {name}"

    assert not faults(check)


def test_no_import_hides_in_a_function():
    def check(path):
        for function in nodes(path):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                hidden = [node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
                yield from (f"line {node.lineno}" for node in hidden)

    assert not faults(check, [path for path in FILES if path not in LAZY])


def test_nothing_evaluates_text_or_seeds_a_global_generator():
    def check(path):
        for node in nodes(path):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name):
                if called.id in FORBIDDEN or (called.id == "print" and parts(path)[:1] != ("cli",)):
                    yield f"line {node.lineno}: {called.id}"
            elif isinstance(called, ast.Attribute):
                if called.attr in FORBIDDEN - {"compile"}:
                    yield f"line {node.lineno}: {called.attr}"
                if called.attr in LAST_NAMES and ast.unparse(called) in GLOBAL_GENERATORS:
                    yield f"line {node.lineno}: {ast.unparse(called)}"
                # A sweep keeps the warnings of each fit apart, whichever thread it runs in; see `kept_warnings`.
                if called.attr == "warn" and ast.unparse(called) == "warnings.warn" and parts(path) != ("errors",):
                    yield f"line {node.lineno}: call eqdarts.errors.warn"

    assert not faults(check)


def test_no_bare_except():
    def check(path):
        handlers = (node for node in nodes(path) if isinstance(node, ast.ExceptHandler))
        yield from (f"line {node.lineno}" for node in handlers if node.type is None)

    assert not faults(check)
