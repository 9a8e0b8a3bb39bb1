"""The loss chart as the reader sees and touches it: labels, lines, swipes."""

from itertools import combinations, product

import pytest

from grokedu.explorers import RidgeExplorer
from grokedu.explorers.ridge import LAYERS

ALL = list(LAYERS)
DEFAULTS = {"weight_decay": 1e-4, "learning_rate": 1.0, "test_threshold": 0.01}
STATES = {
    "as at first": {},
    "t1 and t2 close together": {"weight_decay": 0.02, "test_threshold": 0.02},
    "t2 before t1": {"test_threshold": 10.0},
    "conditions not met": {"learning_rate": 100.0},
    "fast and slow": {"weight_decay": 1e-7, "learning_rate": 115.0},
    "the bound lies on the grip of c": {"test_threshold": 1e-3},
    "never": {"test_threshold": 1e-6},
}
BOXES = """selector => [...document.querySelectorAll(selector)]
  .filter((e) => e.textContent || e.tagName === 'circle')
  .map((e) => [e.textContent, e.getBoundingClientRect()])
  .map(([text, { left, right, top, bottom }]) => ({ text, left, right, top, bottom }))"""


@pytest.fixture(scope="module")
def address(address_of):
    return address_of(RidgeExplorer())


LABELS = ".gk-labels text, .gk-stage-name"


def struck_labels(view):
    """Labels that the line of a bound or of the law goes through."""
    labels = view.page.evaluate(BOXES, LABELS)
    lines = view.page.evaluate(
        "[...document.querySelectorAll('.gk-bound')].map((line) =>"
        " ['x1', 'y1', 'y2'].map((name) => Number(line.getAttribute(name))))"
    )
    origin = view.page.locator(".gk-chart").bounding_box()
    return [
        label["text"]
        for label in labels
        for x, start, end in lines
        if label["left"] < origin["x"] + x < label["right"]
        and origin["y"] + start < label["bottom"] - 3
        and origin["y"] + end > label["top"] + 3
    ]


def overlap(a, b):
    across = min(a["right"], b["right"]) - max(a["left"], b["left"])
    down = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
    return across > 0 and down > 2  # the boxes of letters are a little higher than the letters


@pytest.mark.parametrize("width", [360, 900])
def test_no_label_covers_another_or_a_grip_or_leaves_the_chart(open_view, width):
    view = open_view(viewport=(width, 1400))
    for linear, (name, state) in product([False, True], STATES.items()):
        view.set(layers=ALL, step=300, linear=linear, **{**DEFAULTS, **state})
        assert not struck_labels(view), name
        labels = view.page.evaluate(BOXES, LABELS)
        grips = view.page.evaluate(BOXES, ".gk-grip")
        values = view.page.evaluate(BOXES, ".gk-threshold .gk-halo")
        [[_, plot]] = view.page.evaluate(
            "[...document.querySelectorAll('.gk-background')]"
            ".map((e) => ['', e.getBoundingClientRect().toJSON()])"
        )
        assert len(labels) >= 3
        for a, b in combinations(labels + grips + values, 2):
            assert not overlap(a, b), (name, a, b)
        for label in labels:
            assert label["bottom"] <= plot["top"] + 2, (name, label)
            assert label["left"] >= 0 and label["right"] <= width, (name, label)
        [readout] = view.page.evaluate(BOXES, ".gk-readout text")
        assert readout["top"] > plot["bottom"]
        assert readout["left"] >= 0 and readout["right"] <= width
        for words in view.page.evaluate(BOXES, ".gk-axis text, .gk-axis-title:not([display])"):
            assert not overlap(readout, words), (name, words)


def test_lines_at_one_place_are_both_seen(open_view):
    view = open_view()
    view.set(weight_decay=0.02, test_threshold=0.5)  # t2 wanders over t1
    ends = "[...document.querySelectorAll('.gk-marker')].map((e) => e.getAttribute('x1'))"
    for level in (0.1, 0.05, 0.03, 0.02):
        view.set(test_threshold=level)
        first, second = map(float, view.page.evaluate(ends))
        assert abs(first - second) >= 1.5
    view.set(train_threshold=0.01, test_threshold=0.01)
    offsets = "[...document.querySelectorAll('.gk-rules line')]"
    offsets += ".map((e) => getComputedStyle(e).strokeDashoffset)"
    assert len(set(view.page.evaluate(offsets))) == 2


