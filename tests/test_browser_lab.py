"""The explorers in a real JupyterLab: they run gradient descent, and say when they cannot."""

import json
import math
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from explorer_page import number_in

from grokedu.explorers.ridge import SETTINGS
from grokedu.explorers.settings import defaults

pytest.importorskip("jupyterlab", reason="the lab extra is not installed")

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60  # seconds, for a server or a kernel to start
# Everything on the page, also what is not in view.
NOTEBOOK_SETTINGS = {"windowingMode": "none"}
DEFAULTS = defaults(SETTINGS)
FEW_DIGITS = """from sklearn.datasets import load_digits

pixels, digits = load_digits(return_X_y=True)
"""
NOTEBOOKS = {
    "ridge.ipynb": "RidgeExplorer()",
    "network.ipynb": "NetworkExplorer()",
    "valley.ipynb": "ValleyExplorer()",
    "twin.ipynb": "ValleyExplorer()",
    "phase.ipynb": "PhaseExplorer()",
    "digits.ipynb": "DigitsExplorer(pixels[:200], digits[:200], weight_decay=1e-5)",
    "modular.ipynb": "ModularExplorer()",
}
LINK = "[more weight decay](#valley:weight_decay=0.03)"
CHAPTER = "setup.ipynb"
PLOT = "document.querySelector('.grokedu-plot')?.__grokedu"
PLOTS = "[...document.querySelectorAll('.grokedu-plot')].map((plot) => plot.__grokedu)"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(address, method="GET"):
    request = urllib.request.Request(address, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def wait_for_server(address, process):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, "JupyterLab ended"
        try:
            return ask(f"{address}/api/status")
        except OSError:
            time.sleep(0.2)
    raise AssertionError("JupyterLab did not start")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab with some notebooks, with its settings in tmp."""
    folder = tmp_path_factory.mktemp("lab")
    for name, explorer in NOTEBOOKS.items():
        before = FEW_DIGITS if "pixels" in explorer else ""
        kind = explorer.split("(")[0]
        code = f"{before}from grokedu.explorers import {kind}\n\n{explorer}"
        cells = [nbformat.v4.new_markdown_cell(LINK), nbformat.v4.new_code_cell(code)]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, folder / name)
    shutil.copy(ROOT / "book" / CHAPTER, folder)
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps(NOTEBOOK_SETTINGS))
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", f"--notebook-dir={folder}"),
        *("--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"),
        *("--LabApp.news_url=None", "--LabApp.extension_manager=readonly"),
        "--expose-app-in-browser",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    environment = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    with (folder / "lab.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_for_server(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def opened(browser, lab, notebook):
    """A notebook, all of its cells run."""
    context = browser.new_context(viewport={"width": 1300, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    # A workspace of its own: the common one would open the notebooks of earlier tests again.
    page.goto(f"{lab}/lab/workspaces/{Path(notebook).stem}/tree/{notebook}")
    page.get_by_text("| Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    wait_until(page, f"{PLOT}?.mode === 'live' && {PLOT}.run")
    yield page
    context.close()


@pytest.fixture(scope="module")
def page(browser, lab):
    with opened(browser, lab, "ridge.ipynb") as page:
        yield page


@pytest.fixture(scope="module")
def network_page(browser, lab):
    with opened(browser, lab, "network.ipynb") as network_page:
        yield network_page


@pytest.fixture(scope="module")
def valley_page(browser, lab):
    with opened(browser, lab, "valley.ipynb") as valley_page:
        yield valley_page


def command(page, name, **arguments):
    """Do what a command of JupyterLab's menus does, without waiting for its end."""
    page.evaluate(
        "([name, args]) => void jupyterapp.commands.execute(name, args)", [name, arguments]
    )


def wait_until(page, condition):
    """Ask again and again: a busy notebook draws no frames, on which the browser would ask."""
    until = time.monotonic() + PATIENCE
    while not page.evaluate(f"Boolean({condition})"):
        assert time.monotonic() < until, f"never happened: {condition}"
        page.wait_for_timeout(100)


def assert_run_equals_the_browsers(page, label="gradient descent"):
    """The table's row of the run that Python made, and what the browser computed by itself."""
    row = page.locator(".grokedu-plot tr", has=page.get_by_text(label, exact=True))
    shown = row.first.locator("td").all_inner_texts()[:2]
    exact = page.evaluate(f"{PLOT}.times")
    for cell, step in zip(shown, (exact["overfit"], exact["generalize"]), strict=True):
        assert not re.search(r"\d", cell) if step is None else cell == f"{step:,}"


def part(page, setting, kind):
    return page.locator(f"[data-setting={setting}] input[type={kind}]").first


def wait_for_run(page, **values):
    """Wait for the run that Python makes with these values of settings and the others as shown."""
    shown = " && ".join(f"{PLOT}.state.{name} === {value}" for name, value in values.items())
    same = f"Object.entries({PLOT}.state).every(([k, v]) => {PLOT}.run?.settings[k] === v)"
    wait_until(page, f"{shown} && {same} && {PLOT}.mode === 'live'")


def reset(page):
    page.get_by_role("button", name="Reset").first.click()
    wait_for_run(page, **DEFAULTS)


def type_into(page, name, text, value):
    field = part(page, name, "text")
    field.click()
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    wait_for_run(page, **{name: value})
    assert number_in(field.input_value()) == value


def move_by_key(page, name):
    """One step of the slider by the keyboard."""
    part(page, name, "range").focus()
    before = page.evaluate(f"{PLOT}.state.{name}")
    page.keyboard.press("ArrowRight")
    wait_until(page, f"{PLOT}.state.{name} > {before}")
    wait_for_run(page, **{name: page.evaluate(f"{PLOT}.state.{name}")})


def move_by_mouse(page, name, share):
    slider = part(page, name, "range")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    before = page.evaluate(f"{PLOT}.state.{name}")
    page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    wait_until(page, f"{PLOT}.state.{name} !== {before}")
    wait_for_run(page, **{name: page.evaluate(f"{PLOT}.state.{name}")})


def type_what_jupyterlab_obeys(page):
    """As commands: restart, new cells, delete, cut, interrupt, undo; run and insert below."""
    page.keyboard.type("00baxddiiz")
    for key in ("Delete", "Control+z", "Alt+Enter", "Escape"):
        page.keyboard.press(key)
    page.keyboard.type("00baxddiiz")


def asked_about_the_kernel(page):
    """Whether JupyterLab asks whether to restart: two zeros have reached the notebook."""
    return page.locator(".jp-Dialog").count() > 0


def test_gradient_descent_is_laid_over_the_exact_curves(page):
    assert_run_equals_the_browsers(page)


def test_typed_numbers_stay_in_the_widget(page):
    """250 into the first field, Enter, a click on the next label, 2000: two zeros restart."""
    cells = page.locator(".jp-Cell").count()
    type_into(page, "n_samples", "250", 250)
    page.get_by_text("features m", exact=True).first.click()
    page.keyboard.type("2000")
    page.keyboard.press("Enter")
    wait_for_run(page, n_features=2000)
    for button in ("Draw again", "stage III"):
        page.get_by_role("button", name=button, exact=True).first.click()
        type_what_jupyterlab_obeys(page)
    page.locator(".gk-sentence").first.click()
    type_what_jupyterlab_obeys(page)
    assert not asked_about_the_kernel(page)
    assert page.locator(".jp-Cell").count() == cells
    reset(page)


def test_arrows_on_the_scrubber_move_the_step(page):
    scrubber = page.get_by_label("step of the run").first
    scrubber.focus()
    before = page.evaluate(f"{PLOT}.step")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    wait_until(page, f"{PLOT}.step > {before}")
    assert page.evaluate("document.activeElement.type") == "range"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("weight_decay", "0,0003", 3e-4),
        ("init_variance", "1.05", 1.05),
        ("learning_rate", "10⁻¹", 0.1),
        ("teacher_norm", "1.234", 1.234),
        ("n_samples", "77", 77),
        ("seed", "12", 12),
    ],
)
def test_every_control_by_typing_keys_and_mouse(page, name, text, value):
    type_into(page, name, text, value)
    assert_run_equals_the_browsers(page)
    if name != "seed":
        move_by_key(page, name)
        move_by_mouse(page, name, 0.35)
        assert_run_equals_the_browsers(page)
    reset(page)


