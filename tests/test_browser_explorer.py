"""The explorers in a page without a kernel: what they compute is what Python computes."""

import json
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from conftest import serve
from explorer_page import number_in
from ipywidgets.embed import dependency_state, embed_data
from pages import visit
from test_modular_explorer import times, trained

import grokedu as gk
from grokedu.explorers import KINDS, ValleyExplorer
from grokedu.explorers.phase import map_of

ROOT = Path(__file__).resolve().parents[1]
N_RANDOM_PROBLEMS = 200

SHOWN = """() => {
  const { stop, state, times, phase, ...others } =
    document.querySelector(".grokedu-plot").__grokedu;
  const { modes, network, valley, steps, train, test, path } = others;
  const shown = { stop, state, times, phase, modes, network, valley, steps, train, test, path };
  const list = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
  return JSON.parse(JSON.stringify(shown, list));
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
    """A folder with the page of each kind, and the sources."""
    folder = tmp_path_factory.mktemp("explorers")
    for kind in CHECKS:
        folder.joinpath(kind).mkdir()
        names = [setting.name for setting in KINDS[kind].SETTINGS]
        write_page(folder / kind, book, KINDS[kind](controls=names, **AT_FIRST.get(kind, {})))
    shutil.copytree(ROOT / "grokedu" / "explorers", folder / "sources")
    with serve(folder) as address:
        yield address


@pytest.fixture(scope="module")
def pages(browser, address):
    """The page of a kind, opened once."""
    context = browser.new_context(viewport={"width": 1000, "height": 1400})

    @cache
    def page_of(kind):
        seen = visit(context, f"{address}/{kind}/index.html")
        seen.page.wait_for_function("document.querySelector('.grokedu-plot')?.__grokedu?.steps")
        return seen

    yield page_of
    context.close()


@pytest.fixture
def open_explorer(pages):
    """The page of a kind as it was when it was opened."""
    used = []

    def open_explorer(kind):
        used.append(pages(kind))
        page = used[-1].page
        page.bring_to_front()
        page.get_by_role("button", name="Reset").click()
        drawn_next(page)
        return page

    yield open_explorer
    complaints = [words for seen in used for words in seen.complaints]
    for seen in used:
        seen.complaints.clear()
    assert not complaints


@pytest.fixture
def page(open_explorer):
    """That of the ridge explorer."""
    return open_explorer("ridge")


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


def assert_equals_python(shown, problem):
    """Curves to 1e-9, times exactly."""
    settings = shown["state"]
    rule = {name: settings[name] for name in ("weight_decay", "learning_rate")}
    steps = np.array(shown["steps"]).astype(np.int64)
    exact = gk.exact_ridge(problem, **rule, steps=steps)
    for ours, theirs in ((exact.train_loss, shown["train"]), (exact.test_loss, shown["test"])):
        np.testing.assert_allclose(theirs, ours, rtol=1e-9, atol=1e-13 * ours[0])
    thresholds = {name: settings[name] for name in ("train_threshold", "test_threshold")}
    times = gk.exact_grokking_times(problem, **rule, **thresholds)
    assert shown["times"]["overfit"] == times.overfit_step
    assert shown["times"]["generalize"] == times.generalize_step


def assert_ridge_equals_python(page):
    shown = page.evaluate(SHOWN)
    assert_equals_python(shown, problem_of(shown["modes"], shown["state"]))


def assert_valley_equals_python(page):
    """Also the path in the plane."""
    shown = page.evaluate(SHOWN)
    settings, problem = shown["state"], ValleyExplorer.problem_of(shown["state"])
    if settings["learning_rate"] * (settings["weight_decay"] + 1) >= 2:
        assert shown["stop"]
        return
    assert_equals_python(shown, problem)
    rule = {name: settings[name] for name in ("weight_decay", "learning_rate")}
    steps = np.array(shown["steps"]).astype(np.int64)
    path = gk.exact_outputs(problem, np.eye(2), **rule, steps=steps)
    np.testing.assert_allclose(shown["path"], path, rtol=1e-9, atol=1e-12)


def assert_phase_equals_python(page):
    """The run at the cursor, and every cell of the map."""
    assert_ridge_equals_python(page)
    page.wait_for_function("document.querySelector('.grokedu-plot').__grokedu.map.isDone")
    state, axes, quantity, shown = page.evaluate(
        """() => {
          const { state, axes, quantity, map } = document.querySelector(".grokedu-plot").__grokedu;
          return [state, axes, quantity, Array.from(map.values(quantity), (v) => v || null)];
        }"""
    )
    values = map_of(state, axes).values(quantity)
    shown = np.reshape(np.array(shown, dtype=float), values.shape)
    np.testing.assert_allclose(shown, values, rtol=1e-6)


def control(page, name):
    return page.locator(f"[data-setting={name}]")


def slider(page, name):
    return control(page, name).locator("input[type=range]")


def assert_extremes_are_shown(page, name):
    slider(page, name).focus()
    for key in ("Home", "End"):
        page.keyboard.press(key)
        drawn_next(page)
        drawn = page.locator(".grokedu-plot").inner_html()
        assert "NaN" not in drawn
        assert "undefined" not in drawn
        assert len(page.locator(".gk-sentence").inner_text()) > 20


def drawn_next(page):
    """Wait until the next frame is drawn."""
    page.evaluate("() => new Promise((f) => requestAnimationFrame(() => setTimeout(f, 20)))")


def wait_for_change(page, name, before):
    page.wait_for_function(
        "([name, before]) =>"
        "  document.querySelector('.grokedu-plot').__grokedu.state[name] !== before",
        arg=[name, before],
    )
    drawn_next(page)
    return page.evaluate(SHOWN)


def move_by_mouse_and_keyboard(page, name, share, check):
    """Click on a slider at `share` of its length, then step down by a key; check after each."""
    handle = slider(page, name)
    before = page.evaluate(SHOWN)["state"][name]
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    clicked = wait_for_change(page, name, before)["state"][name]
    check(page)
    page.keyboard.press("ArrowLeft")
    assert wait_for_change(page, name, clicked)["state"][name] < clicked
    check(page)


def assert_trained_as_in_python(page):
    """t1 and t2 of the page's own network, to the step that rounding can move."""
    page.wait_for_function(
        "!['fitting', 'measuring'].includes(document.querySelector('.grokedu-plot')"
        ".__grokedu.phase)"
    )
    drawn_next(page)
    shown = page.evaluate(SHOWN)
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


