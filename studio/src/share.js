// A text in a link: squeezed, in the letters that a link may have, and nowhere else. What comes out of a link is a text
// like any other; it is bounded while it is unpacked.

const LONGEST = 2 ** 20;

/** The fragment for a text: `#net=...`. */
export async function fragment(shared) {
  const squeezed = new Blob([JSON.stringify(shared)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(squeezed).arrayBuffer());
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return `#net=${btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** What a fragment holds: `{text, name, variant, place}`, or null where it holds nothing that can be read. The text of a
 * network of the zoo may use its neighbours there; no other may open a file. */
export async function shared(hash) {
  if (!hash.startsWith("#net=")) return null;
  try {
    const letters = atob(hash.slice(5).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      text += decoder.decode(value, { stream: !done });
      if (text.length > LONGEST) return null;
      if (done) break;
    }
    const found = JSON.parse(text);
    if (typeof found?.text !== "string") return null;
    const word = (value, otherwise) => (typeof value === "string" ? value.slice(0, 200) : otherwise);
    const place = found.place === "zoo" ? "zoo" : null;
    return { text: found.text, name: word(found.name, "network.net"), variant: word(found.variant, null), place };
  } catch {
    return null;
  }
}
