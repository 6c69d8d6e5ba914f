/**
 * Moving cards on the day board: by dragging, by keyboard (M, arrow keys, Enter, Escape) and by the dialog "Move…".
 * Before a card is dropped the server is asked what is in the way, and the ghost says so. The server decides.
 */

const SNAP_MINUTES = 15;
const THRESHOLD = 6;
const boardOf = () => document.querySelector("[data-board]");
const dialog = document.getElementById("move-dialog");
const say = (text) => { document.getElementById("announcer").textContent = text; };

/** What is being moved: the card, its ghost, the row and minute it hangs over, and what the server said of that. */
let carried = null;

class Carried {
  constructor(card) {
    this.card = card;
    this.name = card.querySelector(".dock-card__ref").textContent;
    this.minutes = Number(card.dataset.minutes);
    this.keepsTime = card.hasAttribute("data-keeps-time");
    this.row = card.closest("[data-place]");
    this.at = this.row ? minutesOf(card.dataset.start) : null;
    this.home = { row: this.row, at: this.at };
    this.verdict = null;
    this.ghost = document.createElement("li");
    this.ghost.setAttribute("aria-hidden", "true");
    const face = card.cloneNode(true);
    for (const name of [...face.getAttributeNames()]) if (name !== "class" && name !== "data-state") face.removeAttribute(name);
    this.says = document.createElement("span");
    this.says.className = "dock-card__says";
    face.append(this.says);
    face.classList.add("is-ghost");
    this.ghost.append(face);
    card.classList.add("is-carried");
  }

  /** Hang it over a row and a minute of the axis, and ask once it rests there. */
  hang(row, at) {
    const longest = Number(boardOf().dataset.hours) * 60;
    const place = Math.min(Math.max(at, 0), longest - SNAP_MINUTES);
    if (row === this.row && place === this.at && this.ghost.isConnected) return;
    [this.row, this.at] = [row, place];
    this.verdict = null;
    const shown = Math.min(this.minutes, longest - place);
    this.ghost.className = `board__slot is-over from-${floor5(place)} span-${Math.max(5, floor5(shown))}`;
    row.querySelector(".board__track").append(this.ghost);
    this.mark("", false);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), 120);
  }

  isHome() {
    return this.row === this.home.row && this.at === this.home.at;
  }

  mark(text, isConflict) {
    this.says.textContent = text;
    this.ghost.firstElementChild.classList.toggle("is-conflict", isConflict);
  }

  fields() {
    return { place: this.row.dataset.place, start: momentAt(this.at) };
  }

  async ask() {
    const asked = this.fields();
    const answer = await fetch(`${this.card.dataset.checkUrl}?${new URLSearchParams(asked)}`);
    if (carried !== this || asked.place !== this.row.dataset.place || asked.start !== momentAt(this.at)) return this.verdict;
    this.verdict = answer.ok ? await answer.json() : { free: false, says: answer.statusText };
    this.mark(this.verdict.says, !this.verdict.free);
    say(this.verdict.free && !this.dragged ? `${this.verdict.says}. ${dialog.dataset.free}` : this.verdict.says);
    return this.verdict;
  }

  /** Put it there if nothing is in the way; otherwise it stays in the air (keyboard) or goes home (pointer). */
  async drop() {
    if (this.isHome()) return this.leave();
    clearTimeout(this.timer);
    const verdict = this.verdict ?? (await this.ask());
    if (!verdict?.free) return this.dragged ? this.leave() : undefined;
    const { card } = this;
    const values = { ...this.fields(), version: card.dataset.moveVersion, part: "board", ...shownBoard() };
    this.end();
    return window.htmx.ajax("POST", card.dataset.moveUrl, { source: "#board", target: "#board", swap: "innerHTML", values });
  }

  leave() {
    const reason = this.verdict && !this.verdict.free ? `${this.verdict.says} ` : "";
    say(reason + dialog.dataset.left.replace("%s", this.name));
    this.end();
  }

  end() {
    clearTimeout(this.timer);
    this.ghost.remove();
    this.card.classList.remove("is-carried");
    carried = null;
    this.card.focus({ preventScroll: true });
  }
}

const floor5 = (minutes) => Math.floor(minutes / 5) * 5;
const axisStart = () => Date.parse(boardOf().dataset.axisStart);
const minutesOf = (moment) => Math.round((Date.parse(moment) - axisStart()) / 60_000);

/** A minute of the axis as the server reads moments: 20260303T0615Z. */
function momentAt(minutes) {
  return `${new Date(axisStart() + minutes * 60_000).toISOString().slice(0, 16).replaceAll(/[-:]/g, "")}Z`;
}

/** Which board is looked at, for the answer to be drawn alike. */
function shownBoard() {
  const asked = new URL(document.getElementById("board").getAttribute("hx-get"), location.href).searchParams;
  return { day: asked.get("day"), density: asked.get("density") ?? "" };
}

