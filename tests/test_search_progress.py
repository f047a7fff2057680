"""What is shown while a search runs: in a notebook one card that is renewed, elsewhere nothing of the kind."""

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from eqdarts.data.noise import Noise
from eqdarts.options import SearchConfig
from eqdarts.runtime import kernel
from eqdarts.search.history import EpochRecord
from eqdarts.search.progress import Bar, Card, Notice, progress


def record(epoch, equation, loss=0.001, found=0):
    return EpochRecord(epoch, 2.0 * epoch, 1, loss, loss, loss, 10, found, equation)


@pytest.fixture
def shown(monkeypatch):
    """Outputs of a kernel that is there for the test: (is it new, bundle)."""
    outputs = []

    def display(bundle, raw, display_id):
        outputs.append((True, bundle))
        return SimpleNamespace(update=lambda bundle, raw: outputs.append((False, bundle)))

    modules = {"IPython": SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))}
    monkeypatch.setattr(kernel.sys, "modules", {**sys.modules, **modules})
    monkeypatch.setattr(kernel, "import_module", lambda name: SimpleNamespace(display=display))
    return outputs


def test_one_card_is_renewed_and_says_in_the_end_how_long_it_took(shown, monkeypatch):
    monkeypatch.setattr("eqdarts.search.progress._PAUSE", 0.0)
    with progress(1, SearchConfig(max_time=10.0), "E", Noise("proportional")) as card:
        assert isinstance(card, Card)
        card(record(1, "2.5*`<b>x`", float("inf")))
        card(record(2, "2.5*`<b>x`**2 + 1", found=1))
        card(record(9, "not ( a formula <i>"))
    assert [new for new, _ in shown] == [True, False, False, False]
    first, second, third, last = (bundle["text/html"] for _, bundle in shown)
    assert "nothing fits yet" in first
    assert "searching, proportional noise: 4 of 10 s, found 1 of 2 times, best R² 0.999" in second
    assert '<progress max="10.0" value="4.0">' in second
    assert "<mi>E</mi><mo>=</mo>" in second
    assert "<mtext>&lt;b&gt;x</mtext>" in second
    assert "not ( a formula &lt;i&gt;" in third
    assert 'value="10.0"' in third
    assert "searched 18 s, 9 epochs" in last
    assert shown[1][1]["text/plain"].endswith("2.5*`<b>x`**2 + 1")


def test_cards_are_not_renewed_all_the_time(shown):
    with progress(1, SearchConfig(max_epochs=1000, max_time=None), "y") as card:
        for epoch in range(1, 500):
            card(record(epoch, "x"))
    assert 2 <= len(shown) < 50
    assert "1 of 1000 epochs" in shown[0][1]["text/plain"]


def test_a_silent_search_shows_nothing_and_a_terminal_has_the_bar(shown, monkeypatch):
    assert isinstance(progress(0, SearchConfig(), "y"), Bar)
    assert not shown
    for shell in (None, SimpleNamespace()):  # of a script that loaded IPython, and of its terminal
        monkeypatch.setitem(kernel.sys.modules, "IPython", SimpleNamespace(get_ipython=lambda shell=shell: shell))
        assert isinstance(progress(1, SearchConfig(), "y"), Bar)


def test_what_takes_long_is_said_and_taken_away(shown):
    notice = Notice("compiling <b>", 1)
    notice._timer.interval = 0.01
    with notice:
        deadline = time.monotonic() + 10
        while not shown and time.monotonic() < deadline:
            time.sleep(0.01)
    assert [bundle["text/html"] for _, bundle in shown] == ["<div>compiling &lt;b&gt;</div>", ""]
    with Notice("quick", 1), Notice("silent", 0):
        pass
    assert len(shown) == 2


def test_nothing_loads_ipython():
    code = "import sys, eqdarts.runtime.kernel as k; assert not k.in_kernel(); assert 'IPython' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