def assert_sums_are_learned_as_in_python(page):
    """Losses of every step that is drawn, and t1 and t2 by accuracy, exactly."""
    page.wait_for_function("document.querySelector('.grokedu-plot').__grokedu.phase !== 'training'")
    drawn_next(page)
    shown = page.evaluate(SHOWN)
    settings = shown["state"]
    run = trained(settings)
    assert run.diverged == (shown["phase"] == "diverged")
    steps = np.array(shown["steps"]).astype(np.int64)
    finite = np.isfinite(run.train_loss[steps])
    for ours, theirs in ((run.train_loss, shown["train"]), (run.test_loss, shown["test"])):
        theirs = np.array(theirs, dtype=float)  # NaN is null in JSON
        np.testing.assert_allclose(theirs[finite], ours[steps][finite], rtol=1e-7)
    if not run.diverged:
        assert shown["times"].items() >= times(run, settings).items()


CHECKS = {
    "ridge": assert_ridge_equals_python,
    "network": assert_trained_as_in_python,
    "valley": assert_valley_equals_python,
    "phase": assert_phase_equals_python,
    "modular": assert_sums_are_learned_as_in_python,
}
# What takes no time, and is stable enough that rounding stays rounding.
AT_FIRST = {"modular": {"width": 16, "n_steps": 200, "learning_rate": 0.5}}
SLIDERS = [
    pytest.param(kind, setting.name, id=f"{kind} {setting.name}")
    for kind in CHECKS
    for setting in KINDS[kind].SETTINGS
    if setting.scale != "number"
]


class TestEveryKind:
    @pytest.mark.parametrize("kind", CHECKS)
    def test_first_picture_equals_python(self, open_explorer, kind):
        CHECKS[kind](open_explorer(kind))

    @pytest.mark.parametrize(("kind", "name"), SLIDERS)
    def test_mouse_and_keyboard(self, open_explorer, kind, name):
        share = 0.55 if kind == "network" else 0.3
        move_by_mouse_and_keyboard(open_explorer(kind), name, share, CHECKS[kind])

    @pytest.mark.parametrize(("kind", "name"), SLIDERS)
    def test_extremes_give_a_picture_or_a_message(self, open_explorer, kind, name):
        assert_extremes_are_shown(open_explorer(kind), name)

    @pytest.mark.parametrize("kind", CHECKS)
    def test_every_button_works_by_keyboard(self, open_explorer, kind):
        page = open_explorer(kind)
        for button in page.locator(".grokedu-plot button:visible").all():
            if button.is_enabled():
                button.focus()
                page.keyboard.press("Enter")
                drawn_next(page)

    def test_all_neurons_stay_in_their_panel(self, open_explorer):
        """Also where they grow before they shrink."""
        page = open_explorer("network")
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


class TestRidge:
    @pytest.mark.parametrize(
        ("typed", "value"),
        [("0.001", 0.001), ("zzz", 1e-4), ("", 1e-4)],
        ids=["a number", "letters", "nothing"],
    )
    def test_what_was_typed_is_taken_on_leaving(self, page, typed, value):
        field = control(page, "weight_decay").locator("input[type=text]")
        field.click()
        page.keyboard.press("Control+A")
        page.keyboard.press("Backspace")
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
        drawn_next(page)
        assert page.evaluate(SHOWN)["state"]["weight_decay"] == value
        assert number_in(field.input_value()) == value

    def test_seed_by_keyboard(self, page):
        entry = control(page, "seed").locator("input")
        entry.fill("12")
        entry.press("Enter")
        after = wait_for_change(page, "seed", 0)
        assert after["state"]["seed"] == 12
        assert_ridge_equals_python(page)

    def test_draw_again_and_reset(self, page):
        page.get_by_role("button", name="Draw again").click()
        drawn = wait_for_change(page, "seed", 0)
        assert_ridge_equals_python(page)
        page.get_by_role("button", name="Reset").click()
        assert wait_for_change(page, "seed", drawn["state"]["seed"])["state"]["seed"] == 0


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
    page.goto(f"{address}/ridge/index.html")
    answers = page.evaluate(
        """async (every) => {
          const math = await import("../sources/js/ridge/math.js");
          const { logSteps } = await import("../sources/js/steps.js");
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
        assert_equals_python(answer, problem_of(answer["modes"], answer["state"]))
