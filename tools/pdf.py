"""Print the built book into one file, with bookmarks, links and page numbers.

    python tools/pdf.py    from _build/html into _build/grokedu.pdf

Every page is printed as a reader's browser would, with the tags by which a screen reader knows
headings, lists and tables. A link from one chapter to another leads to its place there.
"""

import posixpath
import sys
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pikepdf
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

import browsers  # noqa: E402
from conftest import BROWSER_OPTIONS, serve  # noqa: E402
from pages import visit  # noqa: E402

PATIENCE = 120_000  # milliseconds
MARGINS = {"top": "16mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
PAPER = {"format": "A4", "margin": MARGINS, "scale": 0.8}
# Bookmarks list the sections: where a heading wraps, they would lose a space that is not kept.
# Notes in the margin would make the browser shrink the whole chapter.
STYLE = """
#jb-print-toc { display: none; }
h1, h2, h3 { white-space: break-spaces; }
article aside { float: none !important; width: auto !important; margin: 1em 2em !important; }
.table-box, .math, pre { max-width: 100%; overflow: hidden; }
@page { @bottom-center { content: counter(page); font: 11px sans-serif; } }
"""
PAGES_BEFORE = "html { counter-reset: page %d; }"

# Headings go without their link signs, and what is not printed is not linked. The browser writes
# down the places that some link on the page leads to: other chapters may lead to any.
PREPARE = """(printed) => {
  for (const sign of document.querySelectorAll(".headerlink")) sign.remove();
  for (const link of [...document.links]) {
    const inside = link.origin === location.origin;
    if (inside && !printed.includes(link.origin + link.pathname)) link.removeAttribute("href");
  }
  const places = document.createElement("div");
  places.hidden = true;
  for (const { id } of document.querySelectorAll("body [id]:not(mjx-container *, svg *)")) {
    places.append(Object.assign(document.createElement("a"), { href: "#" + id }));
  }
  document.body.append(places);
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


def print_page(context, address, printed, pages_before):
    """A finished page as a PDF; its links into the site are those to `printed` addresses."""
    page = visit(context, address, PATIENCE).page
    page.add_style_tag(content=STYLE + PAGES_BEFORE % pages_before)
    page.evaluate(PREPARE, printed)
    content = page.pdf(**PAPER, outline=True, tagged=True, print_background=True)
    page.close()
    return pikepdf.open(BytesIO(content))


class Book:
    """Chapters, put together from PDFs of the browser."""

    def __init__(self):
        self.file = pikepdf.new()
        self.places = {}  # where an address leads
        self.parents = pikepdf.NumberTree.new(self.file)
        self.cells = pikepdf.NameTree.new(self.file)
        tags = pikepdf.Dictionary(Type=pikepdf.Name.StructTreeRoot, K=[])
        tags.ParentTree, tags.IDTree = self.parents.obj, self.cells.obj
        self.file.Root.StructTreeRoot = self.file.make_indirect(tags)

    def append(self, address, chapter):
        """Add the PDF that was printed from this address."""
        start = len(self.file.pages)
        _rename_cells(chapter, f"{start}-")
        self.file.add_pages_from(chapter)
        pages = self.file.pages[start:]
        parts = self.file.copy_foreign(chapter.Root)
        for key in ("/Lang", "/MarkInfo", "/ViewerPreferences"):
            self.file.Root[key] = parts[key]
        self.places[address] = pikepdf.Array([pages[0].obj, pikepdf.Name.Fit])
        for name, place in parts.get("/Dests", {}).items():
            self.places[f"{address}#{unquote(name[1:])}"] = place
        self._append_tags(parts.StructTreeRoot, pages)

    def _append_tags(self, tree, pages):
        """Hang a chapter's tree of tags into the book's; what refers to it counts on."""
        whole = self.file.Root.StructTreeRoot
        tree.K.P = whole
        whole.K.append(tree.K)
        used = whole.get("/ParentTreeNextKey", 0)
        whole.ParentTreeNextKey = used + tree.ParentTreeNextKey
        for tagged in (*(page.obj for page in pages), *_links(pages)):
            for key in ("/StructParents", "/StructParent"):
                if key in tagged:
                    tagged[key] += used
        for key, parent in pikepdf.NumberTree(tree.ParentTree).items():
            self.parents[key + used] = parent
        if "/IDTree" in tree:
            for cell in pikepdf.NameTree(tree.IDTree).values():
                self.cells[str(cell.ID)] = cell

    def write(self, target, title):
        """Lead the links to where they belong and save the book."""
        for link in _links(self.file.pages):
            address = str(link.get("/A", {}).get("/URI", ""))
            place = self.places.get(unquote(address), self.places.get(urldefrag(address).url))
            if place is not None:
                del link.A
                link.Dest = place
        self.file.docinfo.Title = str(title)
        self.file.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def _links(pages):
    return (link for page in pages for link in page.obj.get("/Annots", []))


def _rename_cells(chapter, prefix):
    """The names by which a table's cells know their headers are to differ between chapters."""
    for tag in chapter.objects:
        if isinstance(tag, pikepdf.Dictionary) and tag.get("/Type") == "/StructElem":
            if "/ID" in tag:
                tag.ID = prefix + str(tag.ID)
            for attributes in tag.get("/A", []):
                if "/Headers" in attributes:
                    attributes.Headers = [prefix + str(name) for name in attributes.Headers]


def make(folder, target):
    """Print the book in `folder` into the file `target`."""
    program = browsers.find()
    if program is None:
        sys.exit(browsers.HOW_TO_GET_ONE)
    book = Book()
    with serve(folder) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=BROWSER_OPTIONS)
        context = browser.new_context(color_scheme="light")
        addresses = [f"{site}/{name}" for name in page_names(folder)]
        for address in addresses:
            print(f"Printing {address.removeprefix(site)}", flush=True)
            chapter = print_page(context, address, addresses, len(book.file.pages))
            book.append(address, chapter)
        browser.close()
    book.write(target, _parsed(folder / next(page_names(folder))).title.string)


def main():
    folder = ROOT / "_build" / "html"
    make(folder, folder.with_name("grokedu.pdf"))
    print(f"The book is printed: {folder.with_name('grokedu.pdf')}")


if __name__ == "__main__":
    main()
