"""A link to the glossary says on hover what the term means: its definition's first sentence."""

import re

from docutils import nodes

FIRST_SENTENCE = re.compile(r".*?\.(?=\s|$)", re.DOTALL)


def explain_terms(app, doctree, docname):
    links = [
        link for link in doctree.findall(nodes.reference) if "#term-" in link.get("refuri", "")
    ]
    if links and not hasattr(app, "grokedu_terms"):
        app.grokedu_terms = definitions(app.env)
    for link in links:
        link["reftitle"] = app.grokedu_terms[link["refuri"].partition("#")[2]]


def definitions(env):
    """What each term of the glossary means, by the anchor of the term."""
    pages = {page for _, _, kind, page, *_ in env.get_domain("std").get_objects() if kind == "term"}
    found = {}
    for page in pages:
        for item in env.get_doctree(page).findall(nodes.definition_list_item):
            meaning = FIRST_SENTENCE.match(item.next_node(nodes.paragraph).astext()).group()
            terms = [child for child in item.children if isinstance(child, nodes.term)]
            found |= {anchor: meaning for term in terms for anchor in term["ids"]}
    return found


def setup(app):
    app.connect("doctree-resolved", explain_terms)
    return {"parallel_read_safe": True}
