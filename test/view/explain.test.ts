import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/core/errors.ts";
import { DECIDING_RULES } from "../../src/core/judge.ts";
import { RULES } from "../../src/judge/rules.ts";
import { mean, sigmaUpperBound, variance } from "../../src/judge/statistics.ts";
import { type Explanation, explainVerdict } from "../../src/view/explain.ts";
import { normalSource } from "../judge/random.ts";
import { fullStudy, StudyWriter } from "./fixture-study.ts";
import { JudgedWriter } from "./judged-study.ts";

const TIMING = { name: "seconds", goal: "minimize", unit: "s", seeded: false, timing: true } as const;
const PLAIN = { name: "loss", goal: "minimize", seeded: true, timing: false } as const;

const explain = (writer: StudyWriter, id: string) => explainVerdict(writer.study, id);

/** Candidates of every kind, promotions of stacks that hold and that do not, a final test. */
function manyVerdicts(writer: JudgedWriter): JudgedWriter {
  const unit = writer.sd || 0.01;
  for (const gain of [4, -3, 0.6, 0.2, -0.4, 0.5, 1, 0.3, 0, 2])
    for (const linesSaved of [0, 5]) writer.try({ gain: gain * unit, linesSaved });
  writer.try({ gain: 3 * unit, brokenConstraints: ["memory <= 1.1x: memory is 3, the limit is 2.2"] });
  for (const gain of [2, -1, 0.02]) writer.try({ gain: gain * unit });
  for (const gain of [-6, undefined, 0.8, 0.4, 0.1, 0.6]) {
    writer.try({ gain: 3 * unit });
    const truth = gain === undefined ? {} : { overVerified: gain * unit };
    if (writer.head !== writer.verified) writer.promoteHead({ mayStopEarly: true, ...truth });
  }
  for (let index = 0; index < 4; index += 1) writer.try({ gain: 0.4 * unit, linesSaved: 6 });
  if (writer.head !== writer.verified) writer.promoteHead();
  writer.finalTest();
  return writer;
}

function worlds(): JudgedWriter[] {
  const rules = [RULES.balanced, RULES.strict, RULES.bold];
  const metrics = [
    {},
    { metric: PLAIN },
    { metric: TIMING, mean: 12, sd: 0.2 },
    { sd: 0 },
    { metric: { ...PLAIN, minEffect: 0.004 }, sd: 0 },
    { metric: { ...PLAIN, seeded: false, goal: "maximize" as const } },
  ];
  return metrics.flatMap((options) =>
    rules.map((rule) =>
      manyVerdicts(new JudgedWriter({ ...options, rule }).start().calibrate() as JudgedWriter),
    ),
  );
}

function allIds(writer: JudgedWriter): string[] {
  const { promotions, records } = writer.record;
  return [...records.map(({ id }) => id), ...promotions.map((_, index) => `promotion-${index + 1}`), "final"];
}

