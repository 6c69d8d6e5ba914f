/**
 * Keyboard in tables marked data-rows: up and down move between the rows' links, Home and End to the ends.
 * Without script the links are reached with Tab, as any link is.
 */

const STEPS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

document.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  const link = event.target.closest?.("[data-rows] .row-link");
  if (step === undefined || !link || event.altKey || event.ctrlKey || event.metaKey) return;
  const links = [...link.closest("[data-rows]").querySelectorAll(".row-link")];
  const index = Math.min(links.length - 1, Math.max(0, links.indexOf(link) + step));
  event.preventDefault();
  links[index].focus();
});
