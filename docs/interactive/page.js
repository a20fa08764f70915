/**
 * The page: trains when asked to, and shows the step that comes next.
 *
 * What is shown always belongs to the next step, at the vectors of this moment: a reader can work
 * it out on paper, press "Step" and compare.
 */
(() => {
  "use strict";

  const STEPS_AT_ONCE = 100;

  /** The tip that a hand holds: its handle's name, and the scale meanwhile. */
  let held = null;
  /** The scale of the drawing, and the way from its pixels to the plane. */
  let plane;

  // ---- building blocks -------------------------------------------------------------------------

  const byId = (id) => document.getElementById(id);

  /** An element; strings among the children become text, so no markup in a word takes effect. */
  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /** The name of a vector: the letter v or u with a word as its index. */
  const vectorName = (letter, word) =>
    element("span", {}, element("i", { class: letter }, letter), element("sub", {}, word));

  /** Three decimals, none for whole numbers; what is not 0 never reads as 0. */
  function format(x) {
    if (Number.isInteger(x) && Math.abs(x) < 1000) return String(x).replace("-", "−");
    const size = Math.abs(x);
    const digits = size < 0.0005 || size >= 1000 ? x.toExponential(1) : x.toFixed(3);
    return digits.replaceAll("-", "−").replace("+", "");
  }

  const formatVector = (vector) => `(${vector.map(format).join(", ")})`;

  /** Show a number; data-value has all its digits. */
  function show(target, x) {
    target.textContent = format(x);
    target.dataset.value = String(x);
  }

  /** A table cell for a number; null, a dash. */
  function numberCell(x) {
    const cell = element("td");
    if (x === null) cell.textContent = "–";
    else show(cell, x);
    return cell;
  }

  /** Fill every place of the page that is named `slot`. */
  function fill(slot, ...children) {
    for (const place of document.querySelectorAll(`[data-slot="${slot}"]`)) {
      place.replaceChildren(...children.map((child) => child.cloneNode?.(true) ?? child));
    }
  }

  /** Children with commas between them and "and" before the last. */
  function enumerate(children) {
    return children.flatMap((child, i) => {
      if (i === 0) return [child];
      return [i === children.length - 1 ? " and " : ", ", child];
    });
  }

  // ---- showing the next step -------------------------------------------------------------------

  const pairText = ({ words }, [c, o]) => `${words[c]} → ${words[o]}`;

  function showSentence({ settings, places, step }) {
    const [center, observed] = places[step % places.length];
    const word = (token, i) => {
      const near = Math.abs(i - center) <= settings.window ? "in-window" : "";
      if (i === center) {
        return element("span", { class: `${near} center` }, token, element("small", {}, "c"));
      }
      if (i === observed) {
        return element("span", { class: `${near} observed` }, token, element("small", {}, "o"));
      }
      return element("span", { class: near }, token);
    };
    byId("sentence-strip").replaceChildren(
      ...settings.tokens.flatMap((token, i) => [word(token, i), " "]),
    );
  }

  function showQueue(state) {
    const { step, pairs } = state;
    const entry = (which, at, name) =>
      element(
        "li",
        { class: name },
        `${which} ${(at % pairs.length) + 1} of ${pairs.length}: ${pairText(state, training.pairOf(state, at))}`,
      );
    byId("queue").replaceChildren(
      ...(step > 0 ? [entry("last: pair", step - 1, "last")] : []),
      entry("next: pair", step, "next"),
      entry("then: pair", step + 1, "then"),
    );
  }

  /** Which rows move, in words and names. */
  function movingRows({ words, settings }, { c, gradient, touched }) {
    const zero = (row) => row.every((x) => x === 0);
    const [centerStays, outsideStays] = [
      zero(gradient.gradCenter),
      gradient.gradOutside.every(zero),
    ];
    if (centerStays && outsideStays) return ["nothing; both gradients are exactly 0"];
    const v = centerStays
      ? ["not ", vectorName("v", words[c]), ", whose gradient is exactly 0; but "]
      : [vectorName("v", words[c]), ", one row of V, and "];
    if (settings.loss === "naive-softmax") return [...v, `every u, all ${words.length} rows of U`];
    const count = `${touched.length} ${touched.length === 1 ? "row" : "rows"} of U`;
    return [
      ...v,
      ...enumerate(touched.map((w) => vectorName("u", words[w]))),
      `, ${count}: never more than K + 1 = ${settings.negatives + 1}`,
    ];
  }

  function showExplanations(state, next) {
    const { words, pairs } = state;
    fill("c", words[next.c]);
    fill("o", words[next.o]);
    fill("u-o", vectorName("u", words[next.o]));
    fill("v-c", vectorName("v", words[next.c]));
    fill("all-words", `all ${words.length} words of the vocabulary`);
    fill("uniform", `1/${words.length}`);
    fill("pair-count", String(pairs.length));
    fill("negatives", ...enumerate(next.negatives.map((n) => element("b", {}, words[n]))));
    fill("K", String(next.negatives.length));
    fill("moving", ...movingRows(state, next));
  }

  /** A table row: what it is about, a bar as long as `value` of 1, the value, and further cells. */
  function barRow(name, value, further, observed, part) {
    const bar = element("div", { style: `width: ${100 * value}%` });
    return element(
      "tr",
      { class: observed ? "observed" : "", "data-part": part, "data-parts": part },
      element("th", { scope: "row" }, ...name),
      element("td", { class: "bar" }, bar),
      numberCell(value),
      ...further,
    );
  }

  function showProbabilities({ words, vectors, settings }, { c, o, negatives }) {
    const v = vectors.center[c];
    const softmax = settings.loss === "naive-softmax";
    const rows = word2vec.probabilities(v, vectors.outside).map((p, x) => {
      const y = x === o ? 1 : 0;
      const name = x === o ? [words[x], " (o)"] : [words[x]];
      const residual = softmax ? [numberCell(p - y)] : [];
      return barRow(name, p, [numberCell(y), ...residual], x === o, `word-${x}`);
    });
    byId("probabilities").tBodies[0].replaceChildren(...rows);

    const sigma = (x) => word2vec.sigmoid(word2vec.dot(vectors.outside[x], v));
    const drawn = negatives.map((n, k) =>
      barRow(
        [words[n], " (n", element("sub", {}, String(k + 1)), ")"],
        sigma(n),
        [numberCell(0)],
        false,
        `word-${n}`,
      ),
    );
    byId("sigmas").tBodies[0].replaceChildren(
      barRow([words[o], " (o)"], sigma(o), [numberCell(1)], true, `word-${o}`),
      ...drawn,
    );
  }

  function showForces({ settings, words }, { c, gradient }) {
    const sum = word2vec.add(gradient.pull, gradient.push);
    const change = word2vec.scale(settings.rate, sum);
    const rows = { pull: gradient.pull, push: gradient.push, sum, change };
    for (const [name, vector] of Object.entries(rows)) {
      const row = document.querySelector(`#force-numbers [data-row="${name}"]`);
      row.replaceChildren(row.cells[0], ...vector.map(numberCell));
    }
    figures.drawForces(
      byId("forces"),
      gradient.pull,
      gradient.push,
      `On v of ${words[c]}: pull ${formatVector(gradient.pull)}, ` +
        `push ${formatVector(gradient.push)}, sum ${formatVector(sum)}`,
    );
  }

  /** One matrix, and beside each row what the next step adds to it. */
  function showMatrix(table, words, rows, changes) {
    const shown = rows.map((row, w) => {
      const change = changes[w] ?? row.map(() => null);
      return element(
        "tr",
        { class: changes[w] ? "moves" : "" },
        element("th", { scope: "row" }, words[w]),
        ...row.map(numberCell),
        ...change.map(numberCell),
      );
    });
    table.tBodies[0].replaceChildren(...shown);
  }

  function showNumbers({ settings, words, vectors }, { c, gradient, touched }) {
    const step = (row) => word2vec.scale(-settings.rate, row);
    showMatrix(byId("center"), words, vectors.center, { [c]: step(gradient.gradCenter) });
    showMatrix(
      byId("outside"),
      words,
      vectors.outside,
      Object.fromEntries(touched.map((w) => [w, step(gradient.gradOutside[w])])),
    );
  }

  /** What lights the arrow of u_w: its own word, and the terms of the formula that it is in. */
  function partsOf(w, { settings }, { o, negatives }) {
    const isPushed = settings.loss === "naive-softmax" || negatives.includes(w);
    return [`word-${w}`, ...(w === o ? ["pull"] : []), ...(isPushed ? ["push"] : [])].join(" ");
  }

  function showVectors(state, next) {
    const { words, vectors, trail } = state;
    const { c, o, touched, gradient } = next;
    const step = (row) => word2vec.scale(-state.settings.rate, row);
    const told = (letter, word, at) => `${letter} of ${word} ${formatVector(at)}`;
    const items = words.flatMap((word, w) => [
      {
        letter: "v",
        word,
        at: vectors.center[w],
        moves: w === c,
        to: word2vec.add(vectors.center[w], step(gradient.gradCenter)),
        trail: trail.map(({ center }) => center[w]),
        key: `center-${w}`,
        part: w === c ? "center" : "",
        parts: w === c ? "center" : "",
        inPair: w === c,
        told: told("v", word, vectors.center[w]),
      },
      {
        letter: "u",
        word,
        at: vectors.outside[w],
        moves: touched.includes(w),
        to: word2vec.add(vectors.outside[w], step(gradient.gradOutside[w])),
        trail: trail.map(({ outside }) => outside[w]),
        key: `outside-${w}`,
        part: w === o ? "pull" : `word-${w}`,
        parts: partsOf(w, state, next),
        inPair: w === o,
        told: told("u", word, vectors.outside[w]),
      },
    ]);
    const label = items.map(({ told: name }) => name);
    plane = figures.drawVectors(
      byId("vectors"),
      items,
      `The vectors: ${label.join("; ")}`,
      held === null ? null : held.limit,
    );
    const atOrigin = (letter) =>
      items.filter((item) => item.letter === letter && item.at.every((x) => x === 0)).length;
    const groups = ["v", "u"]
      .filter((letter) => atOrigin(letter) > 0)
      .map(
        (letter) =>
          `${atOrigin(letter) === words.length ? "every" : `${atOrigin(letter)} of the`} ${letter}`,
      );
    byId("at-origin").textContent = groups.length ? `At the origin: ${groups.join(" and ")}.` : "";
  }

  function showLosses(state) {
    const { losses, lowest, log } = state;
    const current = losses[losses.length - 1];
    figures.drawLosses(
      byId("losses"),
      losses,
      lowest,
      `Mean loss: ${format(losses[0])} at the start, ${format(current)} after ${state.step} steps; ` +
        `no vectors get below ${format(lowest)}`,
    );
    byId("step-count").textContent = String(state.step);
    show(byId("mean-loss"), current);
    const rows = log.map(({ step, c, o, before, after }) =>
      element(
        "tr",
        {},
        element("td", {}, String(step)),
        element("td", {}, pairText(state, [c, o])),
        numberCell(before),
        numberCell(after),
      ),
    );
    byId("log").tBodies[0].replaceChildren(...rows);
    byId("log").hidden = log.length === 0;
  }

  /** What the hand changes: how probable the observed word is, and the loss of the pair. */
  function showReadout({ settings, vectors }, { c, o, gradient }) {
    const isSoftmax = settings.loss === "naive-softmax";
    const v = vectors.center[c];
    if (isSoftmax) show(byId("probability"), word2vec.probabilities(v, vectors.outside)[o]);
    else show(byId("sigma"), word2vec.sigmoid(word2vec.dot(vectors.outside[o], v)));
    show(byId(isSoftmax ? "pair-loss" : "sampling-loss"), gradient.loss);
    // A word that is not in the pair lights the term that it is in: the push, if any.
    const words = vectors.outside.map((_, w) => w).filter((w) => w !== o);
    for (const term of document.querySelectorAll('.term, #force-numbers [data-part]')) {
      const { part } = term.dataset;
      const more = part === "push" ? words.map((w) => `word-${w}`) : [];
      term.dataset.parts = [part, ...(part === "pull" ? [`word-${o}`] : more)].join(" ");
    }
  }

  /** A text in which v_c and u_o are set as such. */
  const withVectors = (text) =>
    text.split(/\b([vu]_\w)\b/).map((part, i) => (i % 2 ? vectorName(part[0], part[2]) : part));

  function showTasks() {
    const all = tasks.all();
    byId("tasks").replaceChildren(
      ...all.map(({ text, isDone }) =>
        element(
          "li",
          { class: isDone ? "done" : "" },
          element("span", { class: "mark" }, isDone ? "✓" : "○"),
          element("span", { class: "hidden" }, isDone ? "Done: " : "To do: "),
          ...withVectors(text),
        ),
      ),
    );
    byId("tasks-done").textContent = String(all.filter(({ isDone }) => isDone).length);
    byId("tasks-all").textContent = String(all.length);
  }

  // ---- a term and its arrows -------------------------------------------------------------------

  /** The part of the formula that is lit, "" for none. */
  let lit = "";

  function light(part) {
    lit = part;
    document.body.toggleAttribute("data-lit", part !== "");
    for (const each of document.querySelectorAll("[data-parts]")) {
      each.classList.toggle("lit", part !== "" && each.dataset.parts.split(" ").includes(part));
    }
  }

  const partOf = ({ target }) => target.closest?.("[data-part]")?.dataset.part ?? "";

  document.addEventListener("pointerover", (event) => {
    if (held === null && partOf(event) !== lit) light(partOf(event));
  });
  document.addEventListener("focusin", (event) => light(partOf(event)));
  document.addEventListener("focusout", () => light(""));

  function render(state) {
    const next = training.plan(state);
    const stuck = word2vec.isZero(state.vectors);
    document.body.dataset.loss = state.settings.loss;
    document.body.toggleAttribute("data-stuck", stuck);
    byId("stuck").hidden = !stuck;
    showSentence(state);
    showQueue(state);
    showExplanations(state, next);
    showProbabilities(state, next);
    showForces(state, next);
    showNumbers(state, next);
    showVectors(state, next);
    showReadout(state, next);
    showLosses(state);
    showTasks();
    byId("back").disabled = state.past.length === 0;
    light(lit);
  }

  // ---- what the reader does --------------------------------------------------------------------

  const say = (message) => {
    byId("status").textContent = message;
  };

  const tooLarge = "The numbers became too large: take a smaller learning rate, and reset.";

  /** What one step did, in words. */
  function outcome(state) {
    const [{ step, c, o, before, after }] = state.log;
    const pair = pairText(state, [c, o]);
    if (word2vec.isZero(state.vectors)) {
      return `Step ${step}, ${pair}: the gradient is exactly 0. Nothing moved.`;
    }
    const change = `from ${format(before)} to ${format(after)}`;
    return `Step ${step}, ${pair}: the loss of this pair went ${change}.`;
  }

  /** What many steps did, in words. */
  function summary(state, from) {
    const first = state.losses[from];
    const last = state.losses[state.step];
    if (word2vec.isZero(state.vectors)) {
      return `${state.step - from} steps: the gradient was exactly 0 at each. Nothing moved.`;
    }
    const change = `from ${format(first)} to ${format(last)}`;
    return `${state.step - from} steps: the mean loss went ${change}.`;
  }

  let state;

  /** Tell what was done, look whether it was a task, and show all. */
  function finish(did, message) {
    const isNew = tasks.notice(state, did);
    say(isNew ? `${message} Done: one of the things to try.` : message);
    render(state);
  }

  function restart(message) {
    state = training.begin(fields.read(state?.settings ?? {}));
    finish("restart", message);
  }

  function train(steps) {
    const from = state.step;
    while (state.step < from + steps && training.advance(state));
    const did = steps === 1 ? "step" : "many";
    if (state.step < from + steps) finish("", tooLarge);
    else finish(did, steps === 1 ? outcome(state) : summary(state, from));
  }

  function goBack() {
    if (!training.back(state)) return;
    finish("back", `Back at ${state.step} steps.`);
    // A button that is disabled gives the focus away, to the start of the page.
    if (byId("back").disabled) byId("step").focus();
  }

  // ---- moving a vector by hand -----------------------------------------------------------------

  const nameOf = (key) => {
    const [matrix, w] = key.split("-");
    return { matrix, w: Number(w) };
  };

  function put(key, at) {
    const { matrix, w } = nameOf(key);
    training.place(state, matrix, w, at);
  }

  /** What a move by hand did, in words. */
  function moved(key) {
    const { matrix, w } = nameOf(key);
    const letter = matrix === "center" ? "v" : "u";
    const at = formatVector(state.vectors[matrix][w]);
    const loss = format(training.plan(state).gradient.loss);
    return `${letter} of “${state.words[w]}” is ${at}; the loss of this pair is ${loss}.`;
  }

  function takeHold(event) {
    const { key } = event.target.dataset;
    if (key === undefined) return;
    event.preventDefault();
    training.remember(state);
    held = { key, limit: plane.limit };
    byId("vectors").setPointerCapture(event.pointerId);
  }

  function drag(event) {
    if (held === null) return;
    const { left, top } = byId("vectors").getBoundingClientRect();
    const within = (value) => Math.max(-1.1 * held.limit, Math.min(1.1 * held.limit, value));
    put(held.key, plane.toPlane(event.clientX - left, event.clientY - top).map(within));
    render(state);
  }

  function letGo() {
    if (held === null) return;
    const { key } = held;
    held = null;
    finish("drag", moved(key));
  }

  const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

  function moveByKey(event) {
    const { key } = event.target.dataset;
    const direction = KEYS[event.key];
    if (key === undefined || direction === undefined) return;
    event.preventDefault();
    const { matrix, w } = nameOf(key);
    const distance = plane.limit / (event.shiftKey ? 100 : 20);
    training.remember(state);
    put(key, word2vec.add(state.vectors[matrix][w], word2vec.scale(distance, direction)));
    finish("drag", moved(key));
    // It was drawn anew.
    document.querySelector(`[data-key="${key}"]`).focus();
  }

  byId("vectors").addEventListener("pointerdown", takeHold);
  byId("vectors").addEventListener("pointermove", drag);
  byId("vectors").addEventListener("pointerup", letGo);
  byId("vectors").addEventListener("pointercancel", letGo);
  byId("vectors").addEventListener("keydown", moveByKey);

  /** A learning rate holds from now on; anything else, where it changed, starts again. */
  function changeSettings() {
    const before = state.settings;
    const after = fields.read(before);
    const { rate, ...rest } = after;
    const { rate: _, ...restBefore } = before;
    if (JSON.stringify(rest) === JSON.stringify(restBefore)) {
      state.settings = after;
      if (rate !== before.rate) say(`The learning rate is ${rate} from the next step on.`);
      render(state);
    } else {
      restart("Started again with the new settings.");
    }
  }

  byId("back").addEventListener("click", goBack);
  byId("step").addEventListener("click", () => train(1));
  byId("many-steps").addEventListener("click", () => train(STEPS_AT_ONCE));
  byId("reset").addEventListener("click", () => restart("Back at the start."));
  byId("nudge").addEventListener("click", () => {
    const word = training.nudge(state);
    finish(
      "nudge",
      `Added a vector of length ${training.NUDGE} to v of “${word}”. ` +
        "The next steps show what becomes of it.",
    );
  });
  for (const field of document.querySelectorAll("#settings input, #settings select")) {
    field.addEventListener("change", changeSettings);
  }
  // Drawings are as wide as their place.
  window.addEventListener("resize", () => render(state));
  restart("Press Step: one pair, one step of gradient descent.");
})();
