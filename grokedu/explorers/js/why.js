// Why a time does not exist, or is not known: the kinds of grokedu's `Why`; no DOM.
//
// A reason is { kind, threshold, value }. `value` is the limit of the loss or the accuracy, the last
// step of the run, or the step of the divergence, whichever the kind is about; null if none.

export const WHY = Object.freeze({
  trainBelow: "train below threshold from the start",
  trainNever: "train never settles",
  trainBeyond: "train settles beyond the last step",
  trainRunEnds: "train above threshold at the end of the run",
  testNever: "test never reached",
  testBeyond: "test reached beyond the last step",
  testRunEnds: "test not reached within the run",
  testUnknown: "test loss unknown",
  trainAccurate: "train accuracy reached from the start",
  trainAccuracyNever: "train accuracy never settles",
  testAccuracyNever: "test accuracy never reached",
  trainAccuracyRunEnds: "train accuracy below its level at the end of the run",
  testAccuracyRunEnds: "test accuracy not reached within the run",
  testEmpty: "test set empty",
  diverged: "diverged",
});
