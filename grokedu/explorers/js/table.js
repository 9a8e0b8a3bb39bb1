// The table of times, and the legend of the curves.

import { add } from "./dom.js";

/** Rows of label, t1, t2, delay, and a note below where something has to be said. */
export function makeTable(parent) {
  const table = add(parent, "table");
  add(
    table,
    "caption",
    {},
    "When it overfits (t₁), when it generalizes (t₂), and the delay between",
  );
  const head = add(add(table, "thead"), "tr");
  for (const text of ["", "t₁", "t₂", "delay"]) {
    if (text) add(head, "th", { scope: "col" }, text);
    else add(head, "td");
  }
  const body = add(table, "tbody");
  return (rows) => {
    const lines = document.createDocumentFragment();
    for (const { label, cells, note } of rows) {
      const line = add(lines, "tr", note ? { class: "gk-explained" } : {});
      add(line, "th", { scope: "row" }, label);
      for (const cell of cells) add(line, "td", {}, cell);
      if (note) add(add(lines, "tr"), "td", { class: "gk-note", colspan: 4 }, note);
    }
    body.replaceChildren(lines);
  };
}

/**
 * A legend of two `curves` and of `entries`, [class of the mark, text] by name. Returns the entries,
 * to be hidden where they explain nothing.
 * @returns {Record<string, HTMLElement>}
 */
export function makeLegend(parent, entries, curves = ["training loss", "test loss"]) {
  const legend = add(parent, "div", { class: "gk-legend" });
  const entry = (key, text, color) => {
    const span = add(legend, "span");
    const mark = add(span, "i", { class: key });
    if (color) mark.style.color = `var(--gk-${color})`;
    span.append(text);
    return span;
  };
  entry("", curves[0], "train");
  entry("", curves[1], "test");
  const made = Object.entries(entries).map(([name, [key, text]]) => [name, entry(key, text)]);
  return Object.fromEntries(made);
}
