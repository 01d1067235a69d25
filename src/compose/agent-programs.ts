/** Finds the programs of agents on the user's PATH. Part of the composition root. */

import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, delimiter, dirname, join, sep } from "node:path";
import type { Preset } from "../researcher/agent/preset.ts";

/** Absolute path of a program; undefined where PATH has none. */
function programOnPath(name: string, path: string): string | undefined {
  const folders = path.split(delimiter).filter((folder) => folder.startsWith(sep));
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The programs a preset needs, by name, as far as they are there. */
export function programsOf({ program, acp }: Preset, path: string): Record<string, string> {
  const names = [program, ...(acp === undefined ? [] : [acp.program])];
  const found = names.flatMap((name) => {
    const place = programOnPath(name, path);
    return place === undefined ? [] : [[name, place] as const];
  });
  return Object.fromEntries(found);
}

/** The folder that a program needs to be whole: all packages around it, or its own folder, links followed. */
export function packageOf(program: string): string {
  const real = realpathSync(program);
  const [before, after] = real.split(`${sep}node_modules${sep}`, 2);
  return after === undefined ? dirname(real) : `${before}${sep}node_modules`;
}

/** Of the package that a program is in, without starting it: some take seconds to say their version. */
export function packageVersion(program: string): string | undefined {
  const real = realpathSync(program);
  if (!real.includes(`${sep}node_modules${sep}`)) return undefined;
  for (let folder = dirname(real); basename(folder) !== "node_modules"; folder = dirname(folder)) {
    const version = versionIn(join(folder, "package.json"));
    if (version !== undefined) return version;
  }
  return undefined;
}

function versionIn(path: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined; // no package here
  }
}
