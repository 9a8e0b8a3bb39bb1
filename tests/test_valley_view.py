"""What the reader can do with the valley explorer: drag the start, scrub the path, share links."""

import math
import re
from itertools import combinations

import numpy as np
import pytest
from explorer_page import assert_fits, color, smallest_text
from pages import axe_violations
from test_chart import BOXES, overlap
from test_valley_explorer import exact_times

from grokedu.explorers import ValleyExplorer
from grokedu.explorers.settings import defaults
from grokedu.explorers.valley import SETTINGS

DEFAULTS = defaults(SETTINGS)
ON_PHONE = {"viewport": (390, 1800), "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def address(address_of):
    return address_of(ValleyExplorer())


NEAR_EACH_OTHER = [
    {},
    {"start_length": 0.0},
    {"start_length": 1.1, "start_angle": 43.0, "weight_decay": 1e-5},
    *({"start_length": 2.0, "start_angle": float(angle)} for angle in range(0, 360, 45)),
    {"weight_decay": 1.0, "start_length": 0.6, "start_angle": 37.0},
    {"learning_rate": 3.0},
]
MARKS = """selector => [...document.querySelectorAll(selector)]
  .map((mark) => mark.getBoundingClientRect().toJSON())"""


def start(view):
    """The handle of the start."""
    return view.page.get_by_role("slider", name="start θ(0)")


def place(view):
    """θ(0), as the picture has it."""
    return view.shown("path[0]")


def grip(view):
    """Where the handle of the start is on the screen."""
    box = start(view).locator("circle").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(view, right, down):
    x, y = grip(view)
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    view.page.mouse.move(x + right, y + down, steps=4)
    view.page.mouse.up()
    view.settle()


class TestStart:
    def test_it_is_dragged_and_the_times_follow(self, view):
        x, y = grip(view)
        assert place(view) == pytest.approx([0, -1.5], abs=1e-12)
        drag(view, 40, -60)
        assert grip(view) == pytest.approx((x + 40, y - 60), abs=1)
        state = view.shown("state")
        length, angle = state["start_length"], math.radians(state["start_angle"])
        there = [length * math.cos(angle), length * math.sin(angle)]
        assert place(view) == pytest.approx(there)
        assert there[0] > 0.2 and there[1] > -1.4
        times = exact_times(state)
        assert view.shown("times.overfit") == times.overfit_step
        assert view.shown("times.generalize") == times.generalize_step

    def test_it_stops_where_its_longest_is(self, view):
        drag(view, -300, 600)
        assert view.shown("state.start_length") == 2

    @pytest.mark.parametrize(
        ("key", "x", "y"),
        [
            ("ArrowUp", 0, 0.05),
            ("ArrowDown", 0, -0.05),
            ("ArrowLeft", -0.05, 0),
            ("ArrowRight", 0.05, 0),
            ("Shift+ArrowRight", 0.25, 0),
        ],
    )
    def test_arrow_keys_move_it(self, view, key, x, y):
        start(view).focus()
        view.page.keyboard.press(key)
        assert place(view) == pytest.approx([x, y - 1.5], abs=0.002)
        for attribute in ("aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-valuetext"):
            assert start(view).get_attribute(attribute)

    def test_keys_take_it_through_zero(self, view):
        view.set(start_length=0.1)
        start(view).focus()
        for _ in range(4):
            view.page.keyboard.press("ArrowUp")
        assert place(view) == pytest.approx([0, 0.1], abs=0.003)

    @pytest.mark.parametrize(("right", "down"), [(0, -40), (40, 0)])
    def test_a_finger_drags_it_and_not_the_page(self, open_view, right, down):
        view = open_view(**ON_PHONE)
        x, y = grip(view)
        touch = view.context.new_cdp_session(view.page)

        def send(kind, *points):
            points = [{"x": px, "y": py} for px, py in points]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        send("touchStart", (x + 8, y + 8))
        for k in range(1, 5):
            send("touchMove", (x + 8 + right * k / 4, y + 8 + down * k / 4))
        send("touchEnd")
        view.settle()
        assert grip(view) == pytest.approx((x + right, y + down), abs=1)
        assert view.page.evaluate("scrollY") == 0

    def test_the_length_has_a_slider(self, view):
        view.slider("start length ‖θ(0)‖").focus()
        view.page.keyboard.press("End")
        assert place(view) == pytest.approx([0, -2], abs=1e-12)


class TestPath:
    def test_it_jumps_to_the_line_and_slides_along_it(self, view):
        """Stage I ends near the line, stage III near the ridge solution."""
        to_line = lambda x, y: abs(0.8 * x + 0.6 * y - 1.2)  # noqa: E731
        across = lambda x, y: abs(0.8 * y - 0.6 * x)  # noqa: E731
        at_t1 = view.shown("weights")
        assert to_line(*at_t1) < 0.15
        assert across(*at_t1) > 0.95 * across(0, -1.5)
        view.press("stage III")
        late = view.shown("weights")
        assert late == pytest.approx(view.shown("ridge"), abs=0.01)

    def test_scrubber_and_play_move_the_point(self, view):
        point = view.page.locator(".gk-point")
        seen = {point.get_attribute("transform")}
        view.page.get_by_label("step of the run").focus()
        view.page.keyboard.press("Home")
        assert view.shown("weights") == pytest.approx([0, -1.5], abs=1e-12)
        seen.add(point.get_attribute("transform"))
        view.press("Play")
        view.pass_time(2000)
        assert view.shown("step") > 0
        seen.add(point.get_attribute("transform"))
        assert len(seen) == 3

    def test_the_words_follow_the_scrubber(self, view):
        words = view.words("gk-moment")
        assert f"step {view.shown('times.overfit')}" in words
        view.press("stage II")
        assert view.words("gk-moment") != words

    def test_gradient_descent_lies_on_it(self, view):
        assert view.page.locator(".gk-path-dots").get_attribute("d").count("M") > 20
        view.set(weight_decay=0.02)  # Python's run belongs to other settings
        assert view.page.locator(".gk-path-dots").get_attribute("d") is None

    @pytest.mark.parametrize(
        "state",
        [
            {"weight_decay": 0},
            {"weight_decay": 1.0, "learning_rate": 0.9},
            {"weight_decay": 1.0, "learning_rate": 1.0},  # erases
            {"learning_rate": 3.0},  # diverges
            {"learning_rate": 1.9},  # zigzag
            {"start_length": 0},
            {"train_threshold": 10.0, "test_threshold": 1e-6},
        ],
    )
    def test_extremes(self, view, state):
        view.set(**state)
        assert "NaN" not in view.page.locator(".grokedu-plot").inner_html()
        assert view.words()
        drag(view, 20, -20)  # and from anywhere there is a way back
        view.press("Reset")
        assert view.shown("state") == DEFAULTS

    @pytest.mark.parametrize("learning_rate", [1.9, 1.98, 2.0, 2.5, 3.0])
    def test_a_zigzag_is_a_few_lines_across_the_plane(self, view, learning_rate):
        view.set(learning_rate=learning_rate)
        path = view.page.locator(".gk-path.gk-jumping").get_attribute("d")
        lines = [
            np.array(re.findall(r"([-\d.]+),([-\d.]+)", part), float) for part in path.split("M")
        ]
        steps = [np.linalg.norm(np.diff(points, axis=0), axis=1) for points in lines[1:]]
        assert 1 <= sum((lengths > 100).sum() for lengths in steps) <= 6

    def test_names_cover_no_mark_and_stay_in_the_plane(self, open_view):
        for width in (900, 360):
            view = open_view(viewport=(width, 1800))
            for state in NEAR_EACH_OTHER:
                view.set(**{**DEFAULTS, **state})
                names = view.page.evaluate(BOXES, ".gk-plane text.gk-halo")
                marks = [".gk-plane :is(.gk-star, .gk-diamond)", ".gk-start .gk-grip"]
                frame = view.page.locator(".gk-plane-frame").bounding_box()
                assert len(names) == 3
                for name in names:
                    assert frame["x"] <= name["left"]
                    assert name["right"] <= frame["x"] + frame["width"]
                for a, b in combinations(names, 2):
                    assert not overlap(a, b), (state, a, b)
                for mark in view.page.evaluate(MARKS, ", ".join(marks)):
                    for name in names:
                        assert not overlap(name, mark), (state, name, mark)

    def test_there_is_nothing_to_draw_again(self, view):
        assert view.page.get_by_role("button", name="Draw again").count() == 0


class TestLive:
    def test_python_runs_on_every_change(self, view):
        view.page.evaluate("model.answer({ type: 'welcome' })")
        assert view.shown("mode") == "live"
        view.set(start_angle=300)
        assert view.shown("run") is None
        shown = ValleyExplorer(start_angle=300)
        assert shown.wait(60)
        view.set(run=shown.run, run_times=shown.run_times)
        assert view.shown("run.weights") == shown.run["weights"]
        assert view.page.get_by_role("row", name="gradient descent").count() == 1
        view.press("Run gradient descent")
        assert view.page.evaluate("model.sent.at(-1)") == {"type": "run"}


class TestAddress:
    def test_it_holds_the_state(self, view, open_view):
        drag(view, 30, -30)
        view.set(weight_decay=0.002)
        there = view.hash()
        assert there.startswith("#valley:weight_decay=0.002,")
        other = open_view(there)
        assert other.shown("state") == view.shown("state")

    def test_a_link_in_the_prose_sets_it(self, view):
        view.page.get_by_role("link", name="lower λ").click()
        assert view.shown("state.weight_decay") == 1e-5
        assert view.shown("state.start_length") == 1.5

    def test_what_is_impossible_is_told(self, open_view):
        view = open_view("#valley:start_length=7,learning_rate=0.2")
        assert view.shown("state.learning_rate") == 0.2
        assert "7 is not possible" in view.words("gk-problem")


class TestLooks:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("width", [900, 390])
    def test_no_violations(self, open_view, theme, width):
        view = open_view(viewport=(width, 1800))
        color(view, theme)
        assert axe_violations(view.page) == []

    @pytest.mark.parametrize("width", [900, 390, 360])
    def test_everything_fits_and_can_be_read(self, open_view, width):
        view = open_view(viewport=(width, 1800))
        assert_fits(view, width)
        assert smallest_text(view) >= 12

    @pytest.mark.parametrize(("width", "beside"), [(900, True), (390, False)])
    def test_the_plane_is_beside_the_curves_or_above_them(self, open_view, width, beside):
        view = open_view(viewport=(width, 1800))
        plane, chart = (
            view.page.locator(f".gk-pictures svg{part}").bounding_box()
            for part in ("[aria-label^=plane]", ".gk-chart")
        )
        if beside:
            assert plane["x"] + plane["width"] <= chart["x"]
        else:
            assert plane["y"] + plane["height"] <= chart["y"]

    def test_on_paper_pictures_words_and_settings_remain(self, view):
        view.page.emulate_media(media="print")
        assert view.page.locator(".gk-plane svg").first.is_visible()
        assert "‖θ(0)‖ = 1.5" in view.words("gk-on-paper")
        assert not view.page.locator(".gk-player").is_visible()

    def test_forced_colors_keep_every_mark(self, open_view):
        view = open_view(forced_colors="active")
        page = view.page.evaluate("getComputedStyle(document.body).backgroundColor")
        for mark in ("gk-star", "gk-diamond"):
            fill = view.page.locator(f".gk-plane .{mark}").evaluate("e => getComputedStyle(e).fill")
            assert fill != page