def test_the_button_runs_it_again(page):
    wait_until(page, f"{PLOT}.run")
    seconds = page.evaluate(f"{PLOT}.run.seconds")
    page.get_by_role("button", name="Run gradient descent").first.click()
    wait_until(page, f"{PLOT}.run && {PLOT}.run.seconds !== {seconds}")
    assert_run_equals_the_browsers(page)


def start_a_long_run(page, n_samples):
    part(page, "weight_decay", "text").fill("1e-7")
    part(page, "weight_decay", "text").press("Enter")
    part(page, "n_samples", "text").fill(f"{n_samples}")
    part(page, "n_samples", "text").press("Enter")
    page.get_by_role("button", name="Stop", exact=True).first.wait_for(state="visible")


def kernel_of(lab, notebook):
    (kernel,) = (s["kernel"]["id"] for s in ask(f"{lab}/api/sessions") if s["path"] == notebook)
    return f"{lab}/api/kernels/{kernel}"


def test_an_interrupt_stops_a_run_in_the_background(page, lab):
    start_a_long_run(page, 500)
    request = urllib.request.Request(f"{kernel_of(lab, 'ridge.ipynb')}/interrupt", method="POST")
    urllib.request.urlopen(request, timeout=10)
    wait_until(page, f"{PLOT}.run?.stopped && {PLOT}.run.settings.n_samples === 500")
    assert page.evaluate(f"{PLOT}.mode") == "live"


