/**
 * A field to sign in: `<div data-signature="NAME">` draws into the input of that name as strokes on 1,000 by 400,
 * "x,y x,y;x,y x,y". Without script the typed name stands alone, and so it does for whoever draws nothing.
 */

const WIDTH = 1000;
const HEIGHT = 400;

function pad(holder) {
  const input = holder.closest("form").elements[holder.dataset.signature];
  const canvas = document.createElement("canvas");
  const clear = document.createElement("button");
  let strokes = [];
  canvas.className = "signature__field";
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", holder.dataset.label);
  clear.type = "button";
  clear.className = "button signature__clear";
  clear.textContent = holder.dataset.clear;
  holder.append(canvas, clear);
  holder.hidden = false;

  function paint() {
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, WIDTH, HEIGHT);
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = 6;
    pen.lineCap = pen.lineJoin = "round";
    for (const stroke of strokes) {
      pen.beginPath();
      stroke.forEach(([x, y], at) => (at ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.stroke();
    }
    input.value = strokes.map((stroke) => stroke.map((point) => point.join(",")).join(" ")).join(";");
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    const scaled = (value, from, size, most) => Math.max(0, Math.min(most, Math.round(((value - from) / size) * most)));
    return [scaled(event.clientX, box.left, box.width, WIDTH), scaled(event.clientY, box.top, box.height, HEIGHT)];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    strokes.push([point(event)]);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    strokes.at(-1).push(point(event));
    paint();
  });
  canvas.addEventListener("pointerup", paint);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  clear.addEventListener("click", () => { strokes = []; paint(); });
}

document.querySelectorAll("[data-signature]").forEach(pad);
