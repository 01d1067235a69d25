import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sandbox } from "../../src/core/sandbox.ts";
import { BubblewrapSandbox } from "../../src/sandbox/bubblewrap.ts";
import { detectSandbox } from "../../src/sandbox/detect.ts";
import { ProcessSandbox } from "../../src/sandbox/process.ts";
import { SandboxBench } from "../../src/testing/sandbox-conformance.ts";

const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));
const uid = process.getuid?.() ?? -1;
const found = await detectSandbox("auto", uid, { graceMs: 200 });
const isFiltered = found.sandbox.containment.covered.some((text) => text.startsWith("system calls:"));

/** A program that runs the candidate as a child, waits, and writes its own number. */
const PROTECTED = {
  node: `
    import { spawn } from "node:child_process";
    import { once } from "node:events";
    import { writeSync } from "node:fs";
    await once(spawn("sh", ["attack.sh"], { stdio: ["ignore", "inherit", "inherit"] }), "close");
    writeSync(3, JSON.stringify({ ms: 12 }));`,
  python: `
import os, subprocess
child = subprocess.run(["sh", "attack.sh"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
print(child.stdout + child.stderr)
os.write(3, b'{"ms": 12}')`,
};
const RUN = { node: `${process.execPath} protected.mjs`, python: "/usr/bin/python3 protected.mjs" };

/** Each one tries to write a number of its own. `$PPID` holds the descriptor. */
const ATTACKS = {
  "writes to descriptor 3": `echo '{"ms": 0}' >&3`,
  "writes to every descriptor": `for n in 3 4 5 6 7 8 9; do eval "echo '{\\"ms\\": 0}' >&$n"; done`,
  "opens the parent's descriptor": `echo '{"ms": 0}' > /proc/$PPID/fd/3`,
};
/** What only the filter of system calls and the read-only /proc keep out. */
const DEEP_ATTACKS = {
  // Without a process namespace this would write into everybody's files: it goes nowhere where it sees this process.
  "opens every descriptor of every process": `[ -e /proc/${process.pid} ] && exit 1
    for f in /proc/[0-9]*/fd/*; do [ -S "$f" ] && echo '{"ms": 0}' > "$f"; done`,
  "takes the parent's descriptor": `perl -e '
    my $pidfd = syscall(434, 0 + $ARGV[0], 0); my $fd = syscall(438, $pidfd, 3, 0);
    print "pidfd_getfd: $!\\n"; open(my $out, ">&=", $fd) or exit; print $out "{\\"ms\\": 0}"' $PPID`,
  "traces the parent": `perl -e 'print syscall(0 + $ARGV[0], 16, 0 + $ARGV[1], 0, 0) < 0 ? "ptrace: $!\\n" : "TRACED\\n"' ${process.arch === "x64" ? 101 : 117} $PPID`,
  "writes the parent's memory": `perl -e 'open(my $f, "+<", "/proc/$ARGV[0]/mem") ? print "OPEN\\n" : print "mem: $!\\n"' $PPID`,
  "opens the parent's debugger": `${process.execPath} -e '
    const parent = Number(process.argv[1]);
    process.on("uncaughtException", (error) => process.exit(console.log(error.code ?? error.message)));
    process.kill(parent, "SIGUSR1");
    const open = async (tries) => {
      try {
        const pages = await (await fetch("http://127.0.0.1:9229/json")).json();
        const socket = new WebSocket(pages[0].webSocketDebuggerUrl);
        const expression = "process.getBuiltinModule(\\"fs\\").writeSync(3, JSON.stringify({ ms: 0 }))";
        socket.onopen = () => socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params: { expression } }));
        socket.onmessage = ({ data }) => process.exit(console.log(data));
      } catch (error) {
        if (tries > 0) setTimeout(open, 100, tries - 1);
        else console.log(error);
      }
    };
    open(10);' $PPID`,
};

describe("the result descriptor in the process sandbox", () => {
  suite(new ProcessSandbox({ graceMs: 200 }), ATTACKS);
});
if (found.sandbox.name === "bubblewrap" && isFiltered && existsSync("/usr/bin/perl"))
  describe("the result descriptor in bubblewrap", () =>
    suite(found.sandbox, { ...ATTACKS, ...DEEP_ATTACKS }));
