"""What helps to teach with the book: lessons, the glossary, the slides."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

BOOK = Path(__file__).resolve().parents[1] / "book"
sys.path.insert(0, str(BOOK / "_ext"))

import page_slides  # noqa: E402

CHAPTERS = sorted(path.stem for path in BOOK.glob("*.ipynb"))
LESSONS = (BOOK / "teaching.md").read_text("utf8")


def test_every_lesson_lasts_90_minutes():
    tables = re.findall(r"(?:^\|.*\n)+", LESSONS, re.MULTILINE)
    lessons = [re.findall(r"^\| (\d+) \|", table, re.MULTILINE) for table in tables]
    assert [sum(map(int, lesson)) for lesson in lessons if lesson] == [90] * 4


def test_every_chapter_with_exercises_can_be_had_without_their_solutions():
    copies = re.findall(r"_sources/student/(\w+)\.ipynb", LESSONS)
    chapters = [name for name in CHAPTERS if "{solution-start}" in text_of(name)]
    assert sorted(copies) == chapters


def text_of(name):
    cells = nbformat.read(BOOK / f"{name}.ipynb", as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


GLOSSARY = re.search(r"```{glossary}\n(.*?)\n```", text_of("notation"), re.DOTALL).group(1)
TERMS = {line for line in GLOSSARY.splitlines() if line[:1].strip()}
LINK = re.compile(r"{term}`(?:[^`<]*<)?([^`>]+)>?`")


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_links_terms_of_the_glossary_each_once(name):
    linked = LINK.findall(text_of(name))
    assert set(linked) <= TERMS
    assert len(linked) == len(set(linked))


def test_meanings_can_be_shown_on_hover():
    """The first sentence of each stands alone, in plain words, and the terms are in order."""
    meanings = [line.strip() for line in GLOSSARY.splitlines() if line.startswith(" ")]
    firsts = [re.match(r".*?\.(?= |$)", meaning).group() for meaning in meanings]
    assert firsts and not [first for first in firsts if re.search(r"[$`{*]", first)]
    entries = [entry.splitlines()[0].lower() for entry in GLOSSARY.split("\n\n")]
    assert entries == sorted(entries)


PAGE = """<html><head><script>window.MathJax = {{}}</script>
<script src="../_static/mathjax/startup.js"></script></head><body><h1>{name}<a href="#">#</a></h1>
<figure class="explorer"><img src="still.svg"/></figure>
<figure id="fig-{name}"><img alt="A curve" src="../_images/{name}.svg"/><figcaption><p>See
<a href="#more">below</a>, <a href="other.html#x">there</a>.</p></figcaption></figure></body>
</html>"""


def test_slides_hold_each_figure_with_its_caption_and_its_place(tmp_path):
    (tmp_path / "book").mkdir()
    for name in ("b", "a"):
        (tmp_path / "book" / f"{name}.html").write_text(PAGE.format(name=name))
    page_slides.write(tmp_path, ["book/b", "book/a"], "Title & more")
    page = BeautifulSoup((tmp_path / "slides.html").read_text("utf8"), "html.parser")
    assert [image["src"] for image in page.select("figure img")] == [
        "_images/b.svg",
        "_images/a.svg",
    ]
    assert [link["href"] for link in page.select("section#slide-fig-a a")] == [
        "book/a.html#fig-a",
        "book/a.html#more",
        "book/other.html#x",
    ]
    assert page.title.string == "The pictures of “Title & more”"
    assert [script.get("src") for script in page.select("script")] == [
        None,
        "_static/mathjax/startup.js",
    ]
