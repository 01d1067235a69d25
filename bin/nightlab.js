#!/usr/bin/env node
// Starts nightlab. Plain old JavaScript on purpose: an older Node must be able to read it and say what to type.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import module, { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const WANTED = [24, 15];
const [major, minor] = process.versions.node.split(".").map(Number);
const root = join(dirname(fileURLToPath(import.meta.url)), "..");

if (major > WANTED[0] || (major === WANTED[0] && minor >= WANTED[1])) {
  const built = join(root, "dist", "cli", "main.js");
  const source = join(root, "src", "cli", "main.ts");
  // Halves the time to start. In the user's own folder: a cache of our code where others write would be theirs to change.
  module.enableCompileCache(
    join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "nightlab", "code"),
  );
  // A checkout runs its source; an installed package has only dist.
  const command = existsSync(source) ? source : built;
  const argv = process.argv.slice(2);
  // Looked at by people again and again: it need not load what a run needs.
  const quick =
    argv[0] === "status" ? await load(command.replace(/main(?=\.[jt]s$)/, "quick-status")) : undefined;
  process.exitCode = quick?.quickStatus(argv) ?? (await (await load(command)).main(argv));
} else {
  const newer = newerNode();
  if (newer === undefined || process.env.NIGHTLAB_REEXECUTED) {
    console.error(`nightlab needs Node ${WANTED.join(".")} or newer; this is ${process.versions.node}.`);
    console.error(`next: npx -y -p node@24 -p nightlab nightlab ${process.argv.slice(2).join(" ")}`);
    process.exitCode = 2;
  } else {
    const env = { ...process.env, NIGHTLAB_REEXECUTED: "1" };
    const run = spawnSync(newer, process.argv.slice(1), { stdio: "inherit", env });
    process.exitCode = run.status ?? 1;
  }
}

function load(path) {
  return import(pathToFileURL(path).href);
}

/** The Node of the `node` package, when it is installed beside nightlab. */
function newerNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve("node/package.json"));
    const path = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined; // not installed: the message above says what to type
  }
}
