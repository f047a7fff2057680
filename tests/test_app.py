"""The pages of the app, what their forms do, and to whom they answer."""

import asyncio
import http.client
import re
import time
from functools import partial

import httpx
import pytest
from app_server import Here, running

from eqdarts.app import create_app, desk, serve, serving
from eqdarts.app.desk import asked_for
from eqdarts.app.guard import POLICY
from eqdarts.app.pages import application
from eqdarts.app.picture import picture
from eqdarts.app.question import Question, Writing, asked, first_guess, number_below, written
from eqdarts.app.reading import read
from eqdarts.app.session import MOST, Session, Sessions
from eqdarts.errors import EqdartsError, InputDataError
from eqdarts.estimator import DARTSRegressor

LINE = b"time,distance\n" + b"".join(b"%d,%d\n" % (t, 3 * t * t) for t in range(1, 13))
FORM = "multipart/form-data; boundary=x"
NOISY = b"x,y\n" + b"".join(b"%d,%d\n" % (x, 7 * x + (x * x * 37) % 11) for x in range(1, 31))


@pytest.fixture(scope="module")
def app():
    with pytest.MonkeyPatch.context() as patch, running() as address:
        # Only time, a stop and an exact law end its searches.
        endless = {"agreeing_runs": None, "patience": None}
        small = partial(DARTSRegressor, replicas=32, max_nodes=2, links=["identity"], **endless)
        patch.setattr(desk, "DARTSRegressor", small)
        yield address


def page_of(app, name="fall.csv", content=LINE):
    answer, place = app.open(name, content)
    assert answer.status_code == 303, answer.text
    return place


def message(answer):
    found = re.search(r'class="message" role="alert"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    return found[1] if found else ""


def test_a_walk(app):
    place = page_of(app)
    chosen = app.get(place)
    assert chosen.status_code == 200
    assert "12 rows" in chosen.text
    assert "1 to 12" in chosen.text
    assert app.post(f"{place}search", data={"target": "1", "features": "0", "max_time": "30"}).status_code == 303
    app.until(place, "found")
    found = app.get(place).text
    assert "<math" in found
    assert 'name="target"' not in found
    files = {
        name: app.get(f"{place}files/{name}?download=1") for name in ("model.json", "equations.csv", "equation.tex")
    }
    assert all(answer.status_code == 200 for answer in files.values())
    assert files["equation.tex"].text == "\\mathrm{distance} = 3 \\, \\mathrm{time}^{2}\n"
    assert 'filename="model.json"' in files["model.json"].headers["content-disposition"]
    assert app.get(f"{place}files/errors.txt").status_code == 404
    # Another equation: the page and the files are about that one.
    assert "The equation of" in found
    assert "Another equation of" in app.get(f"{place}?index=0").text
    assert app.get(f"{place}files/equation.tex?index=0").text == "\\mathrm{distance} = 162.5\n"
    report = app.get(f"{place}files/report.html")
    assert "<!doctype html>" in report.text[:20].lower()
    assert report.headers["content-security-policy"].startswith("sandbox allow-scripts")
    # And back to the question, with what was asked before.
    assert app.post(f"{place}again").status_code == 303
    assert re.search(r'name="target" value="1" checked', app.get(place).text)
    app.post(f"{place}close")
    assert app.get(place).status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1"])
def test_another_host_is_not_answered(app, host):
    port = app.origin.rsplit(":", 1)[1]
    answer = app.client.get("", headers={"host": host.format(port=port)})
    assert answer.status_code in (400, 421)
    assert "eqdarts" not in answer.text


@pytest.mark.parametrize(("client", "status"), [("127.0.0.1", 200), ("::1", 200), ("203.0.113.5", 403), ("there", 403)])
def test_nobody_elsewhere_is_answered_whatever_the_headers_say(client, status):
    """As another server may listen on all interfaces."""

    async def answer():
        transport = httpx.ASGITransport(application(), client=(client, 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8501") as browser:
            return await browser.get("/")

    assert asyncio.run(answer()).status_code == status


def test_this_machine_has_more_than_one_name(app):
    port = app.origin.rsplit(":", 1)[1]
    for name in ("localhost", "[::1]"):
        host = f"{name}:{port}"
        assert app.client.get("", headers={"host": host}).status_code == 200
        own = {"host": host, "origin": f"http://{host}"}
        assert app.client.post("open", headers=own, files={"file": ("a.csv", b"")}).status_code == 400  # it is empty


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": ""}, {"origin": "https://127.0.0.1"},
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
    ],
)  # fmt: skip
def test_forms_of_other_pages_are_refused(app, headers):
    place = page_of(app)
    for path in ("search", "stop", "again", "close"):
        assert app.post(place + path, headers=headers).status_code == 403
    assert app.client.post("open", headers=headers, files={"file": ("a.csv", LINE)}).status_code == 403
    assert "fall.csv" in app.get(place).text
    app.post(f"{place}close")


def test_who_does_not_know_the_address_gets_nothing(app):
    for path in ("/", "/open", "/static/app.js", "/secre/", "/secret"):
        answer = app.get(path)
        assert answer.status_code in (404, 307)
        assert "<" not in answer.text
    unknown = app.client.get("s/nobody/")
    assert unknown.status_code == 404
    assert "Open a table" in unknown.text


def test_pages_load_nothing_from_elsewhere(app):
    answer = app.client.get("")
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers
    for used in re.findall(r'(?:src|href|action)="([^"#]+)"', answer.text):
        assert used.startswith("/secret/")
    assert " style=" not in answer.text
    assert "onclick" not in answer.text


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02\xff", b"a,b\n1\n2,3,4\n", b"a,b\nx,y\nz,w\n", b"PK\x03\x04broken", b"a,b\n"]
)
def test_a_broken_file_is_explained_and_leaves_nothing(app, content):
    before = len(app.app.state.sessions)
    answer, _ = app.open("broken.csv", content)
    assert answer.status_code == 400
    assert "broken.csv" in message(answer)
    assert "/tmp" not in answer.text
    assert "Traceback" not in answer.text
    assert len(app.app.state.sessions) == before


