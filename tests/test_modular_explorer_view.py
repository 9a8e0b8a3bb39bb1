"""What the reader sees of modular addition: curves that grow, a table of sums, frequencies."""

import numpy as np
import pytest
from explorer_page import ENDED, SHOWN, SOURCES, assert_fits, color, smallest_text
from pages import axe_violations
from test_modular_explorer import times, trained

from grokedu.explorers import ModularExplorer
from grokedu.explorers.modular import SETTINGS
from grokedu.explorers.settings import defaults

# It groks within some hundred steps, which a page takes in a tenth of a second.
SHORT = {"width": 32, "weight_decay": 3e-3, "train_fraction": 0.8, "n_steps": 800}
LONG = {"modulus": 23, "width": 256, "n_steps": 50_000}
PRESETS = [("no decay", {"weight_decay": 0, "n_steps": 300})]
STATE = {**defaults(SETTINGS), **SHORT}
WITHOUT_WORKERS = """
  if (location.search === "?missing") delete globalThis.Worker;
  if (location.search === "?refused") globalThis.Worker = class {
    constructor() { setTimeout(() => this.onerror()); }
    postMessage() {}
    terminate() {}
  };"""


@pytest.fixture(scope="module")
def address(address_of):
    return address_of(ModularExplorer(**SHORT, presets=PRESETS))


def begin(view, **state):
    """Change the state and wait until its run has begun."""
    view.set(**state)
    view.page.wait_for_function(
        f"state => Object.entries(state).every(([k, v]) => {SHOWN}.state[k] === v)"
        f" && {SHOWN}.done > 0",
        arg=state,
    )
    view.settle()


def assert_equals_python(view):
    """Losses to 1e-9, accuracies and times exactly, the table of the shown step."""
    state = view.shown("state")
    run = trained(state)
    steps = np.array(view.shown("steps"), dtype=int)
    curves = {
        "train": run.train_loss,
        "test": run.test_loss,
        "accuracy.train": run.train_accuracy,
        "accuracy.test": run.test_accuracy,
    }
    for name, curve in curves.items():
        np.testing.assert_allclose(view.shown(name), curve[steps], rtol=1e-9)
    assert view.shown("times").items() >= times(run, state).items()
    table = view.shown("table")
    seen = np.array(view.shown("seen"), dtype=bool)
    cells = np.arange(state["modulus"] ** 2)
    right = (
        np.array(table["guesses"]) == np.add(*divmod(cells, state["modulus"])) % state["modulus"]
    )
    assert right[seen].mean() == pytest.approx(run.train_accuracy[table["step"]])
    assert right[~seen].mean() == pytest.approx(run.test_accuracy[table["step"]])


def marks(view, name):
    """How many cells of a kind are drawn."""
    path = view.page.locator(f".gk-sums-cells .{name}").get_attribute("d") or ""
    return path.count("z")


def cell(view):
    """What a screen reader hears of the chosen cell."""
    return view.page.locator("[role=option]").inner_text()


class TestThePageByItself:
    def test_it_trains_the_network_of_python_again_and_again(self, view):
        assert view.shown("mode") == "page"
        assert_equals_python(view)
        first = view.shown("times")
        assert f"{first['generalize']:,}" in view.words()
        view.press("Draw again")
        view.finish(seed=1)
        assert_equals_python(view)
        assert view.shown("times") != first
        view.finish(modulus=12, width=20, n_steps=300)
        assert_equals_python(view)
        view.press("Reset")
        view.finish(**STATE)
        assert view.shown("times") == first

    def test_where_a_worker_is_missing_or_refused_it_trains_in_slices(self, view, address):
        expected = view.shown("times")
        view.page.add_init_script(WITHOUT_WORKERS)
        for how in ("?missing", "?refused"):
            view.page.goto(address + how)
            view.page.wait_for_function(f"{SHOWN} && {ENDED}")
            assert view.shown("times") == expected

    def test_the_run_grows_pauses_goes_on_and_is_given_up(self, view):
        begin(view, **LONG)
        before = view.shown("done")
        assert before < view.shown("horizon") == LONG["n_steps"]
        assert (
            view.words()
            == "The network learns 423 of 529 sums, by 50,000 steps of gradient descent."
        )
        view.page.wait_for_function(f"{SHOWN}.done > {before}")
        step, done = view.page.evaluate(f"[{SHOWN}.step, {SHOWN}.done]")
        assert step == done  # the table is that of the front
        view.press("Pause training")
        view.page.wait_for_function(
            "document.querySelector('.gk-sentence').textContent.match('paused')"
        )
        paused = view.shown("done")
        scrubber = view.page.get_by_label("step of the run")
        scrubber.focus()
        view.page.keyboard.press("End")
        assert view.shown("step") == paused  # nothing is known beyond
        view.page.keyboard.press("Home")
        assert (view.shown("step"), view.shown("table.step")) == (0, 0)
        assert view.shown("done") == paused
        view.press("Go on training")
        view.page.wait_for_function(f"{SHOWN}.done > {paused}")
        assert view.shown("step") == 0
        for decay in (0.01, 0.02, 0.03):  # a slider that is dragged
            view.page.evaluate(f"model.set('weight_decay', {decay})")
        view.finish(**{**STATE, "weight_decay": 0.03})
        assert_equals_python(view)
        assert not view.page.get_by_role("button", name="Pause training").is_visible()

    @pytest.mark.parametrize(
        ("state", "words"),
        [
            ({"learning_rate": 10.0, "init_scale": 4.0}, "overflowed at step 3"),
            ({"learning_rate": 10.0, "weight_decay": 1.0}, "would erase the weights"),
            ({"init_scale": 0}, "All weights start at 0"),
            ({"train_fraction": 1.0}, "no cell is left to test"),
            ({"n_steps": 100, "train_fraction": 0.05}, "does not reach 95% within 100 steps"),
            ({"modulus": 5, "width": 4, "train_level": 0.5, "test_level": 0.5}, "accuracy"),
        ],
    )
    def test_what_can_go_wrong_is_told(self, view, state, words):
        view.finish(**state)
        assert words in view.words()
        drawn = view.page.locator(".grokedu-plot").inner_html()
        assert "NaN" not in drawn and "undefined" not in drawn
        view.press("Reset")
        view.finish(**STATE)
        assert_equals_python(view)

    def test_an_address_holds_the_state(self, view, open_view):
        view.finish(modulus=13, seed=3, test_level=0.8)
        view.set(step=200)
        there = view.hash()
        other = open_view(there)
        for what in ("state", "times", "table"):
            assert other.shown(what) == view.shown(what)
        assert other.shown("table.step") == 200


