// The cells of a grid, of which the reader chooses one.

import { add } from "./dom.js";

let made = 0;

/** One thing to focus: the arrows go from cell to cell, a mouse chooses by pointing, a finger by a tap. */
export class CellList {
  /**
   * @param {HTMLElement} field What the cells fill.
   * @param {string} label
   * @param {() => void} onChoose
   */
  constructor(field, label, onChoose) {
    this.id = `grokedu-cells-${made++}-${Math.random().toString(36).slice(2, 8)}`;
    this.onChoose = onChoose;
    this.field = field;
    /** @type {number | null} */
    this.chosen = null;
    this.list = add(field, "div", {
      class: "gk-cells",
      role: "listbox",
      tabindex: 0,
      "aria-label": label,
    });
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    for (const name of ["pointermove", "click"]) {
      this.list.addEventListener(name, (event) =>
        this.onPoint(/** @type {PointerEvent} */ (event)),
      );
    }
  }

  /** `count` cells in rows of `columns`. */
  layOut(count, columns, label) {
    this.count = count;
    this.columns = columns;
    this.list.setAttribute("aria-label", label);
  }

  get lines() {
    return Math.ceil(this.count / this.columns);
  }

  onKey(event) {
    const { columns, chosen } = this;
    const last = this.count - 1;
    const now = chosen ?? 0;
    const next = {
      ArrowRight: now + 1,
      ArrowLeft: now - 1,
      ArrowDown: now + columns > last ? now : now + columns,
      ArrowUp: now < columns ? now : now - columns,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.choose(Math.min(Math.max(next, 0), last));
  }

  onPoint(event) {
    if (event.type === "pointermove" && event.pointerType === "touch") return;
    const box = this.list.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * this.columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.lines);
    const place = row * this.columns + column;
    if (column >= 0 && column < this.columns && place >= 0 && place < this.count) {
      this.choose(place);
    }
  }

  choose(place) {
    if (place === this.chosen) return;
    this.chosen = place;
    this.onChoose();
  }

  /** What a screen reader says of the chosen cell, which is another element for each. */
  tell(words) {
    const id = `${this.id}-${this.chosen}`;
    if (this.option?.id !== id) {
      this.list.replaceChildren();
      this.option = add(this.list, "div", {
        id,
        role: "option",
        class: "gk-aside",
        "aria-selected": "true",
        "aria-posinset": this.chosen + 1,
        "aria-setsize": this.count,
      });
      this.list.setAttribute("aria-activedescendant", id);
    }
    this.option.textContent = words;
  }
}
