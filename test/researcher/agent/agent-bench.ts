/** A place where an agent that does what it is ordered to works for one experiment, in a real sandbox. */

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { type AgentSpec, makeAgent } from "../../../src/compose/agent-staff.ts";
import { systemClock } from "../../../src/compose/surroundings.ts";
import type { Clock } from "../../../src/core/clock.ts";
import { type ModelCall, WIRES } from "../../../src/core/provider.ts";
import type { Answer, Proposal } from "../../../src/core/researcher.ts";
import type { Sandbox } from "../../../src/core/sandbox.ts";
import { openGateway } from "../../../src/gateway/gateway.ts";
import { type ModelServer, type ScriptInput, scriptText } from "../../../src/testing/index.ts";
import { SAMPLE_BRIEF } from "../../../src/testing/sample-brief.ts";

const root = resolve(import.meta.dirname, "../../..");

/** What the fake agent does; see fake-agent.mjs. */
interface AgentOrder {
  readonly first?: Readonly<Record<string, string>>;
  readonly writes?: Readonly<Record<string, string>>;
  readonly says?: string;
  /** Written to probe.json: what came of reaching for these. */
  readonly probe?: { urls: readonly string[]; reads: readonly string[]; writes: readonly string[] };
  /** Tool calls to the lab; the answers are written to lab.json. */
  readonly asksLab?: readonly {
    readonly name: string;
    readonly arguments: Readonly<Record<string, unknown>>;
  }[];
  /** Leaves the connection open. */
  readonly keepsLab?: boolean;
  readonly tries?: number;
  readonly exitCode?: number;
  readonly failCode?: number;
  readonly hangs?: boolean;
  readonly crash?: boolean;
  readonly killsParent?: boolean;
  readonly leaves?: string;
  readonly floodMegabytes?: number;
}

export interface Wish {
  readonly order?: AgentOrder;
  readonly steps?: ScriptInput["steps"];
  readonly spec?: Partial<AgentSpec>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** Without it the agent uses its login. */
  readonly server?: ModelServer;
  /** Repository of the study the agent may ask about. */
  readonly labRoot?: string;
  /** Of the gateway, tokens. */
  readonly tokensLeft?: number;
  /** Asked instead of a change. */
  readonly question?: string;
}

export class AgentBench {
  readonly folder = mkdtempSync(join(tmpdir(), "nightlab-agent-"));
  readonly workspace = join(this.folder, "workspace");
  readonly home = join(this.folder, "user");
  readonly token = `token-${this.folder.slice(-6)}`;
  /** What the gateways counted. */
  readonly calls: ModelCall[] = [];
  readonly #scratch = join(this.folder, "scratch");
  readonly #sandbox: Sandbox;
  #scripts = 0;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    const bin = join(this.folder, "bin");
    for (const folder of [this.workspace, this.#scratch, bin, join(this.home, ".codex")]) {
      mkdirSync(folder, { recursive: true });
    }
    chmodSync(this.folder, 0o755);
    writeFileSync(join(this.home, ".codex/auth.json"), '{"token":"old"}');
    const program = join(import.meta.dirname, "fake-agent.mjs");
    for (const [name, mode] of Object.entries({ codex: "headless", "codex-acp": "acp" })) {
      writeFileSync(join(bin, name), `#!/bin/sh\nexec '${process.execPath}' '${program}' ${mode} "$@"\n`);
      chmodSync(join(bin, name), 0o755);
    }
  }

  async propose(wish: Wish): Promise<Proposal | Answer> {
    const { server, spec = {}, signal = new AbortController().signal, clock = systemClock } = wish;
    const bin = join(this.folder, "bin");
    const environment = { PATH: [bin, "/usr/bin", "/bin"].join(delimiter), LANG: "C.UTF-8" };
    const { tokensLeft: tokens } = wish;
    const left = () => (tokens === undefined ? {} : { tokens });
    const onCall = async (call: ModelCall) => void this.calls.push(call);
    const baseUrl = `${server?.origin}/v1`;
    const upstreams = [{ wire: "openai_responses" as const, baseUrl, apiKey: "true-key" }];
    const gateway = server && (await openGateway({ upstreams, left, onCall, clock: systemClock }));
    const models = gateway && { wires: WIRES.slice(1, 2), open: gateway.access.bind(gateway) };
    const researcher = makeAgent(
      { kind: "agent", agent: "codex", mode: "headless", ...spec },
      {
        ...{ sandbox: this.#sandbox, clock, environment, hidden: [], outputBytes: 1 << 20 },
        scratchFolder: this.#scratch,
        userEnvironment: { ...environment, HOME: this.home },
        readable: [bin, root, dirname(process.execPath)],
        programPath: "program.md",
        ...(models && { gateway: models }),
        ...(wish.labRoot === undefined ? {} : { labRoot: wish.labRoot }),
      },
    );
    const brief = this.#brief(wish);
    const { question } = wish;
    try {
      if (question === undefined) return await researcher.propose(brief, this.workspace, signal);
      return (await researcher.answer?.(brief, question, this.workspace, signal)) as Answer;
    } finally {
      await gateway?.close();
    }
  }

  /** Homes of agents that were left behind. */
  leftHomes(): string[] {
    return readdirSync(this.#scratch);
  }

  /** Command lines of living processes that carry the token. */
  survivors(): string[] {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return pids.map(commandLineOf).filter((line) => line.includes(this.token));
  }

  read(path: string): string | undefined {
    try {
      return readFileSync(join(this.workspace, path), "utf8");
    } catch {
      return undefined;
    }
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #brief({ order = {}, steps = [] }: Wish) {
    this.#scripts += 1;
    const orderText = `AGENT64:${Buffer.from(JSON.stringify(order)).toString("base64")}`;
    const script = scriptText({ id: `${this.token}-${this.#scripts}`, steps, final: ANSWER });
    const mission = { depth: 1, title: "Mission", text: `${orderText}\n\n${script}\n`, line: 1 };
    return { ...SAMPLE_BRIEF, program: { ...SAMPLE_BRIEF.program, sections: [mission] } };
  }
}

const ANSWER = 'Done.\n{"title": "a smaller rate", "why": "less noise"}';

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return ""; // Gone between listing and reading.
  }
}
