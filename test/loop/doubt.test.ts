/** Keeps that are measured again, and proofs that are taken back. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RULES } from "../../src/judge/rules.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import {
  createBench,
  events,
  type LabOptions,
  lossIn,
  type Made,
  noisyScript,
  refsAgree,
  resumeThrough,
  runThrough,
  statuses,
} from "./make-lab.ts";

let bench: Awaited<ReturnType<typeof createBench>>;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.remove());

type Command = Parameters<NonNullable<LabOptions["script"]>>[0];
type Stage = "recheck" | "promotion" | "publish" | "final";

const rule = { ...RULES.balanced, keepsPerPromotion: 2, budgetPerPromotion: 0 };
const HELD_OUT = {
  artifact: ["a.txt", "b.txt"],
  evaluate: "evaluate",
  holdout: "holdout",
};

/** Each text once, also after a kill. */
const inTurn = (...texts: string[]) => {
  const researcher = scriptedResearcher(({ history }) => {
    const text = texts[history.length];
    return text === undefined ? undefined : { files: { "a.txt": text } };
  });
  return [{ researcher }];
};

/** The noisy loss, and what a cheat makes of it: `at` is told the honest loss and where it is measured. */
const bentBy =
  (at: (loss: number, about: Command & { stage: string }) => number | undefined, stage: () => string) =>
  async (command: Command) => {
    const loss = await lossIn(command.read);
    const by = at(loss, { ...command, stage: stage() });
    if (by === undefined) return { stdout: "no number\n" };
    const { stdout = "" } = await noisyScript(0.05)(command);
    return { stdout: `loss: ${Number(stdout.replace("loss: ", "")) + by}\n` };
  };

const staged = async (
  at: Parameters<typeof bentBy>[0],
  { texts, rule: own = rule, program = {}, measurements = 200 }: Study,
  { more = {}, repository }: { more?: LabOptions; repository?: string } = {},
) => {
  let stage = "";
  const parts = {
    rule: own,
    staff: inTurn(...texts),
    budget: { measurements },
    onStage: (_id: string, text: string) => {
      stage = text.split(":")[0] ?? "";
    },
  };
  return await bench.lab({ program, script: bentBy(at, () => stage), parts, ...more }, repository);
};

interface Study {
  readonly texts: string[];
  readonly program?: NonNullable<LabOptions["program"]>;
  readonly rule?: typeof rule;
  readonly measurements?: number;
}

/** Below 7 the number is one of data known by heart. */
const byHeart = (loss: number, { line }: Command) => (line === "holdout" && loss < 7 ? 9 - loss : 0);

const noGainInTheEnd = (loss: number, { line, stage }: Command & { stage: string }) =>
  loss < 10 && line === "holdout" && stage === "final" ? 10.5 - loss : 0;

const measuredFor = (made: Made, purpose: Stage) =>
  events(made, "measured").filter((event) => event.purpose === purpose);
const rechecks = (made: Made) => events(made, "rechecked").map(({ verdict }) => verdict.kind);