describe("explaining what the real judge decided", () => {
  const explained: Explanation[] = worlds().flatMap((writer) =>
    allIds(writer).map((id) => explain(writer, id)),
  );

  it("meets every rule that can decide", () => {
    const seen = new Set(explained.map(({ verdict }) => verdict.workings?.rule));
    expect(DECIDING_RULES.filter((rule) => !seen.has(rule))).toEqual([]);
  });

  it("shows the deciding inequality as met, with the numbers in it, and no other one that would have decided", () => {
    for (const { id, checks, verdict } of explained) {
      if (verdict.workings === undefined) continue;
      const [first, ...others] = checks;
      const about = `${id}: ${verdict.reasons.join()}\n${JSON.stringify(checks)}`;
      expect(first, about).toMatchObject({ rule: verdict.workings.rule, isDeciding: true, isMet: true });
      // A gain that did not hold on fresh seeds had passed the boundary before.
      const passed = first?.rule === "not_held" ? ["boundary"] : [];
      expect(
        others.flatMap(({ isMet, rule }) => (isMet ? [rule] : [])),
        about,
      ).toEqual(passed);
      expect(first?.text, about).toMatch(/\d|constraint/);
    }
  });

  it("writes only inequalities that are true", () => {
    const relation =
      /(-?[\d.]+(?:e[-+]\d+)?) (>|<|≥|≤) (?:[\d.]+ standard errors × [\d.e-]+ = )?(?:smallest useful gain )?(-?[\d.]+(?:e[-+]\d+)?)/g;
    let count = 0;
    for (const { text } of explained.flatMap(({ checks }) => checks)) {
      for (const [whole, left, sign, right] of text.matchAll(relation)) {
        const [a, b] = [Number(left), Number(right)];
        const isTrue = { ">": a > b, "<": a < b, "≥": a >= b, "≤": a <= b }[sign ?? ""];
        expect(isTrue, `${whole} in ${text}`).toBe(true);
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(300);
  });

  it("shows as many counted gains as the verdict rests on, and their mean", () => {
    for (const one of explained) {
      const { id, evidence, verdict, metric, stage } = one;
      const { estimate, workings } = verdict;
      const gains = evidence.flatMap(({ gain, isCounted }) =>
        isCounted && gain !== undefined ? [gain] : [],
      );
      // A deterministic metric is measured twice on one side alone.
      const isOneSided = workings?.pairing === "unpaired" || workings?.rule === "exact";
      if (estimate === undefined || isOneSided || gains.length === 0) continue;
      expect(gains.length, id).toBe(estimate.runs);
      if (metric.isTiming && stage === "tentative") continue; // a trimmed mean
      const shown = (one.means.challenger ?? Number.NaN) - (one.means.defender ?? Number.NaN);
      expect(metric.goal === "minimize" ? -shown : shown, id).toBeCloseTo(estimate.gain, 9);
      const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
      expect(mean, id).toBeCloseTo(estimate.gain, 10);
    }
  });

  it("means against means: the counted values give the gain", () => {
    const unpaired = explained.filter(({ verdict }) => verdict.workings?.pairing === "unpaired");
    expect(unpaired.length).toBeGreaterThan(20);
    for (const { id, means, verdict, metric } of unpaired) {
      const difference = (means.challenger ?? Number.NaN) - (means.defender ?? Number.NaN);
      const gain = metric.goal === "minimize" ? -difference : difference;
      expect(gain, id).toBeCloseTo(verdict.estimate?.gain ?? Number.NaN, 10);
    }
  });

  it("is plain JSON", () => {
    for (const one of explained.slice(0, 40)) expect(JSON.parse(JSON.stringify(one))).toEqual(one);
  });

  it("calls nothing a gain that was kept for less code", () => {
    const simpler = explained.filter(
      ({ verdict }) => verdict.kind === "keep" && verdict.workings?.rule === "not_worse",
    );
    expect(simpler.length).toBeGreaterThan(10);
    for (const { answer, stage } of simpler) {
      expect(answer).toMatch(/not worse/);
      expect(answer).not.toMatch(/better|confirms/);
      if (stage === "promotion") expect(answer).toContain("No gain is claimed.");
    }
  });

  it("tells of the boundary of tier 1 how often chance passes it, never the parameter it was made from", () => {
    const writer = manyVerdicts(new JudgedWriter().start().calibrate() as JudgedWriter);
    const { error, verdict } = explain(writer, "e1");
    const { boundary = 0, degreesOfFreedom, alpha } = verdict.workings ?? {};
    expect([degreesOfFreedom, alpha]).toEqual([3, 0.6]);
    const told = Number(error[0]?.match(/at one look with probability ([\d.]+): lax on purpose/)?.[1]);
    // What one run of a change that does nothing shows against four of its head, from which sigma is taken.
    const draw = normalSource(17);
    let passed = 0;
    for (let play = 0; play < 20_000; play += 1) {
      const head = [draw(), draw(), draw(), draw()];
      const error = sigmaUpperBound(variance(head) ?? 0, 3) * Math.sqrt(1 + 1 / 4);
      if (draw() - (mean(head) ?? 0) > boundary * error) passed += 1;
    }
    expect(Math.abs(passed / 20_000 - told)).toBeLessThan(0.008); // three standard errors
    expect(error.join()).not.toContain("0.6");
    const cautious = manyVerdicts(
      new JudgedWriter({ rule: RULES.cautious }).start().calibrate() as JudgedWriter,
    );
    expect(explain(cautious, "e1").error[0]).toMatch(/with probability 0\.0\d+\.$/);
  });

  it("names the level that LORD++ left in a strict run", () => {
    const strict = manyVerdicts(new JudgedWriter({ rule: RULES.strict }).start().calibrate() as JudgedWriter);
    const { error, verdict } = explain(strict, "e1");
    expect(error[0]).toMatch(
      /^Strict: test 1 of the run, after 0 keeps for a gain\. LORD\+\+ leaves it an error of 0\.005/,
    );
    expect(verdict.workings?.alpha).toBeCloseTo(0.005, 3);
  });
});

describe("what counted and what followed", () => {
  const timing = () =>
    new JudgedWriter({ metric: TIMING, mean: 12, sd: 0.2 }).start().calibrate() as JudgedWriter;

  it("leaves disturbed pairs of durations out as long as they are few, and says so", () => {
    const writer = timing();
    writer.try({ gain: 1, foreignCores: (run) => (run === 1 ? 1.5 : 0) });
    const { evidence, verdict } = explain(writer, "e1");
    expect(evidence[1]).toMatchObject({ isCounted: false, note: "disturbed, left out" });
    expect(evidence.filter(({ isCounted }) => isCounted)).toHaveLength(verdict.estimate?.runs ?? 0);
  });

  it("counts them all on a machine that is always busy", () => {
    const writer = timing();
    writer.try({ gain: 1, foreignCores: () => 2 });
    const { evidence, verdict } = explain(writer, "e1");
    expect(evidence.every(({ isCounted, note }) => isCounted && note === "disturbed")).toBe(true);
    expect(evidence).toHaveLength(verdict.estimate?.runs ?? 0);
  });

  it("does not count what was measured before a drift, or before the candidate was re-applied", () => {
    const writer = new JudgedWriter().start().calibrate() as JudgedWriter;
    const experiment = writer.open("tuner");
    const commit = writer.propose(experiment, { title: "a", why: "" });
    writer.measure({ purpose: "tentative", commit, seed: 11, gain: 0.5, experiment });
    writer.drift(0.1);
    writer.measure({ purpose: "tentative", commit, seed: 111, gain: 0.02, experiment });
    const reasons = ["better"];
    writer.add({ kind: "judged", experiment, verdict: { kind: "discard", reasons } });
    expect(explain(writer, "e1").evidence.slice(0, 2)).toMatchObject([
      { seed: 11, isCounted: false, note: "before a drift" },
      { seed: 111, isCounted: true },
    ]);
    const again = { commit: writer.baseline, tree: "ab".repeat(20) as never, how: "clean" } as const;
    writer.add({ kind: "rebased", experiment, onto: writer.head, ...again });
    writer.add({ kind: "judged", experiment, verdict: { kind: "discard", reasons } });
    expect(explain(writer, "e1").evidence[1]).toMatchObject({
      isCounted: false,
      note: "before it was re-applied",
    });
  });

  it("ignores what was measured of the head after the verdict", () => {
    const writer = new JudgedWriter().start().calibrate() as JudgedWriter;
    writer.try({ gain: -0.05 });
    const before = explain(writer, "e1").evidence;
    writer.measure({ purpose: "anchor", commit: writer.head, seed: 19 });
    expect(explain(writer, "e1").evidence).toEqual(before);
  });

  it("follows a keep into Verified, or out of Head with a suspect stack", () => {
    const writer = new JudgedWriter().start().calibrate() as JudgedWriter;
    const ids = [0.05, 0.05, 0.05, 0.05].map((gain) => writer.try({ gain }));
    expect(ids.map((id) => explain(writer, id).verdict.kind)).toEqual(["keep", "keep", "keep", "keep"]);
    expect(explain(writer, "e1").consequences[0]).toContain("no promotion has confirmed it yet");
    expect(writer.promoteHead({ overVerified: -0.1 }).kind).toBe("discard");
    expect(writer.promoteHead().kind).toBe("keep");
    expect(explain(writer, "e2").consequences).toEqual([
      "It became the head, and is in Verified: promotion-2 proved it, together with its stack, on fresh seeds.",
    ]);
    expect(explain(writer, "e3").consequences).toEqual([
      "It became the head, and was dropped again with e4 by promotion-1, which found the stack suspect.",
    ]);
    expect(explain(writer, "promotion-1").consequences).toEqual([
      "Dropped, the newest half of the stack: e3, e4.",
      "Left on Head: e1, e2, tested again by promotion-2.",
    ]);
  });

  it("shows the pairs of one promotion and not those of another on the same commits", () => {
    const writer = new JudgedWriter().start().calibrate() as JudgedWriter;
    writer.try({ gain: 0.05 });
    expect(writer.promoteHead({ overVerified: 0 }).kind).not.toBe("keep");
    if (writer.head === writer.verified) writer.try({ gain: 0.05 });
    writer.promoteHead();
    const [first, second] = ["p1", "p2"].map((id) => explain(writer, id).evidence.map(({ seed }) => seed));
    expect(first?.every((seed) => seed < 2000)).toBe(true);
    expect(second?.every((seed) => seed > 2000)).toBe(true);
  });
});

describe("verdicts of ledgers without workings", () => {
  it("are explained by the reasons they were given", () => {
    const writer = fullStudy();
    const kept = explain(writer, "e1");
    expect(kept.answer).toBe("e1 was kept: 0.0155 better than its head over 3 runs.");
    expect(kept.checks).toEqual([]);
    expect(kept.noise).toEqual([
      "One run varies by 0.006 (standard deviation, 3 degrees of freedom, from calibration).",
    ]);
    expect(explain(writer, "promotion-1").evidence).toHaveLength(3);
    expect(explain(writer, "final").answer).toBe(
      "The final test confirms the gain: 0.0432 over the baseline, p = 0.00084.",
    );
  });
});

describe("which verdict is meant", () => {
  const writer = fullStudy();

  it.each([
    ["e1", "e1"],
    ["E01", "e1"],
    ["1", "e1"],
    ["promotion-2", "promotion-2"],
    ["p2", "promotion-2"],
    ["final", "final"],
  ])("%s is %s", (asked, id) => {
    expect(explain(writer, asked).id).toBe(id);
  });

  it.each([
    ["e99", /there is no experiment e99/, "nightlab log"],
    ["e7", /e7 never reached a verdict: crashed/, "nightlab show e7"],
    ["p9", /has no promotion-9: 3 were judged/, "nightlab verdict explain promotion-3"],
    ["nonsense\u001b[2J", /`nonsense` names no verdict/, /^nightlab verdict explain e1/],
  ])("%s is an error that says what to type", (asked, message, next) => {
    const error = errorOf(() => explain(writer, asked));
    expect(error.message).toMatch(message);
    expect(error.next).toMatch(next);
  });

  it("says so when nothing was judged yet", () => {
    const young = new StudyWriter().start().calibrate();
    young.open("tuner");
    expect(errorOf(() => explain(young, "e1")).next).toBe("nightlab status");
    expect(errorOf(() => explain(young, "final")).message).toContain("is still to come");
    expect(errorOf(() => explain(young, "p1")).next).toBe("nightlab status");
    expect(errorOf(() => explainVerdict(young.study, "final", "other")).next).toContain("mar8");
  });
});

function errorOf(task: () => unknown): UsageError {
  try {
    task();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error("no error");
}
