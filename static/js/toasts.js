/**
 * Toasts leave by themselves after data-toast seconds, but never under the pointer or while they hold the focus.
 * What a toast offers (undo) is always offered elsewhere too.
 */

/** @param {HTMLElement} toast */
function age(toast) {
  if (toast.matches(":hover, :focus-within")) return;
  const left = Number(toast.dataset.left ?? toast.dataset.toast) - 1;
  toast.dataset.left = String(left);
  if (left <= 0) toast.remove();
}

setInterval(() => document.querySelectorAll("[data-toast]").forEach(age), 1000);

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-dismiss]")) event.target.closest("[data-toast]")?.remove();
});
