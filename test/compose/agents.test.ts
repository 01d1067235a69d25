import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LentLogin } from "../../src/compose/agent-login.ts";
import { packageOf } from "../../src/compose/agent-programs.ts";
import { type AgentSpec, makeAgent } from "../../src/compose/agent-staff.ts";
import { agentLine, examineAgents } from "../../src/compose/examine-agents.ts";
import { WIRES } from "../../src/core/provider.ts";
import { FakeClock, scriptedSandbox } from "../../src/testing/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nightlab-agents-"));
  for (const name of ["codex", "goose"]) program(name);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string): void {
  const path = join(folder, "bin", name);
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "${name} 1.2.3"\n`);
  chmodSync(path, 0o755);
}

function login(path: string, text = "{}"): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const environment = () => ({ PATH: [join(folder, "bin"), "/usr/bin", "/bin"].join(delimiter), HOME: folder });

function make(spec: Omit<AgentSpec, "kind">, hasGateway = false) {
  const access = () => {
    throw new Error("not asked here");
  };
  return makeAgent(
    { kind: "agent", ...spec },
    {
      ...{ sandbox: scriptedSandbox(() => ({})), clock: new FakeClock(), scratchFolder: folder },
      ...{ environment: environment(), userEnvironment: environment() },
      ...{ readable: [], hidden: [], outputBytes: 1000, programPath: "program.md" },
      ...(hasGateway ? { gateway: { wires: [...WIRES], open: access } } : {}),
    },
  );
}

/** Its message, the place it names and what to do next, as one text. */
function refusal(spec: Omit<AgentSpec, "kind">, hasGateway = false): string {
  try {
    make(spec, hasGateway);
    return "nothing was refused";
  } catch (error) {
    const { message, place, next } = error as { message: string; place: string; next: string };
    return [message, place, next].join(" | ");
  }
}

it("says at the start of a run what an agent lacks, and what to type", () => {
  expect(refusal({ agent: "robby" })).toMatch(
    /"robby".*claude, codex.*program.md: researchers.*command: "robby --acp"/,
  );
  expect(refusal({ agent: "claude" })).toMatch(
    /claude is not on PATH.*npm install -g @anthropic-ai\/claude-code/,
  );
  expect(refusal({ agent: "codex" })).toMatch(
    /neither a key nor a login.*export OPENAI_API_KEY, or: codex login/,
  );
  expect(refusal({ agent: "codex", mode: "acp" }, true)).toMatch(
    /by codex-acp, which is not on PATH.*npm install/,
  );
  expect(refusal({ agent: "goose" }, true)).toMatch(/goose has no model.*\{ agent: goose, model: … \}/);
  program("pi");
  expect(refusal({ agent: "pi", mode: "acp" }, true)).toMatch(/pi does not speak ACP.*\{ agent: pi \}/);
});

it("employs those that have what they need", () => {
  login(".codex/auth.json");
  expect(make({ agent: "codex" }).name).toBe("codex");
  expect(make({ agent: "codex", role: "engineer" })).toMatchObject({
    name: "codex/engineer",
    role: "engineer",
  });
  expect(make({ agent: "goose", model: "anthropic/claude-sonnet-4-5" }, true).readsDiffs).toBe(true);
  expect(make({ agent: "robby", command: "robby --acp" }).name).toBe("robby");
});

it("tells doctor of each agent: version, way to its models, what to install", async () => {
  login(".config/goose/config.yaml");
  const none = await examineAgents(environment());
  expect(none.map(({ agent }) => agent)).toEqual([
    "claude",
    "codex",
    "gemini",
    "opencode",
    "copilot",
    "goose",
    "pi",
  ]);
  const lines = none.map(agentLine);
  expect(lines[0]).toBe("claude: not found. Install: npm install -g @anthropic-ai/claude-code");
  expect(lines[1]).toBe(
    "codex 1.2.3: neither key nor login; headless. Next: export OPENAI_API_KEY, or: codex login",
  );
  expect(lines[5]).toMatch(
    /^goose 1.2.3: unmetered, by its login \(~\/.config\/goose\/config.yaml\).*headless and acp$/,
  );
  const keyed = await examineAgents({ ...environment(), OPENAI_API_KEY: "k" });
  expect(keyed[1]).toMatchObject({ access: { kind: "metered", key: "OPENAI_API_KEY" } });
});

it("brings a renewed login back, and nothing else", async () => {
  const cases: [renewed: string, meanwhile: string, kept: string][] = [
    ['{"token":"new"}', '{"token":"old"}', '{"token":"new"}'],
    ["garbage", '{"token":"old"}', '{"token":"old"}'],
    ['{"other":1}', '{"token":"old"}', '{"token":"old"}'],
    ['{"token":"new"}', '{"token":"by the user"}', '{"token":"by the user"}'],
  ];
  for (const [renewed, meanwhile, kept] of cases) {
    login("user/a.json", '{"token":"old"}');
    const lent = new LentLogin(["a.json", "missing.json"], {
      from: join(folder, "user"),
      to: join(folder, "desk"),
    });
    await lent.copy();
    login("desk/a.json", renewed);
    login("user/a.json", meanwhile);
    await lent.bringBack();
    expect(readFileSync(join(folder, "user/a.json"), "utf8")).toBe(kept);
  }
});

it("shows an agent's program with all packages around it", () => {
  program("plain");
  expect(packageOf(join(folder, "bin/plain"))).toBe(join(folder, "bin"));
  login("lib/node_modules/a/bin/a.js");
  expect(packageOf(join(folder, "lib/node_modules/a/bin/a.js"))).toBe(join(folder, "lib/node_modules"));
});
