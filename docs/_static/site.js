/**
 * What the theme leaves open: boxes that scroll can be reached by keyboard, and a search from a
 * folder says what it cannot do there.
 */
(() => {
  "use strict";

  const BOXES = "pre, .table-wrapper, .cell_output, mjx-container[display], .scroll";

  /** Let the keyboard into what scrolls sideways; elsewhere Tab has nothing to stop for. */
  function reachable() {
    for (const box of document.querySelectorAll(BOXES)) {
      const scrolls = box.scrollWidth > box.clientWidth + 1;
      if (scrolls) box.setAttribute("tabindex", "0");
      else if (!box.classList.contains("scroll")) box.removeAttribute("tabindex");
    }
  }

  window.addEventListener("load", () => {
    reachable();
    // Formulas are drawn after that.
    window.MathJax?.startup?.promise?.then(reachable);
  });
  window.addEventListener("resize", reachable);

  const isFolder = window.location.protocol === "file:";
  // From a folder, a browser lets no page read another: there are no excerpts to ask for.
  if (isFolder) DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  document.addEventListener("DOMContentLoaded", () => {
    const results = document.getElementById("search-results");
    if (!isFolder || results === null) return;
    const note = document.createElement("p");
    note.id = "search-note";
    const command = document.createElement("code");
    command.textContent = "python3 -m http.server -d docs/_build/html";
    note.append("Opened from a folder, the search finds pages but shows no excerpts. With excerpts: ");
    note.append(command, ", then http://localhost:8000.");
    results.before(note);
  });
})();
