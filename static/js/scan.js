/**
 * The camera as a scanner, where the browser reads codes itself (BarcodeDetector). A button with data-scans="ID" opens
 * that dialog; what the camera reads goes into the dialog's field as a hand scanner would type it. The camera is on
 * while the dialog is open and no longer.
 */

const FORMATS = ["code_128", "data_matrix", "qr_code"];
const LOOK_MS = 150;
const AGAIN_MS = 3_000; // one code held in view is one scan

async function detector() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return null;
  const known = await BarcodeDetector.getSupportedFormats();
  const formats = FORMATS.filter((format) => known.includes(format));
  return formats.length ? new BarcodeDetector({ formats }) : null;
}

/* True when the field took it: a line that is there already is not added once more. */
function take(dialog, field, text) {
  if ("many" in dialog.dataset) {
    const lines = field.value.split(/\r?\n/).filter(Boolean);
    if (lines.includes(text)) return false;
    field.value = [...lines, text, ""].join("\n");
  } else {
    field.value = text;
  }
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

async function scan(dialog, reader) {
  const video = dialog.querySelector("video");
  const says = dialog.querySelector("[data-says]");
  const field = document.getElementById(dialog.dataset.target);
  const many = "many" in dialog.dataset;
  const seen = new Map();
  let stream = null;
  says.textContent = dialog.dataset.waits;
  dialog.querySelectorAll("[data-closes]").forEach((button) => { button.onclick = () => dialog.close(); });
  dialog.showModal();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch (error) {
    says.textContent = error.name === "NotAllowedError" ? dialog.dataset.refused : dialog.dataset.none;
    return;
  }
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  if (!dialog.open) return stop(); // closed while the browser asked
  dialog.addEventListener("close", stop, { once: true });
  video.srcObject = stream;
  await video.play();
  while (dialog.open) {
    const codes = await reader.detect(video).catch(() => []);
    for (const { rawValue } of codes) {
      const text = rawValue.trim();
      if (!text || !dialog.open || Date.now() - (seen.get(text) ?? 0) < AGAIN_MS) continue;
      seen.set(text, Date.now());
      if (!take(dialog, field, text)) continue;
      says.textContent = `${dialog.dataset.found} ${text}`;
      navigator.vibrate?.(60);
      if (!many) dialog.close();
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  video.srcObject = null;
  if (!many && seen.size) field.form.requestSubmit();
}

const reader = await detector().catch(() => null);
if (reader) {
  for (const button of document.querySelectorAll("[data-scans]")) {
    button.hidden = false;
    button.addEventListener("click", () => scan(document.getElementById(button.dataset.scans), reader));
  }
}
