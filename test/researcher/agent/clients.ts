/**
 * The real agents, each in one version, in a cache outside package.json: NIGHTLAB_AGENTS_FOLDER, or `.cache/agents` of the
 * repository. The big ones only where NIGHTLAB_AGENTS=all, since they take 1.1 GB more.
 */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";

interface Client {
  readonly agent: string;
  readonly packages: readonly string[];
  /** Adapters come without the copies of their agents. */
  readonly isBare?: boolean;
  readonly isBig?: boolean;
  /** Where its programs are, below node_modules. */
  readonly bin?: string;
}

const CLIENTS: readonly Client[] = [
  { agent: "codex", packages: ["@openai/codex@0.169.0"] },
  {
    agent: "goose",
    packages: ["@aaif/goose-binary-linux-x64@0.20.1"],
    bin: "@aaif/goose-binary-linux-x64/bin",
  },
  { agent: "pi", packages: ["@earendil-works/pi-coding-agent@0.87.1"] },
  { agent: "codex-acp", packages: ["@agentclientprotocol/codex-acp@2.6.0"], isBare: true },
  { agent: "claude", packages: ["@anthropic-ai/claude-code@2.1.330"], isBig: true },
  { agent: "gemini", packages: ["@google/gemini-cli@0.61.0"], isBig: true },
  { agent: "copilot", packages: ["@github/copilot@1.0.102"], isBig: true },
  { agent: "opencode", packages: ["opencode-ai@1.18.33"], isBig: true },
  {
    agent: "claude-agent-acp",
    packages: ["@agentclientprotocol/claude-agent-acp@0.101.0"],
    isBare: true,
    isBig: true,
  },
];

export const wantsAll = process.env.NIGHTLAB_AGENTS === "all";
const cache = process.env.NIGHTLAB_AGENTS_FOLDER ?? resolve(import.meta.dirname, "../../../.cache/agents");
const INSTALL_MS = 240_000;

export interface Installed {
  /** Folders for PATH, the pinned Node first: an older one refuses some of them. */
  readonly path: string;
  readonly agents: readonly string[];
  /** Why others are not there. */
  readonly missing: ReadonlyMap<string, string>;
}

/** Two at a time: more than that is slower. */
export async function installClients(): Promise<Installed> {
  const wanted = CLIENTS.filter(({ isBig }) => wantsAll || !isBig);
  const missing = new Map<string, string>();
  for (const { agent, isBig } of CLIENTS)
    if (isBig && !wantsAll) missing.set(agent, "NIGHTLAB_AGENTS=all installs it");
  const queue = [...wanted];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const problem = await install(next);
      if (problem !== undefined) missing.set(next.agent, problem);
    }
  };
  await Promise.all([worker(), worker()]);
  const there = wanted.filter(({ agent }) => !missing.has(agent));
  const folders = there.map((client) => join(folderOf(client), "node_modules", client.bin ?? ".bin"));
  const path = [dirname(process.execPath), ...folders, "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter);
  return { path, agents: there.map(({ agent }) => agent), missing };
}

function folderOf({ packages }: Client): string {
  return join(cache, (packages[0] ?? "").replaceAll(/[^\w.@-]/g, "_"));
}

async function install(client: Client): Promise<string | undefined> {
  const folder = folderOf(client);
  if (existsSync(join(folder, "installed"))) return undefined;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const bare = client.isBare ? ["--omit=optional"] : [];
  const args = ["install", "--no-audit", "--no-fund", "--no-save", ...bare, ...client.packages];
  const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;
  const child = spawn("npm", args, {
    cwd: folder,
    env: { ...process.env, PATH: path },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: INSTALL_MS,
  });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said = (said + chunk).slice(-2000);
  });
  const code = await new Promise((done) => child.once("close", done).once("error", done));
  if (code !== 0) return `npm install ended with ${code}: ${said.trim().split("\n").at(-1) ?? ""}`;
  writeFileSync(join(folder, "installed"), "");
  return undefined;
}
