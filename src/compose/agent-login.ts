/** The login of an agent: looked for in the user's home, lent to a desk, brought back when the agent has renewed it. */

import { existsSync } from "node:fs";
import { chmod, copyFile, lstat, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Preset } from "../researcher/agent/preset.ts";
import type { UserEnvironment } from "./surroundings.ts";

export type Login = Preset["login"];

/** Where a login was found: a path or a name in the environment. Its content is not looked at. */
export function whereLogin(login: Login, environment: UserEnvironment): string | undefined {
  const name = login.env.find((one) => (environment[one] ?? "") !== "");
  const home = environment.HOME;
  const file = login.files.find((one) => home !== undefined && existsSync(join(home, one)));
  return name ?? (file === undefined ? undefined : `~/${file}`);
}

export function loginEnvironment(login: Login, environment: UserEnvironment): Record<string, string> {
  return Object.fromEntries(
    login.env.flatMap((name) => (environment[name] ? [[name, environment[name]] as const] : [])),
  );
}

/**
 * Agents renew their login in its file, and the old one is then worth nothing: what was renewed is brought back, so that the
 * user stays logged in. Only over a file that nobody changed meanwhile, and only where the new text is JSON with the keys of
 * the old one: an agent's word is not to be trusted with more.
 */
export class LentLogin {
  readonly #paths: readonly string[];
  readonly #from: string | undefined;
  readonly #to: string;
  readonly #lent = new Map<string, string>();

  constructor(paths: readonly string[], { from, to }: { from: string | undefined; to: string }) {
    this.#paths = paths;
    this.#from = from;
    this.#to = to;
  }

  async copy(): Promise<void> {
    if (this.#from === undefined) return;
    for (const path of this.#paths) {
      const text = await readFile(join(this.#from, path), "utf8").catch(() => undefined);
      if (text === undefined) continue;
      const copy = join(this.#to, path);
      await mkdir(dirname(copy), { recursive: true });
      await writeFile(copy, text, { mode: 0o600 });
      this.#lent.set(path, text);
    }
  }

  async bringBack(): Promise<void> {
    for (const [path, lent] of this.#lent) {
      const now = await plainText(join(this.#to, path));
      if (now === undefined || now === lent || !hasSameKeys(now, lent)) continue;
      const own = join(this.#from ?? "", path);
      if ((await readFile(own, "utf8").catch(() => undefined)) !== lent) continue;
      await replace(own, now).catch(() => undefined); // the user's file stays as it is
    }
  }
}

/** Of a file that is no link and not long. */
async function plainText(path: string): Promise<string | undefined> {
  const stat = await lstat(path).catch(() => undefined);
  if (!stat?.isFile() || stat.size > MAX_BYTES || stat.nlink > 1) return undefined;
  return await readFile(path, "utf8").catch(() => undefined);
}

const MAX_BYTES = 256 * 1024;

async function replace(path: string, text: string): Promise<void> {
  const beside = `${path}.nightlab`;
  await copyFile(path, beside); // takes the mode along
  await chmod(beside, 0o600);
  await writeFile(beside, text);
  await rename(beside, path);
}

function hasSameKeys(now: string, before: string): boolean {
  const renewed = keysOf(now) ?? [];
  return keysOf(before)?.every((key) => renewed.includes(key)) ?? false;
}

function keysOf(text: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? Object.keys(value) : undefined;
  } catch {
    return undefined; // YAML and the like are never renewed by an agent
  }
}
