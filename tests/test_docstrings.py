"""Docstrings speak of what is there: each entry is one parameter or attribute, by its name."""

import inspect
import re

import pytest

import grokedu as gk


def public(module):
    return {
        name: thing
        for name, thing in inspect.getmembers(module, callable)
        if name[0] != "_" and thing.__module__.startswith("grokedu")
    }


PAGE = [gk, gk.theory, gk.predictions, gk.figures, gk.explorers, gk.sweeps]
DOCUMENTED = {name: thing for module in PAGE for name, thing in public(module).items()} | {
    "Modes": gk.ridge.Modes,
    "FeatureMap": gk.random_features.FeatureMap,
    "rescaled": gk.RidgeProblem.rescaled,
    "wait": gk.explorers.Explorer.wait,
}


def entries(thing, section):
    """What stands before the colon, or on the whole line, in a section of a numpydoc text."""
    text = f"{inspect.getdoc(thing)}\n"
    found = re.search(rf"^{section}\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", text, re.DOTALL | re.MULTILINE)
    lines = found.group(1).splitlines() if found else []
    return [line.split(" : ")[0] for line in lines if line and line[0] != " "]


def with_section(section):
    return [name for name, thing in DOCUMENTED.items() if entries(thing, section)]


@pytest.mark.parametrize("name", with_section("Parameters"))
def test_an_entry_is_one_parameter_of_the_signature(name):
    thing = DOCUMENTED[name]
    signature = inspect.signature(thing.__init__ if name.endswith("Explorer") else thing)
    parameters = signature.parameters
    takes_others = any(each.kind == each.VAR_KEYWORD for each in parameters.values())
    for entry in entries(thing, "Parameters"):
        assert entry.removeprefix("**") in parameters or (takes_others and entry.isidentifier())


@pytest.mark.parametrize("name", with_section("Attributes"))
def test_an_entry_is_one_attribute(name):
    thing = DOCUMENTED[name]
    fields = getattr(thing, "__dataclass_fields__", {})
    for entry in entries(thing, "Attributes"):
        assert hasattr(thing, entry) or entry in fields


def test_entries_are_found():
    assert entries(gk.sweep, "Parameters")[:3] == ["problem", "run", "n_seeds"]
    assert entries(gk.Reason, "Attributes") == ["kind", "threshold", "value"]
    assert len(with_section("Parameters")) > 30
