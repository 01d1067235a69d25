/** Turns what zod found into sentences with a line. The words come from keys.ts. */

import type { z } from "zod";
import { fixUnknownKey, KEYS } from "./keys.ts";
import type { Finding } from "./problem.ts";
import type { KeyPath, YamlText } from "./yaml-text.ts";

export function findingsOf(issues: readonly z.core.$ZodIssue[], yaml: YamlText): Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(key, path, yaml));
    const at = yaml.locate(path);
    if (issue.code === "custom") {
      return [{ ...at, cause: named(path, issue.message), fix: String(issue.params?.fix ?? "") }];
    }
    return [{ ...at, ...wrongValue(path, yaml.value) }];
  });
}

/** The key without list positions, as in KEYS: `edit.0` is `edit`. */
function dotted(path: KeyPath): string {
  return path.filter((step) => typeof step === "string").join(".");
}

function unknownKey(key: string, parent: KeyPath, yaml: YamlText): Finding {
  const owner = dotted(parent);
  const where = owner ? ` in \`${owner}\`` : "";
  return {
    ...yaml.locate([...parent, key], { key: true }),
    cause: `\`${clip(key)}\` is not a known key${where}.`,
    fix: fixUnknownKey(key, owner),
  };
}

/** A custom message says what is wrong with the value; this says whose value it is. */
function named(path: KeyPath, message: string): string {
  const key = dotted(path);
  return key ? `\`${key}\`: ${message.charAt(0).toLowerCase()}${message.slice(1)}` : message;
}

function wrongValue(path: KeyPath, root: unknown): { cause: string; fix: string } {
  const key = helpKey(path);
  const help = KEYS[key];
  if (!help) {
    const cause = `The front matter is ${kindOf(root)}, not \`key: value\` lines.`;
    return { cause, fix: "Write one setting per line, such as `measure: node train.ts`." };
  }
  const value = valueAt(root, path);
  const fix = `Write, for example, \`${help.example}\`.`;
  const full = dotted(path);
  const subject = typeof path.at(-1) === "number" ? `An item of \`${full}\`` : `\`${full}\``;
  const rule = full === key && subject.startsWith("`") ? "it" : `\`${key}\``;
  return { cause: `${subject} ${stateOf(value)}; ${rule} must be ${help.expects}.`, fix };
}

function stateOf(value: unknown): string {
  if (value === null) return "is empty";
  if (value === undefined) return "is missing";
  const odd = Array.isArray(value) ? value.find((item) => typeof item !== "string") : undefined;
  return odd === undefined ? `is ${kindOf(value)}` : `is a list that holds ${kindOf(odd)}`;
}

/** `env.PATH` is explained by `env`. */
function helpKey(path: KeyPath): string {
  const key = dotted(path);
  return KEYS[key] ? key : (key.split(".")[0] ?? "");
}

function valueAt(root: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((value, step) => {
    return typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;
  }, root);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) return "a map";
  if (value === "") return "an empty text";
  if (value === null) return "nothing";
  return typeof value === "string" ? `the text "${clip(value)}"` : String(value);
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
