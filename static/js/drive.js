/**
 * A driver's steps, offline or not: each is kept on the phone with its own id and time before it is sent, is sent once
 * in its order, and leaves the phone when the server has said what came of it. The page says how each one stands.
 */

const STORE = "steps";
const PHOTO_SIDE = 1600;
const MOST_BYTES = 50 * 1024 * 1024;
const POSITION_MS = 4_000;
const POSITION_EVERY_MS = 120_000;
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

/*
 * Where the round stands once what waits to be sent has come about: the next visit, and there the next steps. So a
 * phone without a network goes on by itself, and what waits can't be taken a second time.
 */
function advance(steps) {
  const taken = (kind, stop = null) => steps.some((step) => step.said.kind === kind && step.said.stop === stop);
  const warehouse = document.querySelector("[data-set-off]");
  if (warehouse) warehouse.hidden = taken("set_off");
  const isAway = !warehouse || warehouse.hidden;
  const halts = [...document.querySelectorAll("[data-halt]")];
  const isOver = ({ dataset: { halt } }) => taken("hand_over", halt) || taken("problem", halt);
  const next = isAway ? halts.find((halt) => !isOver(halt)) : null;
  for (const halt of halts) halt.hidden = halt !== next;
  for (const row of document.querySelectorAll("[data-row]")) {
    row.toggleAttribute("aria-current", false);
    if (row.dataset.row === next?.dataset.halt) row.setAttribute("aria-current", "step");
  }
  document.getElementById("all-taken").hidden = !(isAway && halts.length && !next);
  document.querySelectorAll("form[data-step] button").forEach((button) => { button.disabled = false; });
  if (next) offer([...next.querySelectorAll("[data-before-handover]")], (kind) => taken(kind, next.dataset.halt));
}

/* Arriving comes first; then the door, which may be passed over; after unloading only the handover is left. */
function offer(forms, taken) {
  const open = taken("unload") ? [] : forms.filter((form) => !taken(form.elements.kind.value));
  const shown = open[0]?.elements.kind.value === "arrive" ? open.slice(0, 1) : open;
  for (const form of forms) {
    form.hidden = !shown.includes(form);
    form.querySelector("button").classList.toggle("button--primary", form === shown[0]);
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
  advance(open);
  if (open.length) tell("waiting", `${navigator.onLine ? "" : `${sync.dataset.offline} `}${sync.dataset.waiting} ${open.length}`);
  else if (steps.length) tell("blocked", `${sync.dataset.blocked} ${steps.length}`);
  else tell("received", sync.dataset.received);
  return open;
}

/* ---- sending ------------------------------------------------------------------------------------------------------ */

function packed(step) {
  const said = { ...step.said, number: step.number, sent_at: new Date().toISOString() };
  if (!step.file) return { headers: { "content-type": "application/json" }, body: JSON.stringify(said) };
  const body = new FormData();
  for (const [name, value] of Object.entries(said)) if (value !== null && name !== "facts") body.set(name, value);
  for (const [name, value] of Object.entries(said.facts)) body.set(name, value);
  body.set("file", step.file, "photo.jpg");
  return { headers: { "x-drive-queue": "1" }, body };
}

async function send(step) {
  const { headers, body } = packed(step);
  const answer = await fetch(sync.dataset.stepUrl, { method: "POST", headers: { ...headers, "x-csrftoken": step.token }, body });
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
      if (step.file) count(step.said.stop, result.outcome === "refused" ? -1 : 0);
      else arrived += 1;
    }
  } catch {
    /* no network, or the server is away: it is tried again */
  }
  sending = false;
  const open = await show();
  if (arrived && !open.length) location.reload();
}

/* ---- photos and position: what the phone adds ---------------------------------------------------------------------- */

/* How many photos of a stop this phone took, so that the statement can say how many belong to it. */
function count(stop, by) {
  const shown = document.querySelector(`.drive__photo [data-photos="${stop}"]`);
  const kept = Number(localStorage.getItem(`photos-${stop}`) ?? shown?.textContent ?? 0) + by;
  localStorage.setItem(`photos-${stop}`, kept);
  if (shown) shown.textContent = kept;
  return kept;
}

/* A photo no larger than needed; null where the phone can't open it. */
async function shrunk(file) {
  if (file.size > MOST_BYTES && !file.type.startsWith("image/")) return null;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, PHOTO_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.82); });
  } catch {
    return null;
  }
}

const allows = document.querySelector("#position input");
if (navigator.geolocation) {
  allows.parentElement.hidden = false;
  allows.checked = localStorage.getItem("position") === "1";
  allows.addEventListener("change", () => localStorage.setItem("position", allows.checked ? "1" : "0"));
}

/* Where the phone is, when its owner allows it and it knows in time; a step never waits longer for it. */
function position(wanted) {
  if (!navigator.geolocation || !(wanted || allows.checked)) return null;
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude, accuracy: coords.accuracy }),
      () => resolve(null),
      { timeout: POSITION_MS, maximumAge: 60_000, enableHighAccuracy: true },
    );
  });
}

/* Between steps, so that whoever waits knows when it comes; what can't be sent is not kept: it would be old. */
async function say() {
  if (document.hidden || !allows.checked) return;
  const here = await position();
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  if (!here || !token) return;
  const said = { id: crypto.randomUUID(), device_time: new Date().toISOString(), position: here };
  const headers = { "content-type": "application/json", "x-csrftoken": token.value };
  await fetch(sync.dataset.positionUrl, { method: "POST", headers, body: JSON.stringify(said) }).catch(() => {});
}
setInterval(say, POSITION_EVERY_MS);

/* ---- taking a step ------------------------------------------------------------------------------------------------- */

