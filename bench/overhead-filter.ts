/** What the filter of system calls costs a command: for bench/overhead.ts. */

import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { BubblewrapSandbox } from "../src/sandbox/bubblewrap.ts";
import { median } from "./overhead-loop.ts";

const [BWRAP, SETPRIV] = ["/usr/bin/bwrap", "/usr/bin/setpriv"];

/** Each makes one kind of call many times, and little else. Perl makes calls without a word from libc. */
const COMMANDS = {
  "an empty command": "true",
  "400,000 reads and writes": "dd if=/dev/zero of=/dev/null bs=1 count=200000 2>/dev/null",
  "500,000 ioctls": "perl -e 'ioctl(STDIN, 0x5413, $_) for 1..500000'",
  "300 processes": "i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i+1)); done",
} as const;

/** Prints medians of the wall time with the filter over that without, pairs that took turns. */
export async function filterTable(rounds: number): Promise<void> {
  if (!existsSync(BWRAP)) return console.log("\nfilter: not measured, no bwrap");
  const isRoot = process.getuid?.() === 0;
  const options = {
    program: BWRAP,
    canForbidUserNamespaces: false,
    ...(isRoot ? { dropTo: { setpriv: SETPRIV, uid: 61900 } } : {}),
  };
  const plain = new BubblewrapSandbox(options);
  const filtered = new BubblewrapSandbox({ ...options, filterFor: process.arch });
  console.log(`\nfilter of system calls, medians of ${rounds} pairs`);
  console.log("                              without ms    with ms   ratio");
  for (const [name, line] of Object.entries(COMMANDS)) {
    const pairs: { without: number; with: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // First one first, then the other: what warms up must not favour either.
      const isFilteredFirst = round % 2 === 1;
      const first = await timeIn(isFilteredFirst ? filtered : plain, line);
      const second = await timeIn(isFilteredFirst ? plain : filtered, line);
      pairs.push(isFilteredFirst ? { without: second, with: first } : { without: first, with: second });
    }
    const cells = [
      name.padEnd(28),
      median(pairs.map((pair) => pair.without))
        .toFixed(1)
        .padStart(11),
      median(pairs.map((pair) => pair.with))
        .toFixed(1)
        .padStart(10),
      median(pairs.map((pair) => pair.with / pair.without))
        .toFixed(3)
        .padStart(7),
    ];
    console.log(cells.join(" "));
  }
}

async function timeIn(sandbox: BubblewrapSandbox, line: string): Promise<number> {
  const { ending, resources, outputTail } = await sandbox.exec(
    { line, cwd: tmpdir(), env: { PATH: "/usr/bin:/bin" }, writable: [], readable: [], hidden: [] },
    { timeMs: 60_000, outputBytes: 1000, network: "none" },
    new AbortController().signal,
  );
  if (ending.kind !== "exited" || ending.code !== 0) throw new Error(`${line}: ${outputTail}`);
  return resources.wallSeconds * 1000;
}
