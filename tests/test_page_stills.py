"""Explorers without scripts: their saved state as a picture, a table and words."""

import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from test_explorers import MAKERS

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

import page_stills


def state_of(kind, **state):
    return {**MAKERS[kind]().get_state(), **state}


@pytest.fixture(params=MAKERS)
def kind(request):
    return request.param


def test_picture_table_and_words(kind):
    page = BeautifulSoup(page_stills.html_of(state_of(kind)), "html.parser")
    assert page.img["src"].startswith("data:image/svg+xml;base64,")
    assert page.figcaption.get_text(strip=True).removesuffix(".")
    assert page.select("table tbody th[scope=row]")
    assert ("plane" in page.img["alt"]) == (kind == "valley")
    assert ("map" in page.img["alt"]) == (kind == "phase")
    assert ("table of all sums" in page.img["alt"]) == (kind == "modular")


@pytest.mark.parametrize("n_features", [100, 1000])
def test_it_says_where_single_runs_scatter_around_the_mean(n_features):
    """At n = m = 100 and λ = 10⁻⁶, but nowhere on a map with m = 1,000."""
    axes = ["weight_decay", "n_samples"]
    state = state_of("phase", axes=axes, n_features=n_features, weight_decay=1e-6, layers=["sharp"])
    page = BeautifulSoup(page_stills.html_of({**state, "n_samples": 100}), "html.parser")
    for words in (page.img["alt"], page.table.get_text()):
        assert ("single runs scatter" in words) == (n_features == 100)


def test_the_picture_has_the_axis_of_the_state(kind):
    logarithmic, again, linear = (
        page_stills.picture(page_stills.still_of(state), state, "png")
        for state in (state_of(kind, linear=linear) for linear in (False, False, True))
    )
    assert logarithmic == again != linear


def test_what_cannot_run_is_words_alone(kind):
    state = state_of(kind, learning_rate=1.0, weight_decay=1.0)
    assert page_stills.picture(page_stills.still_of(state), state, "png") is None
    page = BeautifulSoup(page_stills.html_of(state), "html.parser")
    assert page.img is None and page.table is None
    assert "cannot run" in page.figcaption.get_text()


def test_other_widgets_have_none():
    assert page_stills.html_of({"value": 3}) is None
