// Why a time does not exist, or is not known: the kinds of grokedu's `Why`; no DOM.
//
// A reason is { kind, threshold, value }. `value` is the limit of the loss, the last step of the
// run, or the step of the divergence, whichever the kind is about; null if it is about none.

export const WHY = Object.freeze({
  trainBelow: "train below threshold from the start",
  trainNever: "train never settles",
  trainBeyond: "train settles beyond the last step",
  trainRunEnds: "train above threshold at the end of the run",
  testNever: "test never reached",
  testBeyond: "test reached beyond the last step",
  testRunEnds: "test not reached within the run",
  diverged: "diverged",
});
