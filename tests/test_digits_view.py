"""What the reader sees of the digits explorer: curves, and images that turn right or wrong."""

import numpy as np
import pytest
from explorer_page import SHOWN, assert_fits, color, smallest_text
from pages import axe_violations
from test_digits_explorer import explorer, rule

import grokedu as gk
from grokedu.explorers import DigitsExplorer

COUNT = 120
PRESETS = [("small start", {"init_variance": 0.01})]
ON_PHONE = {"has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def shown():
    return explorer(COUNT, presets=PRESETS)


@pytest.fixture(scope="module")
def address(address_of, shown):
    return address_of(shown)


def problem_of(view, shown):
    return DigitsExplorer.problem_of({**view.shown("state"), "images": shown.images})


def times(view, shown):
    """t1 and t2 by loss and by accuracy, in Python."""
    state, problem = view.shown("state"), problem_of(view, shown)
    both = []
    for solve, names in (
        (gk.exact_grokking_times, ("train_threshold", "test_threshold")),
        (gk.accuracy_times, ("train_level", "test_level")),
    ):
        found = solve(problem, **rule(state), **{name: state[name] for name in names})
        both.append({"overfit": found.overfit_step, "generalize": found.generalize_step})
    return both


def shown_times(view):
    names = ("overfit", "generalize")
    return [
        {name: view.shown(f"{kind}.{name}") for name in names} for kind in ("times", "accurate")
    ]


def wrong(view, shown):
    """The test images that Python has wrong at the shown step, by their place among all."""
    problem, state, step = problem_of(view, shown), view.shown("state"), view.shown("step")
    outputs = gk.exact_outputs(problem, problem.test_features, **rule(state), steps=[step])[0]
    order = np.random.RandomState(state["seed"]).random_sample(COUNT).argsort()[COUNT // 2 :]
    return sorted(order[~(outputs * problem.test_targets > 0)].tolist())


def images(view):
    return view.page.get_by_role("listbox")


def chosen(view):
    """What a screen reader hears of the chosen image."""
    view.settle()
    return view.page.evaluate(
        "document.getElementById(document.querySelector('[role=listbox]')"
        ".getAttribute('aria-activedescendant')).textContent"
    )


def draw_again(view):
    seed = view.shown("drawn.seed")
    view.press("Draw again")
    view.page.wait_for_function(f"{SHOWN}.drawn.seed !== {seed}")
    view.settle()


class TestThePageByItself:
    def test_it_draws_the_problem_of_python_and_another_on_request(self, view, shown):
        assert view.page.locator(".gk-mode").inner_text().startswith("In this page")
        first = shown_times(view)
        assert first == times(view, shown)
        draw_again(view)
        assert view.shown("state.seed") == 1
        assert shown_times(view) == times(view, shown) != first
        accuracy, state = view.shown("accuracy"), view.shown("state")
        steps = view.shown("steps")
        problem = problem_of(view, shown)
        outputs = gk.exact_outputs(problem, problem.test_features, **rule(state), steps=steps)
        exact = np.mean(outputs * problem.test_targets > 0, axis=1)
        np.testing.assert_allclose(accuracy["test"], exact, atol=1e-15)

    def test_without_a_worker_it_draws_in_slices(self, view, address, shown):
        expected = shown_times(view)
        view.page.add_init_script("if (location.search === '?alone') delete globalThis.Worker")
        view.page.goto(address + "?alone")
        view.page.wait_for_function(f"{SHOWN}?.steps")
        assert shown_times(view) == expected

    def test_a_drawing_that_is_no_longer_wanted_is_given_up(self, view, shown):
        for m in (2000, 1700, 1500):
            view.page.evaluate(f"model.set('n_features', {m})")
        view.page.wait_for_function(f"{SHOWN}.drawn.m === 1500")
        assert shown_times(view) == times(view, shown)

    @pytest.mark.parametrize(
        "state",
        [
            {"weight_decay": 0},
            {"weight_decay": 1.0},
            {"learning_rate": 10.0},  # diverges
            {"learning_rate": 2.0, "weight_decay": 0.6},  # erases
            {"init_variance": 1e-4},
            {"label_noise": 0.5, "train_level": 0.8},
            {"train_threshold": 10.0, "test_threshold": 1e-6, "test_level": 1.0},
        ],
    )
    def test_extremes_give_a_picture_or_a_sentence(self, view, shown, state):
        view.set(**state)
        assert "NaN" not in view.page.locator(".grokedu-plot").inner_html()
        assert len(view.words()) > 40
        if view.shown("stop") is None:
            assert shown_times(view) == times(view, shown)
        view.press("Reset")
        assert view.shown("state") == shown.settings


class TestImages:
    def test_they_turn_right_as_the_reader_scrubs(self, view, shown):
        seen = []
        for stage in ("stage I", "stage II", "stage III"):
            view.press(stage)
            assert sorted(view.shown("wrong")) == wrong(view, shown)
            frames = view.page.locator(".gk-digits-frames").get_attribute("d") or ""
            seen.append(len(view.shown("wrong")))
            assert frames.count("M") == seen[-1]
            words = view.words("gk-digits-moment")
            assert f"{COUNT // 2 - seen[-1]} of {COUNT // 2} test images are right" in words
        assert seen[0] > 2 * seen[2]

    def test_keys_go_from_image_to_image_and_say_what_it_is(self, view):
        images(view).focus()
        heard = set()
        for key in ("Home", "ArrowRight", "ArrowDown", "End", "ArrowLeft", "ArrowUp"):
            view.page.keyboard.press(key)
            heard.add((chosen(view), view.page.locator(".gk-digits-ring").get_attribute("x")))
            assert chosen(view) in view.words("gk-digits-detail")
        assert len(heard) >= 4
        view.page.keyboard.press("Home")
        assert chosen(view).startswith("A 0, even: output")

    def test_an_image_is_chosen_by_pointing_and_its_output_is_drawn(self, view):
        box = images(view).bounding_box()
        view.page.mouse.move(box["x"] + 12, box["y"] + 12)
        first, curve = chosen(view), view.page.locator(".gk-digits > svg .gk-curve")
        path = curve.get_attribute("d")
        assert path.count("L") > 30
        view.page.mouse.move(box["x"] + 100, box["y"] + 60)
        assert chosen(view) != first and curve.get_attribute("d") != path
        before = chosen(view)
        view.press("stage III")
        assert chosen(view).split(":")[0] == before.split(":")[0]  # it stays chosen

    def test_a_finger_chooses_too_and_hits_what_it_means(self, open_view):
        view = open_view(viewport=(360, 1800), **ON_PHONE)
        box = images(view).bounding_box()
        columns = int(view.page.locator(".gk-digits-field svg").get_attribute("viewBox").split()[2])
        assert box["width"] / columns >= 24
        images(view).tap(position={"x": 12, "y": 12})
        assert chosen(view).startswith("A 0, even")


class TestCurves:
    def test_accuracy_has_its_times_and_the_cursor_of_the_losses(self, view):
        labels = view.page.locator(".gk-accuracy .gk-labels text").all_text_contents()
        t1, t2 = (view.shown(f"accurate.{name}") for name in ("overfit", "generalize"))
        assert labels == [f"t₁ = {t1:,}", f"t₂ = {t2:,}"]
        assert f"{t2:,}" in view.words()
        box = view.page.locator(".gk-accuracy").bounding_box()
        view.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        middle = view.shown("step")
        assert 10 < middle < view.shown("horizon") / 10
        cursors = view.page.locator(".gk-chart .gk-cursor line")
        above, below = (cursors.nth(i).get_attribute("x1") for i in (0, 1))
        assert above == below

    def test_the_level_moves_its_time_alone(self, view, shown):
        before = shown_times(view)
        view.slider("test accuracy").focus()
        for _ in range(10):
            view.page.keyboard.press("ArrowLeft")
        after = shown_times(view)
        assert after == times(view, shown)
        assert after[0] == before[0]
        assert after[1]["generalize"] < before[1]["generalize"]

    def test_ghost_and_pin_show_both_pairs_of_curves(self, view):
        view.press("Pin")
        view.press("small start")
        for kind in ("gk-pinned", "gk-ghost"):
            for place in (".gk-accuracy", ".gk-chart:not(.gk-accuracy)"):
                for images in ("gk-train", "gk-test"):
                    line = view.page.locator(f"{place} path.{kind}.{images}")
                    assert line.get_attribute("d").count("L") > 20
        assert "ν² 400 → 0.01" in view.words("gk-comparison")

    def test_gradient_descent_lies_on_both(self, view, shown):
        view.page.evaluate("model.answer({ type: 'welcome' })")
        assert view.shown("mode") == "live"
        dots = view.page.locator(".gk-accuracy path.gk-run.gk-test")
        assert dots.get_attribute("d").count("M") > 20
        assert view.page.get_by_role("row", name="gradient descent").count() == 1
        view.set(test_level=0.7)
        assert dots.get_attribute("d")
        view.set(weight_decay=2e-4)  # Python's run belongs to other settings
        assert dots.get_attribute("d") is None

    def test_the_address_holds_the_state(self, view, open_view):
        view.set(init_variance=100, test_level=0.8)
        there = view.hash()
        assert "init_variance=100" in there and "test_level=0.8" in there
        assert open_view(there).shown("accurate") == view.shown("accurate")


class TestLooks:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("width", [900, 390, 360])
    def test_it_fits_can_be_read_and_has_no_violations(self, open_view, theme, width):
        view = open_view(viewport=(width, 2000))
        color(view, theme)
        assert_fits(view, width)
        assert smallest_text(view) >= 12
        assert axe_violations(view.page) == []

    def test_on_paper_the_pictures_and_their_words_remain(self, view):
        view.page.emulate_media(media="print")
        assert view.page.locator(".gk-digits-field canvas").is_visible()
        assert "test images are right" in view.words("gk-digits-moment")
        assert "ν² = 400" in view.words("gk-on-paper")
        assert not view.page.locator(".gk-player").is_visible()
