/**
 * Training on one sentence, step by step: which pair comes next, what its step does, and what came
 * of the steps before. No page, no drawing; the arithmetic is in word2vec.js.
 */
const training = (() => {
  "use strict";

  const D = 2;
  const NUDGE = 0.01;
  // A vector with an entry of `entry` is lost; stopping there keeps all numbers short and finite.
  const LIMITS = { entry: 1e9, trail: 200, log: 6, past: 1000 };

  /**
   * @typedef {{
   *   tokens: string[],
   *   window: number,
   *   loss: "naive-softmax" | "negative-sampling",
   *   negatives: number,
   *   init: "zeros" | "half-zeros" | "random",
   *   seed: number,
   *   rate: number,
   * }} Settings  negatives is K, rate is η
   *
   * @typedef {object} State
   * @property {Settings} settings
   * @property {string[]} words  the vocabulary
   * @property {[number, number][]} places  where each pair stands in the sentence
   * @property {[number, number][]} pairs  the pairs (c, o), as indices of words
   * @property {{center: number[][], outside: number[][]}} vectors  V and U, (|V|, 2) each
   * @property {number} step  how many steps were made
   * @property {number[]} losses  the mean loss after each number of steps
   * @property {number} lowest  the mean loss that no vectors get below
   * @property {{center: number[][], outside: number[][]}[]} trail  the last vectors, in order
   * @property {{step: number, c: number, o: number, before: number, after: number}[]} log  the last
   *   steps, latest first, with the loss of the pair before and after
   * @property {number} nudges
   * @property {object[]} past  what `back` goes back to, latest last
   */

  /** K where negatives are drawn, null for naive softmax. */
  const negativeCount = ({ loss, negatives }) => (loss === "negative-sampling" ? negatives : null);

  /** Training before its first step. @type {(settings: Settings) => State} */
  function begin(settings) {
    const { tokens, window, init, seed } = settings;
    const words = word2vec.vocabulary(tokens);
    const places = word2vec.positions(tokens.length, window);
    const index = (position) => words.indexOf(tokens[position]);
    const pairs = places.map(([i, j]) => [index(i), index(j)]);
    const vectors = word2vec.initialVectors(init, words.length, D, seed);
    return {
      settings,
      words,
      places,
      pairs,
      vectors,
      step: 0,
      losses: [word2vec.meanLoss(vectors, pairs, negativeCount(settings))],
      lowest: word2vec.lowestMeanLoss(pairs, words.length, negativeCount(settings)),
      trail: [vectors],
      log: [],
      nudges: 0,
      past: [],
    };
  }

  /** Keep what is about to change. */
  function remember(state) {
    const { vectors, step, trail, log, nudges, losses } = state;
    const kept = { vectors, step, trail, log, nudges, loss: losses[step] };
    state.past = [...state.past.slice(-LIMITS.past), kept];
  }

  /** Take back the last step, nudge or drag; false where there is none. */
  function back(state) {
    const kept = state.past.pop();
    if (kept === undefined) return false;
    const { loss, ...rest } = kept;
    Object.assign(state, rest);
    state.losses = [...state.losses.slice(0, state.step), loss];
    return true;
  }

  /** The pair of a step: one after the other, then from the start again. */
  const pairOf = ({ pairs }, step) => pairs[step % pairs.length];

  /** Loss and gradient of a pair with the vectors given. */
  function gradientOf({ settings }, { center, outside }, [c, o], negatives) {
    return settings.loss === "naive-softmax"
      ? word2vec.naiveSoftmax(center[c], outside, o)
      : word2vec.negativeSampling(center[c], outside, o, negatives);
  }

  /**
   * The step that comes next: its pair, its negatives, its gradient, and the rows of U it touches.
   *
   * @param {State} state
   */
  function plan(state) {
    const { settings, words, vectors, step } = state;
    const [c, o] = pairOf(state, step);
    const count = negativeCount(settings);
    const negatives =
      count === null ? [] : word2vec.drawNegatives(words.length, o, count, settings.seed, step);
    const gradient = gradientOf(state, vectors, [c, o], negatives);
    const touched = count === null ? words.map((_, w) => w) : [...new Set([o, ...negatives])];
    return { c, o, negatives, gradient, touched };
  }

  /** Replace the vectors; the old ones stay in the trail. */
  function move(state, vectors) {
    state.vectors = vectors;
    state.trail = [...state.trail.slice(-LIMITS.trail), vectors];
  }

  /** Make one step; false, and none made, where its numbers would be too large. */
  function advance(state) {
    const { settings, pairs } = state;
    const { c, o, negatives, gradient } = plan(state);
    const vectors = word2vec.descend(state.vectors, [c, o], gradient, settings.rate);
    if (!word2vec.isBelow(vectors, LIMITS.entry)) return false;
    remember(state);
    move(state, vectors);
    state.step += 1;
    state.losses.push(word2vec.meanLoss(vectors, pairs, negativeCount(settings)));
    const after = gradientOf(state, vectors, [c, o], negatives).loss;
    const entry = { step: state.step, c, o, before: gradient.loss, after };
    state.log = [entry, ...state.log].slice(0, LIMITS.log);
    return true;
  }

  /** Add a tiny vector, each time in another direction, to the next center vector; tell its word. */
  function nudge(state) {
    const [c] = pairOf(state, state.step);
    // The golden angle: no two directions are nearly the same.
    const angle = 0.5 + 2.4 * state.nudges;
    const tiny = [NUDGE * Math.cos(angle), NUDGE * Math.sin(angle)];
    const { center, outside } = state.vectors;
    remember(state);
    move(state, {
      center: center.map((row, w) => (w === c ? word2vec.add(row, tiny) : row)),
      outside,
    });
    state.nudges += 1;
    measure(state);
    return state.words[c];
  }

  /** The mean loss anew, where vectors were moved without a step. */
  function measure(state) {
    const { vectors, pairs, step, settings } = state;
    state.losses[step] = word2vec.meanLoss(vectors, pairs, negativeCount(settings));
  }

  /**
   * Put a vector elsewhere, as a hand does.
   *
   * @param {State} state
   * @param {"center" | "outside"} matrix
   * @param {number} w  of which word
   * @param {[number, number]} at
   */
  function place(state, matrix, w, at) {
    const rows = state.vectors[matrix].map((row, i) => (i === w ? at : row));
    state.vectors = { ...state.vectors, [matrix]: rows };
    // The tip's way by hand is no way of the training.
    state.trail = [state.vectors];
    measure(state);
  }

  return Object.freeze({ NUDGE, advance, back, begin, nudge, pairOf, place, plan, remember });
})();
