/** The Markdown side of program.md: headed sections, roles, idea lines. Knows nothing of the front matter or of files. */

import type { Heading, List, ListItem, Nodes, Root } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import type { IdeaLine, Role, Section } from "../core/program.ts";
import { readIdea } from "./idea.ts";
import type { Finding } from "./problem.ts";

export interface Markdown {
  readonly root: Root;
  readonly sections: readonly Section[];
  readonly roles: readonly Role[];
  readonly ideas: readonly IdeaLine[];
  readonly findings: readonly Finding[];
}

/** `body` keeps the offsets of the source (see `bodyOf`); `path` is where its roles are written. */
export function readMarkdown(body: string, path: string): Markdown {
  const root = fromMarkdown(body);
  const findings: Finding[] = [];
  const ideas = ideaItemsOf(root).flatMap((item) => readIdea(item, body, findings) ?? []);
  return { root, sections: sectionsOf(root, body), roles: rolesOf(root, body, path), ideas, findings };
}

function isIdeasTitle(title: string): boolean {
  return /^ideas\b/i.test(title.replace(/^[^\p{L}]+/u, ""));
}

/** Plain text of a node and all below it. */
function plainText(node: Nodes): string {
  if ("value" in node) return node.value;
  if ("children" in node) return node.children.map(plainText).join("");
  return node.type === "break" ? " " : "";
}

/** Top-level lists between a heading named Ideas and the next heading of its depth or above, with that heading. */
export function ideaListsOf(
  root: Root,
): { heading: Heading; lists: List[]; last: Root["children"][number] }[] {
  return root.children.flatMap((heading, index) => {
    if (heading.type !== "heading" || !isIdeasTitle(plainText(heading))) return [];
    const after = root.children.slice(index + 1);
    const end = after.findIndex((node) => node.type === "heading" && node.depth <= heading.depth);
    const inside = end === -1 ? after : after.slice(0, end);
    const lists = inside.filter((node) => node.type === "list");
    return [{ heading, lists, last: inside.at(-1) ?? heading }];
  });
}

function ideaItemsOf(root: Root): ListItem[] {
  const lists = new Set(ideaListsOf(root).flatMap((section) => section.lists));
  return [...lists].flatMap((list) => list.children.flatMap(withNested));
}

function withNested(item: ListItem): ListItem[] {
  const nested = item.children.filter((node) => node.type === "list");
  return [item, ...nested.flatMap((list) => list.children.flatMap(withNested))];
}

function sectionsOf(root: Root, body: string): Section[] {
  const headings = headingsOf(root);
  return headings.map((heading, index) => ({
    depth: heading.depth,
    title: plainText(heading).trim(),
    text: textBetween(body, heading, headings[index + 1]),
    line: heading.position?.start.line ?? 1,
  }));
}

/** Headings one level or more below `Roles`; what is deeper still belongs to the role. */
function rolesOf(root: Root, body: string, path: string): Role[] {
  const headings = headingsOf(root);
  return headings.flatMap((parent, start) => {
    if (!/^roles\b/i.test(plainText(parent).trim())) return [];
    const end = headings.findIndex((heading, i) => i > start && heading.depth <= parent.depth);
    const inside = headings.slice(start + 1, end === -1 ? undefined : end);
    const depth = Math.min(...inside.map((heading) => heading.depth));
    const starts = inside.filter((heading) => heading.depth === depth);
    const after = end === -1 ? undefined : headings[end];
    return starts.map((heading, i) => ({
      name: plainText(heading).trim(),
      text: textBetween(body, heading, starts[i + 1] ?? after),
      path,
    }));
  });
}

function headingsOf(root: Root): Heading[] {
  return root.children.filter((node) => node.type === "heading");
}

function textBetween(body: string, heading: Heading, next: Heading | undefined): string {
  const start = heading.position?.end.offset ?? 0;
  return body.slice(start, next?.position?.start.offset ?? body.length).trim();
}
