// What ipywidgets controls lack: names for screen readers, and numbers that are taken on leaving.

/** Watch the controls of the explorer around `root` and keep them named; returns how to stop. */
export function nameControls(root) {
  const explorer = root.closest(".grokedu-explorer");
  if (!explorer) return null;
  const apply = () => {
    for (const control of explorer.querySelectorAll(".widget-slider")) nameSlider(control);
  };
  apply();
  const controls = explorer.querySelector(".grokedu-controls") ?? explorer;
  const observer = new MutationObserver(apply);
  // The text of a readout changes last, after noUiSlider has written its own aria-valuetext.
  observer.observe(controls, { childList: true, subtree: true, characterData: true });
  return () => observer.disconnect();
}

/** ipywidgets takes a typed number on Enter alone; leaving the field must not lose it. */
function commitOnLeaving(readout) {
  if (readout.dataset.commits) return;
  readout.dataset.commits = "yes";
  let before = "";
  readout.addEventListener("focus", () => (before = readout.textContent));
  readout.addEventListener("blur", () => {
    if (readout.textContent === before) return;
    const enter = { key: "Enter", keyCode: 13, bubbles: true, cancelable: true };
    readout.dispatchEvent(new KeyboardEvent("keydown", enter));
  });
}

function nameSlider(control) {
  const label = control.querySelector(".widget-label")?.textContent.trim();
  const readout = control.querySelector(".widget-readout");
  for (const handle of control.querySelectorAll(".noUi-handle")) {
    if (label) handle.setAttribute("aria-label", label);
    if (readout) handle.setAttribute("aria-valuetext", readout.textContent.trim());
  }
  if (label && readout) {
    commitOnLeaving(readout);
    readout.setAttribute("role", "textbox");
    readout.setAttribute("aria-label", `${label}, exact value`);
  }
}
