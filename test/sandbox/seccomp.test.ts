import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { REFUSED, seccompFilter } from "../../src/sandbox/seccomp.ts";
import { answerOf } from "./bpf.ts";

const ALLOWED = 0x7fff0000;
const KILLED = 0x80000000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const MACHINES = {
  x64: {
    architecture: 0xc000003e,
    column: 0,
    unshare: 272,
    clone: 56,
    clone3: 435,
    ioctl: 16,
    personality: 135,
    socket: 41,
    kill: 62,
    tgkill: 234,
    fcntl: 72,
    read: 0,
    exit: 60,
    openat: 257,
  },
  arm64: {
    architecture: 0xc00000b7,
    column: 1,
    unshare: 97,
    clone: 220,
    clone3: 435,
    ioctl: 29,
    personality: 92,
    socket: 198,
    kill: 129,
    tgkill: 131,
    fcntl: 25,
    read: 63,
    exit: 93,
    openat: 56,
  },
} as const;

const filterOf = (name: string, holdsResult = false): Buffer => {
  const filter = seccompFilter(name, { holdsResult });
  if (filter === undefined) throw new Error(`no filter for ${name}`);
  return filter;
};

for (const name of ["x64", "arm64"] as const) {
  const machine = MACHINES[name];
  const say = (number: number, ...args: (number | bigint)[]): number =>
    answerOf(filterOf(name), { ...machine, number, arguments: args.map(BigInt) });
  const sayHolding = (number: number, ...args: number[]): number =>
    answerOf(filterOf(name, true), { ...machine, number, arguments: args.map(BigInt) });

  test(`${name}: every listed call is refused, and no other without a look at its arguments`, () => {
    const refused = new Set(Object.values(REFUSED).map((numbers) => numbers[machine.column]));
    const looked: number[] = [machine.unshare, machine.personality, machine.socket];
    for (let number = 0; number < 600; number += 1) {
      if (looked.includes(number)) continue;
      const expected = refused.has(number) ? EPERM : number === machine.clone3 ? ENOSYS : ALLOWED;
      expect([number, say(number, 0, 0, 0)]).toEqual([number, expected]);
    }
    expect(refused.size).toBe(Object.keys(REFUSED).length);
  });

  test(`${name}: clone and unshare may not open namespaces, threads and processes may start`, () => {
    for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]) {
      expect(say(machine.clone, flag | 17)).toBe(EPERM);
      expect(say(machine.unshare, flag)).toBe(EPERM);
    }
    expect(say(machine.unshare, 0x80)).toBe(EPERM);
    // A thread of libc, vfork, fork; CLONE_FILES.
    for (const flags of [0x3d0f00, 0x4111, 0x1200011, 0x80]) expect(say(machine.clone, flags)).toBe(ALLOWED);
    expect(say(machine.unshare, 0x400)).toBe(ALLOWED);
  });

  test(`${name}: arguments are read as the kernel reads them, the upper half ignored`, () => {
    expect(say(machine.ioctl, 0, 0x5412)).toBe(EPERM);
    expect(say(machine.ioctl, 0, 0x7_0000_541cn)).toBe(EPERM);
    expect(say(machine.ioctl, 0, 0x5413)).toBe(ALLOWED);
    for (const value of [0, 8, 0x20000, 0xffffffff]) expect(say(machine.personality, value)).toBe(ALLOWED);
    expect(say(machine.personality, 0x40000)).toBe(EPERM);
    for (const family of [1, 2, 10, 16]) expect(say(machine.socket, family)).toBe(ALLOWED);
    for (const family of [0, 15, 17, 38, 40]) expect(say(machine.socket, family)).toBe(EPERM);
  });

  test(`${name}: who holds a result cannot be sent the signal that opens a debugger`, () => {
    expect(sayHolding(machine.kill, 1, 10)).toBe(EPERM);
    expect(sayHolding(machine.tgkill, 1, 1, 10)).toBe(EPERM);
    expect(sayHolding(machine.fcntl, 3, 10, 10)).toBe(EPERM);
    for (const signal of [0, 9, 12, 15]) expect(sayHolding(machine.kill, 10, signal)).toBe(ALLOWED);
    expect(sayHolding(machine.fcntl, 10, 4)).toBe(ALLOWED);
    expect(say(machine.kill, 1, 10)).toBe(ALLOWED);
  });

  test(`${name}: calls of another architecture end the process`, () => {
    const other = MACHINES[name === "x64" ? "arm64" : "x64"].architecture;
    for (const architecture of [other, 0x40000003, 0])
      expect(answerOf(filterOf(name), { architecture, number: machine.read, arguments: [] })).toBe(KILLED);
  });
}

test("x32 calls, the 64-bit calls by other numbers, are refused on x86_64", () => {
  const { architecture } = MACHINES.x64;
  for (const number of [0x40000000, 0x40000000 + 101, 0x7fffffff, -1])
    expect(answerOf(filterOf("x64"), { architecture, number, arguments: [] })).toBe(EPERM);
});

test("a machine that is not known has no filter", () => {
  expect(seccompFilter("riscv64", { holdsResult: false })).toBeUndefined();
});

const HEADERS = ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm-generic/unistd.h"];
const hasHeaders = HEADERS.every((path) => existsSync(path));
if (!hasHeaders) console.warn("\n*** numbers of system calls NOT COMPARED: no headers of Linux here ***\n");

test.runIf(hasHeaders)("the numbers are those of the headers of this machine", () => {
  const [x64 = "", arm64 = ""] = HEADERS.map((path) => readFileSync(path, "utf8"));
  let compared = 0;
  for (const [name, numbers] of Object.entries(REFUSED)) {
    const here = [x64, arm64].map((text) => new RegExp(`__NR(?:3264)?_${name}\\s+(\\d+)`).exec(text)?.[1]);
    // Headers may be older than a call.
    if (here.some((number) => number === undefined)) continue;
    expect([name, ...here.map(Number)]).toEqual([name, ...numbers]);
    compared += 1;
  }
  expect(compared).toBeGreaterThan(30);
});
