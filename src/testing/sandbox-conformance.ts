/** What every sandbox must do, as a Vitest suite. Knows the seam only; what only some contain is tested with them. */

import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Exit, Sandbox, SandboxCommand, SandboxLimits } from "../core/sandbox.ts";

const MIB = 1024 * 1024;

/** A command line in a fresh workspace, with everything else filled in. */
export class SandboxBench {
  readonly workspace = mkdtempSync(join(tmpdir(), "nightlab-sandbox-"));
  /** Occurs on the command line of whatever should be gone afterwards. */
  readonly token = `token-${this.workspace.slice(-6)}`;
  readonly sandbox: Sandbox;
  readonly #fixtures: string;

  constructor(sandbox: Sandbox, fixtures: string) {
    this.sandbox = sandbox;
    // A sandbox may run commands as another user, who must be able to read a folder that isn't handed over to him.
    chmodSync(this.workspace, 0o755);
    this.#fixtures = fixtures;
  }

  /** `line` finds the fixture programs in `$F`. */
  run(
    line: string,
    more: { limits?: Partial<SandboxLimits>; command?: Partial<SandboxCommand>; signal?: AbortSignal } = {},
  ): Promise<Exit> {
    const node = dirname(process.execPath);
    const command: SandboxCommand = {
      line,
      cwd: this.workspace,
      env: { PATH: ["/usr/bin", "/bin", node].join(delimiter), F: this.#fixtures },
      writable: [this.workspace],
      readable: [node, this.#fixtures],
      hidden: [],
      ...more.command,
    };
    const limits: SandboxLimits = { timeMs: 50_000, outputBytes: MIB, network: "none", ...more.limits };
    return this.sandbox.exec(command, limits, more.signal ?? new AbortController().signal);
  }

  /** Command lines of living processes that carry the token. */
  survivors(): string[] {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return pids.map(commandLineOf).filter((line) => line.includes(this.token));
  }

  close(): void {
    rmSync(this.workspace, { recursive: true, force: true });
  }
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return ""; // Gone between listing and reading.
  }
}

/** `fixtures` is the folder of the fixture programs; `make` gives a sandbox with a grace period of at most 300 ms. */
export function sandboxConformance(name: string, make: () => Promise<Sandbox>, fixtures: string): void {
  describe(`${name} as a sandbox`, () => {
    let bench: SandboxBench;
    beforeEach(async () => {
      bench = new SandboxBench(await make(), fixtures);
    });
    afterEach(() => bench.close());
    endings(() => bench);
    outputs(() => bench);
    channels(() => bench);
    if (process.platform === "linux") processes(() => bench);
  });
}

function endings(bench: () => SandboxBench): void {
  it.each([
    ["exit 0", { kind: "exited", code: 0 }],
    ["exit 3", { kind: "exited", code: 3 }],
    ["exit 137", { kind: "exited", code: 137 }],
    ["kill -KILL $$", { kind: "signalled", signal: "SIGKILL" }],
    ["kill -SEGV $$", { kind: "signalled", signal: "SIGSEGV" }],
  ])("tells how `%s` ended", async (line, ending) => {
    expect((await bench().run(line)).ending).toEqual(ending);
  });

  it("leaves a command that is not found to the shell", async () => {
    const exit = await bench().run("no-such-program");
    expect(exit.ending).toEqual({ kind: "exited", code: 127 });
    expect(exit.outputTail).toContain("no-such-program");
  });

  it("does not start in a working folder that is missing", async () => {
    const { ending } = await bench().run("true", { command: { cwd: join(bench().workspace, "missing") } });
    expect(ending).toMatchObject({ kind: "not_started", reason: expect.stringContaining("missing") });
  });

  it("does not start what is cancelled already", async () => {
    const exit = await bench().run("touch started", { signal: AbortSignal.abort() });
    expect(exit.ending).toEqual({ kind: "cancelled" });
    expect(readdirSync(bench().workspace)).toEqual([]);
  });

  it("gives the command its environment and nothing else, and no stdin", async () => {
    const { stdoutTail } = await bench().run("cat; env");
    const names = stdoutTail
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names.filter((name) => name !== "_").sort()).toEqual(["F", "NIGHTLAB_PROCESS", "PATH", "PWD"]);
  });

