"""What the browser tests share: the built book, a server for it, and a browser without network."""

import functools
import os
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import browsers
import nbval_kernels
import pytest

ROOT = Path(__file__).resolve().parents[1]
NO_BROWSER = "no Chromium or Chrome was found"
LONGEST = ("test_browser_lab.py", "test_browser.py", "test_build.py", ".ipynb")
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The folder of the built pages. Built once, however many test processes there are."""
    shared = tmp_path_factory.getbasetemp().parent
    built = shared / "book.built"
    with _one_at_a_time(shared / "book.lock"):
        if "PYTEST_XDIST_WORKER" not in os.environ or not built.exists():
            build = [sys.executable, ROOT / "tools" / "build.py"]
            done = subprocess.run(build, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
            built.touch()
    return ROOT / "_build" / "html"


@contextmanager
def _one_at_a_time(lock):
    try:
        import fcntl
    except ImportError:  # Windows: the tests run in one process there
        yield
        return
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class QuietServer(ThreadingHTTPServer):
    """A browser that leaves a page drops its connections: nothing to report."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serve(folder):
    """The address at which a folder is served on the loopback interface."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = QuietServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def book_address(book):
    with serve(book) as address:
        yield address


@pytest.fixture(scope="session")
def chromium():
    """The program. Continuous integration must have one, nobody else need."""
    program = browsers.find()
    if program is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(NO_BROWSER)
    return program


@pytest.fixture(scope="module")
def browser(chromium):
    """A fresh Chromium that can reach nothing but this machine."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address_of(tmp_path_factory):
    """Serves a page with an explorer and nothing else."""
    from explorer_page import write_page

    with ExitStack() as servers:

        def address_of(explorer):
            folder = write_page(tmp_path_factory.mktemp("explorer"), explorer)
            return servers.enter_context(serve(folder)) + "/index.html"

        yield address_of


@pytest.fixture(scope="module")
def views(browser):
    from explorer_page import Views

    return Views(browser)


@pytest.fixture
def open_view(views, address):
    """Opens the explorer that the module has under `address`, as a reader with this screen."""

    def open_view(part="", *, page=address, viewport=(900, 1400), **look):
        return views.open(page + part, viewport, **look)

    yield open_view
    views.close()


@pytest.fixture
def view(open_view):
    return open_view()


@pytest.fixture(params=["compiled", "uncompiled"])
def kernels(request, monkeypatch):
    """Run the kernels as numba compiles them and as plain Python, which checks every index."""
    from grokedu import _kernels

    if request.param == "uncompiled":
        for name, kernel in list(vars(_kernels).items()):
            if hasattr(kernel, "py_func"):
                monkeypatch.setattr(_kernels, name, kernel.py_func)
    return request.param


def pytest_xdist_auto_num_workers():
    """One more than there are cores: half of the time goes in waiting for browsers and kernels."""
    return os.cpu_count() + 1


def pytest_collection_modifyitems(items):
    """The longest files begin first, so that they are not waited for in the end."""
    endings = [*LONGEST, ""]
    items.sort(key=lambda item: [item.path.name.endswith(end) for end in endings].index(True))


def pytest_configure(config):
    nbval_kernels.settle(config)


def pytest_terminal_summary(terminalreporter):
    """Say how heavy each page is, and what was left out."""
    reports = [
        report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)
    ]
    weights = [
        value
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == "page weight"
    ]
    if weights:
        terminalreporter.section("page weights, gzipped")
        terminalreporter.write_line("\n".join(weights))
    skipped = terminalreporter.getreports("skipped")
    without_browser = sum(NO_BROWSER in str(report.longrepr) for report in skipped)
    if without_browser:
        terminalreporter.section(f"{without_browser} tests were left out")
        terminalreporter.write_line(browsers.HOW_TO_GET_ONE)
