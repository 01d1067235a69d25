import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Answer, Researcher } from "../../src/core/researcher.ts";
import { ideasIn, notebookIn, reviewIn } from "../../src/loop/questions.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import { type Bench, createBench, events, type Made, runThrough, statuses } from "./make-lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.remove());

/** Writes ever smaller losses; proposes in every turn. */
function engineer(): Researcher {
  let turn = 0;
  const scripted = scriptedResearcher(() => {
    turn += 1;
    return { idea: { title: `turn ${turn}` }, files: { "a.txt": `${4 - turn / 100}\n` } };
  }, "m/engineer");
  return { ...scripted, role: "engineer", readsDiffs: true };
}

/** One that never proposes and answers every question alike; `questions` is what it was asked. */
function adviser(role: string, answer: string | (() => Answer)) {
  const questions: string[] = [];
  const researcher: Researcher = {
    ...scriptedResearcher([], `m/${role}`),
    role,
    readsDiffs: true,
    answer: async (_brief, question) => {
      questions.push(question);
      return typeof answer === "string" ? { kind: "text", text: answer } : answer();
    },
  };
  return { researcher, questions };
}

async function work(...staff: Researcher[]): Promise<Made> {
  const members = staff.map((researcher) => ({ researcher }));
  const made = await bench.lab({ parts: { staff: members, budget: { experiments: 10 } } });
  await runThrough(made);
  return made;
}

const THREE = JSON.stringify({
  ideas: ["x", "y", "z"].map((title, index) => ({
    title,
    why: "w",
    forecast: { gain: index, probability: 1 },
  })),
});

describe("a theorist", () => {
  it("fills the queue, whose ideas go to the engineer, and proposes nothing itself", async () => {
    const theorist = adviser("theorist", `Here you are:\n\`\`\`json\n${THREE}\n\`\`\`\nGood luck.`);
    const made = await work(theorist.researcher, engineer());
    expect(events(made, "ideas_added")[0]?.ideas.map(({ title }) => title)).toEqual(["x", "y", "z"]);
    expect(made.lab.experiments.every(({ researcher }) => researcher === "m/engineer")).toBe(true);
    const queued = made.lab.experiments.flatMap(({ idea }) => idea?.queued ?? []);
    expect(queued).toEqual(["z", "y", "x"]);
  });

  it("proposes like others where nobody else could write its ideas down", async () => {
    const made = await work(adviser("theorist", THREE).researcher);
    expect(made.lab.experiments[0]?.researcher).toBe("m/theorist");
    expect(events(made, "ideas_added")).toEqual([]);
  });

  it("that answers nothing of use is left alone for a while; what its calls cost is counted", async () => {
    const usage = {
      freshTokens: 5,
      cachedTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 5,
      reasoningTokens: 0,
    };
    const call = { model: "m", end: "ok", usage, wallMs: 1 } as const;
    const theorist = adviser("theorist", () => ({ kind: "text", text: "no idea", reported: [call] }));
    const made = await work(theorist.researcher, engineer());
    expect(theorist.questions).toHaveLength(1);
    expect(made.lab.run.tokens).toBe(10);
  });
});

describe("a reviewer", () => {
  it("has its objection shown as a flag of the keep", async () => {
    const { researcher, questions } = adviser(
      "reviewer",
      '{"objection": "trains\\ntwice as long", "refuse": false}',
    );
    const made = await work(researcher, engineer());
    expect(questions[0]).toContain("a.txt");
    expect(made.lab.experiments[0]?.verdict?.flags).toEqual(["m/reviewer objects: trains twice as long"]);
  });

  it("that refuses keeps a proposal from being measured", async () => {
    const made = await work(
      adviser("reviewer", '{"objection": "reads the seed", "refuse": true}').researcher,
      engineer(),
    );
    expect(new Set(statuses(made))).toEqual(new Set(["refused"]));
    expect(made.lab.experiments[0]?.reasons).toEqual(["reads the seed"]);
    expect(events(made, "measured").every(({ purpose }) => purpose === "calibration")).toBe(true);
  });

  it("that is away holds nothing up", async () => {
    const away = adviser("reviewer", () => ({ kind: "gave_up", reason: "429", retryAfterMs: 3_600_000 }));
    const made = await work(away.researcher, engineer());
    expect(away.questions).toHaveLength(1);
    expect(statuses(made).filter((status) => status === "kept").length).toBeGreaterThan(5);
  });
});

it("a librarian writes the notebook after some experiments, and later briefs tell it", async () => {
  const librarian = adviser("librarian", '{"notebook": "- smaller is better"}');
  const notebooks: string[] = [];
  const writer = engineer();
  const propose: Researcher["propose"] = (brief, path, signal) => {
    notebooks.push(brief.notebook);
    return writer.propose(brief, path, signal);
  };
  const made = await work(librarian.researcher, { ...writer, propose });
  expect(events(made, "noted")).toHaveLength(1);
  expect(notebooks.at(0)).toBe("");
  expect(notebooks.at(-1)).toBe("- smaller is better");
});

describe("answers", () => {
  it("are found in prose and fences; what does not fit is none", () => {
    expect(ideasIn('{"ideas": []}')).toBeUndefined();
    expect(ideasIn("{{{{")).toBeUndefined();
    expect(ideasIn('{"ideas": [{"title": "t", "forecast": {"gain": "much"}}]}')).toEqual([
      { title: "t", why: "" },
    ]);
    expect(reviewIn('I think {x}. {"objection": null, "refuse": true}')).toEqual({ isRefusal: false });
    expect(notebookIn('{"notebook": " "}')).toBeUndefined();
    expect(notebookIn(`{"notebook": "${"x".repeat(20_000)}"}`)?.length).toBe(8000);
  });
});
