import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { arch } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BubblewrapSandbox } from "../../src/sandbox/bubblewrap.ts";
import { detectSandbox } from "../../src/sandbox/detect.ts";
import { REFUSED } from "../../src/sandbox/seccomp.ts";
import { SandboxBench } from "../../src/testing/sandbox-conformance.ts";

const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));
const uid = process.getuid?.() ?? -1;
const { sandbox, reason } = await detectSandbox("auto", uid, { graceMs: 200 });
const isFiltered = sandbox.containment.covered.some((text) => text.startsWith("system calls:"));
const perl = "/usr/bin/perl";
const programs = { "/usr/bin/python3": "python3", "/usr/bin/git": "git", "/usr/bin/cc": "cc" };

if (isFiltered && existsSync(perl)) describe("the system calls of a command", filtered);
else {
  console.warn(`\n*** the filter of system calls is NOT TESTED: ${isFiltered ? "no perl" : reason} ***\n`);
  it.skip("no filter works on this machine", () => {});
}

/** Prints 0, or the error number of the call. */
const call = (...args: (number | string)[]): string =>
  `perl -e 'my $r = syscall(${args.join(", ")}); print $r < 0 ? $!+0 : 0, "\n"'`;

function filtered(): void {
  let bench: SandboxBench;
  beforeEach(() => {
    bench = new SandboxBench(sandbox, fixtures);
  });
  afterEach(() => bench.close());
  const said = async (line: string): Promise<string> => (await bench.run(line)).stdoutTail;
  const column = arch() === "x64" ? 0 : 1;
  const numberOf = (name: string): number => REFUSED[name]?.[column] ?? Number.NaN;
  const [unshare, clone, clone3, personality, ioctl, socket] = [
    [272, 56, 435, 135, 16, 41],
    [97, 220, 435, 92, 29, 198],
  ][column] as [number, number, number, number, number, number];

  it("refuses every listed call, whatever its arguments", async () => {
    const lines = Object.keys(REFUSED).map(
      (name) => `printf '${name} '; ${call(numberOf(name), 1, 1, 1, 1, 1)}`,
    );
    expect(await said(lines.join("\n"))).toBe(
      Object.keys(REFUSED)
        .map((name) => `${name} 1\n`)
        .join(""),
    );
  });

  const refused: [string, string, string][] = [
    ["ptrace", call(numberOf("ptrace"), 0, 0, 0, 0), "1"],
    ["process_vm_readv of itself", call(numberOf("process_vm_readv"), "$$", 0, 0, 0, 0, 0), "1"],
    ["pidfd_getfd of itself", call(numberOf("pidfd_getfd"), "syscall(434, $$, 0)", 0, 0), "1"],
    ["kcmp of itself", call(numberOf("kcmp"), "$$", "$$", 1, 0, 0), "1"],
    ["a user namespace by unshare", call(unshare, 0x10000000), "1"],
    ["a user namespace by clone", call(clone, 0x10000000, 0, 0, 0, 0), "1"],
    ["clone3", call(clone3, 1, 88), "38"],
    ["mount", call(numberOf("mount"), 1, 1, 1, 0, 1), "1"],
    ["io_uring_setup", call(numberOf("io_uring_setup"), 1, 1), "1"],
    ["keyctl", call(numberOf("keyctl"), 0, -1, 1), "1"],
    ["no address randomisation", call(personality, 0x40000), "1"],
    ["characters into a terminal", call(ioctl, 0, 0x5412, 0), "1"],
    ["the same with the upper half set", call(ioctl, 0, "0x500005412", 0), "1"],
    ["a socket to the host of the machine", call(socket, 40, 1, 0), "1"],
  ];
  it.each([{ hasResult: false }, { hasResult: true }])("refuses ways to others, %o", async (command) => {
    const { stdoutTail } = await bench.run(refused.map(([, line]) => line).join("\n"), { command });
    const answers = stdoutTail.split("\n");
    expect(refused.map(([name], index) => [name, answers[index]])).toEqual(
      refused.map(([name, , answer]) => [name, answer]),
    );
  });

  it.runIf(uid === 0)("refuses what would work without the filter", async () => {
    const open = new BubblewrapSandbox({
      program: "/usr/bin/bwrap",
      dropTo: { setpriv: "/usr/bin/setpriv", uid: 61900 },
      canForbidUserNamespaces: true,
    });
    const unfiltered = new SandboxBench(open, fixtures);
    const { stdoutTail } = await unfiltered.run(refused.map(([, line]) => line).join("\n"));
    unfiltered.close();
    const same = stdoutTail.split("\n").filter((answer, index) => answer === refused[index]?.[2]);
    // A kernel may refuse a few by itself: no key rings, no user namespaces.
    expect(same.length).toBeLessThanOrEqual(3);
  });

  it.runIf(column === 0)("refuses x32 calls, and ends a program that makes 32-bit ones", async () => {
    expect(await said(call(0x40000000 + 39))).toBe("1\n");
    const program = join(bench.workspace, "calls-32");
    writeFileSync(program, programThatMakes32BitCall());
    chmodSync(program, 0o755);
    const { status, signal } = spawnSync(program);
    // This kernel makes none at all: nothing to refuse.
    if (status !== 7)
      console.warn(`\n*** 32-bit calls NOT TESTED: they end with ${signal} here anyway ***\n`);
    const killed = status === 7 ? "SIGSYS" : signal;
    expect((await bench.run("exec ./calls-32")).ending).toEqual({ kind: "signalled", signal: killed });
  });

  it("writes no memory of a neighbour through /proc", async () => {
    const line = `sleep 5 & perl -e 'open(my $f, "+<", "/proc/$ARGV[0]/mem") or print "$!\n"' $!; kill $!`;
    expect(await said(line)).toBe("Read-only file system\n");
  });

  it("lets Node work: threads, processes, sockets, files", async () => {
    writeFileSync(join(bench.workspace, "works.mjs"), NODE_WORKS);
    const exit = await bench.run("node works.mjs");
    expect(exit).toMatchObject({ stdoutTail: "thread child fetched\n", ending: { code: 0 } });
  });

  for (const [path, name] of Object.entries(programs)) {
    if (!existsSync(path)) console.warn(`\n*** ${name} NOT TESTED under the filter: no ${path} ***\n`);
    it.runIf(existsSync(path))(`lets ${name} work`, async () => {
      const { stdoutTail, outputTail } = await bench.run(WORKS[name] ?? "false");
      expect(stdoutTail, outputTail).toMatch(/works\n$/);
    });
  }
}

