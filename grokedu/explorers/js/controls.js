// The controls of the settings: a label, a slider, a field with the exact value, and a refusal.

import { add } from "./dom.js";
import { readNumber } from "./numbers.js";
import { gridOf } from "./sliders.js";
import { exactly } from "./words.js";

let made = 0;

/**
 * A control for each of the settings.
 * @param {HTMLElement} parent
 * @param {import("./numbers.js").Setting[]} settings
 * @param {(name: string, value: number) => void} onChange
 */
export function makeControls(parent, settings, onChange) {
  const box = add(parent, "div", { class: "grokedu-controls" });
  const controls = settings.map((setting) => makeControl(box, setting, onChange));
  return {
    /** Show these values, but leave alone what is being typed. */
    show(values) {
      settings.forEach(({ name }, i) => {
        controls[i].show(values[name]);
      });
    },
  };
}

function makeControl(parent, setting, onChange) {
  const { name, label } = setting;
  const id = `grokedu-control-${made++}-${Math.random().toString(36).slice(2, 8)}`;
  const box = add(parent, "div", { class: "gk-control", "data-setting": name });
  add(box, "label", { for: id }, label);
  const slider = setting.scale === "number" ? null : makeSlider(box, setting);
  const field = /** @type {HTMLInputElement} */ (
    add(box, "input", {
      id,
      type: "text",
      class: "gk-field",
      inputmode: setting.whole ? "numeric" : "text",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": slider ? `${label}, exact value` : label,
      "aria-describedby": `${id}-refusal`,
    })
  );
  const refusal = add(box, "p", { id: `${id}-refusal`, class: "gk-refusal", role: "status" });
  let shown = null;
  let typed = false; // since the field was last read or written

  const write = () => {
    field.value = exactly(shown);
    typed = false;
  };
  const refuse = (words) => {
    refusal.textContent = words;
    refusal.hidden = !words;
    field.setAttribute("aria-invalid", String(Boolean(words)));
  };
  const commit = () => {
    typed = false;
    const { value, refusal: words } = readNumber(field.value, setting);
    refuse(words && `${words} ${setting.symbol} stays ${exactly(shown)}.`);
    if (value === null || value === shown) write();
    else onChange(name, value);
  };

  refuse("");
  let fresh = false; // the click that brings the focus shall leave the number selected
  field.addEventListener("focus", () => {
    fresh = true;
    field.select();
  });
  field.addEventListener("mouseup", (event) => {
    if (fresh) event.preventDefault();
    fresh = false;
  });
  field.addEventListener("input", () => {
    typed = true;
  });
  const leave = () => {
    if (typed) commit(); // and not after Enter, which would clear its refusal
  };
  field.addEventListener("change", leave);
  field.addEventListener("blur", leave); // the value from before, typed again, is no change
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") commit();
    if (event.key === "Escape") write();
  });
  slider?.onMove((value) => {
    refuse("");
    onChange(name, value);
  });
  return {
    show(value) {
      if (value === shown) return;
      shown = value;
      refuse("");
      write();
      slider?.show(value);
    },
  };
}

function makeSlider(box, setting) {
  const grid = gridOf(setting);
  const slider = /** @type {HTMLInputElement} */ (
    add(box, "input", {
      type: "range",
      min: 0,
      max: grid.count,
      step: 1,
      "aria-label": setting.label,
    })
  );
  return {
    onMove(take) {
      slider.addEventListener("input", () => take(grid.valueAt(Number(slider.value))));
    },
    show(value) {
      slider.value = String(grid.positionOf(value));
      slider.setAttribute("aria-valuetext", exactly(value));
    },
  };
}
