/** Looks into what a provider sent without trusting its shape. */

export type JsonObject = { readonly [key: string]: unknown };

export function objectIn(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(objectIn) : [];
}

/** A count as providers give it; anything else is none. */
export function countIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined;
}

export function stringIn(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** What a stranger wrote, fit for a line of the ledger and of a terminal. */
export function plainText(text: string, maxLength: number): string {
  return text.replaceAll(/\p{Cc}+/gu, " ").slice(0, maxLength);
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
