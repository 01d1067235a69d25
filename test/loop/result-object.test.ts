import { expect, test } from "vitest";
import { readResultObject } from "../../src/loop/result-object.ts";

test("one object of numbers is read, with whatever blanks around it", () => {
  expect(readResultObject('\n{"ms": 12.3, "size_kb": -4e2}\n')).toEqual(
    new Map([
      ["ms", 12.3],
      ["size_kb", -400],
    ]),
  );
  expect(readResultObject("{}")).toEqual(new Map());
});

test.each([
  ["nothing", "", "nothing"],
  ["blanks", " \n", "nothing"],
  ["garbage", "ms: 12", "not a JSON object"],
  ["half an object", '{"ms": 12', "not a JSON object"],
  ["a list", "[1]", "not a JSON object"],
  ["a number", "12", "not a JSON object"],
  ["null", "null", "not a JSON object"],
  ["garbage before", 'x{"ms": 1}', "not a JSON object"],
  ["two objects", '{"ms": 12}\n{"ms": 1}\n', "written to again after the first object"],
  ["the same twice", '{"ms": 12}{"ms": 12}', "suspicious"],
  ["an object and garbage", '{"ms": 12} x', "written to again"],
  ["an object and a NUL", '{"ms": 12}\0', "written to again"],
  ["one name twice", '{"ms": 12, "ms": 1}', "twice"],
  ["one name twice, spelled differently", '{"ms": 12, "m\\u0073": 1}', "twice"],
  ["not finite", '{"ms": 1e999}', "ms on descriptor 3 was Infinity"],
  ["NaN as JSON.stringify writes it", '{"ms": null}', "null, not a number"],
  ["NaN as Python writes it", '{"ms": NaN}', "not a JSON object"],
  ["another one not finite", '{"ms": 1, "kb": -1e999}', "kb on descriptor 3 was -Infinity"],
  ["a text", '{"ms": "12"}', '"12", not a number'],
  ["nested", '{"ms": {"a": 1}}', "not a number"],
  ["a name that is none", '{"\\u001b[2J": 1}', "not a metric name"],
  ["too much", `{"ms": 1${" ".repeat(64 * 1024)}}`, "more than 64 KiB"],
  ["deep nesting", "[".repeat(60_000), "not a JSON object"],
])("%s is no result, and says why", (_, text, reason) => {
  const read = readResultObject(text);
  expect(read).toEqual(expect.stringContaining(reason));
  expect(String(read).length).toBeLessThan(300);
});

test("a prototype is a name like any other", () => {
  const read = readResultObject('{"__proto__": 3, "constructor": 4}');
  expect(read instanceof Map && [...read]).toEqual([
    ["__proto__", 3],
    ["constructor", 4],
  ]);
});