def test_names_are_text_on_every_page(app):
    bad = "<img src=x onerror=alert(1)>"
    rows = "".join(f"{k},{k * k},</script>\n" for k in range(1, 10))
    place = page_of(app, f"{bad}.csv", f'{bad},"{bad} y","<b>t</b>"\n{rows}'.encode())
    pages = [app.get(place).text]
    app.post(f"{place}search", data={"target": "1", "features": "0", "max_time": "20"})
    pages.append(app.get(place).text)
    app.until(place, "found")
    pages.append(app.get(place).text)
    for text in pages:
        assert "<img src=x" not in text
        assert "<b>t" not in text
        assert "&lt;img src=x" in text
    app.post(f"{place}close")


def test_stop_ends_a_search_and_keeps_its_best(app):
    place = page_of(app, content=NOISY)
    app.post(f"{place}search", data={"target": "1", "features": "0", "max_time": "600"})
    end = time.monotonic() + 60
    while "<math" not in app.get(f"{place}live").json()["html"] and time.monotonic() < end:
        time.sleep(0.02)
    assert app.post(f"{place}stop").status_code == 303
    app.until(place, "found")
    assert "The search was stopped" in app.get(place).text
    app.post(f"{place}close")


def test_tabs_have_tables_of_their_own(app):
    one, other = page_of(app), page_of(app, "noisy.csv", NOISY)
    app.post(f"{one}search", data={"target": "1", "features": "0", "max_time": "30"})
    assert "noisy.csv" in app.get(other).text
    assert app.get(f"{other}live").json()["stage"] == "choosing"
    app.post(f"{other}close")
    app.until(one, "found")
    assert app.get(other).status_code == 404
    app.post(f"{one}close")


