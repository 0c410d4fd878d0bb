// The parts of the extension that need no editor.

const assert = require("node:assert");
const test = require("node:test");
const { serverCommand, missing } = require("../dist/test/command.js");
const { page } = require("../dist/test/page.js");

test("the program comes from the settings", () => {
  const command = (path, python) => serverCommand({ path, python }, "/project", "/home/me");
  assert.deepStrictEqual(command("", ""), { command: "netdsl", args: ["lsp"] });
  assert.deepStrictEqual(command("", "py"), { command: "py", args: ["-m", "netdsl", "lsp"] });
  assert.deepStrictEqual(command(" ~/bin/netdsl ", "py"), { command: "/home/me/bin/netdsl", args: ["lsp"] });
  assert.strictEqual(command("", "${workspaceFolder}/.venv/bin/python").command, "/project/.venv/bin/python");
  assert.strictEqual(serverCommand({ path: "${workspaceFolder}/n", python: "" }, undefined, "").command, "./n");
});

test("a folder is taken as it is", () => {
  assert.strictEqual(serverCommand({ path: "${workspaceFolder}/n", python: "" }, "/a$&b", "").command, "/a$&b/n");
});

test("a missing program is explained", () => {
  const text = missing({ command: "netdsl", args: ["lsp"] }, "no such program");
  for (const word of ["`netdsl lsp`", "no such program", 'pip install "netdsl[lsp]"', "netdsl.path", "netdsl.python"]) {
    assert.ok(text.includes(word), word);
  }
});

test("the page loads nothing and runs one script", () => {
  const text = page("N0NCE");
  const policy = /content="([^"]*)"/.exec(text)[1];
  assert.strictEqual(policy, "default-src 'none'; img-src data:; style-src 'nonce-N0NCE'; script-src 'nonce-N0NCE'");
  assert.ok(!/https?:|unsafe|\son[a-z]+="/.test(text));
  assert.strictEqual(text.match(/<script/g).length, 1);
  assert.ok(!/\sstyle="/.test(text), "inline styles are not let through");
  new Function(/<script nonce="N0NCE">([^]*)<\/script>/.exec(text)[1]); // it is a script
});
