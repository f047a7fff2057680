"""A page in the browser for those who would rather click: drop a table, watch the search, take the law home.

The page is served on this machine to this machine only. The web framework is an extra, ``pip install 'eqdarts[app]'``,
and is imported by `create_app` and `serve`.
"""

from eqdarts.app.serving import create_app, serve

__all__ = ["create_app", "serve"]
