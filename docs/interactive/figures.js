/**
 * The three drawings, as SVG. Each function replaces the content of one <svg>; none keeps state.
 * One unit of the drawing is one pixel of the page, so that text has the same size on any screen.
 */
const figures = (() => {
  "use strict";

  const NAMESPACE = "http://www.w3.org/2000/svg";

  /** @typedef {[number, number]} Point */

  // ---- building blocks -------------------------------------------------------------------------

  function shape(name, attributes, ...children) {
    const made = document.createElementNS(NAMESPACE, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const text = (x, y, className, ...children) =>
    shape("text", { x, y, class: className }, ...children);

  const line = ([x1, y1], [x2, y2], className) =>
    shape("line", { x1, y1, x2, y2, class: className });

  const polyline = (points, className) =>
    shape("polyline", {
      points: points.map((point) => point.join(",")).join(" "),
      class: className,
    });

  /** The letter v or u with a word as its index. */
  function vectorName(letter, word) {
    return [shape("tspan", { class: "letter" }, letter), shape("tspan", { dy: 4 }, word)];
  }

  /**
   * An arrow; `closed` fills its head. Too short to see: a dot.
   *
   * @param {Point} from
   * @param {Point} to
   */
  function arrow(from, to, className, closed) {
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const length = Math.hypot(dx, dy);
    if (length < 3)
      return shape("circle", { cx: to[0], cy: to[1], r: 3, class: `dot ${className}` });
    const head = Math.min(11, length * 0.6);
    const corner = (side) => [
      to[0] - (head * dx) / length + (side * head * 0.45 * dy) / length,
      to[1] - (head * dy) / length - (side * head * 0.45 * dx) / length,
    ];
    const headPoints = [corner(1), to, corner(-1)].map((point) => point.join(",")).join(" ");
    const neck = closed ? 0.8 * head : 0;
    const end = [to[0] - (neck * dx) / length, to[1] - (neck * dy) / length];
    return shape(
      "g",
      { class: `arrow ${className}` },
      line(from, end, "shaft"),
      shape(closed ? "polygon" : "polyline", { points: headPoints, class: "head" }),
    );
  }

  /** Clear the drawing and size it to its place on the page. */
  function begin(svg, height, label) {
    const width = Math.max(svg.clientWidth, 200);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("height", height);
    svg.setAttribute("aria-label", label);
    svg.replaceChildren();
    return width;
  }

  /** The smallest of 1, 1.5, 2, 3, 5 or 7 times a power of ten that is at least `value`. */
  function roundUp(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 1.5, 2, 3, 5, 7, 10].find((m) => m * power >= value * (1 - 1e-9)) * power;
  }

  /** The number beside a grid line. */
  function tick(value) {
    const size = Math.abs(value);
    const short =
      size !== 0 && (size >= 1e4 || size < 1e-3) ? value.toExponential(1) : `${+value.toFixed(4)}`;
    return short.replaceAll("-", "−");
  }

  // ---- labels that keep out of each other's way ------------------------------------------------

  const LABEL = { height: 16, letter: 7.2 };

  const overlap = (a, b) =>
    Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
    Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

  /** The box of a label of `width`, its middle `distance` beyond `tip` in direction `angle`. */
  function labelBox(tip, width, angle, distance) {
    const x = tip[0] + Math.cos(angle) * (distance + width / 2);
    const y = tip[1] + Math.sin(angle) * (distance + LABEL.height / 2);
    return {
      left: x - width / 2,
      right: x + width / 2,
      top: y - LABEL.height / 2,
      bottom: y + LABEL.height / 2,
    };
  }

  /**
   * A free place near each tip: candidates around it, the direction of the arrow first, and the
   * one that covers least of what is placed already and of the arrows from `origin`.
   *
   * @param {{tip: Point, angle: number, width: number}[]} labels
   * @param {{width: number, height: number}} frame
   * @param {Point} origin
   * @param {{left: number, right: number, top: number, bottom: number}[]} taken
   */
  function placeLabels(labels, frame, origin, taken = []) {
    const along = (tip, part) => [0, 1].map((axis) => origin[axis] + part * (tip[axis] - origin[axis]));
    const arrows = labels.flatMap(({ tip }) =>
      [0.4, 0.6, 0.8, 1].map((part) => labelBox(along(tip, part), 12, 0, -6)),
    );
    const placed = [];
    for (const { tip, angle, width } of labels) {
      let best = null;
      for (const distance of [4, 14, 26]) {
        for (const turn of [0, 0.6, -0.6, 1.2, -1.2, 1.9, -1.9, 2.6, -2.6]) {
          const box = labelBox(tip, width, angle + turn, distance);
          const outside =
            Math.max(0, -box.left) +
            Math.max(0, box.right - frame.width) +
            Math.max(0, -box.top) +
            Math.max(0, box.bottom - frame.height);
          const others = [...placed, ...arrows, ...taken];
          const covered = others.reduce((sum, other) => sum + overlap(box, other), 0);
          const cost = covered + 40 * outside + distance + 4 * Math.abs(turn);
          if (best === null || cost < best.cost) best = { box, cost };
        }
      }
      placed.push(best.box);
    }
    return placed;
  }

  // ---- the vectors -----------------------------------------------------------------------------

  /** Draw lines and numbers; return the boxes of the numbers. */
  function drawGrid(svg, width, height, limit, place) {
    const numbers = [];
    for (const value of [-limit, -limit / 2, limit / 2, limit]) {
      const [x, y] = place([value, value]);
      svg.append(line([x, 0], [x, height], "grid"), line([0, y], [width, y], "grid"));
      for (const [left, bottom] of [
        [x + 3, height / 2 + 12],
        [width / 2 + 4, y - 3],
      ]) {
        svg.append(text(left, bottom, "tick", tick(value)));
        numbers.push({ left, right: left + 6 * tick(value).length, top: bottom - 10, bottom });
      }
    }
    svg.append(line([width / 2, 0], [width / 2, height], "axis"));
    svg.append(line([0, height / 2], [width, height / 2], "axis"));
    return numbers;
  }

  /**
   * All v's and u's as arrows from the origin, the trails of their tips, and a handle on each tip.
   *
   * @param {SVGElement} svg
   * @param {{letter: "v" | "u", word: string, at: Point, to: Point, moves: boolean, trail: Point[],
   *   key: string, part: string, parts: string, inPair: boolean, told: string}[]} items
   *   to is where the next step takes the tip, key names the handle, part is what the arrow lights, parts what lights it
   * @param {string} label  the drawing in words
   * @param {?number} scale  the largest coordinate of the plane, while a hand moves a tip
   * @returns {{limit: number, toPlane: (x: number, y: number) => Point}} the scale, and the way back
   *   from pixels of the drawing to the plane
   */
  function drawVectors(svg, items, label, scale = null) {
    const height = Math.round(Math.min(Math.max(svg.clientWidth, 200), 540));
    const width = begin(svg, height, label);
    const largest = Math.max(...items.flatMap(({ at }) => at.map(Math.abs)));
    const limit = scale ?? (largest > 0 ? roundUp(largest) : 1);
    // Room for labels beyond the outermost tips.
    const unit = (Math.min(width, height) / 2 - 34) / limit;
    const place = ([x, y]) => [width / 2 + unit * x, height / 2 - unit * y];
    const origin = place([0, 0]);

    const numbers = drawGrid(svg, width, height, limit, place);
    for (const { letter, trail } of items) {
      if (trail.length > 1) svg.append(polyline(trail.map(place), `trail ${letter}`));
    }
    for (const { letter, at, to, moves } of items) {
      if (moves) svg.append(line(place(at), place(to), `next ${letter}`));
    }
    const drawn = items.filter(({ at }) => at.some((x) => x !== 0));
    // What moves is drawn last, on top; v_c above all.
    const rank = ({ moves, letter }) => 2 * moves + (letter === "v");
    drawn.sort((a, b) => rank(a) - rank(b));
    for (const { letter, at, moves, part, parts } of drawn) {
      const className = `${letter} ${moves ? "moves" : "stays"}`;
      const made = arrow(origin, place(at), className, letter === "v");
      made.dataset.part = part;
      made.dataset.parts = parts;
      svg.append(made);
    }
    if (drawn.length < items.length) {
      svg.append(shape("circle", { cx: origin[0], cy: origin[1], r: 5, class: "at-zero" }));
    }
    const labels = drawn.map(({ letter, word, at }) => ({
      tip: place(at),
      angle: Math.atan2(-at[1], at[0]),
      width: LABEL.letter * (1 + 0.9 * [...word].length) + 4,
      letter,
      word,
    }));
    placeLabels(labels, { width, height }, origin, numbers).forEach((box, i) => {
      const { letter, word } = labels[i];
      svg.append(text(box.left + 2, box.bottom - 5, `name ${letter}`, ...vectorName(letter, word)));
    });
    // Handles lie on top of all, those of the pair above the others.
    for (const item of [...items].sort((a, b) => Number(a.inPair) - Number(b.inPair))) {
      svg.append(handle(place(item.at), item));
    }
    const toPlane = (x, y) => [(x - width / 2) / unit, (height / 2 - y) / unit];
    return { limit, toPlane };
  }

  /** A place to take hold of a tip; only those of the pair are on the way of the Tab key. */
  function handle([x, y], { key, part, inPair, told }) {
    const made = shape("circle", {
      cx: x,
      cy: y,
      r: 13,
      class: "handle",
      role: "button",
      tabindex: inPair ? "0" : "-1",
      "aria-label": `${told}: drag it, or move it with the arrow keys`,
    });
    made.dataset.key = key;
    made.dataset.part = part;
    return made;
  }

  // ---- pull and push ---------------------------------------------------------------------------

  /**
   * Pull and push from the tip of v_c, and their sum: the diagonal of the parallelogram.
   *
   * @param {SVGElement} svg
   * @param {Point} pull
   * @param {Point} push
   * @param {string} label  the drawing in words
   */
  function drawForces(svg, pull, push, label) {
    const height = 200;
    const width = begin(svg, height, label);
    const sum = [pull[0] + push[0], pull[1] + push[1]];
    const corners = [[0, 0], pull, push, sum];
    const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]));
    const spans = [xs, ys].map((values) => Math.max(...values) - Math.min(...values));
    if (Math.max(...spans) === 0) {
      svg.append(text(width / 2, height / 2, "empty", "pull = push = 0"));
      return;
    }
    const unit = Math.min(...[(width - 90) / spans[0], (height - 50) / spans[1]]);
    const middle = [xs, ys].map((values) => (Math.max(...values) + Math.min(...values)) / 2);
    const place = ([x, y]) => [
      width / 2 + unit * (x - middle[0]),
      height / 2 - unit * (y - middle[1]),
    ];
    const start = place([0, 0]);
    const arrows = Object.entries({ pull, push, sum }).map(([name, to]) => ({
      name,
      to: place(to),
    }));
    const end = place(sum);
    for (const corner of [pull, push]) svg.append(line(place(corner), end, "grid"));
    for (const { name, to } of arrows) {
      const made = arrow(start, to, name, true);
      made.dataset.part = name;
      made.dataset.parts = name;
      svg.append(made);
    }
    svg.append(shape("circle", { cx: start[0], cy: start[1], r: 4, class: "start" }));
    const labels = arrows.map(({ name, to }) => ({
      tip: to,
      angle: Math.atan2(to[1] - start[1], to[0] - start[0]),
      width: LABEL.letter * name.length,
    }));
    placeLabels(labels, { width, height }, start).forEach((box, i) => {
      svg.append(text(box.left, box.bottom - 4, `name ${arrows[i].name}`, arrows[i].name));
    });
  }

  // ---- the loss --------------------------------------------------------------------------------

  /** At most `count` of the values, the first and the last among them, with their indices. */
  function thin(values, count) {
    const stride = Math.max(1, Math.ceil(values.length / count));
    const kept = values.map((value, i) => [i, value]).filter(([i]) => i % stride === 0);
    const last = values.length - 1;
    return last % stride === 0 ? kept : [...kept, [last, values[last]]];
  }

  /**
   * The mean loss after each step, and the lowest that there is.
   *
   * @param {SVGElement} svg
   * @param {number[]} losses  losses[t] after t steps
   * @param {number} lowest
   * @param {string} label  the drawing in words
   */
  function drawLosses(svg, losses, lowest, label) {
    const height = 200;
    const width = begin(svg, height, label);
    const written = (value) => (value < 1e4 ? value.toFixed(2) : tick(value));
    const steps = roundUp(Math.max(losses.length - 1, 10));
    // Not Math.max(...losses): an argument list has a limit, training has none.
    const top = losses.reduce((a, b) => Math.max(a, b));
    const span = (top - lowest) * 1.15 || 1;
    const base = lowest - 0.08 * span;
    const letters = Math.max(...[top, lowest].map((value) => written(value).length));
    const box = { left: 14 + 7 * letters, right: width - 12, top: 12, bottom: height - 26 };
    const place = ([t, loss]) => [
      box.left + ((box.right - box.left) * t) / steps,
      box.bottom - ((box.bottom - box.top) * (loss - base)) / span,
    ];
    svg.append(line([box.left, box.bottom], [box.right, box.bottom], "axis"));
    svg.append(line([box.left, box.top], [box.left, box.bottom], "axis"));
    for (const t of [0, steps / 2, steps]) {
      svg.append(text(place([t, 0])[0], height - 8, "tick middle", tick(t)));
    }
    const current = losses[losses.length - 1];
    for (const value of new Set([top, lowest])) {
      const y = place([0, value])[1];
      svg.append(
        text(box.left - 6, y + 4, "tick end", written(value)),
      );
    }
    const [, floor] = place([0, lowest]);
    svg.append(line([box.left, floor], [box.right, floor], "floor"));
    svg.append(polyline(thin(losses, 600).map(place), "loss"));
    const [x, y] = place([losses.length - 1, current]);
    svg.append(shape("circle", { cx: x, cy: y, r: 3.5, class: "dot loss" }));
  }

  return Object.freeze({ drawForces, drawLosses, drawVectors });
})();
