"""Links inside the built book lead to files that exist, and to places in them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import links


def test_every_link_inside_the_book_leads_to_its_place(book):
    found = list(links.inside(book))
    assert len(found) > 1000
    assert [(page, link) for page, link, leads in found if not leads] == []


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    (tmp_path / "a").mkdir()
    text = '<h1 id="här">A</h1><a class="x" href="{}#{}">x</a> <a href="https://example.org/none">y</a>'
    for name, link in (("one", "two.html"), ("two", "")):
        (tmp_path / "a" / f"{name}.html").write_text(text.format(link, "h%C3%A4r"), "utf8")
    (tmp_path / "top.html").write_text(text.format("a/one.html", "there") + '<a href="b/">z</a>')
    assert sorted(links.inside(tmp_path)) == [
        ("a/one.html", "two.html#h%C3%A4r", True),
        ("a/two.html", "#h%C3%A4r", True),
        ("top.html", "a/one.html#there", False),
        ("top.html", "b/", False),
    ]
