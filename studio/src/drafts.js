// What was typed and not saved, kept in this browser: a reload, a crash of the browser or the end of the server lose
// nothing. Each tab keeps its own, so that two tabs with one file do not disturb each other; a tab that opens takes up
// what a tab that is gone has left.
import { unique } from "./dom.js";

const PREFIX = "netdsl:draft:";
const TRIES = 8;
const OLDEST = 30 * 24 * 3600 * 1000;
let tab = (sessionStorage["netdsl:tab"] ??= unique());

/**
 * Known by the lock that a tab holds as long as it lives. A copy of a tab begins with the name of the first one, and takes
 * another; a tab that is loaded again waits a moment, until what it was before has let go.
 */
const named = new Promise((resolve) => {
  const claim = (tries) =>
    navigator.locks.request(`netdsl:${tab}`, { ifAvailable: true }, (lock) => {
      if (lock) {
        resolve();
        return new Promise(() => {});
      }
      if (!tries) tab = sessionStorage["netdsl:tab"] = unique();
      return void setTimeout(() => claim(tries ? tries - 1 : TRIES), 60);
    });
  if (navigator.locks) claim(TRIES);
  else resolve();
});

/** Keep the text of a document; whether there was room for it. */
export function keep(key, draft) {
  try {
    localStorage.setItem(PREFIX + tab + ":" + key, JSON.stringify({ ...draft, time: Date.now() }));
    return true;
  } catch {
    return false;
  }
}

export function drop(key) {
  localStorage.removeItem(PREFIX + tab + ":" + key);
}

/** The draft of a document: this tab's own, or the newest of a tab that is gone, which becomes this tab's. */
export async function find(key) {
  await named;
  const own = read(PREFIX + tab + ":" + key);
  if (own) return own;
  const living = new Set((await navigator.locks?.query())?.held.map((lock) => lock.name.replace("netdsl:", "")));
  const orphans = [];
  for (const name of Object.keys(localStorage).filter((each) => each.startsWith(PREFIX))) {
    const [owner, ...rest] = name.slice(PREFIX.length).split(":");
    const draft = read(name);
    if (!draft || Date.now() - draft.time > OLDEST) localStorage.removeItem(name);
    else if (rest.join(":") === key && !living.has(owner) && navigator.locks) orphans.push([name, draft]);
  }
  const [newest] = orphans.sort(([, one], [, other]) => other.time - one.time);
  if (!newest) return null;
  localStorage.removeItem(newest[0]);
  keep(key, newest[1]);
  return newest[1];
}

function read(name) {
  try {
    const draft = JSON.parse(localStorage.getItem(name));
    return typeof draft?.text === "string" ? draft : null;
  } catch {
    return null;
  }
}