def test_a_question_that_makes_no_sense_is_explained(app):
    place = page_of(app)
    for form, said in [
        ({"features": "0"}, "Choose the column"),
        ({"target": "1"}, "at least one other column"),
        ({"target": "1", "features": "1"}, "at least one other column"),
        ({"target": "7", "features": "0"}, "Choose the column"),
        ({"target": "1", "features": "0", "errors": "1"}, "its own error"),
        ({"target": "1", "features": "0", "max_time": "forever"}, "seconds"),
        ({"target": "1", "features": "0", "max_time": "nan"}, "seconds"),
    ]:
        app.post(f"{place}search", data=form)
        assert said in message(app.get(place))
    app.post(f"{place}close")


def test_what_cannot_be_searched_is_said_on_the_page(app):
    place = page_of(app, content=b"x,y,e\n1,2,1\n2,3,0\n3,5,1\n4,4,1\n")
    app.post(f"{place}search", data={"target": "1", "features": "0", "errors": "2", "max_time": "5"})
    app.until(place, "choosing")
    assert "y_error" in message(app.get(place))
    app.post(f"{place}close")


def test_tables_are_read_as_they_are_and_once_more_as_one_says(app):
    rows = "".join(f"{x};{x * x},5;{'ab'[x % 2]};{'n/d' if x == 3 else x}\n" for x in range(1, 9))
    place = page_of(app, "run.csv", f"t [s];d (m);kind;z\n{rows}".encode())
    text = app.get(place).text
    assert "decimal commas" in text
    assert '<span class="unit">[m]</span>' in text
    assert "1.5 to 64.5" in text
    assert "1 of 8 cells are no numbers, such as &#39;n/d&#39;" in text
    app.post(f"{place}read", data={"na": "n/d, -999"})
    text = app.get(place).text
    assert "no numbers" not in text
    assert 'value="n/d, -999"' in text
    # What cannot be read leaves the table as it is.
    app.post(f"{place}read", data={"encoding": "no-such"})
    text = app.get(place)
    assert "encoding" in message(text)
    assert "--" not in message(text)
    assert "1.5 to 64.5" in text.text
    app.post(f"{place}close")


def test_labels_become_columns_of_0_and_1_and_units_stay(tmp_path):
    (tmp_path / "t.csv").write_text("t [s],kind,d [m]\n1,a,2\n2,b,\n3,b,4\n4,a,5\n")
    table = read(str(tmp_path / "t.csv"), "t.csv", Writing().as_command())
    question = Question("d", ("t", "kind"), drop_missing=True).as_command()
    X, y, errors = asked_for(table, {**question, "features": ["t", "kind"]})
    assert list(X) == ["t", "kind = a", "kind = b"]
    assert X["kind = b"].tolist() == [0.0, 1.0, 0.0]
    assert (X.attrs["units"]["t"], y.tolist(), errors) == ("s", [2.0, 4.0, 5.0], None)


def test_what_a_form_says_of_a_file_is_what_can_be_said_of_one():
    said = written({"delimiter": "quit", "decimal": ",", "na": " <LOD,, -999 ", "encoding": " cp1252 "})
    assert said == Writing("", ",", "cp1252", "", ("<LOD", "-999"))


def test_a_large_file_is_refused_before_it_is_read(app):
    connection = http.client.HTTPConnection(app.origin.removeprefix("http://"), timeout=10)
    connection.putrequest("POST", "/secret/open")
    for name, value in (("origin", app.origin), ("content-type", FORM), ("content-length", "3000000")):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"larger than 1 MB" in answer.read()
    connection.close()


def test_a_large_file_of_unknown_length_is_refused_while_it_is_read(app):
    def endless():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for _ in range(6):
            yield b"1,2\n" * 2**17

    answer = app.client.post("open", headers={"content-type": FORM}, content=endless())
    assert answer.status_code == 413
    assert "larger than 1 MB" in message(answer)


