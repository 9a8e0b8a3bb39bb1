"""Explorers answer: a linear axis, losses read off by keys, presets, and less to see at first."""

import pytest
from explorer_page import View, color, write_page
from pages import axe_violations

from grokedu.explorers import RidgeExplorer

PRESETS = [
    ("a hundredth of the weight decay", {"weight_decay": 1e-6}),
    ("as in the sharp prediction", {"layers": ("sharp",), "step": 300}),
]


def serve_page(folder, explorer):
    from conftest import serve

    return serve(write_page(folder, explorer, "ridge"))


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    explorer = RidgeExplorer(presets=PRESETS)
    with serve_page(tmp_path_factory.mktemp("answer"), explorer) as address:
        yield f"{address}/index.html"


@pytest.fixture(scope="module")
def simple_address(tmp_path_factory):
    explorer = RidgeExplorer(controls=("weight_decay", "init_variance"), simple=True)
    with serve_page(tmp_path_factory.mktemp("simple"), explorer) as address:
        yield f"{address}/index.html"


@pytest.fixture
def open_view(browser, address):
    views = []

    def open_view(part="", page=address, **options):
        views.append(View(browser, page + part, **options))
        return views[-1]

    yield open_view
    for view in views:
        assert not view.complaints
        view.context.close()


@pytest.fixture
def view(open_view):
    return open_view()


class TestAxis:
    def test_one_press_makes_the_axis_linear_and_another_logarithmic(self, view):
        """t2 stands at its share of the axis: of steps, or of log(1 + t)."""
        button = view.page.get_by_role("button", name="Linear axis")
        for linear in (True, False):
            button.focus()
            view.page.keyboard.press("Enter")
            view.settle()
            assert button.get_attribute("aria-pressed") == str(linear).lower()
            t2, last = view.shown("times.generalize"), view.shown("horizon")
            share = view.page.evaluate(
                "([t2, last]) => Math.log1p(t2) / Math.log1p(last)", [t2, last]
            )
            assert place_of(view, "test") == pytest.approx(t2 / last if linear else share, abs=2e-3)

    def test_it_is_part_of_the_address_and_of_reset(self, open_view):
        view = open_view()
        view.press("Linear axis")
        assert view.hash().endswith("axis=linear")
        button = open_view(view.hash()).page.get_by_role("button", name="Linear axis")
        assert button.get_attribute("aria-pressed") == "true"
        view.press("Reset")
        assert view.hash().endswith("axis=log")

    def test_an_axis_that_there_is_not_is_told(self, open_view):
        view = open_view("#ridge:axis=square,seed=3")
        assert (
            view.words("gk-problem")
            == "In the address: “square” is no axis: it can be log or linear."
        )
        assert view.shown("state.seed") == 3

    def test_the_scrubber_goes_along_the_axis(self, view):
        """In its middle: half of the steps, or the square root of their number."""
        scrubber, last = view.page.get_by_label("step of the run"), view.shown("horizon")
        view.press("Linear axis")
        scrubber.fill("500")
        assert view.shown("step") == last / 2
        view.press("Linear axis")
        scrubber.fill("500")
        assert view.shown("step") == pytest.approx(last**0.5, rel=0.01)


def place_of(view, loss):
    """Where the line of t1 (train) or t2 (test) stands on the axis, from 0 to 1."""
    view.settle()
    return view.page.evaluate(
        """(loss) => {
          const { left, width } = document.querySelector(".gk-background").getBoundingClientRect();
          const line = document.querySelector(`.gk-marker.gk-${loss}`).getBoundingClientRect();
          return (line.left + line.width / 2 - left) / width;
        }""",
        loss,
    )


def test_keys_read_the_losses_off(view):
    scrubber = view.page.get_by_label("step of the run")
    readout = view.page.locator(".gk-readout")
    for key in ("Home", "ArrowRight", "PageUp", "End"):
        scrubber.press(key)
        step = view.shown("step")
        words = readout.text_content()
        assert words == scrubber.get_attribute("aria-valuetext")
        values = words.removeprefix(f"step {step:,}: ")
        assert values != words and values in view.words("gk-moment")


class TestPresets:
    def test_a_preset_sets_its_state_from_wherever_the_reader_is(self, view):
        (first, _), (second, _) = PRESETS
        view.set(seed=7, learning_rate=3.0, step=5, linear=True)
        view.press(first)
        initial = RidgeExplorer().settings
        assert view.shown("state") == {**initial, **PRESETS[0][1]}
        assert pressed(view) == [first]
        view.press(second)
        assert (view.shown("state.weight_decay"), view.shown("step")) == (1e-4, 300)
        assert view.page.get_by_label("sharp prediction").is_checked()
        assert pressed(view) == [second]
        view.press("Draw again")
        assert pressed(view) == []

    def test_none_without_presets(self, open_view, simple_address):
        view = open_view(page=simple_address)
        assert view.page.get_by_role("group", name="try").count() == 0


def pressed(view):
    view.settle()
    group = view.page.get_by_role("group", name="try")
    return group.locator("[aria-pressed=true]").all_inner_texts()


class TestSimple:
    HIDDEN = (
        ".gk-moment",
        "table",
        ".gk-bars",
        ".gk-descent",
        ".gk-mode",
    )

    def test_only_controls_curves_times_and_sentence_until_the_reader_asks(
        self, open_view, simple_address
    ):
        view = open_view(page=simple_address)
        assert view.page.get_by_role("slider").count() == 5  # settings, thresholds, scrubber
        assert view.page.locator("input[type=checkbox]:visible").count() == 0
        for part in self.HIDDEN:
            assert not view.page.locator(part).first.is_visible(), part
        for part in (".gk-sentence", ".gk-curve.gk-train", ".gk-labels .gk-test-text"):
            assert view.page.locator(part).first.is_visible(), part
        view.press("Show more")
        for part in self.HIDDEN:
            assert view.page.locator(part).first.is_visible(), part
        assert view.page.get_by_label("sharp prediction").is_visible()
        view.press("Show less")
        assert not view.page.locator("table").is_visible()

    def test_a_press_on_the_curves_reads_them_off(self, open_view, simple_address):
        view = open_view(page=simple_address)
        view.page.locator(".gk-background").click(position={"x": 300, "y": 100})
        view.page.mouse.move(0, 0)
        assert view.page.locator(".gk-cursor").is_visible()
        assert view.page.locator(".gk-readout").text_content().startswith("step ")

    def test_others_have_no_button_for_more(self, view):
        assert view.page.get_by_role("button", name="Show").count() == 0


@pytest.mark.usefixtures("book")  # building it installs axe-core
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(open_view, simple_address, theme):
    for page in (None, simple_address):
        view = open_view(**({"page": page} if page else {}))
        view.press("Linear axis")
        color(view, theme)
        assert not axe_violations(view.page)
