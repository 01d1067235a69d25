import fc from "fast-check";
import { expect, it } from "vitest";
import { ANSWER_CHARACTERS, answer, boundedJson } from "../../src/mcp/answer.ts";

it("is valid JSON within its bound, whatever the facts are", () => {
  const facts = fc.anything({ maxDepth: 3, maxKeys: 9 });
  fc.assert(
    fc.property(fc.record({ facts, text: fc.string({ unit: "binary", maxLength: 5000 }) }), (value) => {
      const json = boundedJson(value);
      expect(json.length).toBeLessThanOrEqual(ANSWER_CHARACTERS);
      expect(() => JSON.parse(json)).not.toThrow();
    }),
    { numRuns: 25 },
  );
});

it("shortens what is far too long, and keeps the newest of a list", () => {
  const rows = Array.from({ length: 5000 }, (_, at) => ({ at, text: "long ".repeat(2000) }));
  const json = boundedJson({ rows, deep: { rows: [rows, rows] } });
  expect(json.length).toBeLessThanOrEqual(ANSWER_CHARACTERS);
  const shown = JSON.parse(json).rows;
  expect(shown.at(-1).at).toBe(4999);
  expect(shown[0]).toMatch(/^\d+ earlier ones left out$/);
});

it("leaves short facts as they are, but seeds out", () => {
  const facts = { a: 1, b: [true, null, { seed: 7, c: "d" }] };
  expect(JSON.parse(boundedJson(facts))).toEqual({ a: 1, b: [true, null, { c: "d" }] });
});

it("keeps the whole of what fits between its fences", () => {
  const facts = { text: "`".repeat(7), list: Array.from({ length: 60 }, () => "x".repeat(330)) };
  const [part] = answer(facts).content;
  const json = /^(`{3,})json\n([\s\S]*)\n\1$/m.exec(part?.text ?? "")?.[2] ?? "";
  expect(json.length).toBeGreaterThan(0.8 * ANSWER_CHARACTERS);
  expect(JSON.parse(json)).toEqual(facts);
});
