/**
 * The arithmetic of word2vec for one small sentence: no page, no drawing, nothing is changed in
 * place. A vector is an array of d numbers; V (center) and U (outside) are arrays of |V| of them,
 * one row a word. Everything is reachable as `word2vec.…`.
 *
 * A classic script, as browsers load no modules from file://.
 */
const word2vec = (() => {
  "use strict";

  /**
   * @typedef {number[]} Vector  d numbers
   * @typedef {Vector[]} Matrix  |V| rows of d numbers
   * @typedef {{center: Matrix, outside: Matrix}} Vectors  V and U
   * @typedef {[number, number]} Pair  the indices (c, o) of a center and an observed outside word
   * @typedef {{
   *   loss: number,
   *   gradCenter: Vector,
   *   gradOutside: Matrix,
   *   pull: Vector,
   *   push: Vector,
   * }} Gradient  J, ∂J/∂v_c, ∂J/∂U, and the two parts of −∂J/∂v_c = pull + push
   */

  // ---- vectors ---------------------------------------------------------------------------------

  /** @type {(a: Vector, b: Vector) => number} */
  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

  /** @type {(a: Vector, b: Vector) => Vector} */
  const add = (a, b) => a.map((value, i) => value + b[i]);

  /** @type {(factor: number, a: Vector) => Vector} */
  const scale = (factor, a) => a.map((value) => factor * value);

  /** Σ_i weights[i] rows[i]. @type {(weights: Vector, rows: Matrix, d: number) => Vector} */
  const weightedSum = (weights, rows, d) =>
    rows.reduce((sum, row, i) => add(sum, scale(weights[i], row)), new Array(d).fill(0));

  /** @type {(vectors: Vectors) => boolean} */
  const isZero = ({ center, outside }) => [...center, ...outside].flat().every((x) => x === 0);

  /** Is every entry smaller than `bound` in size? NaN is not. */
  const isBelow = ({ center, outside }, bound) =>
    [...center, ...outside].flat().every((x) => Math.abs(x) < bound);

  // ---- the two losses --------------------------------------------------------------------------

  /** log Σ_i exp(scores[i]). The largest is taken out, so that nothing overflows. */
  function logSumExp(scores) {
    const largest = Math.max(...scores);
    return largest + Math.log(scores.reduce((sum, s) => sum + Math.exp(s - largest), 0));
  }

  /** σ(x) = 1 / (1 + exp(−x)), written so that nothing overflows. */
  function sigmoid(x) {
    const e = Math.exp(-Math.abs(x));
    return (x >= 0 ? 1 : e) / (1 + e);
  }

  /** −log σ(x) = log(1 + exp(−x)), written so that nothing overflows. */
  function minusLogSigmoid(x) {
    return Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  /**
   * p(x|c) = exp(u_x·v_c) / Σ_w exp(u_w·v_c) for every word x.
   *
   * @param {Vector} center  v_c
   * @param {Matrix} outside  U
   * @returns {number[]} |V| probabilities
   */
  function probabilities(center, outside) {
    const scores = outside.map((row) => dot(row, center));
    const logNormalizer = logSumExp(scores);
    return scores.map((score) => Math.exp(score - logNormalizer));
  }

  /**
   * The naive-softmax loss J = −log p(o|c) and its gradient.
   *
   * −∂J/∂v_c = u_o − Σ_x p(x|c) u_x, a pull and a push; ∂J/∂u_x = (p(x|c) − y_x) v_c.
   *
   * @param {Vector} center  v_c
   * @param {Matrix} outside  U
   * @param {number} target  o
   * @returns {Gradient}
   */
  function naiveSoftmax(center, outside, target) {
    const scores = outside.map((row) => dot(row, center));
    const yHat = probabilities(center, outside);
    const residual = yHat.map((p, x) => p - (x === target ? 1 : 0));
    return {
      loss: logSumExp(scores) - scores[target],
      gradCenter: weightedSum(residual, outside, center.length),
      gradOutside: residual.map((r) => scale(r, center)),
      pull: outside[target],
      push: scale(-1, weightedSum(yHat, outside, center.length)),
    };
  }

  /**
   * The negative-sampling loss J = −log σ(u_o·v_c) − Σ_k log σ(−u_{n_k}·v_c) and its gradient.
   *
   * −∂J/∂v_c = σ(−u_o·v_c) u_o − Σ_k σ(u_{n_k}·v_c) u_{n_k}, a pull and a push. A row of ∂J/∂U
   * gets its term each time that its word was drawn; rows of words not drawn are 0.
   *
   * @param {Vector} center  v_c
   * @param {Matrix} outside  U
   * @param {number} target  o
   * @param {number[]} negatives  n_1 … n_K, repeats allowed
   * @returns {Gradient}
   */
  function negativeSampling(center, outside, target, negatives) {
    const drawn = negatives.map((n) => outside[n]);
    const score = dot(outside[target], center);
    const negativeScores = drawn.map((row) => dot(row, center));
    const pull = scale(sigmoid(-score), outside[target]);
    const push = scale(-1, weightedSum(negativeScores.map(sigmoid), drawn, center.length));

    const gradOutside = outside.map(() => new Array(center.length).fill(0));
    gradOutside[target] = scale(-sigmoid(-score), center);
    negatives.forEach((n, k) => {
      gradOutside[n] = add(gradOutside[n], scale(sigmoid(negativeScores[k]), center));
    });
    return {
      loss: negativeScores.reduce((sum, s) => sum + minusLogSigmoid(-s), minusLogSigmoid(score)),
      gradCenter: scale(-1, add(pull, push)),
      gradOutside,
      pull,
      push,
    };
  }

  /**
   * The mean of the negative-sampling loss over all draws of K negatives among the other words.
   *
   * @param {Vector} center  v_c
   * @param {Matrix} outside  U
   * @param {number} target  o
   * @param {number} count  K
   * @returns {number}
   */
  function expectedNegativeSamplingLoss(center, outside, target, count) {
    const scores = outside.map((row) => dot(row, center));
    const others = scores.filter((_, x) => x !== target);
    const ofOneNegative = others.reduce((sum, s) => sum + minusLogSigmoid(-s), 0) / others.length;
    return minusLogSigmoid(scores[target]) + count * ofOneNegative;
  }

  // ---- the sentence ----------------------------------------------------------------------------

  /** The words of a text: lower case, without the punctuation around them. */
  function tokenize(text) {
    const punctuation = /^[.,;:!?…"“”„«»()]+|[.,;:!?…"“”„«»()]+$/gu;
    return text
      .normalize("NFC")
      .toLowerCase()
      .split(/\s+/u)
      .map((word) => word.replace(punctuation, ""))
      .filter((word) => word !== "");
  }

  /** The different words, in the order of their first appearance. */
  const vocabulary = (tokens) => [...new Set(tokens)];

  /**
   * Where each pair stands in the sentence: [position of the center, position of the outside word]
   * for every position and every other one at most `window` away, from left to right.
   */
  function positions(length, window) {
    const found = [];
    for (let i = 0; i < length; i += 1) {
      for (let j = Math.max(0, i - window); j <= Math.min(length - 1, i + window); j += 1) {
        if (i !== j) found.push([i, j]);
      }
    }
    return found;
  }

  // ---- chance, repeatable ----------------------------------------------------------------------

  /** A 32-bit integer without visible relation to `x` (the finalizer of Appleby's MurmurHash3). */
  function scramble(x) {
    const once = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
    return twice ^ (twice >>> 16);
  }

  /** A function that returns numbers in [0, 1), the same ones for the same seed and stream. */
  function generator(seed, stream = 0) {
    const start = scramble(scramble(seed + 1) + stream);
    let count = 0;
    return () => {
      count += 1;
      return (scramble(start + Math.imul(count, 0x9e3779b1)) >>> 0) / 2 ** 32;
    };
  }

  /**
   * Where training starts.
   *
   * @param {"zeros" | "half-zeros" | "random"} init  half-zeros: V random, U zero
   * @param {number} size  |V|
   * @param {number} d
   * @param {number} seed
   * @returns {Vectors} random entries are uniform in [−½, ½)
   */
  function initialVectors(init, size, d, seed) {
    const random = generator(seed);
    const matrix = (entry) => Array.from({ length: size }, () => Array.from({ length: d }, entry));
    const uniform = () => random() - 0.5;
    const zero = () => 0;
    return {
      center: matrix(init === "zeros" ? zero : uniform),
      outside: matrix(init === "random" ? uniform : zero),
    };
  }

  /**
   * The K negatives of a step: every word but the target is as likely as any other, at each draw.
   *
   * @param {number} size  |V|
   * @param {number} target  o
   * @param {number} count  K
   * @param {number} seed
   * @param {number} step  each step draws anew, the same for the same seed
   * @returns {number[]} n_1 … n_K
   */
  function drawNegatives(size, target, count, seed, step) {
    const random = generator(seed, step + 1);
    return Array.from({ length: count }, () => {
      const among = Math.floor(random() * (size - 1));
      return among < target ? among : among + 1;
    });
  }

  // ---- training --------------------------------------------------------------------------------

  /**
   * One step of gradient descent: row c of V and the rows of U that the gradient names move.
   *
   * @param {Vectors} vectors
   * @param {Pair} pair
   * @param {Gradient} gradient
   * @param {number} rate  η
   * @returns {Vectors} new arrays; the old ones are left as they are
   */
  function descend(vectors, [c], { gradCenter, gradOutside }, rate) {
    return {
      center: vectors.center.map((row, w) => (w === c ? add(row, scale(-rate, gradCenter)) : row)),
      outside: vectors.outside.map((row, w) => add(row, scale(-rate, gradOutside[w]))),
    };
  }

  /**
   * The mean loss over all pairs.
   *
   * @param {Vectors} vectors
   * @param {Pair[]} pairs
   * @param {?number} count  null: naive softmax; K: negative sampling, its mean over all draws
   * @returns {number}
   */
  function meanLoss({ center, outside }, pairs, count) {
    const losses = pairs.map(([c, o]) =>
      count === null
        ? naiveSoftmax(center[c], outside, o).loss
        : expectedNegativeSamplingLoss(center[c], outside, o, count),
    );
    return losses.reduce((sum, loss) => sum + loss, 0) / pairs.length;
  }

  /**
   * The mean loss that no vectors of any dimension can get below.
   *
   * For naive softmax it is the entropy of the outside word given the center word. For negative
   * sampling each score u_w·v_c is asked to be high a times and low b times; the best answer is
   * σ(u_w·v_c) = a / (a + b), and it costs −a log(a / (a + b)) − b log(b / (a + b)).
   *
   * @param {Pair[]} pairs
   * @param {number} size  |V|
   * @param {?number} count  as in meanLoss
   * @returns {number}
   */
  function lowestMeanLoss(pairs, size, count) {
    const words = Array.from({ length: size }, (_, w) => w);
    const cost = (part, whole) => (part === 0 ? 0 : -part * Math.log(part / whole));
    const costOf = (c, w) => {
      const total = pairs.filter((pair) => pair[0] === c).length;
      const high = pairs.filter((pair) => pair[0] === c && pair[1] === w).length;
      if (count === null) return cost(high, total);
      const low = (count * (total - high)) / (size - 1);
      return cost(high, high + low) + cost(low, high + low);
    };
    const costs = words.flatMap((c) => words.map((w) => costOf(c, w)));
    return costs.reduce((sum, value) => sum + value, 0) / pairs.length;
  }

  return Object.freeze({
    add,
    descend,
    dot,
    drawNegatives,
    expectedNegativeSamplingLoss,
    generator,
    initialVectors,
    isBelow,
    isZero,
    lowestMeanLoss,
    meanLoss,
    naiveSoftmax,
    negativeSampling,
    positions,
    probabilities,
    scale,
    sigmoid,
    tokenize,
    vocabulary,
  });
})();

// A top-level const is no property of window; tests and the console reach it by that name.
window.word2vec = word2vec;
