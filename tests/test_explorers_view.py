"""What the reader can do with the ridge explorer: drag, scrub, play, switch theory, share links."""

import numpy as np
import pytest
from explorer_page import SHOWN, assert_fits, color, smallest_text
from pages import axe_violations

import grokedu as gk
from grokedu.explorers import RidgeExplorer
from grokedu.explorers.ridge import LAYERS, SETTINGS
from grokedu.explorers.settings import defaults

PLAY_ON_ANOTHER_AXIS = f"""async () => {{
  const buttons = [...document.querySelectorAll("button")];
  const press = (name) => buttons.find((button) => button.textContent === name).click();
  const frame = () => new Promise((next) => requestAnimationFrame(next));
  press("Play");
  await frame();
  press("Linear axis");
  await frame();
  await frame();
  press("Pause");
  return {SHOWN}.step;
}}"""


@pytest.fixture(scope="module")
def address(address_of):
    return address_of(RidgeExplorer())


class TestThresholds:
    @pytest.mark.parametrize(
        ("label", "name"),
        [("training threshold ε", "train_threshold"), ("test threshold c", "test_threshold")],
    )
    def test_keys_move_a_line_and_its_time(self, view, label, name):
        handle = view.page.get_by_role("slider", name=label)
        handle.focus()
        view.page.keyboard.press("PageUp")
        assert view.shown(f"state.{name}") == pytest.approx(0.01 * 10**0.5, rel=1e-3)
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
        view = open_view(has_touch=True, viewport=(390, 1400))
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
        assert scrubber.get_attribute("aria-valuetext").startswith("step 0: training loss ")

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
        view.pass_time(500)
        assert view.shown("step") == held

    def test_play_goes_on_from_the_step_that_is_shown(self, view):
        """On another axis, and from before a minute in which nobody saw the page."""
        view.set(step=300)
        step = view.page.evaluate(PLAY_ON_ANOTHER_AXIS)
        assert 300 <= step < 0.1 * view.shown("horizon")
        view.press("Play")
        view.page.clock.fast_forward(60_000)
        assert step <= view.shown("step") < 0.9 * view.shown("horizon")

    def test_a_press_on_the_curves_ends_play(self, view):
        view.press("Play")
        box = view.page.locator(".gk-background").bounding_box()
        view.page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.1 * box["height"])
        held = view.shown("step")
        view.pass_time(500)
        assert view.shown("step") == held
        assert view.page.get_by_role("button", name="Play", exact=True).is_visible()

    def test_less_motion_on_request(self, open_view):
        view = open_view(reduced_motion="reduce")
        times = [view.shown(f"times.{name}") for name in ("overfit", "generalize")]
        milestones = {0, *times, view.shown("horizon")}
        view.press("Play")
        for _ in range(3):
            assert view.shown("step") in milestones
            view.pass_time(1500)
        view.press("Play")
        view.set(learning_rate=2.0)
        view.pass_time(1500)
        assert view.shown("step") == view.shown("times.overfit") < times[0]


class TestTheory:
    def test_layers_show_bounds_and_say_whether_they_are_promised(self, view):
        for box in view.page.get_by_role("checkbox").all():
            box.check()
        assert set(view.shown("layers")) == set(LAYERS)
        problem = gk.gaussian_problem(rng=np.random.default_rng(0))
        bound = gk.theory.gaussian_bounds(problem, weight_decay=1e-4, learning_rate=1.0)
        ours = view.shown("layers.gaussian")
        assert ours["overfitAtMost"] == pytest.approx(bound.overfit_step_at_most, rel=1e-9)
        assert ours["generalizeAtLeast"] == pytest.approx(bound.generalize_step_at_least, rel=1e-9)
        held = gk.theory.conditions(problem, weight_decay=1e-4, learning_rate=1.0)
        statements = set(held["statement"])
        assert {row["statement"] for row in ours["conditions"]} <= statements
        assert view.page.locator("tbody th").count() == 1 + 1 + len(LAYERS)


