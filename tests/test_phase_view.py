"""What the reader can do with the phase explorer: move over the map, change it, share links."""

import numpy as np
import pytest
from explorer_page import assert_fits, color, smallest_text
from pages import axe_violations

from grokedu.explorers import PhaseExplorer, RidgeExplorer
from grokedu.explorers.phase import COLUMNS, ROWS, map_of

MAP = "document.querySelector('.grokedu-plot').__grokedu.map"
IS_DONE = f"{MAP}.isDone"


@pytest.fixture(scope="module")
def address(address_of):
    return address_of(PhaseExplorer(n_samples=52, n_features=200, presets=[("as it was", {})]))


@pytest.fixture(scope="module")
def ridge_address(address_of):
    return address_of(RidgeExplorer(n_samples=52, n_features=200))


def ground(view):
    return view.page.locator(".gk-phase-ground").bounding_box()


def cursor(view):
    return view.page.get_by_role("slider", name="place on the map")


def place(view, column, row):
    """The middle of a cell on the screen."""
    box = ground(view)
    x = box["x"] + (column + 0.5) / COLUMNS * box["width"]
    return x, box["y"] + (1 - (row + 0.5) / ROWS) * box["height"]


def test_a_click_opens_the_run_of_its_cell(view):
    shown = map_of(view.shown("state"), ("weight_decay", "init_variance"))
    view.page.mouse.click(*place(view, 30, 20))
    state = view.shown("state")
    assert (state["weight_decay"], state["init_variance"]) == (shown.x[30], shown.y[20])
    t1, t2 = shown.overfit_step[20, 30], shown.generalize_step[20, 30]
    assert f"t₁ = {t1:,.0f}, t₂ = {t2:,.0f}" in view.words("gk-phase-words")
    assert view.shown("times.generalize") == pytest.approx(t2, rel=0.1)
    box = cursor(view).locator(".gk-phase-ring").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert middle == pytest.approx(place(view, 30, 20), abs=1)


def test_beside_the_map_stands_the_ridge_explorer_of_its_cursor(view, open_view, ridge_address):
    view.page.mouse.click(*place(view, 40, 25))
    for layer in ("bound of Theorem 4.2", "Gaussian bound, Eq. (8) of the paper"):
        view.page.get_by_label(layer).check()
    view.press("stage III")
    link = view.hash().split(",axes=")[0]
    ridge = open_view(link.replace("#phase:", "#ridge:"), page=ridge_address)
    assert ridge.words("gk-problem") == ""
    for what in ("state", "steps", "train", "test", "times", "layers", "horizon", "step", "shares"):
        assert view.shown(what) == ridge.shown(what), what
    for part in (".gk-sentence", ".gk-moment", ".grokedu-plot table", ".gk-row"):
        ours, theirs = (each.page.locator(part).last.inner_text() for each in (view, ridge))
        assert ours == theirs
    names = [each.page.get_by_role("button").all_inner_texts() for each in (view, ridge)]
    assert names[0] == ["as it was", *names[1]]


