"""The pages of the app, and what their forms do."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from eqdarts import __version__
from eqdarts.app.guard import NAMES, REPORT_POLICY, Guard, TooLarge
from eqdarts.app.picture import HEIGHT, WIDTH, picture
from eqdarts.app.process import Worker
from eqdarts.app.question import DECIMALS, DELIMITERS, NOISES, Writing, asked, number_below, written
from eqdarts.app.session import ENDED, FOUND, SEARCHING, Session, Sessions, Start
from eqdarts.errors import EqdartsError, InputDataError
from eqdarts.formula.visible import visible

#: Bytes of a file; larger ones are for the command line, which reads them in chunks (not tuned).
LARGEST = 100 * 2**20
_FORM = 2**20  # bytes of a form around it
_SWEEP = 30.0  # seconds between two looks for sessions whose pages are gone
_ENDINGS = re.compile(r"\.(csv|tsv|txt|dat|xlsx|xlsm|parquet|pq)(\.(gz|bz2|xz|zip))?$", re.IGNORECASE)
_HERE = Path(__file__).parent
#: What can be taken away, with its kind.
DOWNLOADS = {
    "report.html": "all of it in one file, to read and to send",
    "equation.tex": "this equation in LaTeX",
    "equations.csv": "all equations, as a table",
    "fit.png": "a picture of the fit and the front",
    "model.json": "the model, to predict with and to go on in Python",
}
_KINDS = {
    ".html": "text/html; charset=utf-8", ".json": "application/json", ".csv": "text/csv; charset=utf-8",
    ".tex": "application/x-tex; charset=utf-8", ".png": "image/png",
}  # fmt: skip
_templates = Environment(
    loader=PackageLoader("eqdarts.app"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def application(key: str = "", start: Start = Worker, largest: int = LARGEST) -> Starlette:
    """The app.

    key: the first part of every path, if there is one   start: starts what reads and searches for a session
    largest: bytes of a file
    """
    root = f"/{key}" if key else ""
    routes = [
        Mount("/static", StaticFiles(directory=_HERE / "static"), name="static"),
        Route("/", _start),
        Route("/open", _open, methods=["POST"]),
        Route("/s/{token}/", _session),
        Route("/s/{token}/live", _live),
        Route("/s/{token}/files/{name}", _file),
        *(Route(f"/s/{{token}}/{what}", do, methods=["POST"]) for what, do in _FORMS.items()),
    ]
    app = Starlette(
        routes=[Mount(root, routes=routes)] if root else routes,
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=list(NAMES), www_redirect=False),
            Middleware(Guard, limit=largest + _FORM),
        ],
        exception_handlers={404: _not_found, TooLarge: _too_large},  # type: ignore[dict-item]
        lifespan=_lifespan,
    )
    app.state.root, app.state.start, app.state.largest = root, start, largest
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    folder = Path(tempfile.mkdtemp(prefix="eqdarts-app-"))
    app.state.sessions = Sessions(folder, app.state.start)
    sweeping = asyncio.create_task(_sweep(app.state.sessions))
    try:
        yield
    finally:
        sweeping.cancel()
        await run_in_threadpool(app.state.sessions.close_all)
        shutil.rmtree(folder, ignore_errors=True)


async def _sweep(sessions: Sessions) -> None:
    while True:
        await asyncio.sleep(_SWEEP)
        await run_in_threadpool(sessions.sweep)


def _page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    state = request.app.state
    always = {"root": state.root, "version": __version__, "largest": state.largest, "too_large": _limit(state.largest)}
    return HTMLResponse(_templates.get_template(template).render(**always, **values), status)


def _limit(largest: int) -> str:
    return (
        f"The file is larger than {largest // 2**20} MB. Use the command line for it, which reads it in chunks: "
        "eqdarts fit FILE --target COLUMN"
    )


def _to(request: Request, token: str) -> RedirectResponse:
    """To the page of a session, after a form."""
    return RedirectResponse(f"{request.app.state.root}/s/{token}/", 303)


def _not_found(request: Request, error: Exception) -> Response:
    """The way in, to those who know it."""
    root = request.app.state.root
    if not request.url.path.startswith(f"{root}/"):
        return Response("Open the address that eqdarts printed in the terminal.", 404, media_type="text/plain")
    return _page(request, "gone.html", 404)


def _too_large(request: Request, error: Exception) -> Response:
    return _start_page(request, 413, _limit(request.app.state.largest))


def _start(request: Request) -> Response:
    return _start_page(request)


def _start_page(request: Request, status: int = 200, message: str = "", writing: Writing | None = None) -> Response:
    return _page(request, "start.html", status, message=message, **_ways(writing or Writing()))


def _ways(writing: Writing) -> dict[str, Any]:
    """For the fields that say how a file is written."""
    return {"writing": writing, "delimiters": DELIMITERS, "decimals": DECIMALS}


async def _open(request: Request) -> Response:
    if int(request.headers.get("content-length") or 0) > request.app.state.largest + _FORM:
        return _too_large(request, TooLarge())
    sessions: Sessions = request.app.state.sessions
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            return _start_page(request, 400, "Choose a file first.")
        writing = written(form)  # type: ignore[arg-type]
        name = visible(file.filename.replace("\\", "/").rsplit("/", 1)[-1])[-100:]
        folder = sessions.new_folder()
        try:
            path = folder / f"table{_ending(name)}"
            with open(path, "wb") as copy:
                await run_in_threadpool(shutil.copyfileobj, file.file, copy)
            token = await run_in_threadpool(sessions.open, folder, path, name, writing)
        except EqdartsError as error:
            shutil.rmtree(folder, ignore_errors=True)
            return _start_page(request, 400, str(error), writing)
    return _to(request, token)


def _ending(name: str) -> str:
    """By which a file is read; a name from elsewhere gives nothing else to a path."""
    found = _ENDINGS.search(name)
    return found[0].lower() if found else ".csv"


def _known(request: Request) -> tuple[str, Session]:
    """The token of an address and its session; where it is gone, the answer is the page that says so."""
    token = request.path_params["token"]
    session = request.app.state.sessions.get(token)
    if session is None:
        raise HTTPException(404)
    return token, session


def _session(request: Request) -> Response:
    _, session = _known(request)
    view = session.view
    values: dict[str, Any] = {"name": session.name, "view": view, "table": view.table}
    if view.stage == SEARCHING:
        return _page(request, "search.html", **values, live=_live_values(session))
    if view.stage == FOUND:
        found = view.found
        index = _index(request, len(found["equations"]), found["chosen"])
        points = [(e["complexity"], e["share"]) for e in found["equations"]]
        return _page(
            request, "found.html", **values, found=found, law=found["equations"][index], downloads=DOWNLOADS,
            front=picture(points, index), links=_links(found), width=WIDTH, height=HEIGHT,
        )  # fmt: skip
    if view.stage == ENDED:
        return _page(request, "ended.html", **values)
    return _page(request, "choose.html", 400 if view.message else 200, **values, noises=NOISES, **_ways(view.writing))


def _links(found: dict[str, Any]) -> list[dict[str, str]]:
    """Of the dots of a picture."""
    return [{"href": f"?index={e['index']}", "label": f"{e['text']}, R² {e['r2']}"} for e in found["equations"]]


def _index(request: Request, count: int, default: int) -> int:
    """The number of an equation that an address asks for."""
    found = number_below(request.query_params.get("index", ""), count)
    return default if found is None else found


def _live(request: Request) -> Response:
    """What changes on the page of a search; the stage says when there is another page."""
    session = request.app.state.sessions.get(request.path_params["token"])
    if session is None:
        return JSONResponse({"stage": ENDED}, 404)
    live = _live_values(session)
    html = _templates.get_template("live.html").render(view=session.view, live=live)
    return JSONResponse({"stage": session.view.stage, "html": html, "said": live["said"]})


def _live_values(session: Session) -> dict[str, Any]:
    view = session.view
    progress, limit = view.progress, view.question.max_time
    seconds = time.monotonic() - view.began
    drawn = None
    if "equations" in progress:
        drawn = picture(progress["equations"], progress["chosen"], progress["outline"])
    return {
        "seconds": seconds, "limit": limit, "left": max(0.0, limit - seconds), "picture": drawn, "width": WIDTH,
        "height": HEIGHT, "said": _said(view, seconds), "progress": progress,
    }  # fmt: skip


def _said(view: Any, seconds: float) -> str:
    """What happens now, in a sentence."""
    if view.stopping:
        return "Stopping: the best so far become equations."
    if not view.progress:
        return "Getting ready."
    if "epoch" not in view.progress:
        return "Looking at the rows." if seconds < 10 else "Preparing; once after an installation this takes a minute."
    if seconds > 0.6 * view.question.max_time and seconds - view.progress.get("at", 0) > 5:
        return "The best graphs become equations."
    return "Searching."


def _file(request: Request) -> Response:
    """A file about an equation; as a download if it is asked for as one."""
    _, session = _known(request)
    name = request.path_params["name"]
    if session.view.stage != FOUND or name not in DOWNLOADS:
        raise HTTPException(404)
    found = session.view.found
    try:
        content = session.file(name, _index(request, len(found["equations"]), found["chosen"]))
    except (EqdartsError, OSError) as error:
        return Response(str(error), 500, media_type="text/plain", headers={"content-security-policy": REPORT_POLICY})
    headers = {"content-security-policy": REPORT_POLICY} if name == "report.html" else {}
    if "download" in request.query_params:
        headers["content-disposition"] = f'attachment; filename="{name}"'
    return Response(content, media_type=_KINDS[Path(name).suffix], headers=headers)


async def _search(request: Request) -> Response:
    token, session = _known(request)
    async with request.form(max_files=0, max_fields=10_000) as form:
        try:
            question = asked(form, session.view.table["columns"])  # type: ignore[arg-type]
        except InputDataError as error:
            session.complain(session.view.question, str(error))
            return _to(request, token)
    session.search(question)
    return _to(request, token)


async def _read(request: Request) -> Response:
    token, session = _known(request)
    async with request.form(max_files=0, max_fields=10) as form:
        writing = written(form)  # type: ignore[arg-type]
    await run_in_threadpool(session.read, writing)
    return _to(request, token)


def _stop(request: Request) -> Response:
    token, session = _known(request)
    session.stop()
    return _to(request, token)


def _again(request: Request) -> Response:
    token, session = _known(request)
    session.ask_again()
    return _to(request, token)


def _close(request: Request) -> Response:
    request.app.state.sessions.close(request.path_params["token"])
    return RedirectResponse(f"{request.app.state.root}/", 303)


_FORMS = {"read": _read, "search": _search, "stop": _stop, "again": _again, "close": _close}
