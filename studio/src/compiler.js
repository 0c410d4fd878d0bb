// The compiler on a web site: Pyodide's Python in a worker, with netdsl in it. It is asked what a server would be asked.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const START = `
import json
from netdsl.tools.studio.answers import answer
from netdsl.tools.studio.questions import placed
from netdsl.tools.studio.worker import WARM
answer(WARM)

def asked(question):
    try:
        return json.dumps(answer(placed(json.loads(question))))
    except Exception as problem:
        return json.dumps({"wrong": f"internal error of netdsl: {type(problem).__name__}: {problem}"})

asked
`;

const ready = (async () => {
  const [python, packages] = await Promise.all([
    loadPyodide({ indexURL: "./pyodide/" }),
    fetch("python.zip").then((response) => (response.ok ? response.arrayBuffer() : Promise.reject(response.statusText))),
  ]);
  python.unpackArchive(packages, "wheel");
  const asked = python.runPython(START);
  postMessage({ up: true });
  return asked;
})();

ready.catch((problem) => postMessage({ down: String(problem) }));
onmessage = async ({ data: { id, question } }) => postMessage({ id, answer: (await ready)(question) });
