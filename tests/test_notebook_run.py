"""A notebook that is run, kernel and all."""

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = (
    "import numpy as np, pandas as pd\n"
    "from eqdarts import DARTSRegressor\n"
    "rng = np.random.default_rng(0)\n"
    'X = pd.DataFrame(rng.uniform(1, 5, (80, 2)), columns=["m", "speed <i>"])\n'
    'y = (X.m * X["speed <i>"] ** 2 / 2 + rng.normal(0, 0.1, 80)).rename("E")',
    "model = DARTSRegressor(max_epochs=4, max_time=None, replicas=32, max_nodes=2, random_state=0,\n"
    '                       operations=["power", "linear"], links=["identity"])\n'
    "model.fit(X, y)",
    "model.select(0).equation()",
    "model.front_",
    "model.predict(X.head(1), interval=0.95)",
)


@pytest.mark.slow
def test_a_notebook_shows_the_search_and_what_it_found(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    # The first use of the loops may take so long that it is said, and then taken away.
    fitted = [output for output in outputs[1] if output.get("data", {}).get("text/plain") != ""]
    assert [output.output_type for output in fitted] == ["display_data", "execute_result"]
    progress, found = (output.data for output in fitted)
    assert "4 epochs" in progress["text/plain"]  # what stands there in the end
    assert '<div class="eqdarts">' in found["text/html"]
    assert "sk-top-container" in found["text/html"]
    assert "&lt;i&gt;" in found["text/html"]
    assert "speed <i>" not in found["text/html"]
    assert found["text/latex"].startswith(r"$\displaystyle E = ")
    assert outputs[2][0].data["text/latex"].startswith(r"$\displaystyle E = ")
    assert "<table>" in outputs[3][0].data["text/html"]
    assert outputs[4][0].data["text/plain"].startswith("Interval(value=array([")
