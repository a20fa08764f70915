/**
 * The fields where the reader sets things: what they say, and what is wrong with it, in words
 * beside the field.
 */
const fields = (() => {
  "use strict";

  const LIMITS = { words: [2, 8], tokens: 24, letters: 14 };

  /** What is wrong with the words of a sentence, or "". */
  function sentenceProblem(tokens) {
    const words = word2vec.vocabulary(tokens);
    const [fewest, most] = LIMITS.words;
    const long = words.find((word) => [...word].length > LIMITS.letters);
    if (long !== undefined) {
      return `“${long}” has ${[...long].length} letters; a word may have ${LIMITS.letters}.`;
    }
    if (words.length < fewest || words.length > most) {
      const count = words.length === 1 ? "1 different word" : `${words.length} different words`;
      return `The sentence has ${count}; it needs ${fewest} to ${most}.`;
    }
    if (tokens.length > LIMITS.tokens) {
      return `The sentence has ${tokens.length} words; it may have ${LIMITS.tokens}.`;
    }
    return "";
  }

  /** What is wrong with a number field, or "". */
  function numberProblem(field) {
    const label = field.labels[0].textContent;
    const whole = field.step === "1";
    const value = field.valueAsNumber;
    const inRange = value >= Number(field.min) && value <= Number(field.max);
    if (inRange && (!whole || Number.isInteger(value))) return "";
    const kind = whole ? "a whole number" : "a number";
    const got = field.value === "" ? "" : `, not ${field.value}`;
    return `${label}: ${kind} from ${field.min} to ${field.max}${got}.`;
  }

  /** Show a problem beside its field, or take it away. */
  function report(field, problem) {
    const place = document.getElementById(`${field.id}-problem`);
    place.textContent = problem === "" ? "" : `${problem} Until then the last valid value holds.`;
    field.setAttribute("aria-invalid", String(problem !== ""));
  }

  /** Take over every field that is valid; the others keep what they had. */
  function read(previous) {
    const settings = { ...previous };
    const tokens = word2vec.tokenize(document.getElementById("sentence").value);
    const problem = sentenceProblem(tokens);
    report(document.getElementById("sentence"), problem);
    if (problem === "") settings.tokens = tokens;
    for (const id of ["window", "negatives", "seed", "rate"]) {
      const field = document.getElementById(id);
      const found = numberProblem(field);
      report(field, found);
      if (found === "") settings[id] = field.valueAsNumber;
    }
    settings.loss = document.getElementById("loss").value;
    settings.init = document.getElementById("init").value;
    return settings;
  }

  return Object.freeze({ read });
})();
