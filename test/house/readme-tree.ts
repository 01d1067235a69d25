/** The tree of the README: every source file with the first clause of its head. `node test/house/readme-tree.ts --write` */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
export const readmePath = join(root, "README.md");
const [OPEN, CLOSE] = ["<!-- tree -->", "<!-- /tree -->"];
const FOLDERS = ["bin", "src", "bench", "targets/microgpt"];
const WIDTH = 118;

export function tree(): string {
  return ["```", ...FOLDERS.flatMap((folder) => linesOf(folder, 0)), "```"].join("\n");
}

/** README.md with its tree made anew; throws when the markers are gone. */
export function withTree(readme: string): string {
  const [from, to] = [readme.indexOf(OPEN), readme.indexOf(CLOSE)];
  if (from < 0 || to < from) throw new Error(`README.md lacks ${OPEN} … ${CLOSE}`);
  return `${readme.slice(0, from + OPEN.length)}\n${tree()}\n${readme.slice(to)}`;
}

function linesOf(folder: string, depth: number): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || /\.(ts|js)$/.test(entry.name))
    .filter((entry) => !["assembly", "data"].includes(entry.name))
    .sort((a, b) => Number(a.isDirectory()) - Number(b.isDirectory()) || (a.name < b.name ? -1 : 1));
  const indent = "  ".repeat(depth);
  return [
    `${indent}${depth === 0 ? folder : (folder.split("/").at(-1) ?? folder)}/`,
    ...entries.flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return linesOf(path, depth + 1);
      const line = `${`${indent}  ${entry.name}`.padEnd(30)} ${clauseOf(path)}`.trimEnd();
      return [line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line];
    }),
  ];
}

/** The first sentence of the head comment. */
function clauseOf(path: string): string {
  const text = readFileSync(join(root, path), "utf8").replace(/^#!.*\n/, "");
  const head = text.replace(/^(\/\/ biome.*\n|\/\*\* biome.*\n)+\n*/, "");
  const block = /^\/\*\*([\s\S]*?)\*\//.exec(head)?.[1] ?? /^((?:\/\/.*\n)+)/.exec(head)?.[1] ?? "";
  const plain = block
    .replaceAll(/^\s*(\*|\/\/)\s?/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return plain.split(/\.(?:\s|$)/)[0] ?? "";
}

if (process.argv.includes("--write")) writeFileSync(readmePath, withTree(readFileSync(readmePath, "utf8")));
