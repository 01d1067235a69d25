/** A line for a shell from a program and its arguments. */

import { PROMPT } from "./preset.ts";

/** Beside the home, as HOME of the environment. */
export const PROMPT_FILE = "prompt.md";

/** An argument of the system has 128 KiB at most; the brief has a fifth of that. */
const MAX_PROMPT_BYTES = 120 * 1024;

export function shellLine(program: string, args: readonly string[], printedAfter?: string): string {
  const words = [program, ...args].map((word) => (word === PROMPT ? PROMPT_WORD : quoted(word)));
  const line = words.join(" ");
  if (printedAfter === undefined) return line;
  return `${line}\ncode=$?\ntr -d '\\n' <"$HOME"/${quoted(printedAfter)}\necho\nexit $code`;
}

const PROMPT_WORD = `"$(cat "$HOME/${PROMPT_FILE}")"`;

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export function promptFile(prompt: string): string {
  const bytes = Buffer.from(prompt);
  return bytes.length <= MAX_PROMPT_BYTES ? prompt : bytes.subarray(0, MAX_PROMPT_BYTES).toString("utf8");
}