class TestValues:
    """What is typed is what is used and shown, or is refused in words."""

    @pytest.mark.parametrize(
        ("label", "name", "typed", "value"),
        [
            ("weight decay λ", "weight_decay", "3e-4", 3e-4),
            ("weight decay λ", "weight_decay", "0,0001234", 1.234e-4),
            ("weight decay λ", "weight_decay", "10⁻³", 1e-3),
            ("weight decay λ", "weight_decay", "3·10^-5", 3e-5),
            ("weight decay λ", "weight_decay", "0", 0),
            ("samples n", "n_samples", "7", 7),
            ("features m", "n_features", "1234", 1234),
            ("features m", "n_features", "1,234", 1234),
            ("learning rate η", "learning_rate", " 1.05 ", 1.05),
            ("teacher norm ‖θ*‖", "teacher_norm", "1,05", 1.05),
            ("initial variance ν²", "init_variance", "1,000", 1000),
        ],
    )
    @pytest.mark.parametrize("leave", ["Enter", "Tab"])
    def test_taken_exactly(self, view, label, name, typed, value, leave):
        field = view.field(label)
        field.fill(typed)
        field.press(leave)
        assert view.shown(f"state.{name}") == value
        assert view.typed(label) == value
        assert not view.refusal(name).is_visible()
        assert "NaN" not in view.page.locator(".grokedu-plot").inner_html()

    @pytest.mark.parametrize(
        ("label", "name", "typed"),
        [
            ("weight decay λ", "weight_decay", "1e-400"),
            ("weight decay λ", "weight_decay", "abc"),
            ("weight decay λ", "weight_decay", ""),
            ("weight decay λ", "weight_decay", "−5"),
            ("weight decay λ", "weight_decay", "1e400"),
            ("weight decay λ", "weight_decay", "1.2.3"),
            ("samples n", "n_samples", "7.5"),
            ("samples n", "n_samples", "5000"),
            ("features m", "n_features", "1e1000"),
        ],
    )
    def test_refused_in_words_beside_the_field(self, view, label, name, typed):
        before = view.shown(f"state.{name}")
        field = view.field(label)
        field.fill(typed)
        field.press("Enter")
        assert view.refusal(name).is_visible()
        assert len(view.refusal(name).inner_text()) > 20
        assert field.get_attribute("aria-invalid") == "true"
        assert view.shown(f"state.{name}") == before == view.typed(label)
        field.fill("20" if name != "weight_decay" else "0.5")
        field.press("Enter")
        assert not view.refusal(name).is_visible()
        assert field.get_attribute("aria-invalid") == "false"

    @pytest.mark.parametrize("leave", ["Enter", "Tab"])
    def test_the_value_that_stayed_is_accepted_when_typed(self, view, leave):
        field = view.field("learning rate η")
        for typed in ("words", "1"):
            field.click()
            view.page.keyboard.press("ControlOrMeta+a")
            view.page.keyboard.type(typed)
            view.page.keyboard.press(leave)
            assert view.refusal("learning_rate").is_visible() == (typed == "words")

    def test_the_slider_goes_to_round_values_and_the_field_follows(self, view):
        slider = view.slider("weight decay λ")
        slider.focus()
        slider.press("ArrowRight")
        assert view.shown("state.weight_decay") == 1.12e-4
        assert view.field("weight decay λ").input_value() == "1.12·10⁻⁴"
        slider.press("Home")
        assert view.shown("state.weight_decay") == 0
        slider.press("End")
        assert view.shown("state.weight_decay") == 1

    def test_a_value_from_python_is_shown_exactly(self, view):
        view.set(weight_decay=3.21987e-4, n_features=4321)
        assert view.field("weight decay λ").input_value() == "3.21987·10⁻⁴"
        assert view.field("features m").input_value() == "4,321"

    def test_what_is_being_typed_is_left_alone(self, view):
        field = view.field("weight decay λ")
        field.click()
        view.page.keyboard.type("0.0")
        view.set(seed=4)
        assert field.input_value() == "0.0"

    def test_no_key_leaves_the_widget(self, view):
        view.page.evaluate(
            """globalThis.leaked = [];
            for (const key of ["keydown", "keypress", "keyup"])
              document.body.addEventListener(key, (event) => leaked.push(event.key));"""
        )
        for part in view.page.locator(".grokedu-plot :is(input, button, [tabindex])").all():
            if part.is_visible() and part.is_enabled():
                part.focus()
                view.page.keyboard.type("00")
                view.page.keyboard.press("ArrowDown")
        view.page.locator(".gk-sentence").click()
        view.page.keyboard.type("00")
        assert view.page.evaluate("leaked") == []


