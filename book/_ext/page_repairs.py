"""Repairs to the finished HTML of a page, where theme and Jupyter Book offer no setting."""

import json

import page_quiz
import page_stills
from bs4 import BeautifulSoup

MARK = "data-repaired"

# Icons come from a font, code is not run through Binder, and dropdowns fold by themselves.
UNUSED_FILES = ["fontawesome.js", "sphinx-thebe", "togglebutton"]
FILES_OF_THE_SEARCH = ["searchtools.js", "searchindex.js", "language_data.js"]
UNUSED_SCRIPTS = ["THEBE_JS_URL", "kernelName =", "toggleHint", "toggleOpenOnPrint", "togglebutton"]

WITHOUT_SCRIPTS = (
    "Without JavaScript this page shows its formulas as they are written in TeX, "
    "and explorers as figures."
)


def repair_file(path):
    html = path.read_text(encoding="utf8")
    if f"<html {MARK}" not in html:
        path.write_text(repair(html), encoding="utf8")


def repair(html):
    page = BeautifulSoup(html, "html.parser")
    for improve in (
        drop_what_is_not_used,
        page_quiz.make_quizzes,
        fold_dropdowns,
        name_landmarks,
        name_buttons,
        link_licenses,
        offer_the_notebook,
        repair_tables,
        repair_bibliography,
        show_explorers_without_scripts,
        be_readable_without_scripts,
        drop_repeated_ids,
    ):
        improve(page)
    return str(page).replace("<html", f'<html {MARK}="yes"', 1)


def drop_what_is_not_used(page):
    unused = UNUSED_FILES + ([] if page.select_one("#search-results") else FILES_OF_THE_SEARCH)
    for tag in page.select("script[src], link[href]"):
        address = tag.get("src") or tag.get("href")
        if any(name in address for name in unused):
            tag.decompose()
    for script in page.select("script:not([src])"):
        is_config = script.get("type") == "text/x-thebe-config"
        if is_config or any(text in (script.string or "")[:200] for text in UNUSED_SCRIPTS):
            script.decompose()


def fold_dropdowns(page):
    """Turn proofs and solutions into `details`: they fold without a script."""
    for box in page.select("div.admonition.dropdown"):
        title = box.find("p", class_="admonition-title", recursive=False)
        if title is None:
            title = page.new_tag("p", attrs={"class": "admonition-title"})
            title.string = _take_label(box)
            box.insert(0, title)
        for link in title.find_all("a"):
            link.unwrap()
        title.name = "summary"
        box.name = "details"


def _take_label(box):
    """A proof says "Proof. " inside its text: take it from there."""
    label = box.find("span", class_="caption-number") or box.find("span")
    first_text = box.find(string=lambda text: text.strip().startswith("Proof"))
    if first_text is not None:
        first_text.replace_with(first_text.replace("Proof.", "", 1).lstrip())
        return "Proof"
    return label.get_text(strip=True) if label else "More"


def name_landmarks(page):
    sidebar = page.select_one("#pst-primary-sidebar")
    if sidebar:
        sidebar["role"] = "region"
        sidebar["aria-label"] = "Contents of the book"


def name_buttons(page):
    """A button that shows words is named by them, and so is the summary of a folded cell."""
    for button in page.select("button.search-button-field, details > summary[aria-label]"):
        del button["aria-label"]


def link_licenses(page):
    """What the pages run on comes with its licenses."""
    place = page.select_one("footer .bd-footer-content__inner .footer-item:last-child")
    if place:
        root = page.html.get("data-content_root", "./")
        link = page.new_tag("a", href=f"{root}_static/licenses.txt")
        link.string = "Licenses of the software in these pages"
        place.append(link)


def offer_the_notebook(page):
    """Let browsers save the notebook, not show it. (On pages opened as files some show it.)"""
    for link in page.select("a.btn-download-source-button"):
        if not link["href"].endswith(".ipynb"):  # a page that is no notebook has no copy
            link.find_parent("li").decompose()
            continue
        link["download"] = ""
        link["title"] = "Download this chapter as a notebook"


def repair_tables(page):
    """An empty corner is no heading; a wide table scrolls inside its own box.

    Where a phone shows lines as cards, each cell bears the name of its column; an empty one none.
    """
    for table in page.select(".cards table"):
        names = [name.get_text(" ", strip=True) for name in table.select("thead tr > *")]
        for row in table.select("tbody tr"):
            for cell, name in list(zip(row("td"), names, strict=True))[1:]:
                if cell.get_text(strip=True):
                    cell["data-column"] = name
    for corner in page.find_all("th"):
        if not corner.get_text(strip=True):
            corner.name = "td"
    for table in page.select("article table"):
        table.wrap(page.new_tag("div", attrs={"class": "table-box"}))


def repair_bibliography(page):
    """Docutils gives entries roles that ARIA has retired, inside a list without items."""
    for entry in page.select("[role=doc-biblioentry], div.citation-list"):
        del entry["role"]


def show_explorers_without_scripts(page):
    """Put a figure and a table of its saved state beside each explorer."""
    state_script = page.select_one('script[type="application/vnd.jupyter.widget-state+json"]')
    if state_script is None:
        return
    models = json.loads(state_script.string)["state"]
    for view in page.select('script[type="application/vnd.jupyter.widget-view+json"]'):
        still = page_stills.html_of(models[json.loads(view.string)["model_id"]]["state"])
        if still:
            box = page.new_tag("noscript")
            box.append(BeautifulSoup(still, "html.parser"))
            view.insert_after(box)


def be_readable_without_scripts(page):
    """The theme colors a page as a script has chosen; without one it is to be light throughout."""
    for root in page.select("html[data-theme]"):
        root["data-theme"] = "light"
    title = page.select_one("article h1")
    if title and page.select_one("article .math, .grokedu-still"):
        box = page.new_tag("noscript")
        note = page.new_tag("p", attrs={"class": "grokedu-without-scripts"})
        note.string = WITHOUT_SCRIPTS
        box.append(note)
        title.insert_after(box)


def drop_repeated_ids(page):
    seen = set()
    for tag in page.find_all(id=True):
        if tag["id"] in seen or tag["id"] in {"proof-content", "solution-content"}:
            del tag["id"]
        else:
            seen.add(tag["id"])