def test_a_restart_during_a_run_is_noticed(page, lab):
    start_a_long_run(page, 499)
    ask(f"{kernel_of(lab, 'ridge.ipynb')}/restart", method="POST")
    wait_until(page, f"{PLOT}.mode === 'gone'")
    assert not page.get_by_role("button", name="Stop", exact=True).first.is_visible()
    assert "run its cell again" in page.locator(".gk-problem").first.inner_text()
    part(page, "n_samples", "text").fill("50")
    part(page, "n_samples", "text").press("Enter")
    wait_until(page, f"{PLOT}.state.n_samples === 50 && {PLOT}.modes.n === 50")


def test_a_network_is_trained_on_both_sides(network_page):
    assert_run_equals_the_browsers(network_page, "Python")
    move_by_key(network_page, "weight_decay")
    wait_until(network_page, f"{PLOT}.phase === 'done'")
    assert_run_equals_the_browsers(network_page, "Python")


def test_a_valley_answers_typing_keys_and_drags(valley_page):
    for text, value in (("0", 0), ("0,003", 0.003)):
        type_into(valley_page, "weight_decay", text, value)
        assert_run_equals_the_browsers(valley_page)
    move_by_key(valley_page, "learning_rate")
    start = valley_page.locator(".gk-start .gk-grip")
    start.scroll_into_view_if_needed()
    box = start.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    valley_page.mouse.move(x, y)
    valley_page.mouse.down()
    valley_page.mouse.move(x + 40, y - 30, steps=5)
    valley_page.mouse.up()
    wait_until(valley_page, f"{PLOT}.state.start_angle > 275")
    wait_for_run(valley_page, start_angle=valley_page.evaluate(f"{PLOT}.state.start_angle"))
    assert_run_equals_the_browsers(valley_page)
    path, weights = valley_page.evaluate(f"[{PLOT}.path, {PLOT}.run.weights]")
    assert weights[0] == pytest.approx(path[0])
    assert min(math.dist(weights[-1], place) for place in path) < 0.02


