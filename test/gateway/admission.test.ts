import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Admission, Gate, type Left, standing, type WorstCase } from "../../src/gateway/admission.ts";

const never = new AbortController().signal;
const NOTHING = { calls: 0, usd: 0, tokens: 0 };

describe("where a call stands", () => {
  const worst = { usd: 1, tokens: 100 };
  const beside = { calls: 1, usd: 1, tokens: 100 };
  const cases: [string, WorstCase, Left, typeof NOTHING, "go" | "wait" | RegExp][] = [
    ["no limit", worst, {}, beside, "go"],
    ["no limit, no price", { tokens: 100 }, {}, beside, "go"],
    ["fits beside what is reserved", worst, { usd: 2, tokens: 200 }, beside, "go"],
    ["dollars reserved stand in its way", worst, { usd: 1.9 }, beside, "wait"],
    ["tokens reserved stand in its way", worst, { usd: 9, tokens: 199 }, beside, "wait"],
    ["fits beside nothing, but is alone", worst, { usd: 0.01, tokens: 1 }, NOTHING, "go"],
    ["no dollars left", worst, { usd: 0 }, NOTHING, /dollars .* spent/],
    ["fewer than none left", worst, { usd: -1, tokens: 50 }, NOTHING, /dollars .* spent/],
    ["dollars that are no number", worst, { usd: Number.NaN }, NOTHING, /dollars .* spent/],
    ["no tokens left", worst, { usd: 5, tokens: 0 }, beside, /tokens .* spent/],
    ["no price under dollars", { tokens: 1 }, { usd: 5 }, NOTHING, /price is not known/],
    ["no price under dollars and tokens", { tokens: 1 }, { usd: 5, tokens: 5 }, NOTHING, "go"],
    ["no price, tokens reserved", { tokens: 5 }, { usd: 5, tokens: 9 }, { ...beside, tokens: 5 }, "wait"],
  ];
  it.each(cases)("%s", (_name, one, left, reserved, expected) => {
    const stands = standing(one, left, reserved);
    if (expected instanceof RegExp) expect(stands).toEqual({ refused: expect.stringMatching(expected) });
    else expect(stands).toBe(expected);
  });
});

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("the gate", () => {
  it("lets a waiting call go when what stood in its way has ended, in the order they came", async () => {
    const gate = new Gate(() => ({ usd: 10 }));
    const seen: string[] = [];
    const ask = async (name: string, usd: number): Promise<Admission> => {
      const admission = await gate.admit({ usd, tokens: 1 }, never);
      seen.push(name);
      return admission;
    };
    const first = await ask("first", 8);
    const large = ask("large", 9);
    const small = ask("small", 1);
    await turn();
    expect([seen, gate.waiting]).toEqual([["first"], 2]);
    if (first.kind === "admitted") first.release();
    await large;
    await small;
    expect(seen).toEqual(["first", "large", "small"]);
  });

  it("refuses a waiting call when what was under way has spent everything", async () => {
    let usd = 10;
    const gate = new Gate(() => ({ usd }));
    const first = await gate.admit({ usd: 8, tokens: 1 }, never);
    const second = gate.admit({ usd: 8, tokens: 1 }, never);
    usd = 0;
    if (first.kind === "admitted") first.release();
    expect(await second).toMatchObject({ kind: "refused" });
  });

  it("forgets a call whose client has left, and does not make others wait for it", async () => {
    const gate = new Gate(() => ({ usd: 10 }));
    await gate.admit({ usd: 8, tokens: 1 }, never);
    const leaving = new AbortController();
    const large = gate.admit({ usd: 9, tokens: 1 }, leaving.signal);
    const small = gate.admit({ usd: 1, tokens: 1 }, never);
    leaving.abort();
    expect(await large).toEqual({ kind: "left" });
    expect((await small).kind).toBe("admitted");
    expect(await gate.admit({ tokens: 1 }, leaving.signal)).toEqual({ kind: "left" });
  });

  it("refuses where nobody can tell what is left", async () => {
    const gate = new Gate(() => {
      throw new Error("ledger closed");
    });
    for (let time = 0; time < 2; time += 1) {
      const admission = await gate.admit({ tokens: 1 }, never);
      expect(admission).toEqual({ kind: "refused", reason: expect.stringContaining("ledger closed") });
    }
    expect(gate.waiting).toBe(0);
  });

  it("may be told twice that a call has ended", async () => {
    const gate = new Gate(() => ({ tokens: 10 }));
    const first = await gate.admit({ tokens: 6 }, never);
    if (first.kind === "admitted") {
      first.release();
      first.release();
    }
    await gate.admit({ tokens: 6 }, never);
    let isIn = false;
    void gate.admit({ tokens: 6 }, never).then(() => {
      isIn = true;
    });
    await turn();
    expect(isIn).toBe(false);
  });

  /** Calls come, end and leave in any order; each uses at most its worst case, and what it used is then gone. */
  it("never overruns a limit by more than the one call that went alone, whatever the order", async () => {
    const callArbitrary = fc.record({
      cents: fc.integer({ min: 1, max: 400 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      leaves: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(callArbitrary, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.infiniteStream(fc.nat({ max: 2 })),
        async (calls, limit, choices) => {
          let spent = 0;
          let answered = 0;
          const gate = new Gate(() => ({ tokens: limit - spent }));
          const running: (() => void)[] = [];
          const begin = async ({ cents, share, leaves }: (typeof calls)[number]) => {
            const client = new AbortController();
            const asked = gate.admit({ tokens: cents }, client.signal);
            if (leaves) setImmediate(() => client.abort());
            const admission = await asked;
            answered += 1;
            if (admission.kind !== "admitted") return;
            running.push(() => {
              spent += Math.ceil(cents * share);
              admission.release();
            });
          };
          const pending = [...calls];
          while (pending.length > 0 || running.length > 0) {
            const choice = choices.next().value;
            const next = choice === 0 || running.length === 0 ? pending.shift() : undefined;
            if (next !== undefined) void begin(next);
            else running.splice(choice === 1 ? 0 : running.length - 1, 1)[0]?.();
            await turn();
          }
          expect([answered, gate.waiting]).toEqual([calls.length, 0]);
          expect(spent).toBeLessThan(limit + Math.max(...calls.map(({ cents }) => cents)));
        },
      ),
      { numRuns: 200 },
    );
  });
});
