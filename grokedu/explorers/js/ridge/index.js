// The ridge explorer in the browser: one random ridge problem and its exact curves.

import { Addresses } from "../address.js";
import { add } from "../dom.js";
import { ExplorerView } from "../explorer.js";
import { analyze } from "./analysis.js";
import { drawModes, sharesLeft } from "./math.js";
import { ForgettingPanel } from "./panel.js";
import { descentSentence, momentSentence, sentence, tableRows } from "./words.js";

const LAYER_NAMES = {
  sharp: "sharp prediction",
  theorem: "bounds (6), (7)",
  gaussian: "bound (8)",
};
const ADDRESSES = new Addresses(
  "ridge",
  [
    "weight_decay",
    "init_variance",
    "n_samples",
    "n_features",
    "learning_rate",
    "teacher_norm",
    "seed",
    "train_threshold",
    "test_threshold",
  ],
  Object.keys(LAYER_NAMES),
);

class RidgeView extends ExplorerView {
  get kind() {
    return "ridge";
  }

  get addresses() {
    return ADDRESSES;
  }

  get problemTrait() {
    return "modes";
  }

  get runLabel() {
    return "Run gradient descent";
  }

  get legendEntries() {
    return {
      run: ["gk-dots", "gradient descent"],
      sharp: ["gk-dashes", "sharp prediction"],
    };
  }

  buildPanel(root) {
    const title = add(root, "p", { class: "gk-note" }, "What is left to forget, per direction");
    const box = add(root, "div");
    this.panel = new ForgettingPanel(box);
    this.moment = add(root, "p", { class: "gk-note gk-moment" });
    return [title, box, this.moment];
  }

  buildOptions(root) {
    this.buildLayers(root);
  }

  buildLayers(root) {
    const text = "Theory over the run";
    const group = add(root, "div", { class: "gk-row", role: "group", "aria-label": text });
    add(group, "span", { class: "gk-note" }, `${text}:`);
    this.layerBoxes = {};
    for (const [layer, name] of Object.entries(LAYER_NAMES)) {
      const label = add(group, "label");
      const box = add(label, "input", { type: "checkbox" });
      label.append(name);
      box.addEventListener("change", () => this.toggleLayer(layer, box.checked));
      this.layerBoxes[layer] = box;
    }
  }

  toggleLayer(layer, shown) {
    const others = this.layers.filter((name) => name !== layer);
    this.change({ layers: shown ? [...others, layer] : others });
  }

  // -------------------------------------------------------------- the problem

  identity({ n_samples, n_features, seed }) {
    return `${n_samples},${n_features},${seed}`;
  }

  identityOf({ n, m, seed }) {
    return `${n},${m},${seed}`;
  }

  drawProblem({ n_samples, n_features, seed }) {
    return drawModes(n_samples, n_features, seed);
  }

  analyze(settings, modes) {
    return analyze(settings, modes, this.layers);
  }

  // -------------------------------------------------------------- drawing and words

  drawExtras(analysis) {
    this.legend.sharp.hidden = !analysis.layers.sharp;
    for (const [layer, box] of Object.entries(this.layerBoxes)) {
      box.checked = this.layers.includes(layer);
    }
  }

  losses(step) {
    const { run } = this.analysis;
    return { train: run.train.at(step), test: run.test.at(step) };
  }

  drawPanel(step, width) {
    const { run, settings } = this.analysis;
    const shares = sharesLeft(run, step);
    const hasUnseen = settings.n_features > settings.n_samples;
    const description = momentSentence(run, step, shares, hasUnseen);
    this.panel.draw(shares, hasUnseen, { width, description });
    this.moment.textContent = description;
    return { shares };
  }

  sentenceOf(analysis) {
    return sentence(analysis);
  }

  rows(analysis, runTimes) {
    return tableRows(analysis, runTimes);
  }

  runSentence(run, times, when) {
    return descentSentence(run, times, when);
  }

  modeSentence(mode, waiting) {
    if (mode === "live" && waiting) return "Live: Python draws the problem …";
    if (mode === "live") {
      return "Live: Python draws each problem and reruns gradient descent on every change.";
    }
    if (mode === "lost") return "Alone: everything is computed in your browser.";
    return "In this page, without Python: your browser computes the curves, t₁ and t₂ exactly, and draws new problems (a seed gives other draws than in Python). Open the chapter in JupyterLab to run gradient descent.";
  }
}

export default {
  render({ model, el }) {
    const view = new RidgeView(model, el);
    return () => view.close();
  },
};
