"""Explorers answer: what was before, a linear axis, losses by keys, pinned runs, presets."""

import pytest
from explorer_page import assert_fits, color
from pages import axe_violations

from grokedu.explorers import RidgeExplorer

PRESETS = [
    ("a hundredth of the weight decay", {"weight_decay": 1e-6}),
    ("as in the sharp prediction", {"layers": ("sharp",), "step": 300}),
]


@pytest.fixture(scope="module")
def address(address_of):
    return address_of(RidgeExplorer(presets=PRESETS))


@pytest.fixture(scope="module")
def simple_address(address_of):
    return address_of(RidgeExplorer(controls=("weight_decay", "init_variance"), simple=True))


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

    def test_reset_is_a_fresh_page(self, view):
        """Also at once, while what moved last would still have its curve from before."""
        fresh = levels(view)
        for name in ("training threshold ε", "test threshold c"):
            view.page.get_by_role("slider", name=name).focus()
            for key in ("End", "Home"):
                view.page.keyboard.press(key)
                view.settle()
        assert levels(view) != fresh
        view.press("Reset")
        assert levels(view) == fresh
        assert not view.page.get_by_text("before", exact=True).is_visible()

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


CURVES = """() => ["ghost", "curve", "pinned"].map((name) =>
  document.querySelector(`path.gk-${name}.gk-test`).getAttribute("d"))"""


def curves(view):
    """Paths of the test loss: before the move, now, and of the pinned run."""
    view.settle()
    return view.page.evaluate(CURVES)


def levels(view):
    """The ticks of the axis of losses."""
    return view.page.locator(".gk-chart .gk-axis").nth(1).all_text_contents()


class TestGhost:
    """While something moves the axes hold still, and the curve from before stays in sight."""

    @pytest.fixture
    def drag(self, view):
        """Move the slider of the weight decay to a share of its way, and keep it pressed."""
        box = view.slider("weight decay λ").bounding_box()
        middle = box["y"] + box["height"] / 2

        def drag(share):
            view.page.mouse.move(box["x"] + share * box["width"], middle)
            view.settle()

        drag(0.43)  # where it is
        view.page.mouse.down()
        return drag

    def test_only_what_changes_moves(self, view, drag):
        before, last, ticks = curves(view)[1], view.shown("horizon"), levels(view)
        t1, place = view.shown("times.overfit"), place_of(view, "train")
        for share in (0.46, 0.5, 0.57):
            drag(share)
            ghost, now, _ = curves(view)
            assert ghost == before != now
            assert (view.shown("horizon"), levels(view)) == (last, ticks)
        assert view.shown("times.generalize") < last / 10
        assert view.shown("times.overfit") == pytest.approx(t1, rel=0.5)
        assert place_of(view, "train") == pytest.approx(place, abs=0.03)
        view.page.mouse.up()
        view.pass_time(1100)
        assert curves(view)[0] is None
        assert view.shown("horizon") < last  # the axes have settled

    def test_axes_grow_for_a_run_that_leaves_them(self, view, drag):
        last = view.shown("horizon")
        drag(0.2)
        assert last < view.shown("times.generalize") <= view.shown("horizon")
        grown = view.shown("horizon")
        drag(0.43)
        assert view.shown("horizon") == grown

    def test_it_stays_as_long_as_the_pointer_does(self, view, drag):
        drag(0.5)
        view.pass_time(5000)
        assert curves(view)[0]
        view.page.keyboard.press("Escape")
        assert curves(view)[0] is None

    def test_keys_in_a_row_are_one_move(self, view):
        before = curves(view)[1]
        ghosts = view.page.evaluate(
            """async (curves) => {
              const slider = document.querySelector("[data-setting=weight_decay] [type=range]");
              const seen = [];
              for (let press = 0; press < 4; press++) {
                slider.valueAsNumber += 1;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
                await null;
                seen.push(eval(curves)());
              }
              return seen;
            }""",
            CURVES,
        )
        assert [ghost for ghost, *_ in ghosts] == 4 * [before]
        assert len({now for _, now, _ in ghosts}) == 4

    @pytest.mark.parametrize(
        "target", ["a", ".gk-row[aria-label=try] button"], ids=["a link", "a preset"]
    )
    def test_a_click_that_sets_the_state_leaves_what_was_before(self, view, target):
        before = curves(view)[1]
        shown = view.page.evaluate(
            """async ([target, curves]) => {
              document.querySelector(target).click();
              await null;
              return eval(curves)();
            }""",
            [target, CURVES],
        )
        assert shown[0] and shown[0] != shown[1] != before

    def test_what_moves_no_curve_leaves_none(self, view):
        scrubber = view.page.get_by_label("step of the run")
        for act in (
            lambda: scrubber.press("ArrowRight"),
            lambda: view.press("Linear axis"),
            lambda: view.page.get_by_label("sharp prediction").check(),
        ):
            act()
            assert curves(view)[0] is None


