"""Print the built book into one file, with bookmarks, links and page numbers.

    python tools/pdf.py    from _build/html into _build/grokedu.pdf

Every page is printed as a reader's browser would. A link from one chapter to another leads to the
other's first page.
"""

import posixpath
import sys
from io import BytesIO
from pathlib import Path
from urllib.parse import urldefrag

from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

import browsers  # noqa: E402
from conftest import BROWSER_OPTIONS, serve  # noqa: E402
from pages import visit  # noqa: E402

MARGINS = {"top": "16mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
PAPER = {"format": "A4", "margin": MARGINS, "scale": 0.8}
# Bookmarks list the sections; notes in the margin would make the browser shrink the whole chapter.
STYLE = """
#jb-print-toc { display: none; }
article aside { float: none !important; width: auto !important; margin: 1em 2em !important; }
.table-box, .math, pre { max-width: 100%; overflow: hidden; }
"""
NUMBER = (
    '<div style="width: 100%; text-align: center; font: 9px sans-serif" class="pageNumber"></div>'
)
BLANK_PAGE = '<div style="break-after: page">&nbsp;</div>'

# The names of places must differ between chapters, and headings be without their link signs.
PREPARE = """(prefix) => {
  for (const sign of document.querySelectorAll(".headerlink")) sign.remove();
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    const place = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (place && !place.id.startsWith(prefix)) place.id = prefix + place.id;
    if (place) link.href = "#" + place.id;
  }
}"""


def page_names(folder):
    """The files of the book's pages, as the table of contents lists them."""
    start = _parsed(folder / "index.html").select_one("meta[http-equiv=Refresh]")["content"]
    first = start.partition("url=")[2]
    for link in _parsed(folder / first).select("nav.bd-links a.reference.internal"):
        name = posixpath.join(posixpath.dirname(first), link["href"])
        yield first if link["href"] == "#" else posixpath.normpath(name)


def _parsed(file):
    return BeautifulSoup(file.read_text(encoding="utf8"), "html.parser")


def print_page(context, address, prefix):
    """A finished page as a PDF."""
    page = visit(context, address).page
    page.add_style_tag(content=STYLE)
    page.evaluate(PREPARE, prefix)
    printed = page.pdf(**PAPER, outline=True, tagged=True, print_background=True)
    page.close()
    return PdfReader(BytesIO(printed))


def print_numbers(context, count):
    """As many pages with nothing but their numbers."""
    page = context.new_page()
    page.set_content(BLANK_PAGE * (count - 1) + "&nbsp;")
    options = {"display_header_footer": True, "header_template": " ", "footer_template": NUMBER}
    return PdfReader(BytesIO(page.pdf(**PAPER, **options))).pages


def book_of(chapters, address):
    """One document of (file, PDF) pairs that were printed from this address.

    A link to what is not in the document, such as a notebook to download, is dropped.
    """
    book, first_pages = PdfWriter(), {}
    for name, chapter in chapters:
        first_pages[f"{address}/{name}"] = len(book.pages)
        book.append(chapter)
    for page in book.pages:
        kept = [_inside(book, link, first_pages) for link in page.get("/Annots", [])]
        page[NameObject("/Annots")] = ArrayObject(
            link for link in kept if not _target(link).startswith(address)
        )
    return book


def _inside(book, link, first_pages):
    """Lead a link to a printed chapter to the page where that begins."""
    number = first_pages.get(_target(link))
    if number is not None:
        start = book.pages[number].indirect_reference
        del link.get_object()["/A"]
        link.get_object()[NameObject("/Dest")] = ArrayObject([start, NameObject("/Fit")])
    return link


def _target(link):
    return urldefrag(link.get_object().get("/A", {}).get("/URI", "")).url


def make(folder, target):
    """Print the book in `folder` into the file `target`."""
    program = browsers.find()
    if program is None:
        sys.exit(browsers.HOW_TO_GET_ONE)
    with serve(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=BROWSER_OPTIONS)
        context = browser.new_context(color_scheme="light")
        chapters = []
        for position, name in enumerate(page_names(folder)):
            print(f"Printing {name}", flush=True)
            chapters.append((name, print_page(context, f"{address}/{name}", f"{position}-")))
        book = book_of(chapters, address)
        numbers = print_numbers(context, len(book.pages))
        for page, number in zip(book.pages, numbers, strict=True):
            page.merge_page(number)
        browser.close()
    book.compress_identical_objects()
    book.write(target)


def main():
    folder = ROOT / "_build" / "html"
    make(folder, folder.with_name("grokedu.pdf"))
    print(f"The book is printed: {folder.with_name('grokedu.pdf')}")


if __name__ == "__main__":
    main()
