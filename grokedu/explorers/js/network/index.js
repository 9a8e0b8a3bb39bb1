// The network explorer in the browser: a small network, really trained on every change.

import { Addresses } from "../address.js";
import { add } from "../dom.js";
import { ExplorerView } from "../explorer.js";
import { analyze } from "./analysis.js";
import { drawNetwork, Training } from "./math.js";
import { NeuronPanel } from "./panel.js";
import { lawSentence, momentSentence, runSentence, sentence, tableRows } from "./words.js";

const SLICE = 12; // ms of training per frame
const PATIENCE = 300; // ms that the old picture stays while the new run is not there yet
const ADDRESSES = new Addresses("network", [
  "weight_decay",
  "init_variance",
  "n_samples",
  "input_dim",
  "width",
  "learning_rate",
  "seed",
  "train_threshold",
  "test_threshold",
]);

class NetworkView extends ExplorerView {
  get kind() {
    return "network";
  }

  get addresses() {
    return ADDRESSES;
  }

  get problemTrait() {
    return "network";
  }

  get runLabel() {
    return "Train in Python";
  }

  get legendEntries() {
    return {
      tail: ["gk-dashes", "law of the late stage"],
      run: ["gk-dots", "Python"],
    };
  }

  buildPanel(root) {
    const title = add(root, "p", { class: "gk-note gk-legend" });
    title.append("The neurons: strength ‖w‖·|a| of each, and how many inputs switch it on");
    for (const [kind, text] of [
      ["up", "adds (a > 0)"],
      ["down", "subtracts (a < 0)"],
    ]) {
      const entry = add(title, "span");
      add(entry, "b", { class: `gk-neuron gk-neuron-${kind}` });
      entry.append(text);
    }
    const box = add(root, "div");
    this.panel = new NeuronPanel(box);
    this.moment = add(root, "p", { class: "gk-note gk-moment" });
    return [title, box, this.moment];
  }

  buildOptions(root) {
    this.law = add(root, "p", { class: "gk-law" });
  }

  // -------------------------------------------------------------- the problem

  identity({ n_samples, input_dim, width, seed }) {
    return `${n_samples},${input_dim},${width},${seed}`;
  }

  identityOf({ n, d, m, seed }) {
    return `${n},${d},${m},${seed}`;
  }

  drawProblem({ n_samples, input_dim, width, seed }) {
    return drawNetwork(n_samples, input_dim, width, seed);
  }

  /** Train for a slice of time. Returns how far it is, or null to keep the old picture. */
  prepare(settings, network) {
    const { weight_decay, learning_rate, init_variance } = settings;
    if (weight_decay * learning_rate >= 1) {
      this.training = null;
      return "erases";
    }
    const rule = `${weight_decay},${learning_rate},${init_variance}`;
    if (!this.training || this.training.network !== network || this.rule !== rule) {
      this.training = new Training(network, settings);
      this.rule = rule;
      this.began = performance.now();
    }
    const { training } = this;
    const deadline = performance.now() + SLICE;
    if (training.advance(deadline, () => performance.now())) this.schedule();
    const early = performance.now() - this.began < PATIENCE;
    if (training.phase === "fitting" && early && this.analysis) return null;
    return training.phase === "measuring" ? "measuring" : `${training.phase},${training.step}`;
  }

  analyze(settings, network) {
    return analyze(settings, network, this.training);
  }

  // -------------------------------------------------------------- drawing and words

  drawExtras(analysis) {
    this.legend.tail.hidden = !analysis.tail;
    this.law.textContent = lawSentence(analysis);
    const { training } = analysis;
    if (!training) return;
    this.atStart = training.neurons(0);
    if (!analysis.stop) this.top = 1.05 * Math.max(training.strongest, 1e-9);
  }

  losses(step) {
    const { training } = this.analysis;
    const known = training.fitted ? step : Math.min(step, training.last.step);
    return { train: training.train(known), test: training.test(known) };
  }

  drawPanel(step, width) {
    const { training } = this.analysis;
    const neurons = training.neurons(step);
    const losses = this.losses(step);
    const description = momentSentence(losses, step, neurons, this.atStart);
    const { n } = training.network;
    this.panel.draw(neurons, this.atStart, { width, n, top: this.top, description });
    this.moment.textContent = description;
    const { strengths, counts } = neurons;
    return { neurons: { strengths: [...strengths], counts: [...counts] }, losses };
  }

  sentenceOf(analysis) {
    return sentence(analysis);
  }

  rows(analysis, runTimes) {
    return tableRows(analysis, runTimes);
  }

  runSentence(run, times, when) {
    return runSentence(run, times, when);
  }

  modeSentence(mode, waiting) {
    if (mode === "live" && waiting) return "Live: Python draws the network …";
    if (mode === "live") {
      return "Live: Python draws each network; your browser and Python train it on every change.";
    }
    if (mode === "lost") return "Alone: everything is computed in your browser.";
    return "In this page, without Python: your browser trains the network on every change and draws new ones (a seed gives other draws than in Python). Open the chapter in JupyterLab to train in Python.";
  }

  get published() {
    const { training, tail } = this.analysis;
    if (!training) return { phase: "erases" };
    const { phase, rate, decay } = training;
    return { phase, rate: rate && rate / decay, fitted: training.last.step, tail };
  }
}

export default {
  render({ model, el }) {
    const view = new NetworkView(model, el);
    return () => view.close();
  },
};
