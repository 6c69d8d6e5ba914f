/**
 * The day board beyond what HTML does: arrow keys move between cards, the line of now keeps moving, a refresh keeps
 * focus and tells what others changed, and a banner says when the server has not answered for a minute.
 */

const STALE_AFTER_MS = 60_000;
const STEP_MINUTES = 5;
let lastContact = Date.now();
let before = null;

const boardOf = () => document.querySelector("[data-board]");
const cardsIn = (root) => [...root.querySelectorAll("[data-card]")];

/* One card is in the tab order; the arrow keys reach the others. */
function rove(board, current) {
  const cards = cardsIn(board);
  const chosen = current ?? cards.find((card) => card.tabIndex === 0 && card.hasAttribute("tabindex")) ?? cards[0];
  for (const card of cards) card.tabIndex = card === chosen ? 0 : -1;
  for (const link of board.querySelectorAll("[data-move-dialog]")) link.tabIndex = -1; // M does it on the card
}

function nearest(card, rows, step) {
  const middle = (element) => {
    const box = element.getBoundingClientRect();
    return box.left + box.width / 2;
  };
  for (let index = rows.indexOf(card.closest("section")) + step; rows[index]; index += step) {
    const candidates = cardsIn(rows[index]);
    if (candidates.length) {
      return candidates.reduce((best, next) =>
        Math.abs(middle(next) - middle(card)) < Math.abs(middle(best) - middle(card)) ? next : best);
    }
  }
  return null;
}

function neighbour(card, key) {
  const board = card.closest("[data-board]");
  const rows = [...board.querySelectorAll("section")];
  const own = cardsIn(card.closest("section"));
  const towardsEnd = getComputedStyle(board).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  switch (key) {
    case "ArrowUp": return nearest(card, rows, -1);
    case "ArrowDown": return nearest(card, rows, 1);
    case "ArrowLeft":
    case "ArrowRight": return own[own.indexOf(card) + (key === towardsEnd ? 1 : -1)];
    case "Home": return own[0];
    case "End": return own.at(-1);
    default: return null;
  }
}

document.addEventListener("keydown", (event) => {
  const card = event.target.closest?.("[data-card]");
  if (!card || event.altKey || event.ctrlKey || event.metaKey) return;
  const next = neighbour(card, event.key);
  if (!next) return;
  event.preventDefault();
  rove(boardOf(), next);
  next.focus();
});

document.addEventListener("focusin", (event) => {
  const card = event.target.closest?.("[data-card]");
  if (card) rove(boardOf(), card);
});

/* The line stands where the five minutes began; the server drew it, this moves it on. */
function moveNowLine() {
  const board = boardOf();
  if (!board?.dataset.axisStart) return;
  const minutes = (Date.now() - Date.parse(board.dataset.axisStart)) / 60_000;
  const isOnAxis = minutes >= 0 && minutes < Number(board.dataset.hours) * 60;
  const place = `from-${Math.floor(minutes / STEP_MINUTES) * STEP_MINUTES}`;
  for (const mark of board.querySelectorAll("[data-now-line], [data-now-label]")) {
    mark.hidden = !isOnAxis;
    if (!isOnAxis) continue;
    mark.className = mark.className.replace(/\bfrom-\d+\b/, place);
  }
}

function versions() {
  return new Map(cardsIn(document).map((card) => [card.dataset.card, card.dataset.version]));
}

function tellChanges(old) {
  const changed = cardsIn(document).filter((card) => old.get(card.dataset.card) !== card.dataset.version);
  for (const card of changed) card.classList.add("is-changed");
  if (changed.length) {
    const words = changed.map((card) => card.querySelector(".dock-card__ref").textContent).join(", ");
    const template = document.querySelector("[data-board-refresh]").dataset.changed;
    document.getElementById("announcer").textContent = template.replace("%s", words);
  }
}

document.addEventListener("htmx:configRequest", (event) => {
  const { etag } = event.target.dataset;
  if (event.target.matches("[data-board-refresh]") && etag) event.detail.headers["If-None-Match"] = etag;
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.target.matches("[data-board-refresh]")) return;
  const { status } = event.detail.xhr;
  if ((status >= 200 && status < 300) || status === 304) lastContact = Date.now();
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.target.matches("[data-board-refresh]") || !event.detail.shouldSwap) return;
  before = { versions: versions(), focused: document.activeElement?.id };
  event.target.dataset.etag = event.detail.xhr.getResponseHeader("ETag") ?? "";
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (!before || !event.target.matches("[data-board-refresh]")) return;
  rove(boardOf(), before.focused ? document.getElementById(before.focused) : null);
  if (before.focused?.startsWith("card-")) document.getElementById(before.focused)?.focus({ preventScroll: true });
  tellChanges(before.versions);
  before = null;
  moveNowLine();
});

/* Bring the line into view, moving the board alone and not the page. */
function showNow() {
  const line = boardOf().querySelector("[data-now-line]");
  const scroller = boardOf().parentElement;
  if (!line) return;
  const [at, frame] = [line.getBoundingClientRect(), scroller.getBoundingClientRect()];
  scroller.scrollBy({ left: at.left - frame.left - frame.width / 2 });
}

function showStale() {
  const banner = document.querySelector("[data-stale]");
  if (banner && document.querySelector("[data-board-refresh][hx-get]")) {
    banner.hidden = Date.now() - lastContact < STALE_AFTER_MS;
  }
}

if (boardOf()) {
  rove(boardOf());
  showNow();
  setInterval(() => {
    moveNowLine();
    showStale();
  }, 10_000);
}
