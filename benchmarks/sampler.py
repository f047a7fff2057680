"""Where the main thread of a fit is, looked up a few hundred times a second by another thread.

Looking costs next to nothing, while a tracing profiler makes many small calls, and so SymPy, look slower than they are.
Compiled loops release the interpreter's lock and can be seen; code that holds it for long is seen when it lets go, so
every look counts for the time since the one before.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import eqdarts

PACKAGE = str(Path(eqdarts.__file__).resolve().parent)
#: What a frame belongs to, by the start of its path within the package, of which the first counts; the
#: innermost frame with a kind decides.
KINDS = {
    "fit/compiled/": "compiled fits",
    "search/sums.py": "sums of terms",
    "propose/sparse.py": "sums of terms",
    "propose/terms.py": "sums of terms",
    "propose/library.py": "sums of terms",
    "propose/monomials.py": "sums of terms",
    "propose/products.py": "sums of terms",
    "propose/ratios.py": "sums of terms",
    "graph/population.py": "selection",
    "fit/assess.py": "selection",
    "darts/alpha_step.py": "selection",
    "equation/selection.py": "selection",
    "equation/": "equations",
    "simplify/": "equations",
    "fit/formula.py": "equations",
    "graph/to_sympy.py": "equations",
    "formula/tape.py": "equations",
    "formula/functions.py": "equations",
    "search/finish.py": "equations",
    "propose/": "proposals",
    "darts/sampling.py": "proposals",
    "darts/prior.py": "proposals",
    "graph/genotype.py": "proposals",
    "fit/graphs.py": "refits in torch",
    "graph/tensor_program.py": "refits in torch",
    "fit/least_squares.py": "refits in torch",
}
#: The way from Python into any compiled loop; whose it is, the frame outside says.
THROUGH, LOOPS_OF = "runtime/loops.py", {"proposals": "compiled proposals"}
SYMPY, OTHER = "SymPy", "other Python"
#: In the order of the report.
ALL = (
    "compiled fits",
    "sums of terms",
    "refits in torch",
    "compiled proposals",
    "proposals",
    "selection",
    "equations",
    SYMPY,
    OTHER,
)
#: Shares that a search could do without.
OVERHEAD = ("proposals", "selection", "equations", SYMPY, OTHER)


def kind_of(files: list[str]) -> str:
    """Kind of a stack, given by the files of its frames from the innermost on."""
    compiled = False
    for file in files:
        if "/sympy/" in file or "/mpmath/" in file:
            return SYMPY
        if file.startswith(f"{PACKAGE}/"):
            inside = file[len(PACKAGE) + 1 :]
            if inside == THROUGH:
                compiled = True
                continue
            for start, kind in KINDS.items():
                if inside.startswith(start):
                    return LOOPS_OF.get(kind, kind) if compiled else kind
    return OTHER


def files_of(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield frame.f_code.co_filename
        frame = frame.f_back


@contextmanager
def sampled(interval: float = 0.002) -> Iterator[dict[str, float]]:
    """Seconds by kind of the thread that enters this, filled when it leaves."""
    seconds: dict[str, float] = {}
    watched, over = threading.get_ident(), threading.Event()

    def look() -> None:
        last = time.perf_counter()
        while not over.wait(interval):
            kind = kind_of(list(files_of(sys._current_frames().get(watched))))
            now = time.perf_counter()
            seconds[kind] = seconds.get(kind, 0.0) + now - last
            last = now

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seconds
    finally:
        over.set()
        thread.join()
