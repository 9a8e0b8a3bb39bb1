// What scrolls sideways must be reachable by keyboard: wide tables, long formulas, long lines.

const MAY_SCROLL = ".table-box, mjx-container[display=true], div.math, .highlight pre, .output pre";

function markScrolling() {
  /** @type {NodeListOf<HTMLElement>} */
  const boxes = document.querySelectorAll(MAY_SCROLL);
  for (const box of boxes) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

addEventListener("load", async () => {
  await globalThis.MathJax?.startup?.promise;
  markScrolling();
  addEventListener("resize", markScrolling);
  document.addEventListener("toggle", markScrolling, { capture: true });
});

// On paper every theme is light.
const paper = matchMedia("print");
let screenTheme = "";

function toPaper() {
  const { dataset } = document.documentElement;
  screenTheme ||= dataset.theme;
  dataset.theme = "light";
}

function toScreen() {
  if (screenTheme) document.documentElement.dataset.theme = screenTheme;
  screenTheme = "";
}

function followMedium() {
  if (paper.matches) toPaper();
  else toScreen();
}

addEventListener("beforeprint", toPaper);
addEventListener("afterprint", toScreen);
addEventListener("load", followMedium);
paper.addEventListener("change", followMedium); // where a page is shown as on paper

// Cells that only draw or arrange are folded; one button opens and closes them all.
const FOLDED_CODE = "details.hide.above-input";

function addCodeButton() {
  /** @type {NodeListOf<HTMLDetailsElement>} */
  const found = document.querySelectorAll(FOLDED_CODE);
  const cells = [...found];
  const title = document.querySelector("article h1");
  if (!cells.length || !title) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm show-code";
  const allOpen = () => cells.every((cell) => cell.open);
  const name = () => {
    button.textContent = allOpen() ? "Hide folded code" : "Show all code";
  };
  button.addEventListener("click", () => {
    const open = !allOpen();
    for (const cell of cells) cell.open = open;
  });
  for (const cell of cells) cell.addEventListener("toggle", name);
  name();
  title.after(button);
}

addEventListener("DOMContentLoaded", addCodeButton);
