"""What pages are made with: their templates, style and script, and what a browser may do with them."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def policy(style: str, script: str) -> str:
    """What a browser may do with the page: nothing but its own style and script."""
    return (
        f"default-src 'none'; style-src {_hashed(style)}; script-src {_hashed(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def environment() -> Environment:
    return Environment(
        loader=PackageLoader("eqdarts.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


@cache
def resource(name: str) -> Markup:
    """A file of the page, which holds nothing of a user's."""
    return Markup((files("eqdarts.report") / "templates" / name).read_text(encoding="utf-8"))  # nosec B704 # ours
