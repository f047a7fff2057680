"""Where the page is served: on a port of the loopback interface, and nowhere else."""

from __future__ import annotations

import errno
import importlib.util
import secrets
import socket
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from threading import Timer
from typing import TYPE_CHECKING

from eqdarts.errors import EqdartsError, check_range

if TYPE_CHECKING:
    from starlette.applications import Starlette

HOST = "127.0.0.1"
USUAL_PORT = 8501
_NEEDED = ("starlette", "uvicorn", "python_multipart", "jinja2")
_GRACE = 3  # seconds that answers have to finish once the app is to end (not tuned)


def create_app(*, key: str = "") -> Starlette:
    """The app, as an ASGI application.

    Parameters
    ----------
    key : str
        The first part of every path. Who does not know it sees nothing, other users of this machine included; `serve`
        makes one up. By default there is none.

    Returns
    -------
    Starlette
        Its searches run in processes of their own, which end when it is shut down.

    Raises
    ------
    EqdartsError
        If the extra ``app`` is not installed.

    Examples
    --------
    >>> app = create_app()
    >>> [route.path for route in app.routes][:2]
    ['/static', '/']
    """
    _check_installed()
    from eqdarts.app.pages import application

    return application(key)


def serve(port: int | None = None, *, open_browser: bool = True, tell: Callable[[str], None] | None = None) -> None:
    """Serve the app until Ctrl-C.

    Parameters
    ----------
    port : int, optional
        Of 127.0.0.1; 0 is any that is free. By default 8501, or any other if that is taken.
    open_browser : bool
        Open the page in the browser?
    tell : callable, optional
        Called with the address, once it answers there. The address has a secret, which lets nobody else in.

    Raises
    ------
    EqdartsError
        If the extra ``app`` is not installed, or the port is taken.
    """
    if port is not None:
        check_range("port", port, 0, 65535, integer=True)
    key = secrets.token_urlsafe(16)
    app = create_app(key=key)
    import uvicorn

    with _bound(port) as listening:
        address = f"http://{HOST}:{listening.getsockname()[1]}/{key}/"
        if tell is not None:
            tell(address)
        if open_browser:
            # The socket takes connections from now on, and they are answered as soon as the server runs.
            opening = Timer(0.3, webbrowser.open, [address])
            opening.daemon = True
            opening.start()
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, proxy_headers=False, ws="none",
            timeout_graceful_shutdown=_GRACE,
        )  # fmt: skip
        with suppress(KeyboardInterrupt):  # the way to end it
            uvicorn.Server(config).run(sockets=[listening])


def _bound(port: int | None) -> socket.socket:
    """A listening socket."""
    for wanted in (USUAL_PORT, 0) if port is None else (port,):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listening.bind((HOST, wanted))
            listening.listen(64)
            return listening
        except OSError as error:
            listening.close()
            if port is not None:
                reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
                raise EqdartsError(f"port {port} of {HOST} {reason}; choose another, or 0 for any") from error
    raise EqdartsError(f"no port of {HOST} is free")


def _check_installed() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise EqdartsError(f"the app needs {', '.join(missing)}: pip install 'eqdarts[app]'")