class TestAddress:
    def test_an_address_sets_what_it_mentions(self, open_view):
        view = open_view("#ridge:weight_decay=1e-5,seed=3,n_samples=123,layers=sharp,x=1")
        state = view.shown("state")
        assert (state["weight_decay"], state["seed"], state["n_samples"]) == (1e-5, 3, 123)
        assert state["n_features"] == 1000
        assert view.page.get_by_label("sharp prediction").is_checked()

    @pytest.mark.parametrize(
        ("wish", "value"), [("0,0003", 3e-4), ("10⁻³", 1e-3), ("1e-3", 1e-3), ("0", 0)]
    )
    def test_numbers_are_understood_as_in_a_field(self, open_view, wish, value):
        view = open_view(f"#ridge:weight_decay={wish},seed=3")
        assert (view.shown("state.weight_decay"), view.shown("state.seed")) == (value, 3)
        assert f"weight_decay={value}," in view.hash()

    @pytest.mark.parametrize(
        "wish", ["n_samples=5000", "weight_decay=abc", "weight_decay=−5", "step=-4", "seed=1e400"]
    )
    def test_what_is_not_possible_is_told_and_put_right(self, open_view, wish):
        view = open_view(f"#ridge:{wish},learning_rate=2")
        assert view.shown("state") == {**defaults(SETTINGS), "learning_rate": 2}
        assert "In the address" in view.words("gk-problem")
        assert "n_samples=100," in view.hash()
        assert wish not in view.hash()
        view.press("Draw again")
        assert not view.page.locator(".gk-problem").is_visible()

    @pytest.mark.parametrize("nonsense", ["layers=blunt,,=,%E0%A4", "", "=", "seed"])
    def test_nonsense_is_ignored(self, open_view, nonsense):
        view = open_view(f"#ridge:{nonsense}")
        assert view.shown("state") == defaults(SETTINGS)

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

    def test_back_to_the_first_entry_restores_the_start(self, view):
        view.page.get_by_role("link", name="lower λ").click()
        assert view.hash().startswith("#ridge:weight_decay=0.00001,")
        view.page.go_back()
        assert view.shown("state") == defaults(SETTINGS)
        view.page.go_forward()
        assert view.shown("state.weight_decay") == 1e-5

    @pytest.mark.parametrize("height", [568, 740])
    def test_a_link_brings_sentence_and_curves_into_view(self, open_view, height):
        """On a phone, whether it is clicked on or opened."""
        phone = {"viewport": (360, height), "has_touch": True}
        view = open_view(**phone)
        view.page.get_by_role("link", name="lower λ").tap()
        assert in_view(view, ".gk-sentence") and in_view(view, ".gk-view svg")
        view = open_view("#ridge:seed=3", **phone)
        assert in_view(view, ".gk-sentence") and in_view(view, ".gk-view svg")

    def test_copy_link(self, open_view):
        view = open_view(permissions=["clipboard-read", "clipboard-write"])
        view.press("Copy link")
        copied = view.page.evaluate("navigator.clipboard.readText()")
        assert "#ridge:weight_decay=0.0001," in copied and "seed=0" in copied

    def test_two_explorers_have_an_address_each(self, open_view):
        view = open_view("?two#ridge-2:seed=5")
        view.page.wait_for_function(
            "document.querySelectorAll('.grokedu-plot').length === 2 && "
            "[...document.querySelectorAll('.grokedu-plot')].every((p) => p.__grokedu?.steps)"
        )
        assert seeds(view) == [0, 5]
        view.page.evaluate("location.hash = '#ridge:seed=3'")
        assert seeds(view) == [3, 5]
        assert view.hash().startswith("#ridge:")
        second = view.page.locator(".grokedu-plot").nth(1)
        second.get_by_role("button", name="Draw again").click()
        assert view.hash().startswith("#ridge-2:")
        assert seeds(view) == [3, 6]


