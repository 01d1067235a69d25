import { expect, it } from "vitest";
import { spokenProposal } from "../../../src/researcher/model/spoken-proposal.ts";

const JSON_IDEA = '{"title": "t", "why": "w", "forecast": {"gain": 0.1, "probability": 0.5}}';
const IDEA = { title: "t", why: "w", forecast: { gain: 0.1, probability: 0.5 } };
const BLOCK = "<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE";
const EDIT = { path: "src/a.ts", search: "old\n", replace: "new\n" };

it.each([
  ["a name before the block", `FILE: src/a.ts\n${BLOCK}\n${JSON_IDEA}`],
  ["bold and ticks", `**FILE: \`src/a.ts\`**\n\`\`\`\n${BLOCK}\n\`\`\`\n${JSON_IDEA}`],
  ["the path alone", `src/a.ts\n\`\`\`ts\n${BLOCK}\n\`\`\`\n\n${JSON_IDEA}\n`],
  ["a heading", `### src/a.ts\n${BLOCK}\n${JSON_IDEA}`],
  ["JSON between fences at the end", `FILE: src/a.ts\n${BLOCK}\n\`\`\`json\n${JSON_IDEA}\n\`\`\``],
  ["line ends of Windows", `FILE: src/a.ts\n${BLOCK}\n${JSON_IDEA}`.replaceAll("\n", "\r\n")],
])("reads blocks with %s", (_, text) => {
  expect(spokenProposal(text, "m")).toEqual({ ...IDEA, edits: [EDIT] });
});

it("reads several blocks of one file and of several", () => {
  const text = `FILE: src/a.ts\n${BLOCK}\n\n${BLOCK}\nFILE: b.ts\n${BLOCK}\n${JSON_IDEA}`;
  expect(spokenProposal(text, "m")?.edits.map(({ path }) => path)).toEqual(["src/a.ts", "src/a.ts", "b.ts"]);
});

it("reads a whole file, and an empty place to look for as one", () => {
  const whole = `FILE: b.ts\n\`\`\`ts\nconst a = 1;\n\`\`\`\n${JSON_IDEA}`;
  expect(spokenProposal(whole, "m")?.edits).toEqual([{ path: "b.ts", content: "const a = 1;\n" }]);
  const fresh = `FILE: b.ts\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n${JSON_IDEA}`;
  expect(spokenProposal(fresh, "m")?.edits).toEqual([{ path: "b.ts", content: "x\n" }]);
});

it("reads one object of JSON, bare or between fences", () => {
  const object = JSON.stringify({ ...IDEA, edits: [EDIT] });
  expect(spokenProposal(`Here:\n${object}`, "m")).toEqual({ ...IDEA, edits: [EDIT] });
  expect(spokenProposal(`Here:\n\`\`\`json\n${object}\n\`\`\`\nDone.`, "m")).toEqual({
    ...IDEA,
    edits: [EDIT],
  });
});

it("takes the last sentence as title where no JSON is", () => {
  expect(spokenProposal(`FILE: src/a.ts\n${BLOCK}\nMakes it new.`, "m")?.title).toBe("Makes it new.");
});

it("finds nothing in words, in half a block or in a block without a file", () => {
  for (const text of ["I cannot.", "", "FILE: a.ts\n<<<<<<< SEARCH\nold\n=======", BLOCK, JSON_IDEA])
    expect(spokenProposal(text, "m"), text).toBeUndefined();
});

it("is done in time with hostile text", () => {
  for (const text of [
    "<<<<<<< SEARCH\n".repeat(5000),
    "FILE: a\n```\n".repeat(5000),
    "{".repeat(100_000),
    "`".repeat(100_000),
  ])
    expect(spokenProposal(text, "m")?.edits.length ?? 0).toBeLessThanOrEqual(40);
});
