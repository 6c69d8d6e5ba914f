/**
 * Names for the admins' search fields: what stands in one is empty until something is chosen, and its label
 * is not tied to it. They are built by Django's scripts, after whose turn this one asks for its own.
 */
"use strict";

window.addEventListener("load", () => {
  const name = (select) => {
    const label = document.querySelector(`label[for="${select.id}"]`);
    const shown = select.parentElement.querySelector(".select2-selection");
    if (!label || !shown) return;
    label.id ||= `${select.id}-label`;
    const value = shown.querySelector(".select2-selection__rendered");
    shown.setAttribute("aria-labelledby", [label.id, value?.id].filter(Boolean).join(" "));
    value?.setAttribute("aria-labelledby", label.id);
  };
  const all = () => document.querySelectorAll("select.admin-autocomplete").forEach(name);
  window.django?.jQuery?.(() => setTimeout(all));
  document.addEventListener("formset:added", () => setTimeout(all));
});
