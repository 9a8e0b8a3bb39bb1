"""The explorers in a page without a kernel: what they compute is what Python computes."""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from conftest import serve
from explorer_page import number_in
from ipywidgets.embed import dependency_state, embed_data
from pages import visit

import grokedu as gk
from grokedu.explorers import NetworkExplorer, RidgeExplorer
from grokedu.explorers.network import SETTINGS as NETWORK_SETTINGS
from grokedu.explorers.ridge import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
N_RANDOM_PROBLEMS = 200

STATE = """() => {
  const root = document.querySelector(".grokedu-plot");
  const { state, modes, steps, train, test, times, stop } = root.__grokedu;
  const list = (values) => values && Array.from(values);
  return { state, modes: { ...modes, curvatures: list(modes.curvatures), start: list(modes.start),
    teacher: list(modes.teacher) }, steps: list(steps), train: list(train), test: list(test),
    times, stop };
}"""

NETWORK_STATE = """() => {
  const { state, network, times, phase } = document.querySelector(".grokedu-plot").__grokedu;
  const lists = ["inputs", "hidden", "output"].map((name) => [name, Array.from(network[name])]);
  return { state, network: { ...network, ...Object.fromEntries(lists) }, times, phase };
}"""

PAGE = """<!doctype html>
<html lang="en" data-theme="light"><head><meta charset="utf-8"><title>Explorer</title>
<link rel="icon" href="data:,">
<script type="application/vnd.jupyter.widget-state+json">{state}</script></head>
<body><script type="application/vnd.jupyter.widget-view+json">{view}</script>
<script src="page_runtime.js"></script></body></html>"""


def write_page(folder, book, explorer):
    """A page with nothing but an explorer."""
    explorer.wait(60)
    everything = dependency_state([explorer], drop_defaults=False)
    data = embed_data(views=[explorer], state=everything, drop_defaults=False)
    texts = (json.dumps(data["manager_state"]), json.dumps(data["view_specs"][0]))
    state, view = (text.replace("</", "<\\/") for text in texts)
    folder.joinpath("index.html").write_text(PAGE.format(state=state, view=view))
    for name in ("page_runtime.js", "page_runtime.css"):
        shutil.copy(book / "_static" / name, folder)


@pytest.fixture(scope="module")
def address(book, tmp_path_factory):
    folder = tmp_path_factory.mktemp("explorer")
    write_page(folder, book, RidgeExplorer(controls=[setting.name for setting in SETTINGS]))
    shutil.copytree(ROOT / "grokedu" / "explorers", folder / "sources")
    with serve(folder) as address:
        yield address


