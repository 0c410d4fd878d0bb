// The diagram beside the text: asked of the language server whenever the text rests, shown in a page of its own.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { page } from "./page";

/** What the server answers to `netdsl/diagram`. */
interface Diagram {
  svg: string | null;
  message?: string | null;
  variant?: string | null;
  variants?: string[];
}

const REST = 300; // milliseconds without a change until the diagram is drawn again

export class Preview {
  private panel: vscode.WebviewPanel | undefined;
  private document: vscode.TextDocument | undefined;
  private timer: NodeJS.Timeout | undefined;
  private asked = 0;

  constructor(private readonly client: () => LanguageClient | undefined) {}

  /** Show the diagram of a document, beside it. */
  show(document: vscode.TextDocument): void {
    this.document = document;
    if (this.panel) {
      this.panel.reveal(undefined, true);
      void this.draw();
      return;
    }
    const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    const panel = vscode.window.createWebviewPanel("netdsl.diagram", "Diagram", column, {
      enableScripts: true,
      localResourceRoots: [],
      retainContextWhenHidden: true,
    });
    this.panel = panel;
    panel.onDidDispose(() => {
      clearTimeout(this.timer);
      this.panel = this.document = undefined;
    });
    panel.webview.onDidReceiveMessage((word) => {
      if (word === "ready") {
        void this.draw();
      }
    });
    panel.webview.html = page(randomBytes(16).toString("base64url"));
  }

  /** The text of a document, or of a file that it may use, has changed: draw again soon. */
  changed(document: vscode.TextDocument): void {
    if (this.panel && document.languageId === "netdsl") {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.draw(), REST);
    }
  }

  /** Another document is at work: its diagram is shown, where there is a page for one. */
  follow(document: vscode.TextDocument | undefined): void {
    if (this.panel && document && document.languageId === "netdsl" && document !== this.document) {
      this.document = document;
      void this.draw();
    }
  }

  async draw(): Promise<void> {
    const { document, panel } = this;
    const client = this.client();
    if (!document || !panel) {
      return;
    }
    const mine = ++this.asked;
    let answer: Diagram;
    try {
      answer = client
        ? await client.sendRequest<Diagram>("netdsl/diagram", {
            uri: client.code2ProtocolConverter.asUri(document.uri),
          })
        : { svg: null, message: "the language server does not run" };
    } catch (problem) {
      answer = { svg: null, message: problem instanceof Error ? problem.message : String(problem) };
    }
    if (mine !== this.asked || panel !== this.panel) {
      return; // another answer is on its way
    }
    const name = document.uri.path.split("/").pop() ?? "";
    panel.title = answer.variant ? `${name}: ${answer.variant}` : name;
    await panel.webview.postMessage({
      name: `${document.uri.toString()} ${answer.variant ?? ""}`,
      svg: answer.svg ? Buffer.from(answer.svg, "utf8").toString("base64") : null,
      message: answer.svg ? "" : (answer.message ?? "there is nothing to draw"),
    });
  }
}