@pytest.mark.parametrize("name", ["before", "pinned run"])
def test_the_legend_shows_both_curves_of_another_run(view, name):
    """Training above, test below, as everywhere."""
    view.press("Pin")
    mark = view.page.locator(".gk-legend span", has_text=name).locator("i")
    ends = [
        mark.evaluate(
            "(mark, side) => ['Width', 'Style', 'Color'].map((part) =>"
            " getComputedStyle(mark)[`border${side}${part}`])",
            side,
        )
        for side in ("Top", "Bottom")
    ]
    assert ends[0] != ends[1]
    assert all(width == "2px" and style != "none" for width, style, _ in ends)


class TestPin:
    def test_a_pinned_run_stays_and_the_difference_is_told(self, view):
        pinned, t2 = curves(view)[1], view.shown("times.generalize")
        view.press("Pin")
        assert curves(view)[2] == pinned
        view.set(weight_decay=1e-3)
        later = view.shown("times.generalize")
        words = view.words("gk-comparison")
        assert "(λ 10⁻⁴ → 0.001)" in words
        assert f"t₂ is earlier by a factor of {t2 / later:.1f}" in words
        assert curves(view)[2] == pinned  # on an axis that shows both
        view.set(weight_decay=1e-5)
        assert curves(view)[2] not in (None, pinned)
        assert f"({view.shown('times.generalize'):,}, not {t2:,})" in view.words("gk-comparison")
        view.press("Reset")
        assert "This is the pinned run" in view.words("gk-comparison")
        view.press("Unpin")
        assert curves(view)[2] is None
        assert not view.page.locator(".gk-comparison").is_visible()

    def test_settings_that_cannot_run_are_not_compared(self, view):
        view.press("Pin")
        view.set(learning_rate=1000.0)
        assert view.words("gk-comparison").endswith("(η 1 → 1,000): these settings cannot run.")
        view.press("Unpin")
        assert view.page.get_by_role("button", name="Pin", exact=True).is_disabled()


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

    def test_on_paper_there_is_no_empty_picture(self, open_view, simple_address):
        view = open_view(page=simple_address)
        view.page.emulate_media(media="print")
        assert view.page.locator("table").is_visible()
        assert view.page.locator(".gk-more svg:visible").count() == 0

    def test_a_press_on_the_curves_reads_them_off(self, open_view, simple_address):
        view = open_view(page=simple_address)
        view.page.locator(".gk-background").click(position={"x": 300, "y": 100})
        view.page.mouse.move(0, 0)
        assert view.page.locator(".gk-cursor").is_visible()
        assert view.page.locator(".gk-readout").text_content().startswith("step ")

    def test_others_have_no_button_for_more(self, view):
        assert view.page.get_by_role("button", name="Show").count() == 0


@pytest.mark.parametrize("width", [360, 900])
def test_it_fits(open_view, width):
    """With a pinned run, a run before, and numbers at the end of a linear axis."""
    view = open_view(viewport=(width, 1400))
    view.press("Linear axis")
    view.press("Pin")
    view.page.get_by_role("link", name="lower λ").click()
    for decay in (1e-3, 1e-4, 1e-6):
        view.set(weight_decay=decay)
        assert_fits(view, width)
        ends = view.page.evaluate(
            "[...document.querySelectorAll('.gk-chart text')]"
            ".map((text) => text.getBoundingClientRect().right)"
        )
        assert max(ends) <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(open_view, simple_address, theme):
    for page in (None, simple_address):
        view = open_view(**({"page": page} if page else {}))
        view.press("Linear axis")
        view.press("Pin")
        view.set(weight_decay=1e-3)
        color(view, theme)
        assert not axe_violations(view.page)
