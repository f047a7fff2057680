"""README and the pages of docs/: their blocks, and how their sessions run."""

import doctest
import re
from pathlib import Path

from eqdarts import OPERATIONS

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = sorted((ROOT / "docs").rglob("*.md"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def sessions(page: Path) -> list[str]:
    return [block for block in blocks(page, "python") if block.lstrip().startswith(">>>")]


def run_session(page: Path) -> doctest.TestResults:
    """All sessions of a page as one, with one small epoch in place of seconds, on any machine the same."""
    text = "\n".join(sessions(page)).replace("max_time=60", "max_time=None, max_epochs=1, replicas=32")
    text = re.sub(r'solve_for\("(\w+)"\)', r'solve_for("\1", 600)', text)
    known = set(OPERATIONS)
    report: list[str] = []
    try:
        session = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
        results = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(session, out=report.append)
    finally:
        for name in set(OPERATIONS) - known:
            del OPERATIONS[name]
    assert not results.failed, "".join(report)
    return results
