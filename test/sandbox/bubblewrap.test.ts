import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sandbox } from "../../src/core/sandbox.ts";
import { detectSandbox } from "../../src/sandbox/detect.ts";
import { SandboxBench, sandboxConformance } from "../../src/testing/sandbox-conformance.ts";

const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));
const uid = process.getuid?.() ?? -1;
const found = await detectSandbox("auto", uid, { graceMs: 200 });

if (found.sandbox.name === "bubblewrap") {
  sandboxConformance("BubblewrapSandbox", async () => found.sandbox, fixtures);
  describe("the walls of bubblewrap", () => walls(found.sandbox));
} else {
  console.warn(`\n*** bubblewrap is NOT TESTED: ${found.reason} ***\n`);
  it.skip("bubblewrap does not work on this machine", () => {});
}

function walls(sandbox: Sandbox): void {
  let bench: SandboxBench;
  let server: Server | undefined;
  const run = async (line: string, more: Parameters<SandboxBench["run"]>[1] = {}): Promise<string> => {
    const { outputTail } = await bench.run(line, more);
    return outputTail;
  };
  beforeEach(() => {
    bench = new SandboxBench(sandbox, fixtures);
  });
  afterEach(() => {
    server?.close();
    bench.close();
  });

  it("shows nothing of the home folders, also with HOME set", async () => {
    expect((await bench.run(`ls -A /home ${homedir()} 2>/dev/null | grep -v :`)).stdoutTail.trim()).toBe("");
  });

  it("keeps password hashes and other folders in /tmp out of sight", async () => {
    const elsewhere = mkdtempSync(join(bench.workspace, "..", "nightlab-elsewhere-"));
    writeFileSync(join(elsewhere, "secret"), "gold");
    const said = await run(`cat /etc/shadow ${elsewhere}/secret; ls /tmp`);
    rmSync(elsewhere, { recursive: true });
    expect(said).not.toMatch(/root:|gold|elsewhere-\w+\n/);
  });

  it("refuses writes outside the writable folders", async () => {
    await run(
      "for f in /etc/x /usr/x /x $F/x /run/x /dev/x /sys/x; do touch $f && echo WRITTEN $f >> seen; done",
    );
    expect(existsSync(join(bench.workspace, "seen"))).toBe(false);
  });

  it("can't change the kernel, mount, or gain privileges", async () => {
    const said = await run(
      "echo 1 > /proc/sys/kernel/panic; mount -t tmpfs x /mnt; grep Cap /proc/self/status; id -u",
    );
    expect(said).toMatch(/panic: (Permission denied|Read-only)/i);
    expect(said.match(/Cap(Prm|Eff|Bnd):\s*0{16}/g)).toHaveLength(3);
    expect(said.trim().split("\n").at(-1)).not.toBe("0");
  });

  it("reaches no listener of this machine", async () => {
    const listener = createServer().listen(0, "127.0.0.1");
    server = listener;
    await new Promise((resolve) => listener.once("listening", resolve));
    const address = listener.address();
    const port = typeof address === "object" ? address?.port : undefined;
    expect((await bench.run(`node $F/connects.js ${port}`)).ending).toEqual({ kind: "exited", code: 9 });
    const open = await bench.run(`node $F/connects.js ${port}`, { limits: { network: "host" } });
    expect(open.ending).toEqual({ kind: "exited", code: 0 });
  });

  it("reaches no socket file that somebody listens on", async () => {
    const path = join(bench.workspace, "docker.sock");
    const listener = createServer().listen(path);
    server = listener;
    await new Promise((resolve) => listener.once("listening", resolve));
    chmodSync(path, 0o777);
    expect((await bench.run(`node $F/connects.js ${path}`)).ending).toEqual({ kind: "exited", code: 9 });
  });

  it("sees no process but its own", async () => {
    expect((await bench.run(`test -d /proc/${process.pid} || echo apart; kill -9 -1; true`)).stdoutTail).toBe(
      "apart\n",
    );
  });

  it("does not tell hidden paths through the command line of its first process", async () => {
    const hidden = join(bench.workspace, "answers");
    mkdirSync(hidden);
    expect(await run("tr '\\0' ' ' < /proc/1/cmdline", { command: { hidden: [hidden] } })).not.toContain(
      "answers",
    );
  });

  it("hides paths inside writable ones, and shows writable ones inside hidden ones", async () => {
    const at = (name: string): string => join(bench.workspace, name);
    for (const name of ["hidden", "hidden/open", "read"]) mkdirSync(at(name));
    for (const name of ["hidden/a", "hidden/open/b", "key", "read/c"])
      writeFileSync(at(name), `in ${name}\n`);
    const command = {
      writable: [at("hidden/open")],
      readable: [fixtures, bench.workspace],
      hidden: [at("hidden"), at("key")],
    };
    const said = await run("cat hidden/a key hidden/open/b read/c; touch read/d; echo 1 > hidden/open/new", {
      command,
    });
    expect(said).toMatch(/in hidden\/open\/b/);
    expect(said).toMatch(/in read\/c/);
    expect(said).not.toMatch(/in (hidden\/a|key)/);
    expect(existsSync(at("read/d"))).toBe(false);
    expect(existsSync(at("hidden/open/new"))).toBe(true);
  });

  it("gives folders behind a closed folder, and tool chains in a hidden home", async () => {
    const home = mkdtempSync(join(homedir(), ".nightlab-test-"));
    mkdirSync(join(home, "tool"));
    writeFileSync(join(home, "tool", "x"), "works\n");
    chmodSync(join(home, "tool"), 0o755);
    const said = await run(`cat ${home}/tool/x; ls -A ${home}`, {
      command: { readable: [join(home, "tool"), fixtures] },
    });
    rmSync(home, { recursive: true });
    expect(said).toBe("works\ntool\n");
  });

  it.each([
    ["file", "echo gitdir: elsewhere > .git"],
    ["folder", "mkdir .git; echo '[core] fsmonitor = ./evil' > .git/config"],
  ])("keeps .git, a %s, from being changed or replaced", async (kind, forge) => {
    const git = join(bench.workspace, ".git");
    if (kind === "folder") mkdirSync(git);
    writeFileSync(kind === "folder" ? join(git, "config") : git, "ours");
    await run(`rm -rf .git; mv .git moved; ${forge}; true`);
    expect(readFileSync(kind === "folder" ? join(git, "config") : git, "utf8")).toBe("ours");
  });

  it("does not start when a writable folder is missing", async () => {
    const { ending } = await bench.run("true", { command: { writable: ["/no/such/folder"] } });
    expect(ending).toMatchObject({ kind: "not_started", reason: expect.stringContaining("/no/such/folder") });
  });

  it.runIf(uid === 0)(
    "hands files over to the other user, but no link target, no .git and not the top folder",
    async () => {
      const outside = mkdtempSync(join(bench.workspace, "..", "nightlab-outside-"));
      writeFileSync(join(outside, "file"), "");
      symlinkSync(join(outside, "file"), join(bench.workspace, "link"));
      symlinkSync(outside, join(bench.workspace, "folder-link"));
      mkdirSync(join(bench.workspace, "inner"));
      for (const name of [".git", "inner/file"]) writeFileSync(join(bench.workspace, name), "");
      expect(await run("echo 1 >> inner/file && id -u")).not.toBe("0\n");
      const owner = (name: string): number => lstatSync(join(bench.workspace, name)).uid;
      expect(owner("inner/file")).toBeGreaterThan(0);
      expect([owner(""), owner(".git"), statSync(outside).uid, statSync(join(outside, "file")).uid]).toEqual([
        0, 0, 0, 0,
      ]);
      rmSync(outside, { recursive: true });
    },
  );
}
