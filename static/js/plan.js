/**
 * Links map, chart and tables of a plan by selection: choosing a route in one of them marks it in all; choosing it
 * again lets it go. The chosen route is in the address, so a link shows the same. Hooks: data-plan with
 * data-selected, data-route on what belongs to a route, data-route-link on what chooses one.
 */

function choose(plan, number) {
  plan.toggleAttribute("data-chosen", Boolean(number));
  for (const part of plan.querySelectorAll("[data-route]")) {
    part.classList.toggle("is-selected", Boolean(number) && part.dataset.route === number);
  }
  for (const link of plan.querySelectorAll("[data-route-link]")) {
    link.toggleAttribute("aria-current", link.dataset.routeLink === number);
  }
  plan.dataset.selected = number;
}

function remember(number) {
  const address = new URL(window.location.href);
  if (number) address.searchParams.set("route", number);
  else address.searchParams.delete("route");
  history.replaceState(history.state, "", address);
}

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-route-link], .map-route[data-route], .gantt-row[data-route], .stop[data-route]");
  const plan = target?.closest("[data-plan]");
  if (!plan || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const number = target.dataset.routeLink ?? target.dataset.route;
  const chosen = plan.dataset.selected === number ? "" : number;
  choose(plan, chosen);
  remember(chosen);
});

for (const plan of document.querySelectorAll("[data-plan]")) choose(plan, plan.dataset.selected);
