/** Reads a proposal from the words of a model that calls no tool: JSON, or blocks of search and replace under a file's name. */

import { spokenIdeaIn } from "../spoken-idea.ts";
import { type Edit, proposalSchema, type SpokenProposal } from "./proposal.ts";

/** Said to such a model. */
export const SPOKEN_FORM = `If you cannot call tools, answer with the edits in this form, then one last line of JSON:
FILE: path/of/the/file
<<<<<<< SEARCH
lines exactly as they are
=======
lines in their place
>>>>>>> REPLACE
{"title": "...", "why": "...", "forecast": {"gain": 0.01, "probability": 0.6}}
A whole file is written as FILE: path, then its text between two lines of three backticks.`;

/** Undefined where the words hold no change. */
export function spokenProposal(text: string, name: string): SpokenProposal | undefined {
  const plain = text.replaceAll("\r\n", "\n");
  for (const candidate of jsonBlocks(plain)) {
    const read = proposalSchema.safeParse(candidate);
    if (read.success) return read.data;
  }
  const edits = [...searchBlocks(plain), ...wholeFiles(plain)];
  if (edits.length === 0) return undefined;
  const read = proposalSchema.safeParse({ ...spokenIdeaIn(plain.replace(/\n?`{3,}\s*$/, ""), name), edits });
  return read.success ? read.data : undefined;
}

function jsonBlocks(text: string): unknown[] {
  const fences = [...text.matchAll(/^(`{3,})[ \t]*(?:json)?[ \t]*\n([\s\S]*?)\n\1[ \t]*$/gim)].map(
    ([, , body]) => body ?? "",
  );
  const braces = text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1);
  return [...fences, braces].flatMap((one) => {
    try {
      return [JSON.parse(one) as unknown];
    } catch {
      return []; // words, or code
    }
  });
}

const BLOCK = /^<{5,9} ?SEARCH[^\n]*\n([\s\S]*?)^={5,9}[ \t]*\n([\s\S]*?)^>{5,9} ?REPLACE[^\n]*$/gm;

function searchBlocks(text: string): Edit[] {
  let path: string | undefined;
  let end = 0;
  return [...text.matchAll(BLOCK)].flatMap((block): Edit[] => {
    path = pathBefore(text.slice(end, block.index)) ?? path;
    end = block.index + block[0].length;
    if (path === undefined) return [];
    const [search, replace] = [block[1] ?? "", block[2] ?? ""];
    // An empty place to look for is a new file.
    return search.trim() === "" ? [{ path, content: replace }] : [{ path, search, replace }];
  });
}

/** The last line that can be the name of a file: after `FILE:`, or a line that is nothing but a path. */
function pathBefore(text: string): string | undefined {
  const lines = text.split("\n").map((line) => line.replace(/^[\s#>*`-]+|[\s*`:]+$/g, ""));
  for (const line of lines.toReversed()) {
    const named = /^(?:FILE|PATH):?\**\s*`?([^\s`]+)/i.exec(line)?.[1];
    if (named !== undefined) return named;
    if (/^[\w@./-]*[\w-]+\.\w{1,8}$/.test(line)) return line;
  }
  return undefined;
}

const WHOLE = /^(?:\W*)FILE:?\**[ \t]*`?([^\s`]+)`?[ \t]*\n+(`{3,})[^\n]*\n([\s\S]*?\n?)^\2[ \t]*$/gim;

function wholeFiles(text: string): Edit[] {
  return [...text.matchAll(WHOLE)].flatMap(([, path, , content]) =>
    path === undefined || content === undefined || /^<{5,9} ?SEARCH/m.test(content)
      ? []
      : [{ path, content }],
  );
}
