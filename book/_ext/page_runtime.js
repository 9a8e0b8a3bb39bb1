// Brings the widgets of a page to life, with no kernel and no network.
//
// Jupyter Book writes the state of all widgets of a page into one script element, and a script
// element for each place where a widget is shown. This file reads both. It is ipywidgets'
// html-manager without the loader that would fetch missing modules from the internet.

import { amd } from "./page_amd.js";
import "anywidget";
import * as base from "@jupyter-widgets/base";
import { ManagerBase } from "@jupyter-widgets/base-manager";
import * as controls from "@jupyter-widgets/controls";
import { Widget } from "@lumino/widgets";

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';

const MODULES = {
  "@jupyter-widgets/base": base,
  "@jupyter-widgets/controls": controls,
  anywidget: amd.makeModule(base),
};

class PageManager extends ManagerBase {
  async loadClass(className, moduleName) {
    const found = MODULES[moduleName]?.[className];
    if (!found) throw new Error(`This page has no widget ${moduleName}.${className}.`);
    return found;
  }

  // There is no kernel to talk to: widgets keep their state to themselves.
  async _create_comm() {
    const comm = { comm_id: "", target_name: "" };
    const silent = { open: () => "", send: () => "", close: () => "", on_msg() {}, on_close() {} };
    return { ...comm, ...silent };
  }

  async _get_comm_info() {
    return {};
  }

  async show(modelId, script) {
    const place = document.createElement("div");
    place.className = "jupyter-widgets-place";
    script.after(place);
    const view = await this.create_view(await this.get_model(modelId));
    Widget.attach(view.luminoWidget, place);
  }
}

function addStyle(address) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  document.head.prepend(link);
}

// Labels of widgets ask MathJax 2 to typeset them; the build turns those calls into this one.
globalThis.typesetWidget = async ([, , element]) => {
  await pageIsLoaded();
  await globalThis.MathJax?.startup?.promise;
  await globalThis.MathJax?.typesetPromise?.([element]);
};

function pageIsLoaded() {
  if (document.readyState === "complete") return Promise.resolve();
  return new Promise((resolve) => addEventListener("load", resolve, { once: true }));
}

// ipywidgets labels its sliders for the eye only.
function nameSliders() {
  for (const slider of document.querySelectorAll(".widget-slider")) {
    const name = slider.querySelector(".widget-label")?.textContent.trim() || "value";
    for (const handle of slider.querySelectorAll(".noUi-handle:not([aria-label])")) {
      handle.setAttribute("aria-label", name);
    }
    for (const readout of slider.querySelectorAll(".widget-readout:not([aria-label])")) {
      readout.setAttribute("role", "textbox");
      readout.setAttribute("aria-label", `${name}, as a number`);
    }
  }
}

async function showWidgets() {
  const manager = new PageManager();
  for (const script of document.querySelectorAll(STATE)) {
    await manager.set_state(JSON.parse(script.textContent));
  }
  const places = [...document.querySelectorAll(VIEW)];
  await Promise.all(
    places.map((script) => manager.show(JSON.parse(script.textContent).model_id, script)),
  );
  nameSliders();
  new MutationObserver(nameSliders).observe(document.body, { childList: true, subtree: true });
  document.documentElement.dataset.widgets = "ready";
}

delete globalThis.define;
const script = /** @type {HTMLScriptElement} */ (document.currentScript);
addStyle(new URL("page_runtime.css", script.src));
showWidgets();
