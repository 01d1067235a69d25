/**
 * A script that travels in the prompt: `FAKE64:` and base64 of JSON. The server stays stateless, so tests run in parallel:
 * what was done already is counted from the results of tools that the conversation holds after the script.
 */

import { z } from "zod";
import type { Fault, ModelRequest, Turn } from "./model-request.ts";

const times = z.union([z.int().positive(), z.literal("always")]).default(1);

const stepSchema = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("write"), path: z.string(), content: z.string() }),
  z.strictObject({ op: z.literal("read"), path: z.string() }),
  z.strictObject({ op: z.literal("bash"), cmd: z.string() }),
  /** Calls the first tool whose name, or namespace and name, contains `match`. */
  z.strictObject({
    op: z.literal("mcp"),
    match: z.string(),
    args: z.record(z.string(), z.unknown()).default({}),
  }),
  z.strictObject({
    op: z.literal("error"),
    status: z.int().min(400).max(599),
    times,
    retryAfterSeconds: z.number().exactOptional(),
    code: z.string().exactOptional(),
  }),
  z.strictObject({ op: z.literal("cut"), times }),
  z.strictObject({ op: z.literal("hang"), times }),
  /** A tool call whose arguments are no JSON. */
  z.strictObject({ op: z.literal("malformed"), times }),
]);

const scriptSchema = z.strictObject({
  /** Faults with `times` are counted per id: give each test its own. */
  id: z.string(),
  steps: z.array(stepSchema),
  /** What the model says when all steps are done. */
  final: z.string(),
});

export type ScriptStep = z.output<typeof stepSchema>;
export type Script = z.output<typeof scriptSchema>;
export type ScriptInput = z.input<typeof scriptSchema>;
export type ToolStep = Extract<ScriptStep, { op: "write" | "read" | "bash" | "mcp" }>;

/** What the script wants next. `side`: a call without tools beside the real one, as for a title. */
export type NextStep =
  | { readonly kind: "tool"; readonly step: ToolStep; readonly index: number }
  | { readonly kind: "fault"; readonly fault: Fault; readonly index: number }
  | { readonly kind: "malformed"; readonly index: number }
  | { readonly kind: "final"; readonly text: string }
  | { readonly kind: "side" };

const DIRECTIVE = /FAKE64:([A-Za-z0-9+/]+={0,2})/g;

/** The text to put into a prompt. */
export function scriptText(script: ScriptInput): string {
  return `FAKE64:${Buffer.from(JSON.stringify(scriptSchema.parse(script))).toString("base64")}`;
}

/** Results of these are not counted: the call was broken on purpose and its step is repeated. */
export const MALFORMED_ID = "malformed";

/** The last script of the conversation and how many of its tools gave a result. Throws where a script is unreadable. */
export function findScript({ turns }: ModelRequest): { script: Script; done: number } | undefined {
  const isHolder = (turn: Turn): boolean => turn.kind === "text" && turn.text.search(DIRECTIVE) >= 0;
  const said = turns.findLastIndex((turn) => turn.kind === "text" && turn.role === "user" && isHolder(turn));
  const at = said >= 0 ? said : turns.findLastIndex(isHolder);
  const turn = turns[at];
  if (turn?.kind !== "text") return undefined;
  const encoded = [...turn.text.matchAll(DIRECTIVE)].at(-1)?.[1] ?? "";
  const script = scriptSchema.parse(JSON.parse(Buffer.from(encoded, "base64").toString("utf8")));
  const results = turns.slice(at + 1).filter((one) => one.kind === "result");
  return { script, done: results.filter((one) => !one.toolCallId.includes(MALFORMED_ID)).length };
}

const isToolStep = (step: ScriptStep): step is ToolStep => ["write", "read", "bash", "mcp"].includes(step.op);

function faultOf(step: Exclude<ScriptStep, ToolStep>): Fault | undefined {
  if (step.op === "malformed") return undefined;
  if (step.op !== "error") return { kind: step.op };
  const { status, code, retryAfterSeconds } = step;
  return {
    kind: "error",
    status,
    ...(code === undefined ? {} : { code }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** Goes through scripts; holds nothing but how often each fault has struck. */
export class ScriptReader {
  readonly #struck = new Map<string, number>();

  next(script: Script, done: number, hasTools: boolean): NextStep {
    const needsTools = script.steps.some(isToolStep);
    const isSide = needsTools && !hasTools;
    let toolSteps = 0;
    for (const [index, step] of script.steps.entries()) {
      if (isToolStep(step)) {
        if (toolSteps === done && !isSide) return { kind: "tool", step, index };
        toolSteps += 1;
      } else if (this.#strikes(`${script.id} ${index}`, step, isSide)) {
        const fault = faultOf(step);
        return fault === undefined ? { kind: "malformed", index } : { kind: "fault", fault, index };
      }
    }
    return isSide ? { kind: "side" } : { kind: "final", text: script.final };
  }

  /** Faults that last strike every call; counted ones are kept for the real call. */
  #strikes(key: string, step: Exclude<ScriptStep, ToolStep>, isSide: boolean): boolean {
    if (step.times === "always") return !(isSide && step.op === "malformed");
    const struck = this.#struck.get(key) ?? 0;
    if (isSide || struck >= step.times) return false;
    this.#struck.set(key, struck + 1);
    return true;
  }
}
