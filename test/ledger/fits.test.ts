import fc from "fast-check";
import { expect, it } from "vitest";
import { z } from "zod";
import { ledgerEventSchema } from "../../src/core/ledger.ts";
import { quickCheck } from "../../src/ledger/fits.ts";
import { sampleEvents } from "../../src/testing/sample-events.ts";

const fits = quickCheck(ledgerEventSchema);

it("every kind of event passes without the schema being asked", () => {
  expect(sampleEvents.filter((event) => !fits(JSON.parse(JSON.stringify(event))))).toEqual([]);
});

/** Paths of all values inside one. */
function pathsIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, inner]) => pathsIn(inner, [...path, name]))];
}

/** `event` with the value at `path` replaced; undefined leaves it out. */
function replaced(event: unknown, path: readonly string[], value: unknown): unknown {
  if (path.length === 0) return value;
  const copy = structuredClone(event) as Record<string, unknown>;
  let at = copy;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
  at[path.at(-1) ?? ""] = value;
  return JSON.parse(JSON.stringify(copy));
}

const values = [
  undefined,
  null,
  true,
  0,
  0.5,
  -1,
  1e300,
  2 ** 60,
  "",
  "x",
  "e1",
  "e",
  [],
  ["x"],
  {},
  { kind: "x" },
];

it("what it lets through the schema lets through, whatever was put in the place of any value", () => {
  let refused = 0;
  for (const event of sampleEvents)
    for (const path of pathsIn(event))
      for (const value of [...values, "a".repeat(40), "kept", "measured"]) {
        const changed = replaced(event, path, value);
        const isValid = ledgerEventSchema.safeParse(changed).success;
        if (!isValid) refused += 1;
        expect(fits(changed), `${JSON.stringify(changed)} at ${path.join(".")}`).toBe(isValid);
      }
  expect(refused).toBeGreaterThan(1000);
});

it("any JSON gets the answer of the schema", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...sampleEvents), (value, event) => {
      for (const one of [value, { ...event, ...(value as object) }])
        expect(fits(one)).toBe(ledgerEventSchema.safeParse(one).success);
    }),
    { numRuns: 200 },
  );
});

it.each([z.number().min(5), z.number().int().nonnegative(), z.number().int()])(
  "bounds from below are known",
  (schema) => {
    for (const value of [4, 5, 5.5, -1, -0.5, 2 ** 60, "5"])
      expect(quickCheck(schema)(value)).toBe(schema.safeParse(value).success);
  },
);

it.each([
  ["a transform", z.string().transform(Number)],
  ["a refinement", z.string().refine((text) => text === "x")],
  ["a refined number", z.number().refine((value) => value > 5)],
  ["a whole number of its own kind", z.int()],
  ["a bound above", z.number().max(9)],
  ["a bound that is no longer in it", z.number().gt(5)],
  ["a length at most", z.array(z.string()).max(0)],
  ["a strict object", z.strictObject({})],
  ["a record with named keys", z.record(z.enum(["a"]), z.string())],
  ["a record whose names are checked", z.record(z.string().min(9), z.string())],
  ["a refined record", z.record(z.string(), z.string()).refine((one) => "b" in one)],
  ["a date", z.date()],
])("%s is left to the schema", (_, schema) => {
  for (const value of ["x", 7, [], ["x"], {}, { a: "x" }]) expect(quickCheck(schema)(value)).toBe(false);
});
