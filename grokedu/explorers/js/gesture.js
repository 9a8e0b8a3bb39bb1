// One move of the reader's hand, from the first change until a moment after the last one.

const LINGER = 1000; // ms after the last change and the release of the pointer

/** Keeps the picture from before the move, so that what moves is seen to move. */
export class Gesture {
  /**
   * @param {HTMLElement} root
   * @param {() => void} onEnd
   */
  constructor(root, onEnd) {
    this.onEnd = onEnd;
    /** @type {import("./types").Analysis | null} */
    this.before = null;
    this.pressed = false;
    this.stopper = new AbortController();
    const { signal } = this.stopper;
    const listen = (target, name, act) =>
      target.addEventListener(name, act, { signal, capture: true });
    listen(root, "pointerdown", () => {
      this.pressed = true;
    });
    for (const release of ["pointerup", "pointercancel"]) {
      listen(window, release, () => {
        this.pressed = false;
        if (this.before) this.linger();
      });
    }
    listen(root, "keydown", (event) => {
      if (event.key === "Escape") this.end();
    });
  }

  /** Something changes, and this is the picture before. */
  move(picture) {
    this.before ??= picture;
    this.linger();
  }

  linger() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.pressed) this.end();
    }, LINGER);
  }

  end() {
    clearTimeout(this.timer);
    if (!this.before) return;
    this.before = null;
    this.onEnd();
  }

  close() {
    clearTimeout(this.timer);
    this.stopper.abort();
  }
}
