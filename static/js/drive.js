/**
 * A driver's steps, offline or not: each is kept on the phone with its own id and time before it is sent, is sent once
 * in its order, and leaves the phone when the server has said what came of it. The page says how each one stands.
 */

const STORE = "steps";
const RETRY_MS = 15_000;
const KEEP_MS = 72 * 3600 * 1000;
const sync = document.getElementById("sync");
const list = document.getElementById("queue");
const session = sync.dataset.session;
let sending = false;

/* ---- the queue ------------------------------------------------------------------------------------------------- */

const database = new Promise((resolve, reject) => {
  const opening = indexedDB.open("dockside-drive", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "number", autoIncrement: true });
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
});

async function inStore(mode, use) {
  const store = (await database).transaction(STORE, mode).objectStore(STORE);
  return new Promise((resolve, reject) => {
    const asked = use(store);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

const waiting = async () => (await inStore("readonly", (store) => store.getAll())).filter((step) => step.session === session);
const keep = (step) => inStore("readwrite", (store) => store.put(step));
const forget = (step) => inStore("readwrite", (store) => store.delete(step.number));

/* ---- telling how it stands --------------------------------------------------------------------------------------- */

function tell(state, text) {
  sync.dataset.state = state;
  sync.textContent = text;
}

/* What waits to be sent can't be taken a second time. */
function hold(steps) {
  const held = new Set(steps.map((step) => `${step.said.kind} ${step.said.stop ?? ""}`));
  for (const form of document.querySelectorAll("form[data-step]")) {
    const taken = held.has(`${form.elements.kind.value} ${form.elements.stop?.value ?? ""}`);
    form.querySelectorAll("button").forEach((button) => { button.disabled = taken; });
  }
}

async function show() {
  const steps = await waiting();
  list.hidden = steps.length === 0;
  list.replaceChildren(
    ...steps.map((step) => {
      const row = document.createElement("li");
      const what = document.createElement("span");
      what.textContent = step.answer ? `${step.label}: ${step.answer}` : step.label;
      row.append(what);
      if (step.answer) {
        const noted = document.createElement("button");
        noted.className = "button";
        noted.textContent = sync.dataset.noted;
        noted.addEventListener("click", async () => { await forget(step); await show(); });
        row.append(noted);
      }
      return row;
    }),
  );
  const open = steps.filter((step) => !step.answer);
  hold(open);
  if (open.length) tell("waiting", `${navigator.onLine ? "" : `${sync.dataset.offline} `}${sync.dataset.waiting} ${open.length}`);
  else if (steps.length) tell("blocked", `${sync.dataset.blocked} ${steps.length}`);
  else tell("received", sync.dataset.received);
  return open;
}

/* ---- sending ------------------------------------------------------------------------------------------------------ */

async function send(step) {
  const answer = await fetch(sync.dataset.stepUrl, {
    method: "POST",
    headers: { "content-type": "application/json", "x-csrftoken": step.token },
    body: JSON.stringify({ ...step.said, number: step.number, sent_at: new Date().toISOString() }),
  });
  if (answer.status >= 500) throw new Error(String(answer.status));
  return { status: answer.status, ...(await answer.json().catch(() => ({ outcome: "refused", answer: String(answer.status) }))) };
}

async function flush() {
  if (sending) return;
  sending = true;
  let arrived = 0;
  try {
    for (const step of (await waiting()).filter((each) => !each.answer)) {
      tell("sending", sync.dataset.sending);
      const result = await send(step);
      if (result.outcome === "refused") await keep({ ...step, answer: result.answer });
      else await forget(step);
      arrived += 1;
    }
  } catch {
    /* no network, or the server is away: it is tried again */
  }
  sending = false;
  const open = await show();
  if (arrived && !open.length) location.reload();
}

/* ---- taking a step ------------------------------------------------------------------------------------------------- */

function factsOf(form) {
  const facts = {};
  const findings = [];
  for (const [name, value] of new FormData(form)) {
    if (["csrfmiddlewaretoken", "kind", "stop"].includes(name) || value === "") continue;
    if (name.startsWith("finding-")) findings.push({ sscc: name.slice(8), kind: value });
    else if (name === "refused") facts.refused = true;
    else facts[name] = value;
  }
  if (findings.length) facts.findings = findings;
  return facts;
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-step]");
  if (!form) return;
  event.preventDefault();
  form.querySelectorAll("button").forEach((button) => { button.disabled = true; });
  await keep({
    session,
    label: form.dataset.step,
    token: form.elements.csrfmiddlewaretoken.value,
    taken: Date.now(),
    said: {
      id: crypto.randomUUID(),
      kind: form.elements.kind.value,
      stop: form.elements.stop?.value || null,
      device_time: new Date().toISOString(),
      facts: factsOf(form),
    },
  });
  await show();
  await flush();
});

/* A refused step stays until it is noted, or until nobody needs it any more; the server keeps it anyway. */
async function tidy() {
  for (const step of await waiting()) if (Date.now() - step.taken > KEEP_MS) await forget(step);
}

addEventListener("online", flush);
document.addEventListener("visibilitychange", () => { if (!document.hidden) flush(); });
setInterval(flush, RETRY_MS);
if ("serviceWorker" in navigator) navigator.serviceWorker.register(sync.dataset.workerUrl).catch(() => {});
await tidy();
await flush();
