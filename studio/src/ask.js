// The one seam between the page and the compiler: `ask(question)` gives the answer. Behind it is a server on this
// machine, or, where the page stands on a web site, a worker with Python in it.

import { unique } from "./dom.js";

const HERE = document.documentElement.dataset.compiler === "here";
const TOKEN = "netdsl:token";

/** An answer that did not come: the compiler cannot be reached, or does not let this page in. */
export class Unreachable extends Error {}

/** The answer to a question. Raises `Unreachable`. */
export const ask = HERE ? byWorker() : byServer();
/** Whether there is a server, which may have a file. */
export const served = !HERE;

function byServer() {
  const given = new URLSearchParams(location.search).get("token");
  if (given) {
    // It is kept for this address, so that a link without it works in this browser, and a tab finds a new studio's.
    localStorage.setItem(TOKEN, given);
    history.replaceState(null, "", location.pathname + location.hash);
  }
  const asker = unique();
  return async (question) => {
    let response;
    try {
      response = await fetch("ask", {
        method: "POST",
        headers: { "X-Netdsl-Token": localStorage.getItem(TOKEN) ?? "", "Content-Type": "application/json" },
        body: JSON.stringify({ asker: `${asker}:${question.lane ?? ""}`, ...question }),
      });
    } catch {
      throw new Unreachable("The studio does not answer; it may have been ended. What you type is kept in this browser.");
    }
    if (response.status === 429) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return ask(question);
    }
    if (!response.ok) throw new Unreachable(`${(await response.text()).trim()} What you type is kept in this browser.`);
    return response.json();
  };
}

function byWorker() {
  const LIMIT = 30_000;
  let worker, waiting, ready;
  const start = () => {
    worker = new Worker("compiler.js", { type: "module" });
    waiting = new Map();
    let settle, fail;
    ready = new Promise((...both) => ([settle, fail] = both));
    ready.catch(() => {}); // who asks is told
    worker.onmessage = ({ data: { id, answer, up, down } }) => {
      if (up) return settle();
      if (down) return fail(new Unreachable(`Python could not be loaded: ${down}`));
      waiting.get(id)?.(JSON.parse(answer));
      waiting.delete(id);
    };
    worker.onerror = (event) => fail(new Unreachable(`Python could not be loaded: ${event.message || "no compiler.js"}`));
  };
  start();
  let number = 0;
  return async (question) => {
    await ready;
    return new Promise((resolve) => {
      const id = ++number;
      const late = setTimeout(() => {
        const others = [...waiting.values()];
        worker.terminate();
        start();
        for (const each of others) each({ wrong: "This text takes longer than 30 seconds; it was given up." });
      }, LIMIT);
      waiting.set(id, (answer) => (clearTimeout(late), resolve(answer)));
      worker.postMessage({ id, question: JSON.stringify(question) });
    });
  };
}
