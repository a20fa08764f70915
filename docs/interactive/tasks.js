/**
 * Things to try: each notices by itself that it was done.
 *
 * A task looks at what the reader did last, and at the state of the training after it.
 */
const tasks = (() => {
  "use strict";

  const last = (list) => list[list.length - 1];
  const isFirst = ({ step }, did) => did === "step" && step === 1;

  /** Do all vectors lie on one line through the origin? */
  function isLine({ center, outside }) {
    const rows = [...center, ...outside];
    const longest = rows.reduce((a, b) => (Math.hypot(...a) >= Math.hypot(...b) ? a : b));
    const [x, y] = longest.map((value) => value / (Math.hypot(...longest) || 1));
    return rows.every((row) => Math.abs(x * row[1] - y * row[0]) < 1e-3);
  }

  /** How probable the model finds the observed word: p(o|c), or σ(u_o·v_c). */
  function observed(state) {
    const { c, o } = training.plan(state);
    const { center, outside } = state.vectors;
    return state.settings.loss === "naive-softmax"
      ? word2vec.probabilities(center[c], outside)[o]
      : word2vec.sigmoid(word2vec.dot(outside[o], center[c]));
  }

  /** @type {{text: string, done: (state: object, did: string) => boolean}[]} */
  const ALL = [
    {
      text:
        "Drag the tip of v_c towards u_o, and further, until the model finds the observed word " +
        "with 0.8 or more. The loss falls with your hand.",
      done: (state, did) => did === "drag" && observed(state) >= 0.8,
    },
    {
      text:
        "Work the next step out on paper: p(x|c), the pull, the push, the new v_c. " +
        "Then press Step and compare.",
      done: (_, did) => did === "step",
    },
    {
      text:
        "Press 100 steps until the mean loss is within 0.1 of the dashed line. It does not reach 0: " +
        "one center word has several neighbours.",
      done: ({ settings, losses, lowest, step }) =>
        settings.loss === "naive-softmax" && step >= 100 && last(losses) - lowest < 0.1,
    },
    {
      text:
        "Take negative sampling, and press Step. At most K + 1 rows of U move, and nothing is " +
        "summed over the vocabulary.",
      done: ({ settings }, did) => did === "step" && settings.loss === "negative-sampling",
    },
    {
      text:
        "Start from zeros and press 100 steps: nothing moves, as each gradient is a product with " +
        "the other kind of vector. Then press Nudge, and train until the loss falls.",
      done: ({ settings, losses, nudges }) =>
        settings.init === "zeros" && nudges > 0 && last(losses) < losses[0] - 0.05,
    },
    {
      text:
        "After one nudge all vectors stay on one line, that of the nudge. Press Nudge again, and " +
        "train: a second direction opens the plane.",
      done: ({ settings, nudges, vectors }, did) =>
        settings.init === "zeros" && nudges > 1 && did === "many" && !isLine(vectors),
    },
    {
      text:
        "Start from half zeros, as word2vec.c does, and press Step: the first step moves rows of " +
        "U only.",
      done: (state, did) => state.settings.init === "half-zeros" && isFirst(state, did),
    },
  ];

  const achieved = new Set();

  /** Look whether what was done last does one of them; true if it does a new one. */
  function notice(state, did) {
    const before = achieved.size;
    ALL.forEach((task, i) => {
      if (task.done(state, did)) achieved.add(i);
    });
    return achieved.size > before;
  }

  /** The tasks in order, and whether each is done. */
  const all = () => ALL.map(({ text }, i) => ({ text, isDone: achieved.has(i) }));

  return Object.freeze({ all, notice });
})();
