// The explorer of modular addition in the browser: a small network, trained on every change.

import { AccuracyChart } from "../accuracy.js";
import { add } from "../dom.js";
import { explorer } from "../explorer.js";
import { analyze } from "./analysis.js";
import { countFrequencies, FrequencyPanel } from "./neurons.js";
import { SumTable } from "./sums.js";
import { Trainer } from "./trainer.js";
import { neuronSentence, runSentence, sentence, tableRows } from "./words.js";

const BESIDE = 640; // px in which the table and the curves stand side by side
const ACCURACY = {
  title: "Accuracy: the share of sums that are right",
  items: /** @type {[string, string]} */ (["training cells", "other cells"]),
};

/** Trains in the background; the old picture stays until the new run has begun. */
function makeSolver(again) {
  const trainer = new Trainer(again);
  return {
    get running() {
      return trainer.running;
    },
    get paused() {
      return trainer.paused;
    },
    toggle: () => trainer.toggle(),
    advance(settings, _problem, hasPicture) {
      if (settings.weight_decay * settings.learning_rate >= 1) {
        trainer.rest();
        return "erases";
      }
      const { phase, done } = trainer.runOf(settings);
      if (done < 0 && hasPicture) return null;
      return `${trainer.id},${phase},${done},${trainer.paused}`;
    },
    analyze(settings, _problem, _layers, held) {
      return { ...analyze(settings, trainer.run, held), paused: trainer.paused };
    },
    close: () => trainer.close(),
  };
}

function losses({ run, training }, step) {
  const known = Math.min(step, training.done);
  return { train: run.train.at(known), test: run.test.at(known) };
}

function makePicture(parent) {
  const table = new SumTable(parent);
  return {
    widthIn: (width) => (width < BESIDE ? width : Math.min(0.45 * width, 390)),
    draw: (analysis, step, options) => table.draw(analysis, analysis.stop ? null : step, options),
  };
}

function makePanel(parent) {
  const title = add(
    parent,
    "p",
    { class: "gk-note" },
    "The neurons: the frequency at which the spectrum of u is largest, and its share there",
  );
  const box = add(parent, "div");
  const panel = new FrequencyPanel(box);
  const moment = add(parent, "p", { class: "gk-note gk-moment" });
  return {
    parts: [title, box, moment],
    draw({ training }, step, width) {
      const snapshot = training.at(step);
      const counts = countFrequencies(snapshot, training.p);
      const description = neuronSentence(snapshot, counts);
      panel.draw(snapshot, { width, p: training.p, counts, description });
      moment.textContent = description;
      const { frequencies, shares } = snapshot;
      return { neurons: { frequencies: [...frequencies], shares: [...shares] } };
    },
  };
}

function published({ training, accuracy, stop }) {
  const phase = stop?.kind === "erases" ? "erases" : (training?.phase ?? "training");
  return { phase, accuracy, done: training?.done, seen: training?.seen };
}

export default explorer({
  name: "modular",
  problemTrait: "kind", // a seed says it all
  runLabel: "Train in Python",
  curves: ["training cells", "other cells"],
  legend: { run: ["gk-dots", "Python"] },
  identity: () => "drawn here",
  identityOf: () => "drawn here",
  drawProblem: () => null,
  makeSolver,
  makePicture,
  makeUpper: (parent, onScrub) => new AccuracyChart(parent, onScrub, ACCURACY),
  makePanel,
  losses,
  sentence,
  tableRows,
  runSentence,
  where: {
    page: "In this page, without Python: your browser draws the network as NumPy draws it and trains it on every change. Open the chapter in JupyterLab to train it in Python too.",
    waiting: "Live: Python is asked …",
    live: "Live: your browser and Python train the same network on every change.",
  },
  published,
});
