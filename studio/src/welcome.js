// The first visit: a table that can be read, a mistake to mend, a number to drag, and a card that says so.
import { byId, element } from "./dom.js";

const SEEN = "netdsl:welcomed";

export const TEXT = `\
net VGG
source "Simonyan & Zisserman, Very Deep Convolutional Networks, ICLR 2015, Table 1"
input 3x224x224
default conv(act=relu)
default fc(act=relu)

table
| A            | D            | E            |
|--------------|--------------|--------------|
| conv3-64     | conv3-64 x2  | conv3-64 x2  |
| maxpool                   -> 64x112x112    |
| conv3-128    | conv3-128 x2 | conv3-128 x2 |
| maxpool                   -> 128x56x56     |
| conv3-256 x2 | conv3-256 x3 | conv3-256 x4 |
| maxpol                    -> 256x28x28     |
| conv3-512 x2 | conv3-512 x3 | conv3-512 x4 |
| maxpool                   -> 512x14x14     |
| conv3-512 x2 | conv3-512 x3 | conv3-512 x4 |
| maxpool                   -> 512x7x7       |
| fc-4096; dropout                           |
| fc-4096; dropout                           |
| fc-1000(act=none); softmax                 |
`;

const STEPS = [
  ["read", "Read the table.", "It is Table 1 of the VGG paper: a column is a network, a row a step. On the right is what becomes of it. Choose another column above: “variant”."],
  ["mend", "Mend the mistake.", "A word in line 15 is underlined. Point at it and take what it offers; with keys: F8, then Alt+Enter."],
  ["drag", "Drag a number.", "Click the 4096 of a line with fc, and drag the slider below it: shapes and costs move along. With keys: Alt+N, then the arrows."],
];

/** The card. It stands beside the first text (`about` says which text is there) until it is closed; `done(step)` ticks one
 * off, `show()` brings it back. */
export function welcome() {
  const card = byId("welcome");
  const items = new Map();
  const close = () => {
    card.hidden = true;
    localStorage[SEEN] = "1";
  };
  const list = STEPS.map(([name, title, text]) => {
    const item = element("li", { data: { step: name } }, element("b", {}, title), ` ${text}`);
    items.set(name, item);
    return item;
  });
  card.append(
    element("h2", {}, "Three steps"),
    element("ol", {}, ...list),
    element("p", {}, "Then open a network of the zoo, or write your own: its name above, left. ", element("button", { on: { click: close } }, "Close")),
  );
  return {
    about: (key) => (card.hidden = key !== "welcome" || SEEN in localStorage),
    show: () => localStorage.removeItem(SEEN),
    done(step) {
      const item = items.get(step);
      if (card.hidden || item.classList.contains("done")) return;
      item.classList.add("done");
      item.append(element("span", { className: "tick" }, " done"));
    },
  };
}