@pytest.fixture
def pair(valley_page):
    """Two explorers of one kind, in two notebooks side by side."""
    valley_page.evaluate(
        """async () => {
            const place = { path: "twin.ipynb", options: { mode: "split-right" } };
            const twin = await jupyterapp.commands.execute("docmanager:open", place);
            await twin.sessionContext.ready;
            await twin.sessionContext.session.kernel.info;
        }"""
    )
    notebooks = valley_page.locator(".jp-NotebookPanel")
    command(valley_page, "notebook:run-all-cells")
    pair = [notebook.locator(".grokedu-plot") for notebook in notebooks.all()]
    pair[1].wait_for()
    wait_until(valley_page, f"{PLOTS}.length === 2 && {PLOTS}.every((p) => p?.mode === 'live')")
    return pair


def test_a_map_of_phases_runs_the_place_at_its_cursor(browser, lab):
    with opened(browser, lab, "phase.ipynb") as page:
        assert_run_equals_the_browsers(page)
        type_into(page, "init_variance", "2", 2)
        ground = page.locator(".gk-phase-ground")
        ground.scroll_into_view_if_needed()
        box = ground.bounding_box()
        page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.3 * box["height"])
        wait_for_run(page, weight_decay=1e-3)
        assert_run_equals_the_browsers(page)
        page.get_by_role("slider", name="place on the map").press("ArrowRight")
        wait_until(page, f"{PLOT}.state.weight_decay > 0.001")
        wait_for_run(page, weight_decay=page.evaluate(f"{PLOT}.state.weight_decay"))
        assert_run_equals_the_browsers(page)


def test_digits_are_learned_on_both_sides(browser, lab):
    with opened(browser, lab, "digits.ipynb") as page:
        assert_run_equals_the_browsers(page, "gradient descent, by loss")
        type_into(page, "init_variance", "100", 100)
        assert_run_equals_the_browsers(page, "gradient descent, by loss")


def test_modular_addition_is_trained_on_both_sides(browser, lab):
    with opened(browser, lab, "modular.ipynb") as page:
        wait_until(page, f"{PLOT}.phase === 'done'")
        assert_run_equals_the_browsers(page, "Python")
        type_into(page, "weight_decay", "0.002", 0.002)
        wait_until(page, f"{PLOT}.phase === 'done'")
        assert_run_equals_the_browsers(page, "Python")


def state_of(plot):
    return plot.evaluate("(plot) => plot.__grokedu.state")


def test_two_notebooks_side_by_side_do_not_hear_each_other(valley_page, pair):
    before = [state_of(plot) for plot in pair]
    valley_page.evaluate("location.hash = '#valley:weight_decay=0.5'")
    valley_page.get_by_role("link", name="more weight decay").nth(1).click()
    wait_until(valley_page, f"{PLOTS}[1].run?.settings.weight_decay === 0.03")
    assert [state_of(plot) for plot in pair] == [before[0], {**before[1], "weight_decay": 0.03}]
    command(valley_page, "kernelmenu:shutdown")
    wait_until(valley_page, f"{PLOTS}[1].mode === 'gone'")
    assert valley_page.evaluate(f"{PLOT}.mode") == "live"


def test_a_second_view_shows_the_same(network_page):
    network_page.locator(".jp-CodeCell .jp-InputPrompt").click()
    command(network_page, "notebook:create-output-view")
    wait_until(network_page, f"{PLOTS}[1]?.mode === 'live'")
    move_by_key(network_page, "weight_decay")
    wait_until(network_page, f"{PLOTS}[1].state.weight_decay === {PLOT}.state.weight_decay")


def test_a_chapter_that_was_not_run_shows_pictures_and_what_to_do(network_page):
    command(network_page, "docmanager:open", path=CHAPTER)
    asleep = network_page.locator(".jp-CodeCell", has_text="run this cell to bring it alive")
    asleep.first.wait_for()
    for cell in asleep.all():
        assert cell.locator("img").evaluate("(picture) => picture.decode() && picture.naturalWidth")
