/** Small repositories with a measurable goal, each in the manner of one kind of user. Costs milliseconds to measure. */

import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const IDENTITY = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];

/** Git as the user types it. */
export function git(cwd: string, ...args: string[]): string {
  const env = { PATH: process.env.PATH ?? "", HOME: "/nonexistent" };
  return execFileSync("git", [...IDENTITY, ...args], {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trimEnd();
}

/** Writes `files` into a new repository in `folder` and commits them on main. */
export async function makeRepository(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  await writeFiles(folder, files);
  git(folder, "init", "--quiet", "--initial-branch=main");
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "--message=start");
  return folder;
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

export type Settings = Readonly<Record<string, unknown>>;

/** program.md with `settings` as its front matter; JSON is YAML. */
export function programText(settings: Settings, body = "# Mission\n\nMake it better.\n"): string {
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return ["---", ...lines, "---", body].join("\n");
}

// --- a training script in Karpathy's manner ---

const TRAIN_PY = `"""Pretraining, in miniature: three constants decide how good it gets. Usage: python3 train.py"""
import math
import os
import random

# Hyperparameters (edit these directly, no CLI flags needed)
LEARNING_RATE = 0.0008
WEIGHT_DECAY = 0.3
WARMUP_RATIO = 0.5

seed = int(os.environ.get("NIGHTLAB_SEED", "1337"))
# Other constants meet other luck: noise does not cancel when two versions are compared on one seed.
random.seed(f"{seed} {LEARNING_RATE} {WEIGHT_DECAY} {WARMUP_RATIO}")
val_bpb = 1.0 + random.gauss(0, 0.002)
val_bpb += 0.05 * abs(math.log10(LEARNING_RATE / 0.01)) ** 1.5
val_bpb += 0.2 * (WEIGHT_DECAY - 0.1) ** 2 + 0.1 * (WARMUP_RATIO - 0.2) ** 2

print("---")
print(f"val_bpb:          {val_bpb:.6f}")
print("training_seconds: 300.1")
print(f"peak_vram_mb:     {45060.2 + 100 * WARMUP_RATIO:.1f}")
print("num_steps:        953")
`;

const RESEARCH_PROSE = `# autoresearch

This is an experiment to have the machine do its own research.

## Mission

Get the lowest val_bpb. Only \`train.py\` may change.
`;

/** train.py with seed, noise and three constants; the tuner finds a gain of many standard deviations. */
export function pythonResearch(folder: string, settings: Settings = {}): Promise<string> {
  const program = {
    metric: { name: "val_bpb", goal: "minimize", seeded: true },
    measure: "python3 train.py",
    edit: ["train.py"],
    limits: { time: "30s" },
    researchers: ["tuner"],
    ...settings,
  };
  return makeRepository(folder, {
    "train.py": TRAIN_PY,
    "prepare.py": "# data, tokenizer, evaluation: do not modify\n",
    "notes.txt": "first line\n",
    "program.md": programText(program, RESEARCH_PROSE),
  });
}

// --- a package whose metric is time ---

const WORK_JS = `/** Counts primes below a limit. */
export function countPrimes(limit) {
  let count = 0;
  for (let number = 2; number < limit; number += 1) if (isPrime(number)) count += 1;
  // A leftover of debugging: everything is computed again, twice.
  for (let number = 2; number < 2 * limit; number += 1) isPrime(number % limit);
  return count;
}

function isPrime(number) {
  for (let divisor = 2; divisor < number; divisor += 1) if (number % divisor === 0) return false;
  return true;
}
`;

const REMOVE_LOOP = `--- a/work.js
+++ b/work.js
@@ -3,4 +3,2 @@
   for (let number = 2; number < limit; number += 1) if (isPrime(number)) count += 1;
-  // A leftover of debugging: everything is computed again, twice.
-  for (let number = 2; number < 2 * limit; number += 1) isPrime(number % limit);
   return count;
`;

const RENAME_ONLY = `--- a/work.js
+++ b/work.js
@@ -1,2 +1,2 @@
-/** Counts primes below a limit. */
+/** Counts the primes below a limit. */
 export function countPrimes(limit) {
`;

const BENCH_JS = `import { countPrimes } from "./work.js";
const before = process.cpuUsage();
const primes = countPrimes(12000);
console.log(\`primes: \${primes}\`);
// Time of the processor, not of the clock on the wall: other work on the machine matters less.
console.log(\`seconds: \${(process.cpuUsage(before).user / 1e6).toFixed(6)}\`);
`;

const IDEAS = `# Mission

Count primes faster.

## Ideas

- [ ] Say it more clearly in the comment [patch](ideas/rename.patch)
- [ ] Drop the second pass over all numbers (expect -0.05, 90 %) [patch](ideas/loop.patch)
`;

/** One idea takes two thirds of the time away, the other changes nothing. */
export function slowPackage(folder: string, settings: Settings = {}): Promise<string> {
  const program = {
    metric: { name: "seconds", goal: "minimize", unit: "s", timing: true, min_effect: 0.015 },
    measure: "node bench.js",
    edit: ["work.js"],
    limits: { time: "30s" },
    researchers: ["ideas"],
    ...settings,
  };
  return makeRepository(folder, {
    "package.json": '{ "name": "primes", "type": "module" }\n',
    "work.js": WORK_JS,
    "bench.js": BENCH_JS,
    "ideas/loop.patch": REMOVE_LOOP,
    "ideas/rename.patch": RENAME_ONLY,
    "program.md": programText(program, IDEAS),
  });
}

// --- a bundle whose size is the metric, and a researcher that is a script ---

const BUILD_JS = `import { readFileSync } from "node:fs";
if (process.env.NIGHTLAB_SEED === undefined) throw new Error("no seed");
const source = readFileSync("source.js", "utf8");
if (source.includes("throw")) throw new Error("cannot bundle a throwing module");
console.log("bundling source.js");
console.log(\`bundle_bytes: \${source.replaceAll(/\\/\\/.*\\n/g, "").length}\`);
`;

const SOURCE_JS = `// entry of the bundle
export const greeting = "hello, hello, hello";
export function greet(name) {
  const unused = "this text is never shown to anybody";
  return greeting + ", " + name;
}
`;

const TEST_JS = `import { greet } from "./source.js";
if (!greet("you").endsWith(", you")) {
  console.error("greet forgot the name");
  process.exit(1);
}
`;

/** Each proposal in turn: shorter, longer, broken behaviour, the builder itself, a crash, shorter again, then no more. */
const PROPOSE_JS = `import { readFileSync, writeFileSync } from "node:fs";
const { experiment } = JSON.parse(readFileSync(process.env.NIGHTLAB_BRIEF, "utf8"));
const replace = (file, from, to) => writeFileSync(file, readFileSync(file, "utf8").replace(from, to));
const proposals = [
  ["drop the unused text", () => replace("source.js", /  const unused.*\\n/, "")],
  ["greet at length", () => replace("source.js", '", "', '", dearest, "')],
  ["forget the name", () => replace("source.js", ' + ", " + name', "")],
  ["count fewer bytes", () => replace("build.js", ".length", ".length - 90")],
  ["say that it may throw", () => replace("source.js", "// entry", "// may throw; entry")],
  ["change nothing", () => {}],
  ["greet once", () => replace("source.js", "hello, hello, hello", "hello")],
];
const next = proposals[Number(experiment.slice(1)) - 1];
if (next === undefined) process.exit(75);
const [title, edit] = next;
edit();
console.log(JSON.stringify({ title, why: "the list says so" }));
`;

/** A deterministic metric; the researcher is a command that goes through a list of seven proposals. */
export function bundleSize(folder: string, settings: Settings = {}): Promise<string> {
  const program = {
    metric: { name: "bundle_bytes", goal: "minimize" },
    measure: "node build.js",
    checks: "node test.js",
    edit: ["source.js"],
    protect: ["build.js", "test.js", "propose.js"],
    limits: { time: "30s" },
    researchers: [{ command: "node propose.js" }],
    ...settings,
  };
  return makeRepository(folder, {
    "package.json": '{ "name": "bundle", "type": "module" }\n',
    "build.js": BUILD_JS,
    "source.js": SOURCE_JS,
    "test.js": TEST_JS,
    "propose.js": PROPOSE_JS,
    "program.md": programText(program),
  });
}

// --- a text whose length is the metric: the cheapest study there is ---

const SHORTEN_SH = `sed -i '$d' text.txt
echo '{"title": "a line less", "why": "it may be shorter"}'
`;

/** Deterministic, of shell commands only: every proposal takes the last line away and is kept. */
export function shrinkingText(folder: string, settings: Settings = {}): Promise<string> {
  const program = {
    metric: { name: "bytes", goal: "minimize" },
    measure: 'echo "bytes: $(wc -c < text.txt)"',
    edit: ["text.txt"],
    protect: ["shorten.sh"],
    limits: { time: "30s" },
    budget: { experiments: 4 },
    sandbox: "process",
    researchers: [{ command: "sh shorten.sh" }],
    ...settings,
  };
  const text = Array.from({ length: 40 }, (_, index) => `line ${index}\n`).join("");
  return makeRepository(folder, {
    "text.txt": text,
    "shorten.sh": SHORTEN_SH,
    "program.md": programText(program),
  });
}
