/** Checks the options of a command against its schema: the one place where a wrong option becomes an error. */

import type { z } from "zod";
import { UsageError } from "../core/errors.ts";

/** Throws UsageError that names the first wrong option and the help of `command`. */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  raw: unknown,
  command: string,
): z.output<Schema> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`--${issue?.path.join(".")}: ${issue?.message}`, {
    next: `nightlab ${command} --help`,
  });
}
