"""The explorers in a real JupyterLab: they run gradient descent, and say when they cannot."""

import json
import os
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

pytest.importorskip("jupyterlab", reason="the lab extra is not installed")

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60  # seconds, for a server or a kernel to start
# Everything on the page, also what is not in view.
NOTEBOOK_SETTINGS = {"windowingMode": "none"}
PLOT = "document.querySelector('.grokedu-plot')?.__grokedu"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(address, method="GET"):
    request = urllib.request.Request(address, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
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
    """The address of a JupyterLab on a copy of the first chapter, with its settings in tmp."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / "book" / "intro.ipynb", folder)
    cell = "from grokedu.explorers import NetworkExplorer\n\nNetworkExplorer()"
    network = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    network.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(network, folder / "network.ipynb")
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps(NOTEBOOK_SETTINGS))
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", f"--notebook-dir={folder}"),
        *("--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"),
        *("--LabApp.news_url=None", "--LabApp.extension_manager=readonly"),
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
    with opened(browser, lab, "intro.ipynb") as page:
        yield page


@pytest.fixture(scope="module")
def network_page(browser, lab):
    with opened(browser, lab, "network.ipynb") as network_page:
        yield network_page


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
    assert shown == [f"{exact['overfit']:,}", f"{exact['generalize']:,}"]


def test_gradient_descent_is_laid_over_the_exact_curves(page):
    assert_run_equals_the_browsers(page)


def raise_weight_decay(page):
    """Move the slider, and wait for the run that Python makes with its new value."""
    before = page.evaluate(f"{PLOT}.state.weight_decay")
    page.locator(".grokedu-explorer .noUi-handle").first.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    wait_until(
        page,
        f"{PLOT}.state.weight_decay > {before} && {PLOT}.run"
        f" && {PLOT}.run.settings.weight_decay === {PLOT}.state.weight_decay",
    )


def test_a_moved_slider_reruns_it(page):
    raise_weight_decay(page)
    assert_run_equals_the_browsers(page)


def test_the_button_runs_it_again(page):
    seconds = page.evaluate(f"{PLOT}.run.seconds")
    page.get_by_role("button", name="Run gradient descent").first.click()
    wait_until(page, f"{PLOT}.run && {PLOT}.run.seconds !== {seconds}")
    assert_run_equals_the_browsers(page)


def test_after_a_restart_the_widget_says_what_to_do(page, lab):
    sessions = ask(f"{lab}/api/sessions")
    (kernel,) = (s["kernel"]["id"] for s in sessions if s["path"] == "intro.ipynb")
    ask(f"{lab}/api/kernels/{kernel}/restart", method="POST")
    page.get_by_role("button", name="Run gradient descent").first.click()
    message = page.locator(".gk-problem").first
    message.wait_for(state="visible")
    assert "run the cell" in message.inner_text()


def test_a_network_is_trained_on_both_sides(network_page):
    assert_run_equals_the_browsers(network_page, "Python")
    raise_weight_decay(network_page)
    wait_until(network_page, f"{PLOT}.phase === 'done'")
    assert_run_equals_the_browsers(network_page, "Python")
