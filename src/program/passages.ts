/** Collects from Markdown what prose.ts reads: passages, code lines and code spans. Draws no conclusions. */

import type { Nodes, Root } from "mdast";
import type { Passage, Prose } from "./prose.ts";

const CANNOT = /\b(?:CANNOT|can ?not|can't|must not|may not|off[- ]limits|not allowed)\b[^.]*:\W*$/i;

/** `body` is the text `root` was parsed from. */
export function proseOf(root: Root, body: string): Prose {
  const passages: Passage[] = [];
  const codeLines: string[] = [];
  const spans: string[] = [];
  let lead = "";
  const enter = (node: Nodes, forbidden: boolean): void => {
    if (node.type === "code") codeLines.push(...node.value.split(/\r?\n/));
    if (node.type === "inlineCode") spans.push(node.value);
    const text = sourceOf(node, body);
    if (node.type === "paragraph" || node.type === "heading") passages.push({ text, forbidden });
    if (!("children" in node)) return;
    for (const child of node.children)
      enter(child, forbidden || (child.type === "list" && CANNOT.test(lead)));
    if (node.type === "paragraph" || node.type === "heading") lead = text;
  };
  enter(root, false);
  return { passages, codeLines, spans };
}

function sourceOf(node: Nodes, body: string): string {
  return body.slice(node.position?.start.offset, node.position?.end.offset).replace(/\s+/g, " ");
}
