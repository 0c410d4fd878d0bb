// Which program is the language server: what the settings say, else `netdsl` of the environment.

export interface Settings {
  path: string;
  python: string;
}

export interface Command {
  command: string;
  args: string[];
}

/** The command line of the server. `path` goes before `python`; `${workspaceFolder}` and `~` are understood. */
export function serverCommand(settings: Settings, folder: string | undefined, home: string): Command {
  const place = (written: string) =>
    written.trim().replace(/^~(?=[/\\]|$)/, () => home).replace(/\$\{workspaceFolder\}/g, () => folder ?? ".");
  if (settings.path.trim()) {
    return { command: place(settings.path), args: ["lsp"] };
  }
  if (settings.python.trim()) {
    return { command: place(settings.python), args: ["-m", "netdsl", "lsp"] };
  }
  return { command: "netdsl", args: ["lsp"] };
}

/** What to tell someone whose server could not be run. */
export function missing(command: Command, reason: string): string {
  const line = [command.command, ...command.args].join(" ");
  return (
    `netdsl: \`${line}\` could not be run (${reason}). Install it with \`pip install "netdsl[lsp]"\`, ` +
    "or name the program in the setting netdsl.path, or its Python in netdsl.python. Colours and snippets work without it."
  );
}
