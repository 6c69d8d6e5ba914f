// The driver's phone waits at the gate: the page asks now and then how its visit stands.

const EVERY = 20_000;

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.getElementById("stands");
    const shown = document.getElementById("stands");
    if (!now || now.textContent === shown.textContent) return;
    shown.replaceChildren(...now.childNodes);
    document.title = page.title;
    navigator.vibrate?.(300);
  } catch {
    // Without a network the page stays as it was; the next look may succeed.
  }
}

setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);
