"""What the reader can do with the network explorer: the browser trains on every change."""

import numpy as np
import pytest
from explorer_page import ENDED, SHOWN, SOURCES, assert_fits, color, smallest_text
from pages import axe_violations
from test_chart import struck_labels
from test_network_explorer import times_of

from grokedu.explorers import NetworkExplorer
from grokedu.explorers.network import SETTINGS
from grokedu.explorers.settings import defaults

DEFAULTS = defaults(SETTINGS)


@pytest.fixture(scope="module")
def address(address_of):
    return address_of(NetworkExplorer())


class TestStatic:
    def test_it_trains_the_network_of_python(self, view):
        times = times_of(DEFAULTS)
        assert view.shown("mode") == "page"
        assert abs(view.shown("times.overfit") - times.overfit_step) <= 1
        assert abs(view.shown("times.generalize") - times.generalize_step) <= 1
        assert view.shown("rate") == pytest.approx(4, rel=0.005)
        assert f"{view.shown('rate'):.3f}" in view.words("gk-law")

    def test_every_change_trains_again(self, view):
        before = view.shown("times.generalize")
        view.finish(weight_decay=0.1)
        assert view.shown("times.generalize") < before / 5
        assert view.shown("run") is None
        words = view.words()
        view.finish(seed=5, n_samples=4, width=40)
        assert view.words() != words
        assert len(view.shown("neurons.counts")) == 40
        view.press("Reset")
        view.finish(**DEFAULTS)
        assert view.shown("times.generalize") == before

    def test_a_threshold_needs_no_new_training(self, view):
        view.finish(test_threshold=0.21)  # crossed while the network is still simulated
        settings = {**DEFAULTS, "test_threshold": 0.21}
        times = times_of(settings)
        assert abs(view.shown("times.generalize") - times.generalize_step) <= 1
        view.page.get_by_role("slider", name="test threshold c").focus()
        view.page.keyboard.press("PageDown")
        assert view.shown("state.test_threshold") == pytest.approx(0.21 / 10**0.5, rel=1e-3)

    def test_the_neurons_follow_the_scrubber(self, view):
        view.press("stage III")
        late = np.array(view.shown("neurons.strengths"))
        view.page.get_by_label("step of the run").focus()
        view.page.keyboard.press("Home")
        assert view.shown("step") == 0
        assert late.sum() < 0.5 * np.sum(view.shown("neurons.strengths"))

    def test_too_large_a_learning_rate_is_told(self, view):
        view.finish(learning_rate=1.0)
        assert view.shown("stop.kind") == "diverges"
        view.finish(weight_decay=1.0)
        assert view.shown("stop.kind") == "erases"
        assert "NaN" not in view.page.locator(".grokedu-plot").inner_html()
        view.press("Reset")
        view.finish(**DEFAULTS)
        assert view.shown("phase") == "done"

    @pytest.mark.parametrize(
        "state",
        [
            {"init_variance": 1e-3},
            {"weight_decay": 0},
            {"weight_decay": 1.0},
            {"n_samples": 2, "input_dim": 2, "width": 10},
            {"train_threshold": 10.0, "test_threshold": 1e-4},
        ],
    )
    def test_extremes(self, view, state):
        view.finish(**state)
        assert "NaN" not in view.page.locator(".grokedu-plot").inner_html()
        assert view.words()

    def test_an_address_holds_the_state(self, open_view):
        view = open_view("#network:weight_decay=0.05,seed=3,width=50")
        state = view.shown("state")
        assert (state["weight_decay"], state["seed"], state["width"]) == (0.05, 3, 50)
        view.finish(seed=4)
        other = open_view(view.hash())
        assert other.shown("state") == view.shown("state")
        assert other.shown("times") == view.shown("times")


class TestKernel:
    """The page plays the kernel."""

    def test_live_it_waits_for_the_network_of_python(self, view):
        view.page.evaluate("model.answer({ type: 'welcome' })")
        assert view.shown("mode") == "live"
        before = view.words()
        view.set(seed=5)
        assert view.words() == before
        settings = {**DEFAULTS, "seed": 5}
        view.set(network=NetworkExplorer(seed=5).network)
        view.page.wait_for_function(f"{ENDED} && {SHOWN}.state.seed === 5")
        times = times_of(settings)
        assert abs(view.shown("times.generalize") - times.generalize_step) <= 1

    def test_a_kernel_that_went_away_is_noticed(self, view):
        view.page.evaluate("model.answer({ type: 'welcome' })")
        view.press("Train in Python")
        assert view.page.evaluate("model.sent.at(-1)") == {"type": "run"}
        view.page.evaluate("model.handled()")
        view.pass_time(1000)
        assert view.shown("mode") == "gone"
        view.finish(seed=9)


class TestLayout:
    @pytest.mark.parametrize("width", [360, 900])
    def test_it_fits(self, open_view, width):
        view = open_view(viewport=(width, 1400))
        view.finish(n_samples=15)
        assert not struck_labels(view)
        view.finish(**DEFAULTS)
        view.set(linear=True)
        assert not struck_labels(view)
        assert_fits(view, width)
        assert smallest_text(view) >= 12

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_accessible(self, view, theme):
        color(view, theme)
        assert not axe_violations(view.page)

    def test_the_bundle_is_light(self):
        assert (SOURCES / "network.bundle.js").stat().st_size <= 84_000