  it("lets the command write in its writable folder", async () => {
    expect((await bench().run("mkdir -p a && echo 1 > a/b && cat a/b")).stdoutTail).toBe("1\n");
  });
}

function outputs(bench: () => SandboxBench): void {
  it("keeps running through a flood, logs up to the limit and still sees the last line", async () => {
    const logPath = join(bench().workspace, "log");
    const before = process.memoryUsage().rss;
    const exit = await bench().run(`sh $F/floods-stdout.sh ${60 * MIB}`, {
      command: { logPath },
      limits: { outputBytes: 5000 },
    });
    expect(exit.ending).toEqual({ kind: "exited", code: 0 });
    expect(exit.isOutputCut).toBe(true);
    expect(statSync(logPath).size).toBe(5000);
    expect(exit.stdoutTail.length).toBeLessThanOrEqual(MIB);
    expect(exit.stdoutTail).toMatch(/^step=1 loss=2.5\n[\s\S]*\nval_loss: 1.5\n$/);
    expect(exit.outputTail.length).toBeLessThanOrEqual(16 * 1024);
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * MIB);
  });

  it("appends stdout and stderr to the log and keeps only stdout apart", async () => {
    const logPath = join(bench().workspace, "log");
    const exit = await bench().run("echo out; echo err >&2", { command: { logPath } });
    await bench().run("echo again", { command: { logPath } });
    expect(exit.stdoutTail).toBe("out\n");
    expect(exit.outputTail.split("\n").sort()).toEqual(["", "err", "out"]);
    expect(readFileSync(logPath, "utf8")).toMatch(/(out\nerr|err\nout)\nagain\n/);
    expect(exit.isOutputCut).toBe(false);
  });

  it("hands over complete lines while the command runs, long ones cut", async () => {
    const lines: string[] = [];
    const line = "printf 'one\\ntwo\\n'; head -c 100000 /dev/zero | tr '\\0' x; printf '\\nlast\\nhalf'";
    await bench().run(line, { command: { onLine: (text) => lines.push(text) } });
    expect(lines.map((text) => text.length)).toEqual([3, 3, 65536, 4]);
  });

  it("makes text of any bytes, without control sequences", async () => {
    const { outputTail } = await bench().run("sh $F/prints-utf8-garbage.sh");
    expect(outputTail).toBe("red \uFFFD\uFFFD café bell\nbar 1%\nbar 2%\n");
  });

  it("ends the command and rejects when onLine throws", async () => {
    const onLine = (): never => {
      throw new Error("ours");
    };
    await expect(bench().run("sh $F/forever.sh", { command: { onLine } })).rejects.toThrow("ours");
  });
}

function channels(bench: () => SandboxBench): void {
  it("talks with a command over its stdin and stdout, and ends with the channel", async () => {
    let heard = "";
    const exit = await bench().run('read -r line; echo "heard $line"; echo aside >&2; cat >/dev/null', {
      command: {
        onChannel: async (input, output) => {
          const writer = input.getWriter();
          await writer.write(new TextEncoder().encode("hello\n"));
          for await (const text of output.pipeThrough(new TextDecoderStream())) {
            heard += text;
            if (heard.endsWith("\n")) await writer.close();
          }
        },
      },
    });
    expect(exit.ending).toEqual({ kind: "exited", code: 0 });
    expect(heard).toBe("heard hello\n");
    expect(exit.stdoutTail).toBe("");
    expect(exit.outputTail).toBe("aside\n");
  });

  it("gives stdin and stdout of their own: what is made non-blocking of one must not be so of the other", async () => {
    let heard = "";
    await bench().run("readlink /proc/self/fd/0 /proc/self/fd/1", {
      command: {
        onChannel: async (_, output) => {
          for await (const text of output.pipeThrough(new TextDecoderStream())) heard += text;
        },
      },
    });
    const [stdin, stdout] = heard.trim().split("\n");
    if (process.platform === "linux") expect(stdin).toMatch(/^socket:/);
    expect(stdin).not.toBe(stdout);
  });

  it("ends the channel with the command, also for a command that is killed", async () => {
    const heard: Promise<unknown>[] = [];
    const { ending } = await bench().run("kill -KILL $$", {
      command: { onChannel: (_, output) => heard.push(output.getReader().read()) },
    });
    expect(ending).toEqual({ kind: "signalled", signal: "SIGKILL" });
    const [end] = await Promise.allSettled(heard);
    expect(end).not.toMatchObject({ value: { done: false } });
  });

  it("ends a command that floods a channel nobody reads", async () => {
    const { ending } = await bench().run(`yes ${bench().token}`, {
      command: { onChannel: () => undefined },
      limits: { timeMs: 200 },
    });
    expect(ending).toEqual({ kind: "timed_out" });
    if (process.platform === "linux") expect(bench().survivors()).toEqual([]);
  });

  it("lets a command connect to a socket it is given", async () => {
    const path = join(bench().workspace, "socket");
    const server = createServer((socket) => socket.end("from the server"));
    await new Promise<void>((done) => server.listen(path, done));
    chmodSync(path, 0o666);
    const program = `require("node:net").connect("${path}").on("error", (e) => console.log(e.code)).pipe(process.stdout)`;
    const said = async (sockets: readonly string[]) =>
      (await bench().run(`'${process.execPath}' -e '${program}'`, { command: { sockets } })).stdoutTail;
    expect(await said([path])).toBe("from the server");
    server.close();
  });
}

