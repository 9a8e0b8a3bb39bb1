"""Say a page in plain Markdown, which every notebook program and code host can show.

The page is taken as Sphinx has resolved it: numbers, references and citations are words already.
Theorems, exercises and dropdowns become bold headings and `details`.
"""

import re

import page_quiz
from docutils import nodes


class Cell:
    """The place of a code cell between blocks of text."""

    def __init__(self, index):
        self.index = index


class MarkdownWriter:
    """Turns the nodes of one page into a list of Markdown blocks and `Cell`s.

    `number_of(kind, id)` gives the number of a figure, theorem, exercise or equation;
    `link_to(address)` the address at which a link within the book leads somewhere, or None.
    """

    def __init__(self, number_of, link_to):
        self.number_of = number_of
        self.link_to = link_to
        self.depth = 0
        self.in_table = False

    def blocks(self, node):
        """The blocks of the children of a node."""
        return [block for child in node.children for block in self.block(child)]

    def block(self, node):
        write = self._method("block", node)
        if write:
            return write(node)
        is_text = isinstance(node, nodes.Text | nodes.Inline)
        return [self.text(node)] if is_text else self.blocks(node)

    def text(self, node):
        """A node within a line."""
        if isinstance(node, nodes.Text):
            return _escaped(node.astext())
        write = self._method("text", node)
        return write(node) if write else self.line(node)

    def line(self, node):
        return "".join(map(self.text, node.children))

    def _method(self, form, node):
        names = (f"{form}_{kind.__name__}" for kind in type(node).__mro__)
        return next((getattr(self, name) for name in names if hasattr(self, name)), None)

    # Within a line.

    def text_emphasis(self, node):
        return f"*{self.line(node)}*"

    def text_strong(self, node):
        return f"**{self.line(node)}**"

    def text_literal(self, node):
        return f"`{node.astext()}`"

    def text_math(self, node):
        formula = " ".join(node.astext().split())
        if self.in_table:  # a bar would end the entry
            formula = formula.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
        return f"${formula}$"

    def text_raw(self, node):
        return "" if "<svg" in node.astext() else node.astext()

    def text_reference(self, node):
        words = self.line(node)
        address = node.get("refuri") or "#" + node.get("refid", "")
        if node.get("internal") or address.startswith("#"):
            address = self.link_to(address)
        return f"[{words}]({address})" if address and words else words

    def text_image(self, node):
        return f"*({_escaped(node.get('alt', 'a picture'))})*"

    def text_index(self, node):
        return ""

    # Blocks.

    def block_section(self, node):
        self.depth += 1
        found = self.blocks(node)
        self.depth -= 1
        return found

    def block_title(self, node):
        return [f"{'#' * max(1, self.depth)} {self.line(node)}"]

    def block_rubric(self, node):
        return [f"**{self.line(node)}**"]

    def block_paragraph(self, node):
        return [self.line(node)]

    def block_math_block(self, node):
        tag = ""
        if node.get("label"):
            number = self.number_of("displaymath", node["ids"][0]) or node["number"]
            tag = rf" \tag{{{number}}}"
        return [f"$$\n{node.astext().strip()}{tag}\n$$"]

    def block_literal_block(self, node):
        return [f"```{node.get('language', '')}\n{node.astext()}\n```"]

    def block_raw(self, node):
        text = node.astext().strip()
        return [] if text.startswith(("<script", "<svg")) else [text]

    def block_bullet_list(self, node):
        return [self._items(node, lambda k: "- ")]

    def block_enumerated_list(self, node):
        start = node.get("start", 1)
        return [self._items(node, lambda k: f"{start + k}. ")]

    def _items(self, node, mark):
        items = []
        for k, item in enumerate(node.children):
            text = "\n\n".join(self.blocks(item))
            items.append(mark(k) + text.replace("\n", "\n" + " " * len(mark(k))))
        return "\n".join(items)

    def block_definition_list_item(self, node):
        terms = [self.line(child) for child in node.children if isinstance(child, nodes.term)]
        rest = [block for child in node.children for block in self.block(child)]
        return [f"**{', '.join(terms)}**: {rest[0]}", *rest[1:]] if rest else []

    def block_term(self, node):
        return []

    def block_block_quote(self, node):
        return ["> " + "\n\n".join(self.blocks(node)).replace("\n", "\n> ")]

    def block_table(self, node):
        self.in_table = True
        rows = [
            "| " + " | ".join(" ".join(self.blocks(entry)) for entry in row.children) + " |"
            for row in node.findall(nodes.row)
        ]
        self.in_table = False
        columns = len(next(node.findall(nodes.row)).children)
        return ["\n".join([rows[0], "|" + "---|" * columns, *rows[1:]])]

    def block_figure(self, node):
        number = self.number_of("figure", node["ids"][0]) if node["ids"] else ""
        name = f"**Figure {number}.** " if number else ""
        pictures = [self.text(image) for image in node.findall(nodes.image)]
        captions = [name + self.line(text) for text in node.findall(nodes.caption)]
        return pictures + captions

    def block_Admonition(self, node):
        """Theorems and exercises have a number; notes and hints a title."""
        if "quiz" in node["classes"]:
            return self._quiz(node)
        title, *rest = node.children
        words = self.line(title).strip() if isinstance(title, nodes.title) else ""
        if not isinstance(title, nodes.title):
            rest = node.children
        heading = f"{self._kind(node)} {words}".strip().replace(" %s", "")
        content = [block for child in rest for block in self._content(child)]
        return [f"**{heading}**" if heading else "", *content] if heading else content

    block_solution_node = block_Admonition

    def _quiz(self, node):
        asked = self.block(page_quiz.questions_only(node))
        answers = [block for child in node.children[1:] for block in self.block(child)]
        return [*asked, "<details><summary>Answers</summary>", *answers, "</details>"]

    def _content(self, node):
        """Extensions wrap what is inside in a section that has no title."""
        return self.blocks(node) if isinstance(node, nodes.section) else self.block(node)

    def _kind(self, node):
        if node.get("countertype"):
            number = self.number_of(node["countertype"], node["ids"][0])
            return f"{node['realtype'].title()} {number}"
        if type(node).__name__ == "exercise_enumerable_node":
            return f"Exercise {self.number_of('exercise', node['ids'][0])}"
        if type(node).__name__ in {"note", "tip", "hint", "warning", "important"}:
            return type(node).__name__.title()
        return ""

    def block_dropdown_main(self, node):
        title, *rest = node.children
        content = [block for child in rest for block in self.block(child)]
        if any(isinstance(block, Cell) for block in content):
            return [f"**{title.astext().strip()}**", *content]
        return [f"<details><summary>{self._summary(title)}</summary>", *content, "</details>"]

    def _summary(self, title):
        words = [
            text for text in title.findall(nodes.inline) if "sd-summary-text" in text["classes"]
        ]
        return "".join(text.astext() for text in words) or "More"

    def block_container(self, node):
        if node.get("nb_element") != "cell_code":
            return self.blocks(node)
        figures = [
            block for figure in node.findall(nodes.figure) for block in self._caption(figure)
        ]
        return [Cell(node["cell_index"]), *figures]

    def _caption(self, figure):
        """The picture is in the cell, the caption is not."""
        return self.block_figure(figure)[len(list(figure.findall(nodes.image))) :]

    def block_citation(self, node):
        return ["- " + " ".join(self.line(text) for text in node.findall(nodes.paragraph))]

    def block_target(self, node):
        return []

    block_substitution_definition = block_comment = block_label = block_index = block_target
    block_compound = block_target  # lists of chapters


def _escaped(text):
    return re.sub(r"([\\`*_$<\[\]|])", r"\\\1", text.replace("\n", " "))
