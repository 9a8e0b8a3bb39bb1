// The link to Python: whether a kernel is there, busy or gone.

const ANSWER_TIME = 3000; // ms that a kernel has to answer before we call it busy
const GRACE = 500; // ms for an answer that travels with the word that the kernel is done
const ENDED = ["starting", "restarting", "autorestarting", "terminating", "dead"]; // of a kernel

/**
 * States: "page" (no kernel has ever answered), "live", "busy", "gone".
 *
 * Python answers every "hello" with a "welcome". A kernel that has dealt with our hello and sent
 * no welcome is another one than the kernel that made this widget.
 */
export class KernelLink {
  constructor(model, onChange) {
    this.model = model;
    this.onChange = onChange;
    this.state = "page";
    this.timers = {};
    this.onMessage = (message) => {
      if (message.type === "welcome") this.hear();
    };
    this.onCut = () => {
      if (this.state === "page") return;
      this.become("gone");
      this.ask();
    };
    model.on("msg:custom", this.onMessage);
    model.on("comm_live_update", this.onCut); // the notebook has lost its kernel
    this.kernel = model.widget_manager?.kernel; // JupyterLab's
    this.onStatus = (_, status) => {
      if (ENDED.includes(status)) this.onCut();
    };
    this.kernel?.statusChanged?.connect(this.onStatus);
    this.ask();
  }

  close() {
    this.model.off("msg:custom", this.onMessage);
    this.model.off("comm_live_update", this.onCut);
    this.kernel?.statusChanged?.disconnect(this.onStatus);
    for (const name of Object.keys(this.timers)) this.cancel(name);
  }

  get live() {
    return this.state === "live";
  }

  /** Send a message to Python; in a static page nobody receives it. */
  send(message) {
    try {
      this.model.send(message, { iopub: { status: (status) => this.watchStatus(status) } });
    } catch {
      if (this.state !== "page") this.become("gone");
    }
  }

  /** Send a message that Python answers. */
  ask(message = { type: "hello" }) {
    this.after("answer", ANSWER_TIME, () => this.doubt());
    this.send(message);
  }

  /** Something from Python is under way: if nothing comes, ask whether anybody is there. */
  expect() {
    if (!this.timers.silence) this.after("silence", ANSWER_TIME, () => this.ask());
  }

  /** A sign of life. */
  hear() {
    this.cancel("answer");
    this.cancel("silence");
    this.cancel("grace");
    this.become("live");
  }

  /** A sign of life, unless it comes from a saved page or is the last word of a kernel that ended. */
  hearNews() {
    if (this.state === "live" || this.state === "busy") this.hear();
  }

  watchStatus(status) {
    if (status.content?.execution_state !== "idle" || !this.timers.answer) return;
    this.after("grace", GRACE, () => {
      this.cancel("answer");
      this.become("gone");
    });
  }

  /** No answer in time: a kernel at work will give one, an idle one has no more to say. */
  doubt() {
    if (this.state === "gone" || (this.state === "page" && !this.kernel)) return;
    const busy = this.kernel?.status !== "idle";
    this.become(busy ? "busy" : "gone");
    if (busy && this.kernel) this.after("answer", ANSWER_TIME, () => this.doubt());
  }

  become(state) {
    if (state === this.state) return;
    this.state = state;
    this.onChange();
  }

  after(name, time, act) {
    this.cancel(name);
    this.timers[name] = setTimeout(() => {
      this.timers[name] = null;
      act();
    }, time);
  }

  cancel(name) {
    clearTimeout(this.timers[name]);
    this.timers[name] = null;
  }
}