function processes(bench: () => SandboxBench): void {
  it.each([
    ["that waits", "forever.sh"],
    ["that ignores TERM", "ignores-sigterm.sh"],
  ])("ends a command %s at its time limit", async (_, fixture) => {
    const { ending, resources } = await bench().run(`sh $F/${fixture} ${bench().token}`, {
      limits: { timeMs: 200 },
    });
    expect(ending).toEqual({ kind: "timed_out" });
    expect(resources.wallSeconds).toBeGreaterThanOrEqual(0.19);
    expect(bench().survivors()).toEqual([]);
  });

  it("asks before it kills", async () => {
    const line = "trap 'echo bye; exit 0' TERM; echo ready; sleep 1000 & wait";
    const controller = new AbortController();
    const onLine = (): void => controller.abort();
    const { ending, stdoutTail } = await bench().run(line, {
      signal: controller.signal,
      command: { onLine },
    });
    expect(ending).toEqual({ kind: "cancelled" });
    expect(stdoutTail).toBe("ready\nbye\n");
  });

  it("ends a command that is cancelled while it runs", async () => {
    const controller = new AbortController();
    const onLine = (): void => controller.abort();
    const { ending } = await bench().run(`sh $F/forever.sh ${bench().token}`, {
      signal: controller.signal,
      command: { onLine },
    });
    expect(ending).toEqual({ kind: "cancelled" });
    expect(bench().survivors()).toEqual([]);
  });

  it("leaves no daemon behind after a normal exit", async () => {
    const { ending } = await bench().run(`sh $F/forks-a-setsid-child.sh ${bench().token}`);
    expect(ending).toEqual({ kind: "exited", code: 0 });
    expect(bench().survivors()).toEqual([]);
  });

  it("leaves nothing of a deep tree", async () => {
    await bench().run(`sh $F/deep-process-tree.sh 20 ${bench().token}`, { limits: { timeMs: 200 } });
    expect(bench().survivors()).toEqual([]);
  });

  it("ends a command that takes more memory than allowed", async () => {
    const limits = { memoryBytes: 80 * MIB };
    const { ending, resources } = await bench().run(`node $F/eats-memory.js ${bench().token}`, { limits });
    expect(ending).toEqual({ kind: "out_of_memory" });
    expect(resources.peakMemoryBytes).toBeGreaterThanOrEqual(80 * MIB);
    expect(bench().survivors()).toEqual([]);
  });

  it("counts the CPU time of all descendants that were waited for", async () => {
    const busy = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
    const { resources } = await bench().run(`sh -c '${busy}'; sh -c '${busy}'`);
    expect(resources.cpuSeconds).toBeGreaterThan(0.02);
    expect(resources.cpuSeconds).toBeLessThan(resources.wallSeconds + 0.05);
  });

  it("keeps concurrent commands apart", async () => {
    const [ended, other] = await Promise.all([
      bench().run("sh $F/forever.sh", { limits: { timeMs: 200 } }),
      bench().run("sleep 0.5; echo done"),
    ]);
    expect(ended.ending.kind).toBe("timed_out");
    expect(other.stdoutTail).toBe("done\n");
  });
}
