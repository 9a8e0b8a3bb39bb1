"""Building a book: what is wrong stays wrong until it is repaired, whoever builds."""

import base64
import re
import sys
from pathlib import Path

import nbformat
import nbval.kernel
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import build  # noqa: E402
import notebooks  # noqa: E402

EXTENSIONS = ROOT / "book" / "_ext"
FIGURE = {"mystnb": {"figure": {"caption": "A line.", "name": "fig-line"}}}
DRAW = "import matplotlib.pyplot as plt\n\nplt.plot([1, 2])\nplt.show()"
EXPLORE = "from grokedu.explorers import ValleyExplorer\n\nValleyExplorer(controls=())"
LARGEST_PICTURE = 25_000  # bytes

CONFIG = f"""
title: Small
only_build_toc_files: true
execute: {{execute_notebooks: cache, stderr_output: error}}
sphinx: {{local_extensions: {{figure_check: "{EXTENSIONS}"}}}}
"""
ADDRESS = "https://example.org/grokking/"
SOURCE = "https://github.com/who/what"
CONFIG_WITH_ADDRESS = f"""
title: Small
only_build_toc_files: true
execute: {{execute_notebooks: "off"}}
html: {{baseurl: "{ADDRESS}"}}
repository: {{url: "{SOURCE}"}}
sphinx: {{local_extensions: {{page_site: "{EXTENSIONS}"}}}}
"""


def chapter(text, code, metadata=None):
    cells = [
        nbformat.v4.new_markdown_cell(text),
        nbformat.v4.new_code_cell(code, metadata=metadata or {}),
    ]
    return nbformat.v4.new_notebook(cells=cells, metadata=notebooks.NOTEBOOK_METADATA)


@pytest.fixture
def small_book(tmp_path):
    (tmp_path / "_config.yml").write_text(CONFIG, encoding="utf8")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: sum\nchapters: [{file: line}]\n")
    nbformat.write(chapter("# Sum\n\nSee {ref}`somewhere`.", "1 / 1"), tmp_path / "sum.ipynb")
    nbformat.write(chapter("(somewhere)=\n# Line", DRAW, FIGURE), tmp_path / "line.ipynb")
    return tmp_path


def break_in_three_ways(folder):
    nbformat.write(chapter("# Sum\n\nSee {ref}`nowhere`.", "1 / 0"), folder / "sum.ipynb")
    nbformat.write(chapter("(somewhere)=\n# Line", "pass", FIGURE), folder / "line.ipynb")


def test_a_broken_book_stays_broken_until_it_is_repaired(small_book, capfd, monkeypatch):
    """In an environment that would take the pictures away from a kernel that heeds it."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    sources = {path: path.read_text() for path in small_book.glob("*.ipynb")}
    break_in_three_ways(small_book)
    for _ in range(2):
        assert not build.build(small_book)
        said = capfd.readouterr().out
        assert all(word in said for word in ["ZeroDivisionError", "nowhere", "fig-line"])
        assert not (small_book / "_build" / "html").exists()
    for path, text in sources.items():
        path.write_text(text)
    assert build.build(small_book), capfd.readouterr().out
    assert list(small_book.glob("_build/html/_images/*"))


def test_an_interrupted_build_leaves_nothing_that_hides_a_fault(small_book, monkeypatch):
    def interrupted(root, folder):
        (folder / ".doctrees").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "run_jupyter_book", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build.build(small_book)
    found = []
    monkeypatch.setattr(
        build, "run_jupyter_book", lambda _, folder: found.extend(folder.glob(".doctrees")) or True
    )
    assert build.build(small_book)
    assert not found


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "line.ipynb").write_text("{}"),
        lambda root: (root / "_toc.yml").unlink(),
        lambda root: (root / "new.md").touch(),
        lambda root: (root / "_build" / "html").rmdir(),
    ],
)
def test_a_finished_build_is_repeated_only_after_a_change(small_book, monkeypatch, change):
    builds = []
    monkeypatch.setattr(
        build,
        "run_jupyter_book",
        lambda _, folder: builds.append(1) or (folder / "html").mkdir(exist_ok=True) or True,
    )
    for _ in range(3):
        assert build.build(small_book)
    assert len(builds) == 1
    change(small_book)
    assert build.build(small_book)
    assert len(builds) == 2


SLOW_RUN = """
import itertools
import time