def in_view(view, selector):
    view.settle()
    return view.page.evaluate(
        """(selector) => {
          const { top, bottom } = document.querySelector(selector).getBoundingClientRect();
          return top >= 0 && bottom <= innerHeight;
        }""",
        selector,
    )


def seeds(view):
    view.settle()
    return view.page.evaluate(
        "[...document.querySelectorAll('.grokedu-plot')].map((p) => p.__grokedu.state.seed)"
    )


class TestKernel:
    """The page plays the kernel."""

    @pytest.fixture
    def live(self, view):
        view.page.evaluate("model.answer({ type: 'welcome' })")
        assert view.shown("mode") == "live"
        return view

    def test_without_an_answer_it_is_a_static_page(self, view):
        view.pass_time(10_000)
        assert view.shown("mode") == "page"
        assert view.page.evaluate("model.sent") == [{"type": "hello"}]
        assert not view.page.get_by_role("button", name="Run gradient descent").is_visible()

    def test_a_welcome_makes_it_live_and_python_draws(self, live):
        before = live.words()
        live.set(seed=5)
        assert live.words() == before  # waits for Python's problem instead of showing another
        live.page.evaluate("model.set('modes', { ...model.get('modes'), seed: 5 })")
        assert live.shown("state.seed") == 5

    def test_progress_and_stop(self, live):
        live.set(progress={"done": 1000, "of": 5_000_000})
        assert "1,000 of 5,000,000 steps" in live.page.locator(".grokedu-plot").inner_text()
        live.press("Stop")
        assert live.page.evaluate("model.sent.at(-1)") == {"type": "stop"}
        live.set(progress={})
        assert not live.page.get_by_role("button", name="Stop").is_visible()

    def test_a_kernel_that_does_not_answer_is_busy_until_it_does(self, live):
        live.press("Run gradient descent")
        live.pass_time(3300)
        assert live.shown("mode") == "busy"
        live.set(seed=9)
        assert live.shown("state.seed") == 9  # the page draws by itself now
        live.page.evaluate("model.answer({ type: 'welcome' })")
        assert live.shown("mode") == "live"

    def test_a_kernel_that_takes_a_question_without_an_answer_is_another_one(self, live):
        live.press("Run gradient descent")
        live.page.evaluate("model.handled()")
        live.pass_time(1000)
        assert live.shown("mode") == "gone"
        assert "run its cell again" in live.words("gk-problem")
        live.set(seed=9)
        assert live.shown("state.seed") == 9

    @pytest.mark.parametrize(
        "news", [{"progress": {"done": 1000, "of": 5_000_000}}, {"run": {"n_steps": 7}}]
    )
    def test_silence_after_news_is_looked_into(self, live, news):
        """As after a restart, of which the notebook's word may be lost, and which ends a run."""
        live.set(**news)
        live.pass_time(3300)
        assert live.page.evaluate("model.sent.at(-1)") == {"type": "hello"}
        live.page.evaluate("model.handled()")
        live.pass_time(1000)
        assert live.shown("mode") == "gone"
        assert not live.page.get_by_role("button", name="Stop").is_visible()

    def test_silence_after_a_change_is_looked_into(self, live):
        live.press("Linear axis")
        live.pass_time(3300)
        live.page.evaluate("model.handled()")
        live.pass_time(1000)
        assert live.shown("mode") == "gone"

    def test_a_lost_question_is_asked_again(self, live):
        live.press("Run gradient descent")
        live.pass_time(3300)
        assert live.page.evaluate("model.sent.slice(-2)") == [{"type": "run"}, {"type": "hello"}]
        live.page.evaluate("model.handled()")
        live.pass_time(1000)
        assert live.shown("mode") == "gone"

    def test_one_that_is_gone_is_live_again_once_it_answers(self, live):
        live.page.evaluate("model.cut()")
        live.pass_time(10_000)
        asked = live.page.evaluate("model.sent.length")
        live.press("Draw again")
        live.pass_time(3300)
        assert live.page.evaluate("model.sent.length") == asked + 1
        assert live.shown("mode") == "gone"
        live.page.evaluate("model.answer({ type: 'welcome' })")
        assert live.shown("mode") == "live"

    def test_a_slow_problem_of_python_is_waited_for(self, live):
        before = live.words()
        live.set(seed=5)
        for _ in range(3):
            live.pass_time(3300)
            live.page.evaluate("model.answer({ type: 'welcome' })")
        assert live.shown("mode") == "live"
        assert live.words() == before

    def test_a_notebook_that_lost_its_kernel_says_so(self, live):
        live.page.evaluate("model.cut()")
        assert live.shown("mode") == "gone"
        live.page.evaluate("model.answer({ type: 'welcome' })")
        assert live.shown("mode") == "live"

    def test_what_went_wrong_in_python_is_told(self, view):
        view.set(message="something broke")
        assert view.words("gk-problem") == "something broke"

    def test_keys_stay_when_the_pressed_button_goes(self, live):
        live.page.get_by_role("button", name="Run gradient descent").focus()
        live.set(progress={"done": 1, "of": 5})
        inside = "document.activeElement.closest('.grokedu-plot') !== null"
        assert live.page.evaluate(inside)
        live.page.get_by_role("button", name="Stop").focus()
        live.set(progress={})
        assert live.page.evaluate(inside)


