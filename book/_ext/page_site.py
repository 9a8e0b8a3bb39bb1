"""What a site has besides its pages: descriptions for search engines and previews, a page for
wrong addresses, a list of all pages, a search that finds the text and not the buttons, and buttons
to where the source lives."""

from html import escape
from pathlib import Path

from docutils import nodes

SHORTEST_DESCRIPTION, LONGEST_DESCRIPTION = 60, 200
PICTURE = "_static/grokking.png"
LAUNCH = {"binderhub_url": "https://mybinder.org", "notebook_interface": "jupyterlab"}
SEARCH_SCRIPT = "_static/searchtools.js"
# Sphinx would show the words of the theme's buttons, marks of headings, and what scripts replace.
SEARCH_REPAIRS = {
    '[".headerlink", ': '["noscript", ".copybtn", ".headerlink", ',
    '[role="main"]': "article.bd-article",
}

LOST = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>No such page: {title}</title>
<style>body {{ max-width: 36em; margin: 15vh auto; font: 1.1em sans-serif; }}</style>
</head>
<body>
<main>
<h1>There is no such page</h1>
<p>The address does not belong to a page of “{title}”.</p>
<p><a href="{home}">Go to the first page</a></p>
</main>
</body>
</html>
"""


def offer_the_source(app, config):
    """Buttons to the source and to Binder, once the source has an address."""
    options = config.html_theme_options
    if options.get("repository_url"):
        options["use_repository_button"] = True
        options["launch_buttons"] = {**options.get("launch_buttons", {}), **LAUNCH}


def describe(app, pagename, templatename, context, doctree):
    if doctree is None:
        return
    address = app.config.html_baseurl
    facts = {
        "og:title": context["title"],
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "og:description": description(doctree),
    }
    if address:
        facts["og:url"] = f"{address.rstrip('/')}/{pagename}.html"
        facts["og:image"] = f"{address.rstrip('/')}/{PICTURE}"
    tags = [
        f'<meta property="{name}" content="{escape(value)}" />' for name, value in facts.items()
    ]
    tags.append(f'<meta name="description" content="{escape(facts["og:description"])}" />')
    context["metatags"] += "\n".join(tags)


def description(doctree):
    """The first words of the page that need no typesetting, whole sentences if possible."""
    chapter = next(doctree.findall(nodes.section))
    paragraphs = [node.astext() for node in chapter.findall(nodes.paragraph) if _is_open(node)]
    plain = [text for text in paragraphs if _is_a_thought(text)]
    words = " ".join((plain or [chapter.astext()])[0].split())
    if len(words) <= LONGEST_DESCRIPTION:
        return words
    start = words[:LONGEST_DESCRIPTION]
    end = max(start.rfind(mark) for mark in (". ", "? ", "! "))
    return start[: end + 1] if end > 0 else start.rsplit(" ", 1)[0] + " …"


def _is_a_thought(text):
    """A paragraph of whole sentences, without formulas, that is no mere heading."""
    is_whole = text.endswith((".", "?", "!", ")"))
    return is_whole and "\\" not in text and len(text) > SHORTEST_DESCRIPTION


def _is_open(paragraph):
    return isinstance(paragraph.parent, nodes.section)


def complete_the_site(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    folder, address = Path(app.outdir), app.config.html_baseurl
    (folder / ".nojekyll").touch()  # else some hosts leave out `_static`
    home = address or "index.html"
    lost = LOST.format(title=escape(app.config.html_title), home=escape(home))
    (folder / "404.html").write_text(lost, encoding="utf8")
    if address:
        (folder / "sitemap.xml").write_text(sitemap(app, address), encoding="utf8")
    repair_search(folder / SEARCH_SCRIPT)


def sitemap(app, address):
    pages = (f"{address.rstrip('/')}/{name}.html" for name in sorted(app.env.found_docs))
    rows = "".join(f"<url><loc>{escape(page)}</loc></url>\n" for page in pages)
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{space}">\n{rows}</urlset>\n'


def repair_search(script):
    text = script.read_text(encoding="utf8")
    for old, new in SEARCH_REPAIRS.items():
        if old not in text and new not in text:
            raise RuntimeError(f"Sphinx looks for the words of a page in a new way: see {script}")
        text = text.replace(old, new)
    script.write_text(text, encoding="utf8")


def setup(app):
    app.connect("config-inited", offer_the_source)
    app.connect("html-page-context", describe)
    app.connect("build-finished", complete_the_site)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
