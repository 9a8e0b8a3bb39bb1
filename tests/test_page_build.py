"""The page about the book tells of the build that made it."""

import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import build  # noqa: E402
import notebooks  # noqa: E402

CONFIG = f"""
title: Small
only_build_toc_files: true
execute: {{execute_notebooks: cache}}
sphinx: {{local_extensions: {{page_build: "{ROOT / "book" / "_ext"}"}}}}
"""
CONTENTS = "format: jb-book\nroot: facts\nchapters: [{file: b}, {file: a}]\n"
FACTS = "# Facts\n\n```{versions}\n```\n\n```{running-times}\n```\n"


def write_chapter(path, title, code):
    cells = [nbformat.v4.new_markdown_cell(f"# {title}"), nbformat.v4.new_code_cell(code)]
    chapter = nbformat.v4.new_notebook(cells=cells, metadata=notebooks.NOTEBOOK_METADATA)
    nbformat.write(chapter, path)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "_config.yml").write_text(CONFIG, encoding="utf8")
    (tmp_path / "_toc.yml").write_text(CONTENTS, encoding="utf8")
    (tmp_path / "facts.md").write_text(FACTS, encoding="utf8")
    write_chapter(tmp_path / "a.ipynb", "Later", "1 + 1")
    write_chapter(tmp_path / "b.ipynb", "Earlier", "2 + 2")
    return tmp_path


def tables(folder):
    page = (folder / "_build" / "html" / "facts.html").read_text(encoding="utf8")
    for table in BeautifulSoup(page, "html.parser").select("article table"):
        yield [[cell.get_text(strip=True) for cell in row.select("td")] for row in table("tr")[1:]]


def test_versions_and_times_are_those_of_this_build(folder):
    assert build.build(folder)
    versions, times = tables(folder)
    assert ["numpy", np.__version__] in versions
    names, seconds = zip(*times, strict=True)
    assert names[:2] == ("Earlier", "Later")
    *each, together = map(float, seconds)
    assert min(each) > 0 and together == pytest.approx(sum(each), abs=0.15)
    write_chapter(folder / "a.ipynb", "Later", "3 + 3")
    write_chapter(folder / "b.ipynb", "Renamed", "2 + 2")
    assert build.build(folder)
    _, times = tables(folder)
    assert [name for name, _ in times[:2]] == ["Renamed", "Later"]
