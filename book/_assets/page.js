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
let screenTheme;
addEventListener("beforeprint", () => {
  const page = document.documentElement;
  screenTheme = page.dataset.theme;
  page.dataset.theme = "light";
});
addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = screenTheme;
});
