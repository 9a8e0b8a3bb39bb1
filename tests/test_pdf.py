"""The printed book: all pages in one file, with bookmarks, links and page numbers."""

import sys
from itertools import chain
from pathlib import Path

import browsers
import conftest
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import pdf

PAGE = """<!DOCTYPE html><html lang="en"><title>{title}</title>
<nav class="bd-links" hidden>
<a class="reference internal" href="{first}">First</a>
<a class="reference internal" href="{second}">Second</a>
</nav>
<h1>{title}</h1><a href="#same">down</a> <a href="{other}#same">over</a>
<a href="a.ipynb">notebook</a> <a href="https://example.org/">paper</a>
<p style="break-after: page">one page</p><h2 id="same">{section}</h2>"""
FIRST = dict(title="First", section="Near", first="#", second="b.html", other="b.html")
SECOND = dict(title="Second", section="Far", first="a.html", second="#", other="a.html")


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    if browsers.find() is None:
        pytest.skip(conftest.NO_BROWSER)
    folder = tmp_path_factory.mktemp("site")
    (folder / "book").mkdir()
    to_the_first = '<meta http-equiv="Refresh" content="0; url=book/a.html">'
    (folder / "index.html").write_text(to_the_first)
    (folder / "book" / "a.html").write_text(PAGE.format(**FIRST))
    (folder / "book" / "b.html").write_text(PAGE.format(**SECOND))
    pdf.make(folder, folder / "book.pdf")
    return pdf.PdfReader(folder / "book.pdf")


def flat(outline):
    return chain.from_iterable(flat(e) if isinstance(e, list) else [e] for e in outline)


def test_the_sections_are_bookmarks(printed):
    places = [(e.title, printed.get_destination_page_number(e)) for e in flat(printed.outline)]
    assert places == [("First", 0), ("Near", 1), ("Second", 2), ("Far", 3)]


def test_every_page_has_its_text_and_its_number(printed):
    words = [page.extract_text().split() for page in printed.pages]
    assert [text[0] for text in words] == ["First", "Near", "Second", "Far"]
    assert [text[-1] for text in words] == ["1", "2", "3", "4"]


def test_links_stay_inside_or_lead_out_into_the_web(printed):
    for number, near, other in ((0, 1, 2), (2, 3, 0)):
        links = [link.get_object() for link in printed.pages[number]["/Annots"]]
        down, over, paper = links
        named = printed.named_destinations[down["/Dest"]]
        assert printed.get_destination_page_number(named) == near
        assert over["/Dest"][0].get_object() == printed.pages[other]
        assert paper["/A"]["/URI"] == "https://example.org/"