class TestDescent:
    def test_the_overlay_belongs_to_its_settings(self, view):
        steps = view.shown("run.n_steps")
        assert steps > 20_000
        assert f"{steps:,} steps" in view.words("gk-descent")
        view.set(weight_decay=1e-3)
        assert view.shown("run") is None
        assert not view.page.locator(".gk-descent").is_visible()


class TestLayout:
    def test_a_simple_one_shows_controls_curves_and_the_sentence(self, open_view, address_of):
        view = open_view(page=address_of(RidgeExplorer(simple=True)))
        for part in (".gk-sentence", ".gk-view svg", ".grokedu-controls", ".gk-player"):
            assert view.page.locator(part).first.is_visible()
        for part in ("table", ".gk-moment", "input[type=checkbox]"):
            assert not view.page.locator(part).first.is_visible()

    @pytest.mark.parametrize("width", [360, 390, 900, 1600])
    def test_it_fits(self, open_view, width):
        view = open_view(viewport=(width, 1400))
        view.set(layers=list(LAYERS))
        assert_fits(view, width)
        assert smallest_text(view) >= 12

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
        assert settings.inner_text().startswith("Settings: λ = 10⁻⁴, ν² = 1, n = 100, m = 1,000,")
        assert not view.page.get_by_role("button").first.is_visible()
        assert view.page.locator(".grokedu-plot svg").first.is_visible()

    def test_erasing_and_diverging_settings_are_told(self, view):
        view.set(learning_rate=1000.0)
        assert "stability limit 2/(λ + sₘₐₓ) = 115" in view.words()
        view.set(weight_decay=1.0)
        assert "one step would erase the weights" in view.words()
        assert "NaN" not in view.page.locator(".grokedu-plot").inner_html()
