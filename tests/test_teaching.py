"""What helps to teach with the book: lessons, the glossary, the slides."""

import re
from pathlib import Path

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
