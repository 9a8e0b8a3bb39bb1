"""What helps to teach with the book: lessons, the glossary, the slides."""

import re
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).resolve().parents[1] / "book"
LESSONS = (BOOK / "teaching.md").read_text("utf8")


def test_every_lesson_lasts_90_minutes():
    tables = re.findall(r"(?:^\|.*\n)+", LESSONS, re.MULTILINE)
    lessons = [re.findall(r"^\| (\d+) \|", table, re.MULTILINE) for table in tables]
    assert [sum(map(int, lesson)) for lesson in lessons if lesson] == [90] * 4


def test_the_copies_without_solutions_are_of_chapters_with_exercises():
    copies = set(re.findall(r"_sources/student/(\w+)\.ipynb", LESSONS))
    assert len(copies) > 10
    assert all("{solution-start}" in (BOOK / f"{name}.ipynb").read_text("utf8") for name in copies)


def text_of(name):
    cells = nbformat.read(BOOK / f"{name}.ipynb", as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


GLOSSARY = re.search(r"```{glossary}\n(.*?)\n```", text_of("notation"), re.DOTALL).group(1)
TERMS = {line for line in GLOSSARY.splitlines() if line[:1].strip()}
LINK = re.compile(r"{term}`(?:[^`<]*<)?([^`>]+)>?`")


@pytest.mark.parametrize("name", sorted(path.stem for path in BOOK.glob("*.ipynb")))
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
