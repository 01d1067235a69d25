/** The desk of one agent for one experiment: a home of its own, its way to a model, walls. Part of the composition root. */

import { statfsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Brief } from "../core/brief.ts";
import type { Clock } from "../core/clock.ts";
import type { ExperimentId } from "../core/experiment.ts";
import { type ModelAccess, WIRES, type Wire } from "../core/provider.ts";
import type { Sandbox } from "../core/sandbox.ts";
import type { AgentRun, Desk, Host } from "../researcher/agent/desk.ts";
import type { Access } from "../researcher/agent/preset.ts";
import { openRelay, type Relay } from "../sandbox/relay.ts";
import { type AgentLab, openAgentLab } from "./agent-lab.ts";
import { LentLogin, type Login, loginEnvironment } from "./agent-login.ts";
import { packageOf } from "./agent-programs.ts";
import type { UserEnvironment } from "./surroundings.ts";

/** The gateway, as far as agents need it. */
export interface ModelGateway {
  /** Wires for which the user gave a key or a provider. */
  readonly wires: readonly Wire[];
  open(experiment: ExperimentId, researcher: string): ModelAccess;
}

export interface AgentHostContext {
  readonly sandbox: Sandbox;
  readonly clock: Clock;
  /** Removed when the run ends, or by the next start when it was killed. */
  readonly scratchFolder: string;
  /** Of every command: PATH, LANG and what program.md passes. */
  readonly environment: Readonly<Record<string, string>>;
  readonly userEnvironment: UserEnvironment;
  readonly readable: readonly string[];
  /** The ledger, and what is held out. Not the objects of git, which the workspace's own git reads. */
  readonly hidden: readonly string[];
  readonly outputBytes: number;
  /** Top folder of the user's checkout, of whose study the agent may ask; absent: it has its brief alone. */
  readonly labRoot?: string;
  /** Where the output of an experiment's researcher is kept. */
  readonly proposalLog?: (experiment: ExperimentId) => string;
}

/** One agent of program.md. `wire` absent: it uses its login. */
export interface DeskOptions {
  readonly researcher: string;
  readonly gateway?: ModelGateway;
  readonly wire?: Wire;
  readonly login: Login;
  readonly found: Readonly<Record<string, string>>;
}

const MIB = 1024 ** 2;
/** Left free for everything else. */
const [SPARE_MEMORY_BYTES, SPARE_DISK_BYTES] = [512 * MIB, 1024 * MIB];
/** The watch ends an agent before this does. */
const LAST_RESORT_MS = 24 * 3_600_000;

export function agentHost(context: AgentHostContext, options: DeskOptions): Host {
  return {
    clock: context.clock,
    shortage: (memoryBytes) => shortage(context.scratchFolder, memoryBytes),
    atDesk: (brief, workspacePath, work) => atDesk(context, { ...options, brief, workspacePath }, work),
  };
}

function shortage(folder: string, memoryBytes: number): string | undefined {
  const free = process.availableMemory();
  const needed = memoryBytes + SPARE_MEMORY_BYTES;
  if (free < needed) return `${mib(free)} MiB of memory are free, it needs ${mib(needed)}`;
  const { bavail, bsize } = statfsSync(folder);
  const room = bavail * bsize;
  return room < SPARE_DISK_BYTES
    ? `${mib(room)} MiB are free on the disk of ${folder}, less than ${mib(SPARE_DISK_BYTES)}`
    : undefined;
}

const mib = (bytes: number) => Math.round(bytes / MIB);

interface Order extends DeskOptions {
  readonly brief: Brief;
  readonly workspacePath: string;
}

async function atDesk<Result>(
  context: AgentHostContext,
  order: Order,
  work: (desk: Desk) => Promise<Result>,
): Promise<Result> {
  const { gateway, wire, researcher, login, brief } = order;
  const scratch = await mkdtemp(join(context.scratchFolder, "agent-"));
  const [home, temporary] = [join(scratch, "home"), join(scratch, "tmp")];
  const opened = wire === undefined ? undefined : gateway?.open(brief.experiment, researcher);
  const lent = new LentLogin(wire === undefined ? login.files : [], {
    from: context.userEnvironment.HOME,
    to: home,
  });
  let relay: Relay | undefined;
  let lab: AgentLab | undefined;
  try {
    for (const folder of [home, temporary]) await mkdir(folder);
    await lent.copy();
    const isWalled = context.sandbox.name === "bubblewrap";
    const access = accessBy(opened, order);
    if (isWalled && access.kind === "metered") relay = await openRelay(portOf(access.baseUrl), scratch);
    lab = await labFor(context, scratch);
    const mcpServers = lab === undefined ? [] : [lab.server];
    return await work({
      ...{ home, access, isWalled, mcpServers, found: order.found },
      calls: opened?.calls ?? [],
      write: (files) => writeFiles(home, files),
      exec: (run, signal) => exec(context, { order, run, scratch, home, temporary, relay, lab }, signal),
    });
  } finally {
    opened?.close();
    await relay?.close();
    await lab?.close();
    await lent.bringBack();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function labFor(context: AgentHostContext, scratch: string): Promise<AgentLab | undefined> {
  const { labRoot: root, userEnvironment: environment } = context;
  return root === undefined ? undefined : await openAgentLab({ root, environment }, scratch);
}

function accessBy(opened: ModelAccess | undefined, { wire, gateway }: Order): Access {
  if (opened === undefined || wire === undefined) return { kind: "login" };
  const wires = WIRES.filter((one) => gateway?.wires.includes(one));
  return {
    kind: "metered",
    wire,
    key: opened.key,
    baseUrl: opened.baseUrl(wire),
    baseUrls: Object.fromEntries(wires.map((one) => [one, opened.baseUrl(one)])),
  };
}

function portOf(baseUrl: string): number {
  return Number(new URL(baseUrl).port);
}

async function writeFiles(home: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), text, { mode: 0o600 });
  }
}

interface Execution {
  readonly order: Order;
  readonly run: AgentRun;
  readonly scratch: string;
  readonly home: string;
  readonly temporary: string;
  readonly relay: Relay | undefined;
  readonly lab: AgentLab | undefined;
}

async function exec(
  { sandbox, environment, userEnvironment, readable, hidden, outputBytes, proposalLog }: AgentHostContext,
  { order, run, scratch, home, temporary, relay, lab }: Execution,
  signal: AbortSignal,
) {
  const { line, env, ...listeners } = run;
  const login = order.wire === undefined ? loginEnvironment(order.login, userEnvironment) : {};
  return await sandbox.exec(
    {
      ...listeners,
      line: relay?.wrap(line) ?? line,
      cwd: order.workspacePath,
      env: { ...environment, ...login, ...env, HOME: home, TMPDIR: temporary },
      writable: [order.workspacePath, scratch],
      readable: [...readable, ...Object.values(order.found).map(packageOf)],
      hidden,
      sockets: [relay, lab].flatMap((door) => door?.socketPath ?? []),
      ...(proposalLog === undefined ? {} : { logPath: proposalLog(order.brief.experiment) }),
    },
    // With a relay, the gateway is all there is of a network.
    { timeMs: LAST_RESORT_MS, outputBytes, network: relay === undefined ? "host" : "none" },
    signal,
  );
}
