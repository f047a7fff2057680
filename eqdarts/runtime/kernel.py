"""Is this a Jupyter kernel, and what it can show: an output that is replaced where it stands.

IPython is used only where it runs already; nothing here loads it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def in_kernel() -> bool:
    """Does a notebook, or another front end of a Jupyter kernel, run this process?"""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


class InPlace:
    """An output of the running cell that is replaced by the next one. Only in a kernel."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, html: str, text: str) -> None:
        """HTML, and what stands for it where there is none."""
        bundle = {"text/html": html, "text/plain": text}
        if self._handle is None:
            self._handle = import_module("IPython.display").display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def clear(self) -> None:
        """Leave nothing of it, if there is something."""
        if self._handle is not None:
            self.show("", "")