const ENVELOPE = ["csrfmiddlewaretoken", "kind", "stop", "step", "file"];
const TICKS = ["refused", "unattended", "no_seal"];

/* The same grouping as forms_driving.py: kind-SSCC, reason-SSCC, note-SSCC are one finding, line-* is another. */
function factsOf(form) {
  const facts = {};
  const data = new FormData(form);
  const findings = [];
  for (const [name, value] of data) {
    if (ENVELOPE.includes(name) || value === "" || /^(reason|note|line)-/.test(name)) continue;
    if (name.startsWith("kind-")) {
      const sscc = name.slice(5);
      findings.push({ sscc, kind: value, reason: data.get(`reason-${sscc}`) ?? "", note: data.get(`note-${sscc}`) ?? "" });
    } else facts[name] = TICKS.includes(name) ? true : value;
  }
  if (data.get("line-item")) {
    findings.push(Object.fromEntries(["item", "kind", "quantity", "note"].map((name) => [name, data.get(`line-${name}`) ?? ""])));
  }
  if (findings.length) facts.findings = findings;
  return facts;
}

/* ---- the statement: written as one typed it, read by both, then signed ----------------------------------------------- */

function line(list, term, told) {
  const row = document.createElement("div");
  row.append(Object.assign(document.createElement("dt"), { textContent: term }), Object.assign(document.createElement("dd"), { textContent: told }));
  list.append(row);
}

function read(form, signing) {
  const list = form.querySelector("[data-statement]");
  list.replaceChildren();
  let found = 0;
  for (const field of form.querySelectorAll("[data-stating] :is(select, input, textarea)")) {
    const told = field.type === "checkbox" ? (field.checked ? "✓" : "") : field.tagName === "SELECT" && field.value ? field.selectedOptions[0].text : field.value;
    if (!told || /^(reason|note)-/.test(field.name)) continue;
    const sscc = field.name.startsWith("kind-") ? field.name.slice(5) : "";
    const why = sscc ? [form.elements[`reason-${sscc}`], form.elements[`note-${sscc}`]].filter((each) => each.value).map((each) => each.selectedOptions?.[0].text ?? each.value) : [];
    found += Boolean(sscc) || ["scanned", "line-item", "refused"].includes(field.name);
    const term = field.dataset.says ?? field.labels[0].firstChild.textContent.trim();
    line(list, term, [told, ...why].join(" · "));
  }
  if (!found) line(list, list.dataset.goods, list.dataset.asSent);
  const photos = count(form.dataset.photosOf, 0);
  if (photos) line(list, list.dataset.photos, photos);
  form.querySelector("[data-stating]").hidden = signing;
  form.querySelector("[data-signing]").hidden = !signing;
  form.querySelector(signing ? "[data-signing] h3" : "[data-stating] select")?.scrollIntoView({ block: "start" });
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  const key = `draft-${form.dataset.draft}`;
  count(form.dataset.photosOf, 0);
  form.querySelector("[data-back]").addEventListener("click", () => read(form, false));
  form.addEventListener("input", () => {
    form.elements.received_by.setCustomValidity("");
    const typed = [...new FormData(form)].filter(([name]) => !["csrfmiddlewaretoken", "released_strokes", "received_strokes"].includes(name));
    localStorage.setItem(key, JSON.stringify(typed));
  });
  for (const [name, value] of JSON.parse(localStorage.getItem(key) ?? "[]")) {
    const field = form.elements[name];
    if (field?.type === "checkbox") field.checked = true;
    else if (field && field.type !== "hidden" && field.tagName !== "BUTTON") field.value = value;
  }
}

/* A code goes out only while there is a network; typed in, it waits in the queue with the statement. */
async function sendCode(form) {
  const body = new FormData(form);
  body.set("step", "code");
  const told = form.querySelector("[data-told]");
  try {
    const answer = await fetch(sync.dataset.stepUrl, { method: "POST", headers: { "x-drive-queue": "1" }, body });
    told.textContent = (await answer.json()).answer;
  } catch {
    told.textContent = sync.dataset.offline;
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-step]");
  if (!form) return;
  event.preventDefault();
  if (event.submitter?.value === "review") {
    const receiver = form.elements.received_by;
    const unknown = !receiver.value.trim() && !form.elements.unattended?.checked;
    receiver.setCustomValidity(unknown ? sync.dataset.nameNeeded : "");
    if (form.reportValidity()) read(form, true);
    return;
  }
  if (event.submitter?.value === "code") {
    await sendCode(form);
    return;
  }
  const kind = form.elements.kind.value;
  const stop = form.elements.stop?.value || null;
  const facts = factsOf(form);
  const step = { session, label: form.dataset.step, token: form.elements.csrfmiddlewaretoken.value, taken: Date.now() };
  const said = { id: crypto.randomUUID(), kind, stop, device_time: new Date().toISOString(), facts };
  form.querySelectorAll("button").forEach((button) => { button.disabled = true; });
  if (kind === "photo") {
    step.file = await shrunk(form.elements.file.files[0]);
    const held = (await waiting()).reduce((sum, each) => sum + (each.file?.size ?? 0), 0);
    if (!step.file || held + step.file.size > MOST_BYTES) {
      await show();
      tell("blocked", step.file ? sync.dataset.full : sync.dataset.noPhoto);
      form.reset();
      return;
    }
    count(stop, 1);
    form.reset();
  } else {
    const here = await position(facts.unattended);
    if (here) facts.position = here;
    if (kind === "hand_over") facts.photos = count(stop, 0);
  }
  await keep({ ...step, said });
  localStorage.removeItem(`draft-${stop}`);
  if (kind === "photo") document.querySelector(`form[data-draft="${stop}"]`)?.dispatchEvent(new Event("input"));
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