def test_a_drag_moves_over_a_map_that_stays(view):
    view.page.mouse.move(*place(view, 10, 10))
    view.page.mouse.down()
    view.settle()
    view.page.evaluate(f"globalThis.kept = {MAP}; null")
    for column in range(11, 50, 6):
        view.page.mouse.move(*place(view, column, column // 2))
        assert view.page.evaluate(f"{MAP} === kept")
    view.page.mouse.up()
    x = map_of(view.shown("state"), ("weight_decay", "init_variance")).x
    assert view.shown("state.weight_decay") == x[47]


def test_arrow_keys_move_cell_by_cell_and_stop_at_the_edge(view):
    x = list(map_of(view.shown("state"), ("weight_decay", "init_variance")).x)
    at = x.index(view.shown("state.weight_decay"))
    cursor(view).focus()
    for key, column in (("ArrowRight", at + 1), ("Shift+ArrowLeft", at - 4)):
        view.page.keyboard.press(key)
        assert view.shown("state.weight_decay") == x[column]
    for _ in range(20):
        view.page.keyboard.press("Shift+ArrowUp")
    assert view.shown("state.init_variance") == 1e3
    for attribute in ("aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-valuetext"):
        assert cursor(view).get_attribute(attribute)


def test_the_reader_chooses_axes_and_quantity_and_the_address_has_them(view, open_view):
    preset = view.page.get_by_role("button", name="as it was")
    assert preset.get_attribute("aria-pressed") == "true"
    view.page.get_by_label("axis across the map").select_option(
        "init_variance"
    )  # they change places
    view.page.get_by_label("axis up the map").select_option("n_samples")
    view.page.get_by_label("what the map shows").select_option("ratio")
    axes = ("init_variance", "n_samples")
    view.settle()
    assert preset.get_attribute("aria-pressed") == "false"
    view.page.wait_for_function(IS_DONE)
    ours = map_of(view.shown("state"), axes)
    shown = view.page.evaluate(
        f"Array.from({MAP}.values('ratio'), (value) => (Number.isNaN(value) ? -1 : value))"
    )
    expected = np.nan_to_num(ours.values("ratio"), nan=-1.0)
    np.testing.assert_allclose(np.reshape(shown, expected.shape), expected, rtol=1e-6)
    assert "n/m" in view.words("gk-phase-words")
    link = view.hash()
    assert "axes=init_variance,n_samples" in link and "quantity=ratio" in link
    view.press("Reset")
    assert view.shown("axes") == ["weight_decay", "init_variance"]
    opened = open_view(link)
    assert (opened.shown("axes"), opened.shown("quantity")) == (list(axes), "ratio")
    view.page.evaluate("location.hash = '#phase:axes=n_samples,quantity=speed'")
    view.page.wait_for_function("document.querySelector('.gk-problem').textContent")
    assert "“speed” is not possible for quantity" in view.words("gk-problem")


def test_where_nothing_groks_it_says_why(view):
    view.page.mouse.click(*place(view, 20, 1))
    assert "nothing groks, since the training loss starts below ε" in view.words("gk-phase-words")
    view.set(learning_rate=900.0)
    assert "diverges" in view.words("gk-phase-words")


def test_where_single_runs_scatter_it_has_dots_and_says_so(view):
    legend = view.page.get_by_text("single runs scatter", exact=True)
    assert not legend.is_visible()
    said = [view.page.locator(part) for part in (".gk-phase-words", ".grokedu-plot table")]
    assert not any("scatter" in part.inner_text() for part in said)
    axes = ["n_samples", "test_threshold"]
    square = {"n_samples": 300, "n_features": 300, "test_threshold": 1e-4}
    view.set(axes=axes, weight_decay=1e-6, **square)
    view.page.wait_for_function(IS_DONE)
    untypical = map_of(view.shown("state"), axes).untypical
    dots = view.page.locator(".gk-phase-dots").get_attribute("d")
    assert dots.count("h0") == untypical.sum() > 0
    assert legend.is_visible()
    assert all("Single runs scatter" in part.inner_text() for part in said)


@pytest.mark.parametrize("width", [900, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_readable_on_every_screen(open_view, theme, width):
    view = open_view(viewport=(width, 1900))
    color(view, theme)
    view.page.wait_for_function(IS_DONE)
    assert axe_violations(view.page) == []
    assert smallest_text(view) >= 11
    assert_fits(view, width)
    assert "Map of delay" in view.page.locator(".gk-phase .gk-aside").inner_text()


def test_a_finger_taps_and_drags_the_cursor(open_view):
    view = open_view(viewport=(390, 1900), has_touch=True)
    view.page.touchscreen.tap(*place(view, 40, 20))
    x = map_of(view.shown("state"), ("weight_decay", "init_variance")).x
    assert view.shown("state.weight_decay") == x[40]
    touch = view.context.new_cdp_session(view.page)

    def send(kind, *cells):
        points = [dict(zip("xy", place(view, *cell), strict=True)) for cell in cells]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before = view.shown("state")
    send("touchStart", (10, 20))  # a swipe, which the browser scrolls by
    for row in range(18, 8, -2):
        send("touchMove", (10, row))
    send("touchEnd")
    assert view.shown("state") == before
    send("touchStart", (40, 20))
    for row in range(18, 8, -2):
        send("touchMove", (40, row))
    send("touchEnd")
    y = map_of(view.shown("state"), ("weight_decay", "init_variance")).y
    assert view.shown("state.init_variance") == y[10]
