"""Building a book: what is wrong stays wrong until it is repaired, whoever builds."""

import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import build  # noqa: E402
import notebooks  # noqa: E402

FIGURE = {"mystnb": {"figure": {"caption": "A line.", "name": "fig-line"}}}
DRAW = "import matplotlib.pyplot as plt\n\nplt.plot([1, 2])\nplt.show()"

CONFIG = f"""
title: Small
only_build_toc_files: true
execute: {{execute_notebooks: cache, stderr_output: error}}
sphinx: {{local_extensions: {{figure_check: {ROOT / "book" / "_ext"}}}}}
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
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: sum\nchapters: [{file: link}, {file: line}]\n"
    )
    nbformat.write(chapter("# Sum", "1 / 1"), tmp_path / "sum.ipynb")
    nbformat.write(chapter("# Link\n\nSee {ref}`somewhere`.", "2"), tmp_path / "link.ipynb")
    nbformat.write(chapter("(somewhere)=\n# Line", DRAW, FIGURE), tmp_path / "line.ipynb")
    return tmp_path


def break_in_three_ways(folder):
    nbformat.write(chapter("# Sum", "1 / 0"), folder / "sum.ipynb")
    nbformat.write(chapter("# Link\n\nSee {ref}`nowhere`.", "2"), folder / "link.ipynb")
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


class TestRefreshedNotebook:
    """`make notebooks` replaces a chapter by a better one or not at all."""

    def test_pictures_are_drawn_whatever_the_environment_says(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MPLBACKEND", "Agg")
        path = tmp_path / "line.ipynb"
        nbformat.write(chapter("# Line", DRAW, FIGURE), path)
        assert notebooks.refresh(path, run=True) == []

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
