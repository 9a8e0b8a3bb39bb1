"""The printed book: all pages in one file, with bookmarks, links, tags and page numbers."""

import sys
from itertools import chain
from pathlib import Path

import pytest
from pypdf import PdfReader

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import pdf

PAGE = """<!DOCTYPE html><html lang="en"><title>{title}</title>
<nav class="bd-links" hidden>
<a class="reference internal" href="{first}">First</a>
<a class="reference internal" href="{second}">Second</a>
</nav>
<h1>{title}</h1><a href="#same">down</a> <a href="{other}#same">over</a>
<a href="a.ipynb">notebook</a> <a href="https://example.org/">paper</a>
<table><tr><th>of {title}</th></tr><tr><td>cell of {title}</td></tr></table>
<p style="break-after: page">one page</p><h2 id="same">{section}</h2>"""
FIRST = dict(title="First", section="Near", first="#", second="b.html", other="b.html")
LONG = " ".join(["Far"] * 40)  # wraps
SECOND = dict(title="Second", section=LONG, first="a.html", second="#", other="a.html")


@pytest.fixture(scope="module")
def printed(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    (folder / "book").mkdir()
    to_the_first = '<meta http-equiv="Refresh" content="0; url=book/a.html">'
    (folder / "index.html").write_text(to_the_first)
    (folder / "book" / "a.html").write_text(PAGE.format(**FIRST))
    (folder / "book" / "b.html").write_text(PAGE.format(**SECOND))
    pdf.make(folder, folder / "book.pdf")
    return PdfReader(folder / "book.pdf")


def flat(outline):
    return chain.from_iterable(flat(e) if isinstance(e, list) else [e] for e in outline)


def test_the_sections_are_bookmarks(printed):
    places = [(e.title, printed.get_destination_page_number(e)) for e in flat(printed.outline)]
    assert places == [("First", 0), ("Near", 1), ("Second", 2), (LONG, 3)]


def test_every_page_has_its_text_and_its_number(printed):
    words = [page.extract_text().split()[:2] for page in printed.pages]
    assert words == [["1", "First"], ["2", "Near"], ["3", "Second"], ["4", "Far"]]


def page_of(printed, place):
    return printed.get_page_number(place[0].get_object())


def test_links_stay_inside_or_lead_out_into_the_web(printed):
    for number, near, other in ((0, 1, 3), (2, 3, 1)):
        down, over, paper = (link.get_object() for link in printed.pages[number]["/Annots"])
        named = printed.named_destinations[down["/Dest"]]
        assert printed.get_destination_page_number(named) == near
        assert page_of(printed, over["/Dest"]) == other
        assert paper["/A"]["/URI"] == "https://example.org/"


def tags(tag, kind):
    """The tags of a kind at and under a tag, in the order of reading."""
    if isinstance(tag, dict):
        kids = tag.get("/K", [])
        for kid in kids if isinstance(kids, list) else [kids]:
            yield from tags(kid.get_object(), kind)
        if tag.get("/S") == kind:
            yield tag


def pairs(tree, key):
    """The entries of a name or number tree."""
    for kid in tree.get("/Kids", []):
        yield from pairs(kid.get_object(), key)
    flat = tree.get(key, [])
    yield from zip(flat[::2], flat[1::2], strict=True)


def test_screen_readers_find_headings_links_and_the_headers_of_cells(printed):
    root = printed.root_object["/StructTreeRoot"]
    assert printed.metadata.title == "First"
    assert printed.root_object["/MarkInfo"]["/Marked"] and printed.root_object["/Lang"] == "en"
    numbered = [tag["/K"]["/Pg"] for kind in ("/H1", "/H2") for tag in tags(root, kind)]
    assert [printed.get_page_number(page) for page in numbered] == [0, 2, 1, 3]
    owners = dict(pairs(root["/ParentTree"], "/Nums"))
    for page in printed.pages:
        owned = [tag["/Pg"] for tag in owners[page["/StructParents"]] if "/Pg" in tag.get_object()]
        assert owned and all(place.get_object() == page for place in owned)
        for link in page.get("/Annots", []):
            tag = owners[link["/StructParent"]]
            assert link in [kid.get("/Obj") for kid in tag["/K"] if isinstance(kid, dict)]
    named = dict(pairs(root["/IDTree"], "/Names"))
    for cell, header in zip(tags(root, "/TD"), tags(root, "/TH"), strict=True):
        (name,) = cell["/A"][0]["/Headers"]
        assert named[name].get_object() == header
