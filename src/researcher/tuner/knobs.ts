/**
 * Finds the knobs of one file and writes other values into their literals. Everything outside of the
 * literals stays byte for byte. Knows the languages by file ending; executes nothing.
 */
import { extname } from "node:path";
import { parseAnnotation } from "./annotation.ts";
import { documentSites } from "./document-sites.ts";
import {
  annotatedDomain,
  defaultDomain,
  isSeedName,
  isUntunableName,
  type Knob,
  type KnobProblem,
} from "./knob.ts";
import type { KnobValue } from "./literal.ts";
import { formatLiteral } from "./literal.ts";
import type { Site } from "./site.ts";
import { sourceSites } from "./source-sites.ts";

export interface KnobsFound {
  readonly knobs: Knob[];
  readonly problems: KnobProblem[];
}

/** Whether knobs can be found in a file of this name. */
export function mayHoldKnobs(path: string): boolean {
  return /\.(?:ts|mts|js|mjs|py|json|ya?ml)$/.test(path);
}

/** The knobs of `text`, in order. A file of another kind has none; what is malformed is a problem, never a throw. */
export function findKnobs(path: string, text: string): KnobsFound {
  const sites = sitesOf(path, text);
  if (!Array.isArray(sites)) return { knobs: [], problems: [{ path, line: sites.line, cause: sites.error }] };
  const knobs: Knob[] = [];
  const problems: KnobProblem[] = [];
  const seen = new Map<string, number>();
  for (const site of sites) {
    const count = (seen.get(site.name) ?? 0) + 1;
    seen.set(site.name, count);
    const made = toKnob(site, path, count);
    if (typeof made === "string") problems.push({ path, line: site.line, cause: made });
    else if (made !== undefined) knobs.push(made);
  }
  return { knobs, problems };
}

/**
 * `text` with the literals of `knobs` replaced by the values under their ids; a knob without one is left as it is.
 * The knobs must have been found in this very text.
 */
export function writeKnobs(
  text: string,
  knobs: readonly Knob[],
  values: Readonly<Record<string, KnobValue>>,
): string {
  let out = "";
  let from = 0;
  for (const knob of knobs.toSorted((a, b) => a.start - b.start)) {
    const value = values[knob.id];
    if (value === undefined || value === knob.value) continue;
    const literal = formatLiteral(value, knob.literalStyle);
    // `a -1` must not become `a --1`.
    const gap = literal.startsWith("-") && text[knob.start - 1] === "-" ? " " : "";
    out += text.slice(from, knob.start) + gap + literal;
    from = knob.end;
  }
  return out + text.slice(from);
}

function sitesOf(path: string, text: string): ReturnType<typeof documentSites> {
  switch (extname(path)) {
    case ".ts":
    case ".mts":
    case ".js":
    case ".mjs":
      return sourceSites(text, "script");
    case ".py":
      return sourceSites(text, "python");
    case ".json":
    case ".yaml":
    case ".yml":
      return documentSites(text);
    default:
      return [];
  }
}

/** A knob, the cause why an annotation cannot be one, or undefined for a literal to be left alone. */
function toKnob(site: Site, path: string, count: number): Knob | string | undefined {
  const { name, start, end, literal } = site;
  const annotation = site.annotation === undefined ? undefined : parseAnnotation(site.annotation, literal);
  if (annotation?.kind === "off") return undefined;
  if (annotation?.kind === "malformed") return annotation.cause;
  if (literal === undefined) return undefined;
  if (annotation && isSeedName(name))
    return `${name} is a seed: it decides luck, not quality, and is never tuned`;
  if (!annotation && isUntunableName(name)) return undefined;
  const domain = annotation ? annotatedDomain(annotation) : defaultDomain(literal);
  if (domain === undefined) return undefined;
  const id = `${path}:${name}${count > 1 ? `#${count}` : ""}`;
  const { value, style } = literal;
  return {
    id,
    name,
    path,
    start,
    end,
    value,
    annotated: annotation !== undefined,
    literalStyle: style,
    ...domain,
  };
}
