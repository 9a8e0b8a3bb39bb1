// Moving through a run: the scrubber, Play, and the three stages.

import { stageBands } from "./chart.js";
import { add, button } from "./dom.js";
import { positionOf, stepAt } from "./steps.js";
import { count, readouts } from "./words.js";

const PLAY_TIME = 8000; // ms to play a whole run
const LONGEST_FRAME = 200; // ms of a run that pass between two frames
const JUMP_TIME = 1500; // ms between milestones, for readers who asked for less motion
const SCRUB_STEPS = 1000;

export class Player {
  /**
   * @param {HTMLElement} parent
   * @param {(step: number) => void} onScrub
   */
  constructor(parent, onScrub) {
    this.onScrub = onScrub;
    this.playing = null;
    const row = add(parent, "div", { class: "gk-row gk-player" });
    this.playButton = button(row, "Play", () => this.toggle());
    this.scrubber = /** @type {HTMLInputElement} */ (
      add(row, "input", {
        type: "range",
        min: 0,
        max: SCRUB_STEPS,
        step: 1,
        "aria-label": "step of the run",
      })
    );
    this.scrubber.addEventListener("input", () => {
      this.pause();
      this.goTo(Number(this.scrubber.value) / SCRUB_STEPS);
    });
    const stages = add(row, "div", { class: "gk-stages", role: "group", "aria-label": "go to" });
    this.stageButtons = ["I", "II", "III"].map((roman, i) =>
      button(stages, `stage ${roman}`, () => this.showStage(i + 1)),
    );
  }

  /**
   * Show where `step` is in a run; nothing to play where the settings cannot run.
   * @param {import("./types").Analysis} analysis
   * @param {{ step: number, losses: { train: number, test: number }, linear: boolean }} moment
   */
  draw({ times, horizon, stop, pending }, { step, losses, linear }) {
    const blocked = stop !== null;
    this.run = { times, horizon, step, linear };
    this.bands = blocked || pending ? [] : stageBands(times, horizon);
    this.playButton.disabled = this.scrubber.disabled = blocked;
    if (blocked) this.pause();
    this.scrubber.value = String(Math.round(SCRUB_STEPS * this.positionOf(step)));
    const words = blocked ? `step ${count(step)}` : readouts(step, losses)[0];
    this.scrubber.setAttribute("aria-valuetext", words);
    const here = this.bands.find(({ from, to }) => step >= from && step <= to)?.stage;
    this.stageButtons.forEach((stage, i) => {
      stage.disabled = !this.bands.some((band) => band.stage === i + 1);
      stage.setAttribute("aria-pressed", String(here === i + 1));
    });
  }

  goTo(position) {
    this.onScrub(stepAt(position, this.run.horizon, this.run.linear));
  }

  positionOf(step) {
    return positionOf(step, this.run.horizon, this.run.linear);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    this.playButton.textContent = "Pause";
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) this.jump();
    else this.glide();
  }

  glide() {
    let position = this.positionOf(this.run.step);
    if (position > 0.999) position = 0;
    let { horizon, linear } = this.run;
    let before = performance.now();
    const advance = (now) => {
      const { run } = this;
      if (run.horizon !== horizon || run.linear !== linear) position = this.positionOf(run.step);
      ({ horizon, linear } = run);
      // A page that nobody sees draws no frames, and goes on from where it was.
      const passed = Math.min(Math.max(now - before, 0), LONGEST_FRAME);
      position = Math.min(1, position + passed / PLAY_TIME);
      before = now;
      this.goTo(position);
      if (position < 1) this.onFrame(advance);
      else this.pause();
    };
    this.onFrame(advance);
  }

  onFrame(act) {
    const frame = requestAnimationFrame(act);
    this.playing = () => cancelAnimationFrame(frame);
  }

  /** Only the milestones. */
  jump() {
    const goTo = (step) => {
      this.onScrub(step);
      if (step >= this.run.horizon) {
        this.pause();
        return;
      }
      const timer = setTimeout(() => {
        const { times, horizon } = this.run;
        const ahead = [times.overfit, times.generalize].filter((time) => time > step);
        goTo(Math.min(horizon, ...ahead));
      }, JUMP_TIME);
      this.playing = () => clearTimeout(timer);
    };
    goTo(0);
  }

  pause() {
    this.playing?.();
    this.playing = null;
    this.playButton.textContent = "Play";
  }

  /** Go to the middle of a stage. */
  showStage(stage) {
    this.pause();
    const { from, to } = this.bands.find((band) => band.stage === stage);
    this.goTo((this.positionOf(from) + this.positionOf(to)) / 2);
  }
}
