/** Finds the tool chains on PATH that live in folders a sandbox hides, homes and scratch folders, so that it doesn't hide them. */

import { lstatSync, readlinkSync } from "node:fs";
import { delimiter, dirname, join, relative, resolve, sep } from "node:path";

/** Everybody's folders for what is not kept: in a sandbox each command has its own. */
export const SCRATCH_FOLDERS = ["/tmp", "/var/tmp"];

/** Folders below the home that hold nothing but tools, longest first; what they need besides is on the right. */
const TOOL_CHAINS: Readonly<Record<string, readonly string[]>> = {
  ".local/share/uv/python": [],
  ".local/share/mise": [],
  ".local/share/fnm": [],
  ".local/share/pnpm": [],
  ".local/share/uv": [],
  ".local/pipx": [],
  ".local/share/pipx": [],
  ".local/bin": [".local/share/uv", ".local/lib"],
  "go/bin": [],
  ".cargo/bin": [".rustup"],
  ".pyenv": [],
  ".rbenv": [],
  ".asdf": [],
  ".nvm": [],
  ".fnm": [],
  ".volta": [],
  ".bun": [],
  ".deno": [],
  ".rustup": [],
  ".sdkman": [],
  ".juliaup": [],
  ".ghcup": [],
  ".nix-profile": [],
  miniconda3: [],
  miniforge3: [],
  mambaforge: [],
  anaconda3: [],
  "google-cloud-sdk": [],
};

/** Where credentials live; never given, whatever PATH says. */
const SECRET = new Set([".ssh", ".gnupg", ".aws", ".config", ".kube", ".docker"]);

/**
 * Folders below `home` that the programs on `path` need, for `SandboxCommand.readable`. A known tool chain is given
 * whole, an unknown `…/x/bin` as `…/x` when it is not the home itself, anything else as the PATH folder alone.
 * Links from these folders into other parts of the home are followed one step. Never the home itself.
 * The same below scratch folders, which are hidden too: a project may lie in a temporary folder.
 */
export function toolChainFolders(path: string, home: string): string[] {
  const found = path.split(delimiter).flatMap((entry) => {
    const root = [home, ...SCRATCH_FOLDERS].find((one) => isBelow(entry, one));
    if (root === undefined) return [];
    const folders = rootsOf(resolve(entry), root).map((one) => (isBelow(home, one) ? resolve(entry) : one));
    return folders.filter((folder) => isBelow(folder, root) && !isSecret(folder, home));
  });
  return [...new Set(found)].filter((folder) => !isBelow(home, folder) && folder !== resolve(home));
}

function rootsOf(entry: string, home: string): string[] {
  const real = linkTarget(entry);
  return [...chainOf(entry, home), ...(isBelow(real, home) && real !== entry ? chainOf(real, home) : [])];
}

function chainOf(entry: string, home: string): string[] {
  const below = relative(home, entry);
  const known = Object.keys(TOOL_CHAINS).find((root) => below === root || below.startsWith(root + sep));
  if (known !== undefined) return [known, ...(TOOL_CHAINS[known] ?? [])].map((root) => join(home, root));
  // `node_modules/.bin` is full of links into its parent.
  const isBin = /(^|\/)(bin|\.bin|shims)$/.test(below);
  const parent = dirname(entry);
  return [isBin && isBelow(parent, home) && below.split(sep).length > 2 ? parent : entry];
}

function linkTarget(entry: string): string {
  const stat = lstatSync(entry, { throwIfNoEntry: false });
  return stat?.isSymbolicLink() === true ? resolve(dirname(entry), readlinkSync(entry)) : entry;
}

function isBelow(path: string, home: string): boolean {
  return path !== "" && resolve(path).startsWith(resolve(home) + sep);
}

function isSecret(folder: string, home: string): boolean {
  return SECRET.has(relative(home, folder).split(sep)[0] ?? "");
}