class TestTableAndNeurons:
    def test_they_follow_the_scrubber(self, view):
        seen, counts = 97, {}
        for stage in ("stage I", "stage II", "stage III"):
            view.press(stage)
            assert_equals_python(view)
            kinds = (
                "gk-train.gk-right",
                "gk-train.gk-wrong",
                "gk-test.gk-right",
                "gk-test.gk-wrong",
            )
            counts[stage] = [marks(view, name) for name in kinds]
            assert sum(counts[stage]) == 121 and sum(counts[stage][:2]) == seen
            words = view.words("gk-sums-moment")
            assert f"{counts[stage][0]} of {seen} training cells are right" in words
            frequencies = np.array(view.shown("neurons.frequencies"))
            assert (
                sum(map(int, view.page.locator(".gk-frequency-counts text").all_text_contents()))
                == 32
                == len(frequencies)
            )
        assert counts["stage I"][1] > 0 == counts["stage II"][1]
        assert counts["stage II"][3] > 5 * counts["stage III"][3]

    def test_a_cell_is_chosen_by_keys_pointer_and_finger(self, view, open_view):
        table = view.page.get_by_role("listbox")
        table.focus()
        for key in ("Home", "ArrowRight", "ArrowDown", "ArrowDown"):
            view.page.keyboard.press(key)
        assert cell(view).startswith("2 + 1 = 3: the network is ")
        assert cell(view) == view.words("gk-sums-words")
        box = table.bounding_box()
        view.page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] - 3)
        assert cell(view).startswith("10 + 10 = 20 ≡ 9: the network is right.")
        view.press("stage I")
        assert cell(view).startswith("10 + 10 = 20 ≡ 9: the network is wrong, it says ")
        phone = open_view(viewport=(360, 1800), has_touch=True, is_mobile=True)
        phone.page.get_by_role("listbox").tap(position={"x": 5, "y": 5})
        assert cell(phone).startswith("0 + 0 = 0:")

    def test_ghost_pin_and_python_lie_on_both_charts(self, view):
        dots = view.page.locator(".gk-accuracy path.gk-run.gk-test")
        assert dots.get_attribute("d").count("M") > 20  # Python's, from when the page was made
        assert view.page.get_by_role("row", name="Python").count() == 1
        view.page.evaluate("model.answer({ type: 'welcome' })")
        assert view.shown("mode") == "live"
        view.press("Pin")
        view.press("no decay")
        view.finish(weight_decay=0)
        assert dots.get_attribute("d") is None
        for kind in ("gk-pinned", "gk-ghost"):
            for place in (".gk-accuracy", ".gk-chart:not(.gk-accuracy)"):
                line = view.page.locator(f"{place} path.{kind}.gk-test")
                assert line.get_attribute("d").count("L") > 20
        assert "λ 0.003 → 0" in view.words("gk-comparison")


class TestLooks:
    @pytest.mark.parametrize(("theme", "width"), [("light", 900), ("dark", 390), ("light", 360)])
    def test_it_fits_can_be_read_and_has_no_violations(self, open_view, theme, width):
        view = open_view(viewport=(width, 2000), reduced_motion="reduce")
        color(view, theme)
        for state in ({"modulus": 23, "n_steps": 100}, STATE):
            view.finish(**state)
            assert_fits(view, width)
            assert smallest_text(view) >= 12
        assert axe_violations(view.page) == []

    def test_on_paper_the_pictures_and_their_words_remain(self, view):
        view.page.emulate_media(media="print")
        assert view.page.locator(".gk-sums-field svg").is_visible()
        assert "λ = 0.003" in view.words("gk-on-paper")
        assert not view.page.locator(".gk-player").is_visible()

    def test_the_bundle_is_light(self):
        assert (SOURCES / "modular.bundle.js").stat().st_size <= 104_000