const NODE_WORKS = `
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { Worker } from "node:worker_threads";
const worker = new Worker("require('worker_threads').parentPort.postMessage('thread')", { eval: true });
const [thread] = await once(worker, "message");
const child = execFileSync("sh", ["-c", "echo child | cat"], { encoding: "utf8" }).trim();
const server = createServer((_, answer) => answer.end("fetched")).listen(0, "127.0.0.1");
await once(server, "listening");
const text = await (await fetch("http://127.0.0.1:" + server.address().port)).text();
server.close();
server.closeAllConnections();
console.log(thread, child, text);
`;

const WORKS: Readonly<Record<string, string>> = {
  python3: `python3 -c '
import subprocess, threading, multiprocessing
t = threading.Thread(target=print, args=("thread",)); t.start(); t.join()
subprocess.run(["echo", "child"], check=True)
p = multiprocessing.Process(target=print, args=("process",)); p.start(); p.join()
print("works" if p.exitcode == 0 else p.exitcode)'`,
  git: `export HOME=$PWD GIT_CONFIG_NOSYSTEM=1; git init -q repo && cd repo && echo 1 > a && git add a &&
    git -c user.name=a -c user.email=a@b commit -qm one && git gc -q && git log --oneline && echo works`,
  cc: `printf '#include <pthread.h>\n#include <stdio.h>\nstatic void *run(void *x) { puts("works"); return x; }\nint main(void) { pthread_t t; pthread_create(&t, 0, run, 0); return pthread_join(t, 0); }\n' > a.c &&
    { command -v make > /dev/null && make -s a LDLIBS=-lpthread || cc a.c -o a -lpthread; } && ./a`,
};

/** A 64-bit ELF file: `mov eax, 20; int 0x80` (getpid by the 32-bit numbers), then exit(7). */
function programThatMakes32BitCall(): Buffer {
  const code = Buffer.from("b814000000cd80bf07000000b83c0000000f05", "hex");
  const base = 0x400000n;
  const size = BigInt(120 + code.length);
  const head = Buffer.alloc(120);
  head.write("\x7fELF\x02\x01\x01", "latin1");
  head.writeUInt32LE(0x003e0002, 16); // An executable, for x86_64.
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(base + 120n, 24);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt32LE(0x00380040, 52); // Sizes of this header and of the one that follows, …
  head.writeUInt16LE(1, 56); // … which is the only one.
  head.writeUInt32LE(1, 64);
  head.writeUInt32LE(5, 68);
  head.writeBigUInt64LE(base, 80);
  head.writeBigUInt64LE(base, 88);
  head.writeBigUInt64LE(size, 96);
  head.writeBigUInt64LE(size, 104);
  head.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([head, code]);
}
