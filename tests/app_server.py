"""The app on a port of this machine, with a stand-in for its process, which takes seconds to start."""

import json
import threading
import time
from contextlib import contextmanager, nullcontext

import httpx
import uvicorn

from eqdarts.app.desk import Desk
from eqdarts.app.pages import application
from eqdarts.app.process import Worker
from eqdarts.app.serving import _bound
from eqdarts.errors import EqdartsError


class Here:
    """What `eqdarts.app.worker` does, in a thread of this process: the same desk, and a stop ends a search as there."""

    def __init__(self, folder, watch):
        self._stopped, self.closed, self._watch = False, False, watch
        self._desk = Desk(str(folder), self, self._tell)

    def allowed(self):
        return nullcontext()

    def _tell(self, event):
        self._watch(event)
        if self._stopped or self.closed:
            raise KeyboardInterrupt

    def ask(self, command, patience=None):
        asked = json.loads(json.dumps(command))
        what = asked.pop("do")
        if what == "search":
            self._stopped = False
        try:
            return json.loads(json.dumps(self._desk.do(what, **asked)))
        except EqdartsError as error:
            return {"is": "error", "message": str(error)}

    def stop(self):
        self._stopped = True

    def close(self):
        self.closed = True


class Address:
    """Where the app answers, and a client that sends what its own pages send."""

    def __init__(self, port, key, app):
        self.origin, self.base, self.app = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/{key}/", app
        self.client = httpx.Client(base_url=self.base, headers={"origin": self.origin}, timeout=60)

    def open(self, name, content):
        """The answer to a file; and the address of its page, if it has one."""
        answer = self.client.post("open", files={"file": (name, content)})
        return answer, answer.headers.get("location", "")

    def get(self, path, **options):
        return self.client.get(self.origin + path, **options)

    def post(self, path, **options):
        return self.client.post(self.origin + path, **options)

    def until(self, path, stage, seconds=400):
        """Wait until a session stands there; the first search of an installation compiles its loops before it stops."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            live = self.get(f"{path}live").json()
            if live["stage"] == stage:
                return live
            time.sleep(0.02)
        raise AssertionError(f"{stage} is not reached: {live}")


@contextmanager
def running(start=Here, key="secret", largest=2**20):
    """The app, which answers at the `Address`."""
    app = application(key, start, largest)
    listening = _bound(0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    address = Address(listening.getsockname()[1], key, app)
    try:
        yield address
    finally:
        address.client.close()
        server.should_exit = True
        thread.join()
        listening.close()


__all__ = ["Address", "Here", "Worker", "running"]
