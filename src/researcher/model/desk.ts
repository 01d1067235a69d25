/** What a model may look at: files of its workspace, by list, by lines and by search. Bounded, read-only, never through a link. */

import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { globMatcher } from "../../core/scope.ts";
import { shortText, visibleText } from "../../text/untrusted.ts";
import type { ChatTool } from "./chat.ts";
import { innerPath, readText } from "./paths.ts";

/** Characters of one answer, and of all answers in one conversation. */
const [ANSWER_CHARACTERS, TALK_CHARACTERS] = [16_000, 240_000];
const [MAX_LISTED, MAX_WALKED, MAX_MATCHES] = [400, 20_000, 80];
const NO_MORE = "You have read enough for one change. Propose it now.";

export interface DeskOptions {
  readonly root: string;
  /** Globs of paths that no researcher may see. */
  readonly hidden: readonly string[];
}

export class Desk {
  readonly #root: string;
  readonly #isHidden: (path: string) => boolean;
  #left = TALK_CHARACTERS;

  constructor({ root, hidden }: DeskOptions) {
    this.#root = root;
    this.#isHidden = globMatcher([...hidden, "**/.git", ".nightlab"]);
  }

  tools(): ChatTool[] {
    return [
      tool("list_files", "Lists the files below a folder (all of them by default).", listInput, (input) =>
        this.#list(input),
      ),
      tool(
        "read_file",
        "Reads a file, or some of its lines (from and to are line numbers, counted from 1).",
        readInput,
        (input) => this.#read(input),
      ),
      tool(
        "search_files",
        "Finds the lines that contain a text, in the files below a folder. The text is taken as it is, no pattern.",
        searchInput,
        (input) => this.#search(input),
      ),
    ].map((one) => ({ ...one, run: async (input: unknown) => this.#bounded(await one.run(input)) }));
  }

  #bounded(answer: string): string {
    if (this.#left <= 0) return NO_MORE;
    const text = shortText(answer, Math.min(ANSWER_CHARACTERS, this.#left));
    this.#left -= text.length;
    return text;
  }

  async #list({ folder = "." }: z.output<typeof listInput>): Promise<string> {
    const paths = await this.#walk(folder);
    if (typeof paths === "string") return paths;
    const shown = paths.slice(0, MAX_LISTED);
    const more = paths.length > shown.length ? [`and ${paths.length - shown.length} more`] : [];
    return paths.length === 0 ? "There is no file." : [...shown, ...more].join("\n");
  }

  async #read({ path, from = 1, to }: z.output<typeof readInput>): Promise<string> {
    const inner = innerPath(path);
    if (inner === undefined || this.#isHidden(inner)) return `${path} is not a file you can read.`;
    const read = await readText(this.#root, inner);
    if (read.kind === "absent") return `There is no file ${path}.`;
    if (read.kind !== "text") return `${path} is not a text file you can read.`;
    const lines = read.text.split("\n");
    const wanted = lines.slice(from - 1, to ?? lines.length).join("\n");
    // The heading stands outside the text, which must be quoted to the letter in an edit.
    const last = Math.min(to ?? lines.length, lines.length);
    return `${path}, lines ${from} to ${last} of ${lines.length}:\n${wanted}`;
  }

  async #search({ text, folder = "." }: z.output<typeof searchInput>): Promise<string> {
    const paths = await this.#walk(folder);
    if (typeof paths === "string") return paths;
    const found: string[] = [];
    let characters = 0;
    for (const path of paths) {
      const read = await readText(this.#root, path);
      if (read.kind !== "text") continue;
      for (const [at, line] of read.text.split("\n").entries()) {
        if (!line.includes(text)) continue;
        const shown = `${path}:${at + 1}: ${visibleText(line.slice(0, 400)).slice(0, 200)}`;
        found.push(shown);
        characters += shown.length;
        if (found.length >= MAX_MATCHES || characters > ANSWER_CHARACTERS) return found.join("\n");
      }
    }
    return found.length === 0 ? "No line contains it." : found.join("\n");
  }

  /** Plain files below a folder, sorted; a sentence if there is no such folder. */
  async #walk(folder: string): Promise<string[] | string> {
    const start = innerPath(folder);
    if (start === undefined) return `${folder} is not a folder you can read.`;
    const top = await realpath(this.#root);
    const real = await realpath(join(top, start)).catch(() => undefined);
    if (real !== join(top, start)) return `${folder} is not a folder you can read.`;
    const paths: string[] = [];
    const waiting = [start === "." ? "" : start];
    let walked = 0;
    for (let at = waiting.shift(); at !== undefined && walked < MAX_WALKED; at = waiting.shift()) {
      const path = at;
      const entries = await readdir(join(this.#root, path), { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        const inner = path === "" ? entry.name : `${path}/${entry.name}`;
        walked += 1;
        if (this.#isHidden(inner)) continue;
        if (entry.isDirectory()) waiting.push(inner);
        else if (entry.isFile()) paths.push(inner);
      }
    }
    return paths.sort();
  }
}

const listInput = z.object({ folder: z.string().optional() });
const readInput = z.object({
  path: z.string(),
  from: z.number().int().min(1).optional(),
  to: z.number().int().min(1).optional(),
});
const searchInput = z.object({ text: z.string().min(1), folder: z.string().optional() });

function tool<Schema extends z.ZodType>(
  name: string,
  description: string,
  schema: Schema,
  run: (input: z.output<Schema>) => Promise<string>,
): ChatTool {
  return { name, description, schema, run: async (input) => await run(schema.parse(input)) };
}