function pickUp(card) {
  if (!card.dataset.moveUrl) return null;
  carried?.end();
  carried = new Carried(card);
  return carried;
}

/* ---- keyboard ---- */

function firstPlace(held) {
  const rows = [...document.querySelectorAll("[data-place]")];
  const now = Math.max(0, Math.round((Date.now() - axisStart()) / 60_000 / SNAP_MINUTES) * SNAP_MINUTES);
  return [held.row ?? rows[0], held.at ?? now];
}

function nudge(key) {
  const rows = [...document.querySelectorAll("[data-place]")];
  const index = rows.indexOf(carried.row);
  const isRtl = getComputedStyle(boardOf()).direction === "rtl";
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, isRtl ? 1 : -1], ArrowRight: [0, isRtl ? -1 : 1] }[key];
  if (step[1] && carried.keepsTime) {
    say(dialog.dataset.keeps);
    carried.mark(dialog.dataset.keeps, false);
    return;
  }
  const row = rows[Math.min(Math.max(index + step[0], 0), rows.length - 1)];
  carried.hang(row, carried.at + step[1] * SNAP_MINUTES);
  carried.ghost.scrollIntoView({ block: "nearest", inline: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (carried) {
    if (event.key === "Escape") carried.leave();
    else if (event.key === "Enter") carried.drop();
    else if (event.key.startsWith("Arrow")) nudge(event.key);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  const card = event.target.closest?.("[data-card]");
  if (!card || event.key.toLowerCase() !== "m") return;
  const held = pickUp(card);
  if (!held) return;
  event.preventDefault();
  held.hang(...firstPlace(held));
  say(dialog.dataset.carrying.replace("%s", held.name));
}, { capture: true });

document.addEventListener("focusout", (event) => {
  if (carried && !carried.dragged && event.target === carried.card && event.relatedTarget) carried.leave();
});

/* ---- pointer; fingers scroll, and use the dialog ---- */

let press = null;

document.addEventListener("pointerdown", (event) => {
  const card = event.target.closest?.("[data-card][data-move-url]");
  if (!card || event.button !== 0 || event.pointerType === "touch") return;
  const box = card.getBoundingClientRect();
  press = { card, x: event.clientX, y: event.clientY, grip: Math.min(event.clientX - box.left, box.width) };
});

document.addEventListener("pointermove", (event) => {
  if (!press) return;
  if (!carried) {
    if (Math.hypot(event.clientX - press.x, event.clientY - press.y) < THRESHOLD) return;
    const held = pickUp(press.card);
    if (!held) return;
    held.dragged = true;
  }
  event.preventDefault();
  const row = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-place]");
  if (!row) return;
  const track = row.querySelector(".board__track").getBoundingClientRect();
  const minutes = ((event.clientX - press.grip - track.left) / track.width) * Number(boardOf().dataset.hours) * 60;
  carried.hang(row, carried.keepsTime ? carried.at : Math.round(minutes / SNAP_MINUTES) * SNAP_MINUTES);
});

document.addEventListener("pointerup", () => {
  const wasDragged = Boolean(press && carried?.dragged);
  press = null;
  if (!wasDragged) return;
  const openNothing = (event) => event.preventDefault(); // the click that ends a drag
  document.addEventListener("click", openNothing, { capture: true, once: true });
  setTimeout(() => document.removeEventListener("click", openNothing, { capture: true }), 0);
  if (carried.ghost.isConnected) carried.drop();
  else carried.end();
});

document.addEventListener("pointercancel", () => {
  press = null;
  if (carried?.dragged) carried.end();
});

document.addEventListener("dragstart", (event) => {
  if (event.target.closest?.("[data-card]")) event.preventDefault();
});

/* ---- the dialog ---- */

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-move-dialog]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const address = `${opener.getAttribute("href")}?${new URLSearchParams({ part: "dialog", ...shownBoard() })}`;
  window.htmx.ajax("GET", address, { source: dialog, target: dialog, swap: "innerHTML" }).then(() => {
    if (!dialog.open) dialog.showModal();
  });
});

document.addEventListener("submit", (event) => {
  if (event.target.matches?.("#move-dialog [data-move-form]")) dialog.close();
}, { capture: true });

/* A refresh would pull the card from under the hand, and a click on "Undo" answers for its toast. */
document.addEventListener("htmx:beforeRequest", (event) => {
  const isRefresh = event.target.id === "board" && event.detail.requestConfig.verb === "get";
  if (isRefresh && carried) event.preventDefault();
  if (event.target.matches("[data-undo]")) event.target.closest("[data-toast]")?.setAttribute("hidden", "");
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.matches?.("[data-undo]")) event.target.closest("[data-toast]")?.remove();
});
