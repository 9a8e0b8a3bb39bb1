"""What the reader can do with the ridge explorer: drag, scrub, play, switch theory, share links."""

import numpy as np
import pytest
from explorer_page import SHOWN, View, color, smallest_text, write_page
from pages import axe_violations

import grokedu as gk
from grokedu.explorers import RidgeExplorer
from grokedu.explorers.ridge import LAYERS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the page of an explorer at the defaults."""
    return write_page(tmp_path_factory.mktemp("view"), RidgeExplorer(), "ridge")


@pytest.fixture(scope="module")
def address(folder):
    from conftest import serve

    with serve(folder) as address:
        yield f"{address}/index.html"


@pytest.fixture
def open_view(browser, address):
    views = []

    def open_view(part="", **options):
        views.append(View(browser, address + part, **options))
        return views[-1]

    yield open_view
    for view in views:
        assert not view.complaints
        view.context.close()


@pytest.fixture
def view(open_view):
    return open_view()


class TestThresholds:
    @pytest.mark.parametrize(
        ("label", "name"),
        [("training threshold ε", "train_threshold"), ("test threshold c", "test_threshold")],
    )
    def test_keys_move_a_line_and_its_time(self, view, label, name):
        handle = view.page.get_by_role("slider", name=label)
        handle.focus()
        view.page.keyboard.press("PageUp")
        assert view.shown(f"state.{name}") == pytest.approx(0.01 * 10**0.5)
        for attribute in ("aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-valuetext"):
            assert handle.get_attribute(attribute)
        view.page.keyboard.press("Home")
        assert view.shown(f"state.{name}") == pytest.approx(1e-6)
        view.page.keyboard.press("End")
        assert view.shown(f"state.{name}") == pytest.approx(10)

    def test_dragging_c_upward_makes_t2_earlier(self, view):
        before = view.shown("times.generalize")
        box = (
            view.page.get_by_role("slider", name="test threshold c")
            .locator("circle")
            .bounding_box()
        )
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        view.page.mouse.move(x, y)
        view.page.mouse.down()
        view.page.mouse.move(x, y - 40, steps=4)
        view.page.mouse.up()
        assert view.shown("state.test_threshold") > 0.02
        assert view.shown("times.generalize") < before

    def test_a_finger_drags_too(self, open_view):
        view = open_view(has_touch=True, viewport={"width": 390, "height": 1400})
        handle = view.page.get_by_role("slider", name="training threshold ε").locator("circle")
        box = handle.bounding_box()
        touch = {"x": box["x"] + 8, "y": box["y"] + 8}
        session = view.context.new_cdp_session(view.page)

        def dispatch(kind, *points):
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

        dispatch("touchStart", touch)
        dispatch("touchMove", {**touch, "y": touch["y"] - 30})
        dispatch("touchEnd")
        assert view.shown("state.train_threshold") > 0.015

    def test_times_that_do_not_exist_are_told(self, view):
        view.set(train_threshold=10.0, test_threshold=1e-6)
        assert "neither t₁ nor t₂ exists" in view.words()
        assert view.page.locator("tbody tr").first.inner_text().count("none") == 3


class TestTime:
    def test_scrubber_and_stages(self, view):
        t1, t2 = view.shown("times.overfit"), view.shown("times.generalize")
        assert view.shown("step") == t1
        for stage, low, high in (("I", 0, t1), ("II", t1, t2), ("III", t2, 1e9)):
            view.press(f"stage {stage}")
            assert low <= view.shown("step") <= high
            button = view.page.get_by_role("button", name=f"stage {stage}", exact=True)
            assert button.get_attribute("aria-pressed") == "true"
        scrubber = view.page.get_by_label("step of the run")
        scrubber.focus()
        view.page.keyboard.press("Home")
        assert view.shown("step") == 0
        assert scrubber.get_attribute("aria-valuetext") == "step 0"

    def test_what_is_left_to_forget(self, view):
        for step in (0, 50, 5000):
            view.set(step=step)
            left = np.array(view.shown("shares"))
            s = np.array(view.shown("modes.curvatures"))
            rate = 1 - np.append(s + 1e-4, 1e-4)
            np.testing.assert_allclose(left, rate ** (2 * step), rtol=1e-9, atol=1e-300)

    def test_play_and_pause(self, view):
        view.set(step=10)
        view.press("Play")
        view.page.wait_for_function(f"{SHOWN}.step > 20")
        view.press("Pause")
        held = view.shown("step")
        view.page.wait_for_timeout(150)
        assert view.shown("step") == held

    def test_less_motion_on_request(self, open_view):
        view = open_view(reduced_motion="reduce")
        milestones = {0, view.shown("times.overfit"), view.shown("times.generalize")}
        view.press("Play")
        view.page.wait_for_timeout(200)
        assert view.shown("step") in milestones


class TestTheory:
    def test_layers_show_bounds_and_say_whether_they_are_promised(self, view):
        for label in ("sharp prediction", "bounds (6), (7)", "bound (8)"):
            view.page.get_by_label(label, exact=True).check()
        assert set(view.shown("layers")) == set(LAYERS)
        problem = gk.gaussian_problem(rng=np.random.default_rng(0))
        bound = gk.theory.gaussian_bounds(problem, weight_decay=1e-4, learning_rate=1.0)
        ours = view.shown("layers.gaussian")
        assert ours["overfitAtMost"] == pytest.approx(bound.overfit_step_at_most, rel=1e-9)
        assert ours["generalizeAtLeast"] == pytest.approx(bound.generalize_step_at_least, rel=1e-9)
        table = view.page.locator("tbody").inner_text()
        assert "η < 1/(λ + b²) (4.2: 1 against 0.667)" in table
        assert "All 10 conditions hold" in table
        assert "t₂ bound is t₂ / 1.94" in table


class TestAddress:
    def test_an_address_sets_what_it_mentions(self, open_view):
        view = open_view("#ridge:weight_decay=1e-5,seed=3,n_samples=5000,layers=sharp,x=1")
        state = view.shown("state")
        assert (state["weight_decay"], state["seed"], state["n_samples"]) == (1e-5, 3, 500)
        assert state["n_features"] == 1000
        assert view.page.get_by_label("sharp prediction").is_checked()

    def test_the_whole_state_is_a_link_that_gives_the_same_picture(self, open_view):
        view = open_view()
        assert view.hash() == ""
        view.set(learning_rate=2.345, seed=7, step=100, layers=["gaussian"])
        other = open_view(view.hash())
        for what in ("state", "times", "step", "layers.gaussian"):
            assert other.shown(what) == view.shown(what)

    def test_a_link_in_the_prose_sets_the_state_and_can_be_undone(self, view):
        link = view.page.get_by_role("link", name="lower λ")
        link.click()
        assert view.shown("state.weight_decay") == 1e-5
        view.set(weight_decay=1e-3)
        link.click()
        assert view.shown("state.weight_decay") == 1e-5
        view.press("Reset")
        assert view.shown("state.weight_decay") == 1e-4

    def test_nonsense_is_ignored(self, open_view):
        view = open_view("#ridge:weight_decay=abc,step=-4,layers=blunt,,=,%E0%A4")
        assert view.shown("state.weight_decay") == 1e-4

    def test_copy_link(self, open_view):
        view = open_view(permissions=["clipboard-read", "clipboard-write"])
        view.press("Copy link")
        copied = view.page.evaluate("navigator.clipboard.readText()")
        assert "#ridge:weight_decay=0.0001," in copied and "seed=0" in copied


class TestKernel:
    """The page plays the kernel."""

    def test_without_an_answer_it_is_a_static_page(self, view):
        assert view.shown("mode") == "page"
        assert view.page.evaluate("model.sent") == [{"type": "hello"}]
        assert not view.page.get_by_role("button", name="Run gradient descent").is_visible()

    def test_a_welcome_makes_it_live_and_python_draws(self, view):
        view.page.evaluate("model.answer({ type: 'welcome' })")
        assert view.shown("mode") == "live"
        before = view.words()
        view.set(seed=5)
        assert view.words() == before  # waits for Python's problem instead of showing another
        view.page.evaluate("model.set('modes', { ...model.get('modes'), seed: 5 })")
        assert view.shown("state.seed") == 5
        assert view.hash() == ""  # in a notebook the address belongs to the notebook

    def test_progress_and_stop(self, view):
        view.page.evaluate("model.answer({ type: 'welcome' })")
        view.set(progress={"done": 1000, "of": 5_000_000})
        assert "1,000 of 5,000,000 steps" in view.page.locator(".grokedu-plot").inner_text()
        view.press("Stop")
        assert view.page.evaluate("model.sent.at(-1)") == {"type": "stop"}
        view.set(progress={})
        assert not view.page.get_by_role("button", name="Stop").is_visible()

    def test_a_kernel_that_went_away_is_noticed(self, view):
        view.page.evaluate("model.answer({ type: 'welcome' })")
        view.press("Run gradient descent")
        view.page.wait_for_timeout(3300)
        assert "No kernel answers: run the cell above again" in view.words("gk-problem")
        view.set(seed=9)
        assert view.shown("state.seed") == 9  # the page draws by itself now
        view.page.evaluate("model.set('modes', { ...model.get('modes'), seed: 9 })")
        assert view.shown("mode") == "live"  # it had only been busy

    def test_what_went_wrong_in_python_is_told(self, view):
        view.set(problem="something broke")
        assert view.words("gk-problem") == "something broke"


class TestDescent:
    def test_the_overlay_belongs_to_its_settings(self, view):
        assert view.shown("run.n_steps") > 20_000
        assert "27,976 steps" in view.words("gk-descent")
        view.set(weight_decay=1e-3)
        assert view.shown("run") is None
        assert not view.page.locator(".gk-descent").is_visible()


class TestLayout:
    @pytest.mark.parametrize("width", [360, 390, 900, 1600])
    def test_it_fits(self, open_view, width):
        view = open_view(viewport={"width": width, "height": 1400})
        view.set(layers=list(LAYERS))
        assert view.page.evaluate("document.documentElement.scrollWidth") <= width
        assert smallest_text(view) >= 12

    @pytest.mark.usefixtures("book")  # building it installs axe-core
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_accessible(self, open_view, theme):
        view = open_view()
        view.set(layers=list(LAYERS))
        color(view, theme)
        assert not axe_violations(view.page)

    def test_on_paper_the_settings_stand_in_for_the_sliders(self, view):
        settings = view.page.locator(".gk-on-paper")
        assert not settings.is_visible()
        view.page.emulate_media(media="print")
        assert settings.inner_text().startswith("Settings: n = 100, m = 1000, λ = 10⁻⁴, ν² = 1,")
        assert not view.page.get_by_role("button").first.is_visible()
        assert view.page.locator(".grokedu-plot svg").first.is_visible()

    def test_erasing_and_diverging_settings_are_told(self, view):
        view.set(learning_rate=1000.0)
        assert "stability limit 2/(λ + s_max) = 115" in view.words()
        view.set(weight_decay=1.0)
        assert "one step would erase the weights" in view.words()
        assert "NaN" not in view.page.locator(".grokedu-plot").inner_html()