class Silent(Here):
    """Reads a table, and does nothing else."""

    def ask(self, command, patience=None):
        column = {"name": "x", "usable": True, "missing": 0, "labels": False}
        return {"is": "table", "rows": 2, "columns": [column, {**column, "name": "y"}], "head": [], "notes": []}


def test_sessions_that_nobody_looks_at_make_room(tmp_path):
    sessions = Sessions(tmp_path, Silent)
    tokens = [sessions.open(folder := sessions.new_folder(), folder / "t.csv", "t.csv", Writing()) for _ in range(MOST)]
    with pytest.raises(InputDataError, match="close one of them"):
        sessions.open(sessions.new_folder(), tmp_path, "t.csv", Writing())
    sessions.get(tokens[0]).seen -= 300
    sessions.open(sessions.new_folder(), tmp_path, "t.csv", Writing())
    assert sessions.get(tokens[0]) is None
    assert sessions.get(tokens[1]) is not None
    sessions.get(tokens[1]).seen -= 10_000
    sessions.sweep()
    assert sessions.get(tokens[1]) is None
    sessions.close_all()
    assert len(sessions) == 0


def test_a_lost_process_is_told(tmp_path):
    class Lost(Silent):
        def ask(self, command, patience=None):
            if command["do"] == "read":
                return super().ask(command)
            return {"is": "lost", "message": "it was ended from outside"}

    session = Session(tmp_path, tmp_path / "t.csv", "t.csv", Writing(), Lost)
    session.search(session.view.question)
    end = time.monotonic() + 5
    while session.view.stage == "searching" and time.monotonic() < end:
        time.sleep(0.01)
    assert session.view.stage == "ended"
    assert "ended from outside" in session.view.message


def test_the_first_guess_is_the_last_column_by_the_others():
    names = ("a", "b", "c", "d")
    columns = [{"name": n, "usable": n != "d", "missing": 2 * (n == "b")} for n in names]
    guess = first_guess(columns)
    assert (guess.target, guess.features, guess.drop_missing) == ("c", ("a", "b", "c"), True)


def test_known_errors_leave_nothing_to_assume_of_the_noise():
    columns = [{"name": n, "usable": True, "missing": 0, "labels": False} for n in "abc"]

    class Form(dict):
        def getlist(self, name):
            return ["0", "2"]

    question = asked(Form(target="1", errors="2", noise="poisson", max_time="2,5"), columns)
    assert (question.features, question.errors, question.noise, question.max_time) == (("a",), "c", "additive", 2.5)


def test_the_picture_has_all_equations_within_it():
    drawn = picture([(1, 1.0), (3, 0.2), (7, 0.0)], 1, [(2, 0.9), (40, 1e-5)])
    assert [dot.chosen for dot in drawn.dots] == [False, True, False]
    assert all(0 < dot.x < 560 and 0 < dot.y < 300 for dot in drawn.dots)
    assert drawn.dots[0].y < drawn.dots[1].y < drawn.dots[2].y
    assert drawn.up[0][1] == "100 %"


def test_missing_libraries_are_named(monkeypatch):
    monkeypatch.setattr(serving, "_NEEDED", ("starlette", "no_such_library"))
    with pytest.raises(EqdartsError, match=r"needs no_such_library: pip install 'eqdarts\[app\]'"):
        create_app()


def test_a_port_that_is_taken_is_said():
    with serving._bound(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EqdartsError, match=f"port {port} of 127.0.0.1 is in use; choose another"):
            serve(port, open_browser=False)
        assert taken.getsockname()[0] == "127.0.0.1"
    with pytest.raises(InputDataError, match="port=70000"):
        serve(70000)


@pytest.mark.parametrize("value", ["9" * 5000, "-1", "2", "1.0", "\u0661", "", None])
def test_what_is_no_number_of_a_column_is_none(value):
    assert number_below(value, 2) is None
    assert number_below("1", 2) == 1