def test_a_bound_without_its_conditions_is_drawn_and_named_otherwise(open_view):
    view = open_view()
    style = "selector => { const s = getComputedStyle(document.querySelector(selector));"
    style += " return [s.strokeDasharray, s.strokeWidth]; }"
    view.set(layers=["gaussian"])
    valid = view.page.evaluate(style, ".gk-bound-gaussian")
    assert "not met" not in view.page.locator(".gk-labels").inner_html()
    view.set(learning_rate=100.0)
    assert view.page.evaluate(style, ".gk-bound-gaussian") != valid
    assert "conditions not met" in view.page.locator(".gk-labels").inner_html()
    assert "conditions not met" in view.page.locator("tbody").inner_text()


def test_pointing_reads_the_losses_off(open_view):
    view = open_view()
    box = view.page.locator(".gk-background").bounding_box()
    readout = view.page.locator(".gk-readout")
    step = view.shown("step")
    assert not readout.is_visible()
    x, y = box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 2
    view.page.mouse.move(x, y)
    words = readout.text_content()
    assert readout.is_visible() and view.shown("step") == step  # pointing does not scrub
    view.page.mouse.down()
    view.page.mouse.up()
    train, test = words.split(": ")[1].split(", ")
    assert f"At {words.split(':')[0]}: {train}, {test}." in view.words("gk-moment")
    view.page.mouse.move(x / 2, y)
    assert readout.text_content() != words
    view.page.mouse.move(x, y + 1000)
    assert readout.text_content() == words  # of the step that was chosen
    view.set(step=-1)
    assert not readout.is_visible()


class TestTouch:
    @pytest.fixture
    def phone(self, open_view):
        view = open_view(has_touch=True, viewport=(390, 500))
        view.page.locator(".gk-chart").scroll_into_view_if_needed()
        view.session = view.context.new_cdp_session(view.page)
        return view

    @staticmethod
    def swipe(view, start, dx, dy):
        def dispatch(kind, *points):
            view.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        x, y = start
        dispatch("touchStart", {"x": x, "y": y})
        for k in range(1, 11):
            dispatch("touchMove", {"x": x + dx * k / 10, "y": y + dy * k / 10})
        dispatch("touchEnd")
        view.settle()

    @staticmethod
    def middle(view, selector):
        box = view.page.locator(selector).first.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    @pytest.mark.parametrize("place", [".gk-background", ".gk-hit"])
    def test_a_vertical_swipe_scrolls_the_page(self, phone, place):
        state, step = phone.shown("state"), phone.shown("step")
        before = phone.page.evaluate("scrollY")
        self.swipe(phone, self.middle(phone, place), 0, -120)
        phone.page.wait_for_function(f"scrollY > {before} + 50")
        assert (phone.shown("state"), phone.shown("step")) == (state, step)

    def test_a_horizontal_swipe_scrubs(self, phone):
        before = phone.page.evaluate("scrollY")
        x, y = self.middle(phone, ".gk-background")
        self.swipe(phone, (x, y), -80, 0)
        early = phone.shown("step")
        self.swipe(phone, (x, y), 80, 0)
        assert phone.shown("step") > early
        assert phone.page.evaluate("scrollY") == before

    @pytest.mark.parametrize("name", ["train", "test"])
    def test_a_finger_drags_the_grips(self, phone, name):
        before = phone.page.evaluate("scrollY")
        level = phone.shown(f"state.{name}_threshold")
        self.swipe(phone, self.middle(phone, f".gk-grip.gk-{name}"), 0, -40)
        assert phone.shown(f"state.{name}_threshold") > 1.5 * level
        assert phone.page.evaluate("scrollY") == before


@pytest.mark.parametrize(
    "state",
    [
        {"weight_decay": 0.0},
        {"weight_decay": 0.0, "train_threshold": 10.0},
        {"weight_decay": 1e-7, "learning_rate": 0.01},
        {"n_samples": 10, "n_features": 10_000},
        {"n_samples": 60, "n_features": 50},
        {"init_variance": 1e-6, "teacher_norm": 0.0},
        {"train_threshold": 10.0, "test_threshold": 1e-6},
        {"learning_rate": 1000.0},
        {"learning_rate": 10.0, "weight_decay": 1.0},
    ],
)
def test_no_place_on_the_screen_is_without_a_number(open_view, state):
    view = open_view()
    view.set(layers=ALL, **state)
    drawn = view.page.locator(".grokedu-plot").inner_html()
    for nonsense in ("NaN", "undefined", "Infinity"):
        assert nonsense not in drawn
