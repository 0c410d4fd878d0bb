// What is taken home: artefacts as the compiler writes them, the diagram as pixels, the text itself.
import { ask } from "./ask.js";

/** Give the reader a file. */
function download(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Export to one of svg, png, torch, json, net; `about` is what a question begins with. Gives why not, where it fails. */
export async function exported(to, about) {
  if (to === "net") return download(about.name, new Blob([about.text], { type: "text/plain" }));
  const found = await ask({ ...about, ask: "export", to: to === "png" ? "svg" : to });
  if (found.wrong) return found.wrong;
  const bytes = Uint8Array.from(atob(found.data), (letter) => letter.charCodeAt(0));
  if (to !== "png") return download(found.name, new Blob([bytes]));
  download(found.name.replace(/\.svg$/, ".png"), await pixels(new Blob([bytes], { type: "image/svg+xml" })));
}

/** A drawing as PNG, two pixels for each of its own; the browser has the fonts. */
async function pixels(svg) {
  const image = new Image();
  image.src = URL.createObjectURL(svg);
  await image.decode();
  const canvas = document.createElement("canvas");
  const by = Math.min(2, 16_000 / Math.max(image.width, image.height));
  Object.assign(canvas, { width: image.width * by, height: image.height * by });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
