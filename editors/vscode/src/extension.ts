// The extension: it starts the language server, and shows the diagram that the server draws.

import { execFile } from "node:child_process";
import { homedir } from "node:os";
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";
import { type Command, missing, serverCommand } from "./command";
import { Preview } from "./preview";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const preview = new Preview(() => client);
  context.subscriptions.push(
    vscode.commands.registerCommand("netdsl.showDiagram", () => {
      const document = vscode.window.activeTextEditor?.document;
      if (document?.languageId === "netdsl") {
        preview.show(document);
      } else {
        void vscode.window.showInformationMessage("netdsl: open a .net file to see its diagram.");
      }
    }),
    vscode.commands.registerCommand("netdsl.chooseVariant", async () => {
      await chooseVariant();
      await preview.draw();
    }),
    vscode.commands.registerCommand("netdsl.restartServer", async () => {
      await stop();
      await start();
      await preview.draw();
    }),
    vscode.workspace.onDidChangeTextDocument(({ document }) => preview.changed(document)),
    vscode.workspace.onDidSaveTextDocument((document) => preview.changed(document)),
    vscode.window.onDidChangeActiveTextEditor((editor) => preview.follow(editor?.document)),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("netdsl.path") || event.affectsConfiguration("netdsl.python")) {
        await stop();
        await start();
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await stop();
}

async function start(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("netdsl");
  const folder = vscode.workspace.workspaceFolders?.find((each) => each.uri.scheme === "file")?.uri.fsPath;
  const command = serverCommand(
    { path: settings.get("path", ""), python: settings.get("python", "") },
    folder,
    homedir(),
  );
  const problem = await unfit(command, folder);
  if (problem) {
    const chosen = await vscode.window.showErrorMessage(missing(command, problem), "Open settings");
    if (chosen) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "netdsl.");
    }
    return;
  }
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: "file", language: "netdsl" },
      { scheme: "untitled", language: "netdsl" },
    ],
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.net") },
  };
  const fresh = new LanguageClient("netdsl", "netdsl", { ...command, options: { cwd: folder } }, options);
  try {
    await fresh.start();
    client = fresh;
  } catch (reason) {
    const text = reason instanceof Error ? reason.message : String(reason);
    void vscode.window.showErrorMessage(
      `netdsl: the language server did not start (${text}). Its output is in the channel "netdsl"; ` +
        'it needs `pip install "netdsl[lsp]"`.',
    );
  }
}

async function stop(): Promise<void> {
  const old = client;
  client = undefined;
  await old?.dispose();
}

/** Why a command cannot be the server, or nothing where it can. */
function unfit(command: Command, folder: string | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      command.command,
      [...command.args, "--help"],
      { cwd: folder, timeout: 20_000, windowsHide: true },
      (error, _stdout, stderr) => {
        const said = stderr.trim().split("\n").pop();
        const code = error && "code" in error ? error.code : undefined;
        resolve(error ? (code === "ENOENT" ? "no such program" : said || error.message) : undefined);
      },
    );
  });
}

/** Let the user pick the column of the table that hints, hover and the diagram are about. */
async function chooseVariant(): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (!client || document?.languageId !== "netdsl") {
    return;
  }
  const uri = client.code2ProtocolConverter.asUri(document.uri);
  const answer = await client.sendRequest<{ variants?: string[]; variant?: string | null }>("netdsl/summary", { uri });
  const variants = answer.variants ?? [];
  if (!variants.length) {
    void vscode.window.showInformationMessage("netdsl: this file has no variants.");
    return;
  }
  const chosen = await vscode.window.showQuickPick(
    variants.map((label) => ({ label, description: label === answer.variant ? "shown now" : "" })),
    { placeHolder: "The variant that hints, hover and the diagram are about" },
  );
  if (chosen) {
    await client.sendRequest("workspace/executeCommand", {
      command: "netdsl.showVariant",
      arguments: [uri, chosen.label],
    });
  }
}
