// Elements made by calls. All text goes in as text: nothing of a spec is ever read as markup.

/** The element with an id, which the page has. */
export const byId = (id) => document.getElementById(id);

/** A name that nobody else has, where `crypto.randomUUID` need not be: on a page without TLS. */
export const unique = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** An element with properties, data attributes (`data`), listeners (`on`) and children. */
export function element(name, properties = {}, ...children) {
  const { data = {}, on = {}, aria = {}, ...plain } = properties;
  const made = Object.assign(document.createElement(name), plain);
  Object.assign(made.dataset, data);
  for (const [key, value] of Object.entries(aria)) made.setAttribute(`aria-${key}`, value);
  for (const [event, listener] of Object.entries(on)) made.addEventListener(event, listener);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Runs of colour (`[length, class]`) over a text, as nodes. */
export function coloured(text, tokens) {
  const made = document.createDocumentFragment();
  let at = 0;
  for (const [length, kind] of tokens) {
    const piece = text.slice(at, (at += length));
    made.append(kind && kind !== "w" ? element("span", { className: `t-${kind}` }, piece) : piece);
  }
  return made;
}

const COUNT = new Intl.NumberFormat("en");
/** A whole number with its thousands apart; a question mark for one that is unknown. */
export const count = (number) => (number === null || number === undefined ? "?" : COUNT.format(number));

/** A number in short: 138M, 15.5G. */
export function amount(number) {
  if (number === null || number === undefined) return "?";
  for (const [size, letter] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "K"]])
    if (Math.abs(number) >= size) return `${Number((number / size).toPrecision(3))}${letter}`;
  return String(number);
}
