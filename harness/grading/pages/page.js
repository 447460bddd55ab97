"use strict";
// Without this script a page shows all it has: it sorts, finds and unfolds.

// It runs before the page is read: what is to be shown later is not laid out first.
document.documentElement.classList.add("scripted");
let table, find, show, count, more;

// Rows behind these are shown when one comes near them (harness.grading.pages.matrix).
const AT_ONCE = 100;
let room = AT_ONCE;

// A sign sorts by how bad it is, the worst last.
const ORDER = ["kept", "untested", "open", "blocked", "partly", "broken"];

function keyOf(cell) {
  if (cell.classList.contains("s")) {
    return ORDER.indexOf(cell.classList.item(1));
  }
  const value = cell.dataset.value ?? cell.textContent.trim();
  const number = Number(value);
  return value === "" || Number.isNaN(number) ? value.toLocaleLowerCase() : number;
}

function compared(a, b) {
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
}

function sort(heading, descending) {
  const at = [...heading.parentElement.children].indexOf(heading);
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row, place) => [keyOf(row.children[at]), place, row]);
  rows.sort((a, b) => (descending ? compared(b[0], a[0]) : compared(a[0], b[0])) || a[1] - b[1]);
  body.append(...rows.map((each) => each[2]));
  lay(AT_ONCE);
  for (const each of heading.parentElement.children) {
    each.setAttribute("aria-sort", "none");
  }
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
}

function sortBy(heading) {
  // Of requirements the worst are wanted first, of all else the least.
  const first = heading.classList.contains("tilted") ? "descending" : "ascending";
  const before = heading.getAttribute("aria-sort");
  sort(heading, before === "none" ? first === "descending" : before === "ascending");
}

function matches(row, words, kind) {
  if (kind && !row.dataset.kinds.split(" ").includes(kind)) {
    return false;
  }
  return words.every((word) =>
    word.startsWith("breaks:")
      ? row.dataset.breaks.toLocaleLowerCase().split(" ").includes(word.slice(7))
      : textOf(row).includes(word)
  );
}

function textOf(row) {
  const told = () => [...row.children].slice(0, 3).map((each) => each.textContent);
  return (row.dataset.text ??= told().join(" ").toLocaleLowerCase());
}

// Shows so many of the rows that were found, and says whether there are more.
function lay(most) {
  room = most;
  let found = 0;
  for (const row of table.tBodies[0].rows) {
    found += row.hidden ? 0 : 1;
    row.classList.toggle("later", !row.hidden && found > room);
  }
  more.hidden = found <= room;
  more.textContent = `Show the other ${found - room}`;
}

function filter() {
  const words = find.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of table.tBodies[0].rows) {
    row.hidden = !matches(row, words, show.value);
    shown += row.hidden ? 0 : 1;
  }
  const all = table.tBodies[0].rows.length;
  lay(AT_ONCE);
  count.textContent = shown === all ? `${all} submissions` : `${shown} of ${all} submissions`;
}

function buttonIn(heading) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...heading.childNodes);
  button.addEventListener("click", () => sortBy(heading));
  heading.append(button);
}

function startMatrix() {
  table.tHead.querySelectorAll("th").forEach(buttonIn);
  find.addEventListener("input", filter);
  show.addEventListener("input", filter);
  find.closest(".tools").hidden = false;
  for (const button of document.querySelectorAll("button[data-find]")) {
    button.addEventListener("click", () => {
      find.value = button.dataset.find;
      filter();
      document.getElementById("matrix").scrollIntoView();
      find.focus({ preventScroll: true });
    });
  }
  lay(AT_ONCE);
  more.addEventListener("click", () => {
    const next = table.querySelector(".later a");
    lay(Infinity);
    next.focus();
  });
  new IntersectionObserver(([end]) => end.isIntersecting && lay(room + AT_ONCE), {
    root: more.parentElement,
    rootMargin: "600px",
  }).observe(more);
}

function startFolds(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const all = document.querySelectorAll("main details");
    const open = [...all].some((each) => !each.open);
    all.forEach((each) => (each.open = open));
    button.textContent = open ? "Fold all" : "Unfold all";
  });
}

// What a link leads to may be folded up.
function unfold() {
  const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folded = place && place.querySelector("details");
  if (folded) {
    folded.open = true;
  }
}
addEventListener("hashchange", unfold);
addEventListener("DOMContentLoaded", () => {
  table = document.querySelector(".matrix");
  [find, show, count, more] = ["find", "show", "count", "more"].map((id) => document.getElementById(id));
  const folds = document.getElementById("unfold");
  if (table) {
    startMatrix();
  }
  if (folds) {
    startFolds(folds);
  }
  unfold();
});
