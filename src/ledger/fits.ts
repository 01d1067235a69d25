/** A quick check whether JSON satisfies a zod schema: no copy, no reason. Made once from the schema, which stays the only one. */

import type { z } from "zod";

type Fits = (value: unknown) => boolean;
type Schema = z.core.$ZodType;
type Definition = z.core.$ZodTypes["_zod"]["def"];

/**
 * A check that says yes only to what `schema` accepts; no means "ask the schema", which also tells the reason. What it does
 * not know (a transform, a check of a newer zod) it answers with no. For values of JSON.parse.
 */
export function quickCheck(schema: Schema): Fits {
  const definition = schema._zod.def as Definition;
  switch (definition.type) {
    case "object":
      return objectCheck(definition);
    case "union":
      return unionCheck(definition);
    case "array":
      return arrayCheck(definition);
    case "record":
      return recordCheck(definition);
    case "string":
      return stringCheck(definition.checks ?? []);
    case "number":
      return "format" in definition ? () => false : numberCheck(definition.checks ?? []);
    case "boolean":
      return (value) => typeof value === "boolean";
    case "literal":
      return isOneOf(definition.values);
    case "enum":
      return isOneOf(Object.values(definition.entries));
    case "readonly":
    case "optional": // JSON holds no undefined: what is absent is left to the object around it
      return quickCheck(definition.innerType);
    default:
      return () => false;
  }
}

const isOneOf = (values: readonly unknown[]): Fits => {
  const known = new Set(values);
  return (value) => known.has(value);
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectCheck({ shape, catchall }: z.core.$ZodObjectDef): Fits {
  if (catchall !== undefined) return () => false;
  const fields = Object.entries(shape).map(([name, schema]) => {
    return { name, isOptional: schema._zod.optin === "optional", fits: quickCheck(schema) };
  });
  return (value) => {
    if (!isRecord(value)) return false;
    for (const { name, isOptional, fits } of fields) {
      const field = value[name];
      if (field === undefined ? !isOptional : !fits(field)) return false;
    }
    return true;
  };
}

function unionCheck(definition: z.core.$ZodUnionDef | z.core.$ZodDiscriminatedUnionDef): Fits {
  if (!("discriminator" in definition)) {
    const options = definition.options.map(quickCheck);
    return (value) => options.some((fits) => fits(value));
  }
  const { discriminator, options } = definition;
  const byName = new Map<unknown, Fits>();
  for (const option of options) {
    const fits = quickCheck(option);
    for (const name of option._zod.propValues?.[discriminator] ?? []) byName.set(name, fits);
  }
  return (value) => isRecord(value) && byName.get(value[discriminator])?.(value) === true;
}

function arrayCheck({ element, checks = [] }: z.core.$ZodArrayDef): Fits {
  const fits = quickCheck(element);
  const least = leastLength(checks);
  return (value) => Array.isArray(value) && value.length >= least && value.every(fits);
}

function recordCheck({ keyType, valueType, checks = [] }: z.core.$ZodRecordDef): Fits {
  const isPlain = keyType._zod.def.type === "string" && (keyType._zod.def.checks ?? []).length === 0;
  if (!isPlain || checks.length > 0) return () => false;
  const fits = quickCheck(valueType);
  return (value) => isRecord(value) && Object.values(value).every(fits);
}

type Checks = readonly z.core.$ZodCheck<never>[];

/** Whole numbers and numbers from a least one on. */
function numberCheck(checks: Checks): Fits {
  const definitions = checks.map(({ _zod: { def } }) => def as unknown as Record<string, unknown>);
  const isWhole = definitions.some(({ format }) => format === "safeint");
  const bounds = definitions.filter(({ check }) => check === "greater_than");
  const isKnown = definitions.every(
    (one) => one.format === "safeint" || (one.check === "greater_than" && one.inclusive === true),
  );
  if (!isKnown) return () => false;
  const least = Math.max(Number.NEGATIVE_INFINITY, ...bounds.map(({ value }) => Number(value)));
  return (value) =>
    typeof value === "number" &&
    value >= least &&
    (isWhole ? Number.isSafeInteger(value) : Number.isFinite(value));
}

function stringCheck(checks: Checks): Fits {
  const patterns = checks.flatMap(({ _zod: { def } }) => ("pattern" in def ? [def.pattern as RegExp] : []));
  const least = leastLength(checks.filter(({ _zod: { def } }) => !("pattern" in def)));
  return (value) =>
    typeof value === "string" && value.length >= least && patterns.every((pattern) => pattern.test(value));
}

/** The length asked for; infinite where something else is asked. */
function leastLength(checks: Checks): number {
  return checks.reduce((least, { _zod: { def } }) => {
    const isLength = def.check === "min_length" && "minimum" in def && typeof def.minimum === "number";
    return isLength ? Math.max(least, def.minimum as number) : Number.POSITIVE_INFINITY;
  }, 0);
}