@pytest.fixture(scope="module")
def network_address(book, tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    write_page(
        folder, book, NetworkExplorer(controls=[setting.name for setting in NETWORK_SETTINGS])
    )
    with serve(folder) as address:
        yield address


@contextmanager
def opened(browser, address):
    context = browser.new_context(viewport={"width": 1000, "height": 1400})
    seen = visit(context, f"{address}/index.html")
    seen.page.wait_for_function("document.querySelector('.grokedu-plot')?.__grokedu?.steps")
    yield seen
    context.close()


@pytest.fixture(scope="module")
def ridge_page(browser, address):
    with opened(browser, address) as page:
        yield page


@pytest.fixture(scope="module")
def network_page(browser, network_address):
    with opened(browser, network_address) as page:
        yield page


def reset(seen):
    """The page as it was when it was opened."""
    seen.complaints.clear()
    seen.page.get_by_role("button", name="Reset").click()
    drawn_next(seen.page)
    return seen


@pytest.fixture
def explorer(ridge_page):
    return reset(ridge_page)


@pytest.fixture
def network_explorer(network_page):
    return reset(network_page)


def problem_of(modes, settings):
    """The page's problem in its eigenbasis: seen directions first, then two unseen ones."""
    n, seen = modes["n"], len(modes["curvatures"])
    features = np.zeros((max(n, seen), seen + 2))
    features[np.arange(seen), np.arange(seen)] = np.sqrt(n * np.array(modes["curvatures"]))
    start = [*modes["start"], modes["unseen_start"], 0.0]
    teacher = [*modes["teacher"], modes["unseen_overlap"], modes["unseen_teacher"]]
    return gk.realizable_problem(
        features[:n],
        settings["teacher_norm"] * np.array(teacher),
        np.sqrt(settings["init_variance"]) * np.array(start),
        covariance=1 / modes["m"],
    )


def assert_page_equals_python(page):
    """Curves to 1e-9, times exactly."""
    settings, problem = page["state"], problem_of(page["modes"], page["state"])
    rule = {name: settings[name] for name in ("weight_decay", "learning_rate")}
    steps = np.array(page["steps"]).astype(np.int64)
    exact = gk.exact_ridge(problem, **rule, steps=steps)
    for ours, theirs in ((exact.train_loss, page["train"]), (exact.test_loss, page["test"])):
        np.testing.assert_allclose(theirs, ours, rtol=1e-9, atol=1e-13 * ours[0])
    thresholds = {name: settings[name] for name in ("train_threshold", "test_threshold")}
    times = gk.exact_grokking_times(problem, **rule, **thresholds)
    assert page["times"]["overfit"] == times.overfit_step
    assert page["times"]["generalize"] == times.generalize_step


def control(page, name):
    return page.locator(f"[data-setting={name}]")


def slider(page, name):
    return control(page, name).locator("input[type=range]")


def assert_extremes_are_shown(explorer, name):
    page = explorer.page
    slider(page, name).focus()
    for key in ("Home", "End"):
        page.keyboard.press(key)
        drawn_next(page)
        drawn = page.locator(".grokedu-plot").inner_html()
        assert "NaN" not in drawn
        assert "undefined" not in drawn
        assert len(page.locator(".gk-sentence").inner_text()) > 20
    assert not explorer.complaints


def drawn_next(page):
    """Wait until the next frame is drawn."""
    page.evaluate("() => new Promise((f) => requestAnimationFrame(() => setTimeout(f, 20)))")


def wait_for_change(page, name, before, state=STATE):
    page.wait_for_function(
        "([name, before]) =>"
        "  document.querySelector('.grokedu-plot').__grokedu.state[name] !== before",
        arg=[name, before],
    )
    drawn_next(page)
    return page.evaluate(state)


def move_by_mouse_and_keyboard(page, name, share, state, check):
    """Click on a slider at `share` of its length, then step down by a key; check after each."""
    handle = slider(page, name)
    before = page.evaluate(state)["state"][name]
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    clicked = wait_for_change(page, name, before, state)["state"][name]
    check(page)
    page.keyboard.press("ArrowLeft")
    assert wait_for_change(page, name, clicked, state)["state"][name] < clicked
    check(page)


SLIDERS = [setting.name for setting in SETTINGS if setting.scale != "number"]


class TestControls:
    def test_first_picture_equals_python(self, explorer):
        assert_page_equals_python(explorer.page.evaluate(STATE))
        assert not explorer.complaints

    @pytest.mark.parametrize("name", SLIDERS)
    def test_mouse_and_keyboard(self, explorer, name):
        def check(page):
            assert_page_equals_python(page.evaluate(STATE))

        move_by_mouse_and_keyboard(explorer.page, name, 0.3, STATE, check)
        assert not explorer.complaints

    @pytest.mark.parametrize(
        ("typed", "value"),
        [("0.001", 0.001), ("zzz", 1e-4), ("", 1e-4)],
        ids=["a number", "letters", "nothing"],
    )
    def test_what_was_typed_is_taken_on_leaving(self, explorer, typed, value):
        page = explorer.page
        field = control(page, "weight_decay").locator("input[type=text]")
        field.click()
        page.keyboard.press("Control+A")
        page.keyboard.press("Backspace")
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
        drawn_next(page)
        assert page.evaluate(STATE)["state"]["weight_decay"] == value
        assert number_in(field.input_value()) == value
        assert not explorer.complaints

    def test_seed_by_keyboard(self, explorer):
        page = explorer.page
        entry = control(page, "seed").locator("input")
        entry.fill("12")
        entry.press("Enter")
        after = wait_for_change(page, "seed", 0)
        assert after["state"]["seed"] == 12
        assert_page_equals_python(after)

    def test_draw_again_and_reset(self, explorer):
        page = explorer.page
        page.get_by_role("button", name="Draw again").click()
        drawn = wait_for_change(page, "seed", 0)
        assert_page_equals_python(drawn)
        page.get_by_role("button", name="Reset").click()
        assert wait_for_change(page, "seed", drawn["state"]["seed"])["state"]["seed"] == 0

    def test_every_button_works_by_keyboard(self, explorer):
        page = explorer.page
        for button in page.locator(".grokedu-plot button:visible").all():
            if button.is_enabled():
                button.focus()
                page.keyboard.press("Enter")
                drawn_next(page)
        assert not explorer.complaints

    @pytest.mark.parametrize("name", SLIDERS)
    def test_extremes_give_a_picture_or_a_message(self, explorer, name):
        assert_extremes_are_shown(explorer, name)


def assert_trained_as_in_python(page):
    """t1 and t2 of the page's own network, to the step that rounding can move."""
    page.wait_for_function(
        "!['fitting', 'measuring'].includes(document.querySelector('.grokedu-plot')"
        ".__grokedu.phase)"
    )
    drawn_next(page)
    shown = page.evaluate(NETWORK_STATE)
    settings, network = shown["state"], shown["network"]
    hidden = np.reshape(network["hidden"], (network["m"], network["d"]))
    problem = gk.NetworkProblem(
        inputs=np.reshape(network["inputs"], (network["n"], network["d"])),
        hidden_weights=np.sqrt(settings["init_variance"]) * hidden,
        output_weights=network["output"],
    )
    start = problem.train_loss(problem.hidden_weights, problem.output_weights)
    thresholds = {name: settings[name] for name in ("train_threshold", "test_threshold")}
    run = gk.train_network(
        problem,
        weight_decay=settings["weight_decay"],
        learning_rate=settings["learning_rate"],
        n_steps=10**8,
        **thresholds,
        tail="closed form",
        fit_tolerance=1e-5 * min(1.0, start),
        progress=lambda done: done < 20_000,
    )
    times = gk.grokking_times(run, **thresholds)
    for name, step in (("overfit", times.overfit_step), ("generalize", times.generalize_step)):
        assert (shown["times"][name] is None) == (step is None)
        assert step is None or abs(shown["times"][name] - step) <= 1


NETWORK_SLIDERS = [s.name for s in NETWORK_SETTINGS if s.scale != "number"]


class TestNetworkControls:
    @pytest.mark.parametrize("name", NETWORK_SLIDERS)
    def test_mouse_and_keyboard(self, network_explorer, name):
        check = assert_trained_as_in_python
        move_by_mouse_and_keyboard(network_explorer.page, name, 0.55, NETWORK_STATE, check)
        assert not network_explorer.complaints

    def test_all_neurons_stay_in_their_panel(self, network_explorer):
        """Also where they grow before they shrink."""
        page = network_explorer.page
        page.evaluate("location.hash = '#network:init_variance=10,learning_rate=0.0126,step=10'")
        page.wait_for_function(
            "document.querySelector('.grokedu-plot').__grokedu.state.init_variance === 10"
        )
        assert_trained_as_in_python(page)
        highest = page.evaluate(
            """Math.min(...[...document.querySelectorAll(".gk-neurons")].map((dots) =>
              dots.getBBox().y))"""
        )
        assert highest >= 0

    @pytest.mark.parametrize("name", NETWORK_SLIDERS)
    def test_extremes_give_a_picture_or_a_message(self, network_explorer, name):
        assert_extremes_are_shown(network_explorer, name)


def random_settings(rng):
    return {
        "n_samples": int(rng.integers(5, 60)),
        "n_features": int(rng.integers(10, 200)),
        "seed": int(rng.integers(1000)),
        "init_variance": 10 ** rng.uniform(-4, 2),
        "teacher_norm": float(rng.uniform(0, 3)),
        "weight_decay": 10 ** rng.uniform(-6, -1),
        "learning_rate": 10 ** rng.uniform(-2, -0.5),
        "train_threshold": 10 ** rng.uniform(-4, 0),
        "test_threshold": 10 ** rng.uniform(-4, 0),
    }


def test_random_problems_in_this_browser_equal_python(browser, address):
    """The module itself, in the engine that readers use; node's answers are tested elsewhere."""
    rng = np.random.default_rng(8)
    settings = [random_settings(rng) for _ in range(N_RANDOM_PROBLEMS)]
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/index.html")
    answers = page.evaluate(
        """async (every) => {
          const math = await import("./sources/js/ridge/math.js");
          const { logSteps } = await import("./sources/js/steps.js");
          const list = (values) => Array.from(values);
          return every.map((settings) => {
            const modes = math.drawModes(settings.n_samples, settings.n_features, settings.seed);
            const run = math.exactRun(modes, settings);
            const steps = logSteps(1e6, 60);
            const { train, test } = math.curves(run, steps);
            for (const key of ["curvatures", "start", "teacher"]) modes[key] = list(modes[key]);
            return { state: settings, modes, steps: list(steps), train: list(train),
              test: list(test), times: math.grokkingTimes(run, settings) };
          });
        }""",
        settings,
    )
    context.close()
    for answer in answers:
        assert_page_equals_python(answer)
