"""Tables whose target has nothing to do with their columns: how often does the search print more than a constant?

python benchmarks/pure_noise.py                         # 20 tables of 200 rows, resumes where it stopped
python benchmarks/pure_noise.py --rows 10 --columns 1
python benchmarks/pure_noise.py --table
"""

import time
import warnings
from typing import Any

import numpy as np
import runner

from eqdarts import DARTSRegressor


def fit(job: runner.Job) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(job["seed"])
    X, y = rng.uniform(1, 5, (job["rows"], job["columns"])), rng.normal(3, 1, job["rows"])
    start = time.monotonic()
    model = DARTSRegressor(max_time=job["budget"], random_state=job["seed"], n_jobs=1, verbose=0).fit(X, y)
    expression = model.sympy()
    return {
        "seconds": round(time.monotonic() - start, 2),
        "expression": str(expression),
        "constant": not expression.free_symbols,
    }


def main() -> None:
    parser = runner.parser(__doc__, "pure_noise", budget=20.0, processes=2)
    parser.add_argument("--tables", type=int, default=20)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--columns", type=int, default=5)
    options = parser.parse_args()
    if options.table:
        records = runner.read(options.results)
        for shape in sorted({(r["rows"], r["columns"]) for r in records}):
            these = [r for r in records if (r["rows"], r["columns"]) == shape]
            print(*shape, f"{sum(bool(r.get('constant')) for r in these)} of {len(these)} are constants")
            print(*(r["expression"] for r in these if not r.get("constant")), sep="\n")
        return
    shape = {"rows": options.rows, "columns": options.columns, "budget": options.budget}
    jobs = [{"seed": seed, **shape} for seed in range(options.tables)]
    runner.run(jobs, fit, options.results, 2 * options.budget + 120, options.processes, 1)


if __name__ == "__main__":
    main()