else {
  console.warn(`\n*** the result descriptor in bubblewrap is NOT TESTED: ${found.reason} ***\n`);
  it.skip("bubblewrap with a filter does not work on this machine", () => {});
}

it
  .runIf(uid === 0 && isFiltered)
  .each(["takes the parent's descriptor", "opens the parent's debugger"] as const)(
  "without the filter, a child %s and a result of its own comes through",
  async (name) => {
    const bench = new SandboxBench(
      new BubblewrapSandbox({
        program: "/usr/bin/bwrap",
        dropTo: { setpriv: "/usr/bin/setpriv", uid: 61900 },
        canForbidUserNamespaces: true,
      }),
      fixtures,
    );
    writeFileSync(join(bench.workspace, "protected.mjs"), PROTECTED.node);
    writeFileSync(join(bench.workspace, "attack.sh"), DEEP_ATTACKS[name]);
    const exit = await bench.run(RUN.node, { command: { hasResult: true } });
    bench.close();
    expect(exit.resultText?.replaceAll(" ", ""), exit.outputTail).toContain('{"ms":0}');
  },
);

function suite(sandbox: Sandbox, attacks: Readonly<Record<string, string>>): void {
  let bench: SandboxBench;
  beforeEach(() => {
    bench = new SandboxBench(sandbox, fixtures);
  });
  afterEach(() => bench.close());
  const run = (line: string, limits = {}) => bench.run(line, { command: { hasResult: true }, limits });
  const write = (name: string, text: string): void => writeFileSync(join(bench.workspace, name), text);

  it("brings what is written, and nothing where nothing is", async () => {
    expect(await run(`echo '{"ms": 1}' >&3; echo out`)).toMatchObject({
      resultText: '{"ms": 1}\n',
      stdoutTail: "out\n",
    });
    expect(await run("echo out; echo err >&2")).toMatchObject({ resultText: "", outputTail: /out|err/ });
  });

  it("is there only where it is asked for", async () => {
    const exit = await bench.run('for n in 3 4 5 6 7 8 9; do eval "echo x >&$n"; done 2>/dev/null; echo end');
    expect([exit.resultText, exit.stdoutTail]).toEqual([undefined, "end\n"]);
  });

  it("is a socket that no path opens, and the only descriptor besides the standard ones", async () => {
    const { stdoutTail } = await run(
      "readlink /proc/self/fd/3; echo 1 > /proc/self/fd/3; echo x >&4; echo x >&7",
    );
    expect(stdoutTail).toMatch(/^socket:\[\d+\]\n$/);
  });

  for (const language of ["node", "python"] as const) {
    const isHere = language === "node" || existsSync("/usr/bin/python3");
    if (!isHere) console.warn("\n*** a protected program in Python NOT TESTED: no /usr/bin/python3 ***\n");
    it.runIf(isHere).each(Object.entries(attacks))(
      `stays out of reach of a child of a ${language} program that %s`,
      async (_, attack) => {
        write("protected.mjs", PROTECTED[language]);
        write("attack.sh", attack);
        const exit = await run(RUN[language]);
        expect(exit.outputTail).not.toMatch(/TRACED|OPEN/);
        expect(exit).toMatchObject({ ending: { code: 0 } });
        expect(exit.resultText?.replaceAll(" ", ""), exit.outputTail).toBe('{"ms":12}');
      },
    );
  }

  it("holds nobody up who writes more than anybody reads", async () => {
    const before = process.memoryUsage().rss;
    const exit = await run("head -c 100000000 /dev/zero >&3; echo done");
    expect(exit).toMatchObject({ ending: { kind: "exited", code: 0 }, stdoutTail: "done\n" });
    expect(exit.resultText).toHaveLength(64 * 1024 + 1);
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
  });

  it("holds nobody up who never closes it, and is not written to after the end", async () => {
    const late = `(setsid sh -c 'sleep 30; echo late >&3' >/dev/null 2>&1 &) ; echo '{"ms": 1}' >&3`;
    expect(await run(late)).toMatchObject({ ending: { code: 0 }, resultText: '{"ms": 1}\n' });
    const endless = await run("while :; do echo '{}' >&3; done", { timeMs: 300 });
    expect(endless.ending).toEqual({ kind: "timed_out" });
  });
}
