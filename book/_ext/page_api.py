"""The page of the package: its docstrings as they are meant, its signatures as they are used."""

import re
from enum import Enum

from sphinx.domains.python import PyObject
from sphinx.util.inspect import signature, stringify_signature


def keep_the_first_sentence(app, what, name, obj, options, lines):
    """Napoleon takes "the settings: names and ranges" for a type and a text."""
    types = [line for line in lines if line.startswith(":type: ")]
    if what in ("attribute", "data", "property") and types:
        lines.remove(types[0])
        lines[0] = f"{types[0].removeprefix(':type: ')}: {lines[0]}"


def list_settings(app, what, name, obj, options, lines):
    """What an explorer can be set to."""
    if what == "class" and getattr(obj, "SETTINGS", ()):
        lines += ["", ":Settings:"]
        for each in obj.SETTINGS:
            control = "; has a control" if each.name in obj.CONTROLS else ""
            says = f"{each.label}: {each.legal}, at first {each.default:.10g}{control}"
            lines.append(f"    - **{each.name}** – {says}")
        lines.append("")


def show_what_is_passed(app, what, name, obj, options, arguments, returned):
    """No machinery of classes, no addresses in memory."""
    if what == "class" and issubclass(obj, Enum):
        return "", returned
    if what == "class" and arguments == "(*args, **kwargs)":
        passed = signature(obj.__init__, bound_method=True)
        arguments = stringify_signature(passed, show_annotation=False)
    short = re.sub(r"<function (\w+)>", r"\1", arguments or "").replace("<factory>", "{}")
    return short or None, returned


def setup(app):
    for finish in (keep_the_first_sentence, list_settings):
        app.connect("autodoc-process-docstring", finish, priority=600)  # after napoleon
    app.connect("autodoc-process-signature", show_what_is_passed)
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