describe("a flagged keep", () => {
  it("is measured again alone on fresh seeds, and stays where it holds, before anything is promoted", async () => {
    const made = await staged(() => 0, { texts: ["3.7\n", "0.3\n"] });
    await runThrough(made);
    expect(rechecks(made)).toEqual(["keep"]);
    const [again] = events(made, "rechecked");
    expect(again?.verdict).toMatchObject({
      reasons: [expect.stringMatching(/^measured again, it holds: .* over 4 pairs/)],
      flags: [expect.stringMatching(/^2 changed lines gain/)],
    });
    const { commit, head } = made.lab.experiment("e2" as never);
    const pairs = measuredFor(made, "recheck");
    expect(pairs.map((event) => event.commit).sort()).toEqual(
      [...Array(4).fill(commit), ...Array(4).fill(head)].sort(),
    );
    const seen = events(made, "measured").filter(({ purpose }) => purpose !== "recheck");
    expect(pairs.some(({ seed }) => seen.some((other) => other.seed === seed))).toBe(false);
    const kinds = made.disk.map(({ event }) => event.kind);
    expect(kinds.indexOf("rechecked")).toBeLessThan(kinds.indexOf("promotion_judged"));
    expect(made.lab.run.verified).toBe(commit);
  });

  it("that does not hold leaves the head, with what was kept after it", async () => {
    const knows = (loss: number, { stage }: { stage: string }) => (stage === "recheck" && loss < 7 ? 5 : 0);
    const made = await staged(knows, { texts: ["3.7\n", "0.3\n"] });
    await runThrough(made);
    expect(statuses(made).slice(0, 2)).toEqual(["kept", "kept"]);
    expect(rechecks(made)).toEqual(["discard"]);
    expect(made.lab.run.stack).toEqual(["e1"]);
    expect(made.lab.run.verified).toBe(made.lab.experiment("e1" as never).commit);
    expect(await refsAgree(made)).toBe(true);
  });

  it("that cannot be paid again is not promoted", async () => {
    const made = await staged(() => 0, { texts: ["3.7\n", "0.3\n"], measurements: 31 });
    await runThrough(made);
    const [again] = events(made, "rechecked");
    expect(again?.verdict).toMatchObject({
      kind: "inconclusive",
      reasons: [expect.stringMatching(/^flagged, and not measured again: /)],
    });
    expect(made.lab.run.stack).toEqual(["e1"]);
  });
});

describe("held-out data", () => {
  it("are asked about each large gain and each stack before anything is proven: data known by heart are found out", async () => {
    const made = await staged(byHeart, { texts: ["3\n", "0\n"], program: HELD_OUT });
    await runThrough(made);
    expect(statuses(made).slice(0, 2)).toEqual(["kept", "kept"]);
    expect(rechecks(made)).toEqual(["keep", "discard"]);
    expect(made.lab.run.stack).toEqual(["e1"]);
    expect(made.lab.run.verified).toBe(made.lab.experiment("e1" as never).commit);
    const looks = made.sandbox.lines.filter((line) => line === "holdout").length;
    const paired = (["recheck", "promotion", "final"] as const).flatMap((stage) => measuredFor(made, stage));
    expect(looks).toBe(paired.length);
  });

  it("that show no gain in the final test take Verified back, and nothing is claimed", async () => {
    const made = await staged(noGainInTheEnd, { texts: ["3\n"], program: HELD_OUT });
    await runThrough(made);
    expect(events(made, "verified_moved")).toHaveLength(1);
    expect(events(made, "withdrawn").map(({ reason }) => reason)).toEqual([
      expect.stringMatching(
        /no more: the final test on held-out data shows no gain. Verified went back to the baseline/,
      ),
    ]);
    expect(made.lab.run).toMatchObject({
      verified: made.lab.run.baseline,
      head: made.lab.run.baseline,
      stack: [],
    });
    expect(made.lab.run.warnings).toHaveLength(1);
    expect(await refsAgree(made)).toBe(true);
  });
});

describe("Verified that cannot be measured any more", () => {
  const failsAt =
    (isAt: (stage: string, loss: number) => boolean) =>
    (loss: number, { stage }: { stage: string }) =>
      isAt(stage, loss) ? undefined : 0;

  it("in the final test goes back to what was Verified before, which is tested instead", async () => {
    const made = await staged(
      failsAt((stage, loss) => stage === "final" && loss < 8),
      { texts: ["3\n", "2\n", "1.5\n", "1\n"] },
    );
    await runThrough(made);
    // The half of what failed is proven, and fails too, before what was Verified in mid-run is left.
    expect(events(made, "verified_moved")).toHaveLength(3);
    expect(events(made, "withdrawn")).toHaveLength(2);
    expect(made.lab.run.verified).toBe(made.lab.experiment("e2" as never).commit);
    expect(made.lab.run.final).toMatchObject({ verified: made.lab.run.verified, verdict: { kind: "keep" } });
    expect(made.lab.run.stack).toEqual(["e1", "e2"]);
    expect(await refsAgree(made)).toBe(true);
  });

  it("as the head of a search goes back too, and the search goes on", async () => {
    let isProven = false;
    const made = await staged(
      failsAt((stage, loss) => isProven && stage === "measuring its head" && loss < 9),
      { texts: ["3\n", "2\n", "1\n", "4.5\n", "2.5\n"] },
    );
    Object.assign(made.lab.parts, { rule: { ...rule, minRuns: 3 } });
    const { onLine } = made.lab.parts;
    Object.assign(made.lab.parts, {
      onLine: (...args: Parameters<NonNullable<typeof onLine>>) => {
        if (args[0].event.kind === "verified_moved") isProven = true;
        if (args[0].event.kind === "withdrawn") isProven = false;
        onLine?.(...args);
      },
    });
    expect((await runThrough(made)).kind).toBe("ended");
    expect(events(made, "withdrawn").map(({ reason }) => reason)).toEqual([
      expect.stringContaining("it failed to measure"),
    ]);
    expect(await refsAgree(made)).toBe(true);
  });
});

