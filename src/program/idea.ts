/** One `- [ ]` line: its text, forecast and patch. A malformed forecast is a warning, and the idea still counts. */

import type { Link, ListItem, Paragraph } from "mdast";
import type { IdeaLine } from "../core/program.ts";
import { refusePath } from "./glob.ts";
import type { Finding } from "./problem.ts";

const FORECAST = /\(\s*expect\b([^)]*)\)/i;
const CHANGE = /^[:\s]*([-+−]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*,\s*(\d+(?:\.\d+)?)\s*%\s*$/i;

/** Undefined when the item has no checkbox. Adds warnings to `findings`. */
export function readIdea(item: ListItem, body: string, findings: Finding[]): IdeaLine | undefined {
  const paragraph = item.children.find((node) => node.type === "paragraph");
  const line = item.position?.start.line ?? 1;
  if (!paragraph || paragraph.position?.start.line !== line) return undefined;
  const raw = body.slice(paragraph.position.start.offset, paragraph.position.end.offset);
  const box = /^\[([ xX])\][ \t]+/.exec(raw);
  if (!box) return undefined;
  const warn = (cause: string, fix: string) => findings.push({ line, severity: "warning", cause, fix });
  const link = patchLink(paragraph);
  const patch = link && usablePatch(link.url, warn);
  const withoutLink = link ? cutLink(raw, paragraph, link) : raw;
  const forecast = readForecast(withoutLink, warn);
  const text = withoutLink
    .slice(box[0].length)
    .replace(FORECAST, " ")
    .replace(/[ \t]*\r?\n[ \t>]*|[ \t]+/g, " ")
    .trim();
  if (!text && !patch) {
    warn("This idea has no text.", "Write what to try after the `[ ]`, or remove the line.");
    return undefined;
  }
  return {
    line,
    text: text || (patch ?? ""),
    done: box[1] !== " ",
    ...(forecast && { forecast }),
    ...(patch && { patch }),
  };
}

type Warn = (cause: string, fix: string) => void;

function readForecast(text: string, warn: Warn): IdeaLine["forecast"] {
  const written = FORECAST.exec(text);
  if (!written) return undefined;
  const parts = CHANGE.exec(written[1] ?? "");
  const change = Number((parts?.[1] ?? "").replace("−", "-"));
  const percent = Number(parts?.[2]);
  if (parts && Number.isFinite(change) && percent <= 100) return { change, probability: percent / 100 };
  const cause = `The forecast \`${written[0]}\` is not read.`;
  warn(cause, "Write the change of the metric and how sure you are: `(expect -0.01, 60 %)`.");
  return undefined;
}

/** The first link called "patch" or leading to a patch file. */
function patchLink(paragraph: Paragraph): Link | undefined {
  return paragraph.children.find((node): node is Link => {
    if (node.type !== "link") return false;
    const label = node.children.map((child) => ("value" in child ? child.value : "")).join("");
    return /^patch$/i.test(label.trim()) || /\.(?:patch|diff)$/i.test(node.url);
  });
}

function usablePatch(url: string, warn: Warn): string | undefined {
  const refusal = /^[a-z][\w+.-]+:/i.test(url) ? { cause: `"${url}" is a web address.` } : refusePath(url);
  if (!refusal && url) return url.replace(/^\.\//, "");
  const cause = `The patch is not used: ${refusal?.cause ?? "its link is empty."}`;
  warn(cause, "Link a file next to program.md, such as `[patch](ideas/norm.patch)`.");
  return undefined;
}

function cutLink(raw: string, paragraph: Paragraph, link: Link): string {
  const base = paragraph.position?.start.offset ?? 0;
  const start = (link.position?.start.offset ?? base) - base;
  const end = (link.position?.end.offset ?? base) - base;
  return `${raw.slice(0, start)} ${raw.slice(end)}`;
}
