/**
 * Counts down what templates/components/countdown.html marks. Time is the server's (data-now at render), so a wrong
 * clock in the browser shifts nothing. Two minutes and thirty seconds before the end it is said aloud, once each.
 * At the end the element sends a bubbling "countdown:end".
 */

const ANNOUNCE_AT = [120, 30];
const clocks = new WeakMap();

/** @param {number} seconds @returns {string} "9:41", "2 h 19 min", "2 d 4 h" */
export function spell(seconds) {
  if (seconds >= 2 * 86_400) return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  return hours ? `${hours} h ${minutes} min` : `${minutes}:${String(rest).padStart(2, "0")}`;
}

/** @param {HTMLElement} element */
function clockOf(element) {
  if (!clocks.has(element)) {
    const elapsed = performance.now();
    clocks.set(element, { serverNow: Date.parse(element.dataset.now), elapsed, announced: new Set(), over: false });
  }
  return clocks.get(element);
}

/** @param {HTMLElement} element */
function tick(element) {
  const clock = clockOf(element);
  if (clock.over) return;
  const now = clock.serverNow + performance.now() - clock.elapsed;
  const left = Math.max(0, Math.ceil((Date.parse(element.dataset.countdown) - now) / 1000));
  const text = element.querySelector("[data-countdown-text]");
  const live = element.querySelector("[data-countdown-live]");
  text.textContent = left ? element.dataset.left.replace("%s", spell(left)) : element.dataset.gone;
  element.dataset.urgency = left <= ANNOUNCE_AT[0] ? "urgent" : left < 3600 ? "soon" : "calm";
  for (const mark of ANNOUNCE_AT) {
    if (left <= mark && left > mark - 5 && !clock.announced.has(mark)) {
      clock.announced.add(mark);
      live.textContent = element.dataset.announce.replace("%s", spell(left));
    }
  }
  if (left === 0) {
    clock.over = true;
    live.textContent = element.dataset.gone;
    element.dispatchEvent(new CustomEvent("countdown:end", { bubbles: true }));
  }
}

function tickAll() {
  document.querySelectorAll("[data-countdown]").forEach(tick);
}

tickAll();
setInterval(tickAll, 1000);
document.addEventListener("visibilitychange", tickAll);
