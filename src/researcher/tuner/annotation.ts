/**
 * Reads what stands behind `tune:` in a comment. Knows the little language of annotations, not the code around it.
 *
 *   tune: off                     leave this line alone
 *   tune: 1e-4..1e-1 log          a range, searched on a log scale (or `linear`)
 *   tune: 8..64 step 8            a range with steps
 *   tune: relu | gelu | silu      these values only
 */
import type { KnobValue, Literal } from "./literal.ts";
import { parseLiteral } from "./literal.ts";

export type Scale = "log" | "linear" | "complement";

export type Annotation =
  | { readonly kind: "off" }
  | {
      readonly kind: "range";
      readonly low: number;
      readonly high: number;
      readonly scale: Scale;
      readonly integer: boolean;
      readonly step?: number;
    }
  | { readonly kind: "choices"; readonly choices: readonly KnobValue[] }
  | { readonly kind: "malformed"; readonly cause: string };

const BODY = /(?:^|[,;.(–—-]\s*)tune:\s*(.*?)\s*$/i;
const RANGE = /^(\S+?)\s*\.\.\s*(\S+?)(?:\s+(log|linear))?(?:\s+step\s+(\S+))?(?:\s+(log|linear))?$/;

/** The text behind `tune:` in a comment (its marks included), or undefined when the comment is an ordinary one. */
export function annotationBody(comment: string): string | undefined {
  const inner = comment.replace(/^(?:\/\/+|\/\*+|#+)\s*/, "").replace(/\s*\*+\/$/, "");
  return BODY.exec(inner)?.[1];
}

/** What the annotation says about `literal`; undefined literal means that there is none on the line. */
export function parseAnnotation(body: string, literal: Literal | undefined): Annotation {
  if (body === "off") return { kind: "off" };
  if (literal === undefined)
    return malformed("no number, boolean or plain string stands before this annotation on its line");
  if (body.includes("|")) return parseChoices(body, literal);
  const parts = RANGE.exec(body);
  if (parts) return parseRange(parts, literal);
  return malformed(
    `cannot read "tune: ${body}"; write a range (1e-4..1e-1 log), choices (4 | 8 | 16) or off`,
  );
}

function parseRange(parts: RegExpExecArray, literal: Literal): Annotation {
  const [, lowText = "", highText = "", scaleBefore, stepText, scaleAfter] = parts;
  const [low, high, step] = [numeric(lowText), numeric(highText), numeric(stepText ?? "1")];
  if (literal.style.kind !== "number")
    return malformed("a range needs a number before it; list choices with |");
  if (low === undefined || high === undefined)
    return malformed(`${lowText}..${highText} is not a range of numbers`);
  if (low >= high)
    return malformed(`the range ${lowText}..${highText} is empty: write the smaller number first`);
  if (stepText !== undefined && !(step !== undefined && step > 0 && step <= high - low))
    return malformed(`step ${stepText} must be above 0 and within the range`);
  const said = scaleBefore ?? scaleAfter;
  if (said === "log" && low <= 0) return malformed("a log scale needs numbers above 0");
  if (said === "log" && stepText !== undefined) return malformed("steps need a linear scale");
  const wholes = [lowText, highText, stepText ?? "1"].every((text) => /^-?[\d_]+$/.test(text));
  const integer = wholes && Number.isInteger(literal.value) && !literal.style.float;
  const scale = stepText === undefined ? chooseScale(said, low, high) : "linear";
  const range = { kind: "range" as const, low, high, scale, integer };
  return stepText === undefined || step === undefined ? range : { ...range, step };
}

/** Unsaid: 1 - x on a log scale for fractions near 1, log from a factor of ten, linear otherwise. */
function chooseScale(said: string | undefined, low: number, high: number): Scale {
  if (said === "log" || said === "linear") return said;
  if (low >= 0.5 && high < 1) return "complement";
  return low > 0 && high / low >= 10 ? "log" : "linear";
}

function parseChoices(body: string, literal: Literal): Annotation {
  const texts = body.split("|").map((text) => text.trim());
  const choices = texts.map((text) => choice(text, literal));
  const wrong = choices.indexOf(undefined);
  if (wrong >= 0) return malformed(`"${texts[wrong]}" is not a value of the same type as the literal`);
  const known = choices.filter((value) => value !== undefined);
  if (new Set(known).size !== known.length) return malformed("a choice stands there twice");
  if (!known.includes(literal.value))
    return malformed(`the value ${String(literal.value)} is not among its choices: ${texts.join(" | ")}`);
  return { kind: "choices", choices: known };
}

function choice(text: string, literal: Literal): KnobValue | undefined {
  const parsed = parseLiteral(text);
  if (literal.style.kind !== "string")
    return parsed?.style.kind === literal.style.kind ? parsed.value : undefined;
  const bare = parsed?.style.kind === "string" ? String(parsed.value) : text;
  // A quote or backslash would need escapes that differ between the languages.
  return bare === "" || /["'`\\]/.test(bare) ? undefined : bare;
}

function numeric(text: string): number | undefined {
  const literal = parseLiteral(text);
  return typeof literal?.value === "number" ? literal.value : undefined;
}

function malformed(cause: string): Annotation {
  return { kind: "malformed", cause };
}