import numpy as np
import grokedu as gk

ticks = itertools.count(step=10.0)  # every look at the clock finds it ten seconds later
time.perf_counter = lambda: next(ticks)
problem = gk.gaussian_problem(n_samples=2, n_features=4, rng=np.random.default_rng(0))
run = gk.train_ridge(problem, weight_decay=1e-4, learning_rate=0.1, n_steps=100)
"""


def test_nbval_sees_figures_and_no_bars_whatever_the_environment_and_the_clock_say(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    manager, client = nbval.kernel.start_new_kernel(kernel_name="python3")
    figures, bars = [], []
    try:
        client.execute_interactive(DRAW, timeout=60, output_hook=figures.append)
        client.execute_interactive(SLOW_RUN, timeout=60, output_hook=bars.append)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    shown = [message["content"].get("data", {}).get("text/plain", "") for message in figures]
    assert any("Figure size" in text for text in shown)
    assert {message["msg_type"] for message in bars} == {"status", "execute_input"}


def test_a_book_with_addresses_lists_its_pages_and_leads_to_its_source(small_book):
    (small_book / "_config.yml").write_text(CONFIG_WITH_ADDRESS, encoding="utf8")
    assert build.build(small_book)
    html = small_book / "_build" / "html"
    listed = re.findall("<loc>(.*?)</loc>", (html / "sitemap.xml").read_text("utf8"))
    assert listed == [f"{ADDRESS}{name}.html" for name in ("line", "sum")]
    for address in listed:
        page = (html / address.removeprefix(ADDRESS)).read_text("utf8")
        assert f'<meta property="og:url" content="{address}"' in page
        assert f'href="{SOURCE}"' in page and "mybinder.org/v2/gh/who/what" in page
    assert f'href="{ADDRESS}"' in (html / "404.html").read_text("utf8")


class TestRefreshedNotebook:
    """`make notebooks` replaces a chapter by a better one or not at all."""

    def test_figures_and_explorers_keep_a_small_picture_whatever_the_environment_says(
        self, tmp_path, monkeypatch
    ):
        monkeypatch.setenv("MPLBACKEND", "Agg")
        path = tmp_path / "line.ipynb"
        two = chapter("# Line", DRAW, FIGURE)
        two.cells.append(nbformat.v4.new_code_cell(EXPLORE))
        nbformat.write(two, path)
        assert notebooks.refresh(path, run=True) == []
        assert not list(notebooks.faults_of_file(path))
        once = path.read_bytes()
        assert notebooks.refresh(path, run=True) == []
        assert path.read_bytes() == once
        cells = nbformat.read(path, as_version=4).cells[1:]
        kept = [[o.data for o in cell.outputs if "image/png" in o.data] for cell in cells]
        for (data,) in kept:
            assert 1000 < len(base64.b64decode(data["image/png"])) < LARGEST_PICTURE
            assert "image/svg+xml" not in data

    def test_a_lost_picture_is_missed(self, tmp_path):
        path = tmp_path / "line.ipynb"
        text = notebooks.as_text(notebooks.normalize(chapter("# Line", DRAW, FIGURE)))
        path.write_text(text, encoding="utf8")
        assert list(notebooks.faults_of_file(path)) == [f"{path} has no picture in cell-1"]

    @pytest.mark.parametrize(
        ("code", "metadata", "fault"),
        [
            ("pass", FIGURE, "no picture"),
            ("import sys\n\nprint(1, file=sys.stderr)", {}, "stderr"),
            ("import os\n\nos.environ.get('NOT_SET')", {}, "none now"),
        ],
    )
    def test_a_chapter_that_got_worse_is_left_as_it_is(self, tmp_path, code, metadata, fault):
        path = tmp_path / "line.ipynb"
        committed = chapter("# Line", code, metadata)
        committed.cells[1].outputs = [nbformat.v4.new_output("stream", name="stdout", text="1")]
        nbformat.write(committed, path)
        before = path.read_bytes()
        assert any(fault in reason for reason in notebooks.refresh(path, run=True))
        assert path.read_bytes() == before
