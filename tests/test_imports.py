"""Imports point one way, heavy ones stay where they belong, and nothing evaluates text."""

import ast
from pathlib import Path

import pytest

import eqdarts

ROOT = Path(eqdarts.__file__).parent

#: Lower levels first, and within a level in the order of the list. A module imports only what stands before it.
LEVELS = (
    (
        "errors", "visible", "records", "orphans", "writing", "overlapping", "collector", "threads", "interrupts",
        "flat", "zero",
    ),
    ("operations", "links", "config", "table", "screening"),
    ("search_space", "genotype", "kernel"),
    ("relaxation", "supernet", "graph", "least_squares", "fit", "bilevel", "discretise"),
    (
        "functions", "parsing", "formatting", "numeric", "periodogram", "constants", "singularities", "streaming",
        "description", "rewriting", "canonical", "limits", "snapping", "simplify", "reduce", "symbolic", "latex",
        "exports", "regression",
    ),
    ("training", "equation", "precision", "confirm", "selection", "refitting", "stability", "extrapolation"),
    ("search", "progress", "modelfile"),
    ("estimator",),
    ("sweeping",),
    ("plots", "cli"),
)  # fmt: skip
#: The order inside a folder.
FOLDERS = {
    "kernel": ("kept", "loops", "elementary", "program", "separable", "batch", "formulas"),
    "exports": ("formula", "python", "c", "excel", "torch", "domain", "calculus", "solving", "record"),
    "search": (
        "prior", "sampling", "moves", "population", "backend", "roundness", "assess", "credit", "pursuit",
        "sparse", "terms", "monomials", "parts", "waves", "ratios", "library", "products", "sums", "sampled", "relaxed",
        "mixture", "finish", "exactness", "stops", "symmetry", "branches", "loop",
    ),
    "regression": (
        "naming", "affine", "model", "poles", "scales", "periodic", "starts", "minimise", "report", "intervals",
        "record",
    ),
    "table": (
        "checks", "columns", "frames", "given", "rounding", "rows", "missing", "files", "parquet", "chunks", "cache",
        "ahead", "head", "subset",
    ),
    "sweeping": ("jobs", "outcome", "store", "workers", "study"),
    "plots": ("style", "fit", "graph", "history"),
}  # fmt: skip
ORDER = [name for level in LEVELS for name in level]
FILES = sorted(ROOT.rglob("*.py"))
#: They import on first use: help appears at once, and `import eqdarts` does not wait for torch; pyarrow is optional,
#: and only wide tables need scikit-learn's trees.
LAZY = {
    ROOT / "cli.py",
    ROOT / "__init__.py",
    ROOT / "table" / "parquet.py",
    ROOT / "screening.py",
    ROOT / "kernel" / "kept.py",
    ROOT / "kernel" / "loops.py",
}
HOMES = {
    "torch": {"threads", "operations", *LEVELS[3], "constants", "exports", "search"},
    "numba": {"kernel"},
    "sympy": {"operations", "links", *LEVELS[4], *LEVELS[5], "search", "estimator", "plots", "cli"},
    "matplotlib": {"plots"},
    "sklearn": {"orphans", "table", "screening", "stability", "estimator", "sweeping"},
    "typer": {"cli"},
}
FORBIDDEN = {"eval", "exec", "compile", "__import__", "sympify", "parse_expr", "nsimplify"}
GLOBAL_GENERATORS = {"np.random.seed", "numpy.random.seed", "torch.manual_seed", "torch.seed"}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "joblib", "random"}


def parts(path):
    """("search", "moves") of search/moves.py, ("search",) of search/__init__.py."""
    names = path.relative_to(ROOT).with_suffix("").parts
    return names[:-1] if names[-1] == "__init__" else names


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(node):
    """Dotted names that an import statement loads."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    assert node.level == 0, "relative import"
    return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]


def guarded(module):
    """Imports under `if TYPE_CHECKING:`, which never run."""
    return {
        id(inner)
        for node in ast.walk(module)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }


def imports(path):
    module = tree(path)
    skipped = guarded(module)
    nodes = (n for n in ast.walk(module) if isinstance(n, ast.Import | ast.ImportFrom) and id(n) not in skipped)
    return [name for node in nodes for name in imported(node)]


def test_every_module_has_its_place():
    assert {parts(f)[0] for f in FILES if parts(f)} == set(ORDER)
    for folder, names in FOLDERS.items():
        assert {parts(f)[1] for f in FILES if len(parts(f)) == 2 and parts(f)[0] == folder} == set(names)
    assert all(len(parts(f)) <= 2 for f in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda p: ".".join(parts(p)) or "eqdarts")
def test_imports_point_to_what_stands_before(path):
    here = parts(path)
    for name in imports(path):
        words = name.split(".")
        if words[0] != "eqdarts" or len(words) == 1 or not here:
            continue
        there = tuple(w for w in words[1:3])
        if there[0] not in ORDER:
            continue  # a name of the package itself, such as __version__
        if there[0] != here[0]:
            assert ORDER.index(there[0]) < ORDER.index(here[0]), f"{'.'.join(here)} imports {name}"
        elif len(here) == 2 and len(there) == 2 and there[1] in FOLDERS[here[0]]:
            order = FOLDERS[here[0]]
            assert order.index(there[1]) < order.index(here[1]), f"{'.'.join(here)} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: ".".join(parts(p)) or "eqdarts")
def test_libraries_stay_where_they_belong(path):
    here = parts(path)
    for name in imports(path):
        library = name.split(".")[0]
        assert library not in FORBIDDEN_MODULES, f"imports {name}"
        if library in HOMES:
            assert here, f"the package itself imports {name}"
            assert here[0] in HOMES[library], f"{'.'.join(here)} imports {name}"


@pytest.mark.parametrize("path", [f for f in FILES if f not in LAZY], ids=lambda p: ".".join(parts(p)))
def test_no_import_hides_in_a_function(path):
    for function in ast.walk(tree(path)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for node in ast.walk(function):
                assert not isinstance(node, ast.Import | ast.ImportFrom), f"line {node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: ".".join(parts(p)) or "eqdarts")
def test_nothing_evaluates_text_or_seeds_a_global_generator(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                assert called.id not in FORBIDDEN, f"line {node.lineno}: {called.id}"
                assert called.id != "print" or parts(path)[:1] == ("cli",), f"line {node.lineno}: print"
            elif isinstance(called, ast.Attribute):
                assert called.attr not in FORBIDDEN - {"compile"}, f"line {node.lineno}: {called.attr}"
                assert ast.unparse(called) not in GLOBAL_GENERATORS, f"line {node.lineno}"
                # A sweep keeps the warnings of each fit apart, whichever thread it runs in; see `kept_warnings`.
                assert ast.unparse(called) != "warnings.warn" or parts(path) == ("errors",), (
                    f"line {node.lineno}: call eqdarts.errors.warn"
                )


@pytest.mark.parametrize("path", FILES, ids=lambda p: ".".join(parts(p)) or "eqdarts")
def test_no_bare_except(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}"
