// The network explorer in the browser: a small network, really trained on every change.

import { add } from "../dom.js";
import { explorer } from "../explorer.js";
import { analyze } from "./analysis.js";
import { drawNetwork, Training } from "./math.js";
import { NeuronPanel } from "./panel.js";
import { lawSentence, momentSentence, runSentence, sentence, tableRows } from "./words.js";

const SLICE = 12; // ms of training per frame
const PATIENCE = 300; // ms that the old picture stays while the new run is not there yet

/** Trains in slices of time. */
function makeSolver(again) {
  let training = null;
  let rule = "";
  let began = 0;
  return {
    advance(settings, network, hasPicture) {
      const { weight_decay, learning_rate, init_variance } = settings;
      if (weight_decay * learning_rate >= 1) {
        training = null;
        return "erases";
      }
      const wanted = `${weight_decay},${learning_rate},${init_variance}`;
      if (training?.network !== network || rule !== wanted) {
        training = new Training(network, settings);
        rule = wanted;
        began = performance.now();
      }
      const deadline = performance.now() + SLICE;
      if (training.advance(deadline, () => performance.now())) again();
      const early = performance.now() - began < PATIENCE;
      if (training.phase === "fitting" && early && hasPicture) return null;
      return training.phase === "measuring" ? "measuring" : `${training.phase},${training.step}`;
    },
    analyze: (settings, network, _layers, held) => analyze(settings, network, training, held),
  };
}

function losses({ training }, step) {
  const known = training.fitted ? step : Math.min(step, training.last.step);
  return { train: training.train(known), test: training.test(known) };
}

function makePanel(parent) {
  const title = add(parent, "p", { class: "gk-note gk-legend" });
  title.append("The neurons: strength ‖w‖·|a| of each, and how many inputs switch it on");
  for (const [kind, text] of [
    ["up", "adds (a > 0)"],
    ["down", "subtracts (a < 0)"],
  ]) {
    const entry = add(title, "span");
    add(entry, "b", { class: `gk-neuron gk-neuron-${kind}` });
    entry.append(text);
  }
  const box = add(parent, "div");
  const panel = new NeuronPanel(box);
  const moment = add(parent, "p", { class: "gk-note gk-moment" });
  let shown = null;
  let start = null;
  let top = 1;
  return {
    parts: [title, box, moment],
    draw(analysis, step, width) {
      const { training } = analysis;
      if (analysis !== shown) {
        shown = analysis;
        start = training.neurons(0);
        top = 1.05 * Math.max(training.strongest, 1e-9);
      }
      const neurons = training.neurons(step);
      const now = losses(analysis, step);
      const description = momentSentence(now, step, neurons, start);
      panel.draw(neurons, start, { width, n: training.network.n, top, description });
      moment.textContent = description;
      const { strengths, counts } = neurons;
      return { neurons: { strengths: [...strengths], counts: [...counts] }, losses: now };
    },
  };
}

function makeRemark(parent) {
  const law = add(parent, "p", { class: "gk-law" });
  return (analysis) => {
    law.textContent = lawSentence(analysis);
  };
}

function published({ training, tail }) {
  if (!training) return { phase: "erases" };
  const { phase, rate, decay } = training;
  return { phase, rate: rate && rate / decay, fitted: training.last.step, tail };
}

export default explorer({
  name: "network",
  problemTrait: "network",
  runLabel: "Train in Python",
  legend: {
    tail: ["gk-dashes", "law of the late stage"],
    run: ["gk-dots", "Python"],
  },
  identity: ({ n_samples, input_dim, width, seed }) => `${n_samples},${input_dim},${width},${seed}`,
  identityOf: ({ n, d, m, seed }) => `${n},${d},${m},${seed}`,
  drawProblem: ({ n_samples, input_dim, width, seed }) =>
    drawNetwork(n_samples, input_dim, width, seed),
  makeSolver,
  makePanel,
  makeRemark,
  losses,
  sentence,
  tableRows,
  runSentence,
  where: {
    page: "In this page, without Python: your browser trains the network on every change and draws new ones (a seed gives other draws than in Python). Open the chapter in JupyterLab to train in Python.",
    waiting: "Live: Python draws the network …",
    live: "Live: Python draws each network; your browser and Python train it on every change.",
  },
  published,
});