class Killed extends Error {}

describe("a kill between git and ledger", () => {
  /** Dies after the n-th move of a ref: git has moved, the ledger does not know. */
  const dyingAt = (n: number) => {
    let moves = 0;
    const wrapWorkspaces: NonNullable<LabOptions["wrapWorkspaces"]> = (inner) => ({
      open: (commit, overlay) => inner.open(commit, overlay),
      resolve: (ref) => inner.resolve(ref),
      diff: (from, to, maxBytes) => inner.diff(from, to, maxBytes),
      rebase: (candidate, onto, to) => inner.rebase(candidate, onto, to),
      async advance(ref, to, from) {
        if (moves >= n) throw new Killed();
        const isMoved = await inner.advance(ref, to, from);
        moves += 1;
        if (moves === n) throw new Killed();
        return isMoved;
      },
    });
    return { wrapWorkspaces, moves: () => moves };
  };

  /** Ends of the run, uninterrupted and killed at each of its moves. */
  const endsOf = async (play: (more: LabOptions, repository: string) => Promise<Made>) => {
    const endOf = async (n: number) => {
      const repository = await bench.repository();
      const killer = dyingAt(n);
      const first = await play({ wrapWorkspaces: killer.wrapWorkspaces }, repository);
      const end = await runThrough(first).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
      let last = first;
      if (end === undefined) {
        last = await play({ disk: first.disk }, repository);
        if (first.disk.length === 0) await runThrough(last);
        else await resumeThrough(last);
      }
      expect(await refsAgree(last)).toBe(true);
      const { stack, verified, baseline } = last.lab.run;
      return { end: { stack, isProven: verified !== baseline }, moves: killer.moves() };
    };
    const whole = await endOf(Number.POSITIVE_INFINITY);
    const ends = [];
    for (let n = 1; n <= whole.moves; n += 1) ends.push((await endOf(n)).end);
    return { whole: whole.end, ends, moves: whole.moves };
  };

  it("in a bisect, which leaves the head inside its stack, is no other hand on the ref", async () => {
    const bad = (loss: number, { stage }: { stage: string }) => (stage === "promotion" && loss < 8 ? 5 : 0);
    const bisecting = { ...rule, keepsPerPromotion: 4 };
    const { whole, ends, moves } = await endsOf((more, repository) =>
      staged(bad, { texts: ["3\n", "2\n", "1\n", "0\n"], rule: bisecting }, { more, repository }),
    );
    expect(whole).toEqual({ stack: ["e1", "e2"], isProven: true });
    expect(moves).toBe(3 + 4 + 1 + 1); // refs of the run, keeps, the bisect, Verified
    expect(ends).toEqual(ends.map(() => whole));
  });

  it("while a proof is taken back is made up for, and done once", async () => {
    const { whole, ends } = await endsOf((more, repository) =>
      staged(noGainInTheEnd, { texts: ["3\n"], program: HELD_OUT }, { more, repository }),
    );
    expect(whole).toEqual({ stack: [], isProven: false });
    expect(ends).toEqual(ends.map(() => whole));
  });

  it("after a recheck that did not hold is made up for", async () => {
    const { whole, ends } = await endsOf((more, repository) =>
      staged(byHeart, { texts: ["3\n", "0\n"], program: HELD_OUT }, { more, repository }),
    );
    expect(whole).toEqual({ stack: ["e1"], isProven: true });
    expect(ends).toEqual(ends.map(() => whole));
  });
});
