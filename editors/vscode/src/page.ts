// The page of the diagram: one image that can be moved and enlarged. It loads nothing, runs this one script alone, and
// shows the diagram as an image, in which nothing can run.

/** The page; `nonce` is a fresh random word that lets this style and this script through. */
export function page(nonce: string): string {
  const policy = `default-src 'none'; img-src data:; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Diagram</title>
<style nonce="${nonce}">
  html, body { height: 100%; margin: 0; padding: 0; overflow: hidden; }
  #view { position: absolute; inset: 0; overflow: hidden; cursor: grab; touch-action: none; }
  #view.moving { cursor: grabbing; }
  #picture { position: absolute; transform-origin: 0 0; background: #fff; border-radius: 4px; user-select: none; }
  #picture:not([src]) { display: none; }
  #bar { position: absolute; right: 8px; top: 8px; display: flex; gap: 4px; }
  button { color: var(--vscode-button-secondaryForeground, #222); background: var(--vscode-button-secondaryBackground, #ddd);
    border: 0; border-radius: 3px; min-width: 26px; height: 26px; font: inherit; cursor: pointer; }
  button:hover { background: var(--vscode-button-secondaryHoverBackground, #ccc); }
  button:focus-visible { outline: 1px solid var(--vscode-focusBorder, #07f); }
  #message { position: absolute; left: 8px; right: 120px; top: 8px; width: fit-content; padding: 5px 10px; border-radius: 3px;
    color: var(--vscode-inputValidation-warningForeground, inherit);
    background: var(--vscode-inputValidation-warningBackground, #ffd);
    border: 1px solid var(--vscode-inputValidation-warningBorder, #ca0); }
  #message:empty { display: none; }
</style>
</head>
<body>
<div id="view" tabindex="0" role="application" aria-label="Diagram: drag to move, wheel to enlarge, 0 to fit">
  <img id="picture" alt="diagram of the network" draggable="false">
</div>
<div id="message" role="status"></div>
<div id="bar">
  <button id="smaller" title="Smaller (-)">−</button>
  <button id="larger" title="Larger (+)">+</button>
  <button id="fit" title="Fit (0)">Fit</button>
</div>
<script nonce="${nonce}">${SCRIPT}</script>
</body>
</html>`;
}

const SCRIPT = `
const vscode = acquireVsCodeApi();
const view = document.getElementById("view");
const picture = document.getElementById("picture");
const message = document.getElementById("message");
let scale = 1, x = 0, y = 0, width = 1, height = 1, touched = false, name = "";

function place() {
  picture.style.width = width * scale + "px";
  picture.style.transform = "translate(" + x + "px," + y + "px)";
}
function fit() {
  // The width fits; what is too tall begins at the top.
  scale = Math.min(1.5, (view.clientWidth - 24) / width);
  if (height * scale > view.clientHeight * 6) scale = Math.min(scale, 1);
  x = Math.max(12, (view.clientWidth - width * scale) / 2);
  y = Math.max(12, (view.clientHeight - height * scale) / 2);
  touched = false;
  place();
}
function enlarge(factor, atX, atY) {
  const next = Math.min(20, Math.max(0.02, scale * factor));
  x = atX - (atX - x) * next / scale;
  y = atY - (atY - y) * next / scale;
  scale = next;
  touched = true;
  place();
}
const middle = factor => enlarge(factor, view.clientWidth / 2, view.clientHeight / 2);

view.addEventListener("wheel", event => {
  event.preventDefault();
  if (event.ctrlKey || event.metaKey || !event.shiftKey) {
    enlarge(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX, event.clientY);
  } else {
    x -= event.deltaY + event.deltaX;
    touched = true;
    place();
  }
}, { passive: false });
view.addEventListener("pointerdown", event => {
  view.setPointerCapture(event.pointerId);
  view.classList.add("moving");
});
view.addEventListener("pointermove", event => {
  if (!view.hasPointerCapture(event.pointerId)) return;
  x += event.movementX;
  y += event.movementY;
  touched = true;
  place();
});
for (const end of ["pointerup", "pointercancel"]) {
  view.addEventListener(end, () => view.classList.remove("moving"));
}
view.addEventListener("dblclick", fit);
view.addEventListener("keydown", event => {
  const step = 60;
  const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
  if (event.key in moves) { x += moves[event.key][0]; y += moves[event.key][1]; touched = true; place(); }
  else if (event.key === "+" || event.key === "=") middle(1.25);
  else if (event.key === "-") middle(0.8);
  else if (event.key === "0") fit();
  else return;
  event.preventDefault();
});
document.getElementById("larger").addEventListener("click", () => middle(1.25));
document.getElementById("smaller").addEventListener("click", () => middle(0.8));
document.getElementById("fit").addEventListener("click", fit);
window.addEventListener("resize", () => { if (!touched) fit(); });

picture.addEventListener("load", () => {
  width = picture.naturalWidth || 300;
  height = picture.naturalHeight || 300;
  place();
  const seen = picture.getBoundingClientRect();
  const away = seen.right < 0 || seen.bottom < 0 || seen.left > view.clientWidth || seen.top > view.clientHeight;
  if (!touched || away) fit();  // otherwise it stays where it was put
});
window.addEventListener("message", ({ data }) => {
  message.textContent = data.message || "";
  if (data.name !== name) {
    touched = false;
    if (!data.svg) picture.removeAttribute("src");
  }
  name = data.name;
  if (data.svg) picture.src = "data:image/svg+xml;base64," + data.svg;
  picture.style.opacity = data.message ? 0.5 : 1;  // what is shown is not what is written
});
vscode.postMessage("ready");
`;
