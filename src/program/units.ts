/** Durations and sizes as people write them: `1h30m`, `2GB`. Knows no key. */

const MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
/** 1024-based, as memory limits are. */
const BYTES: Readonly<Record<string, number>> = {
  TB: 1024 ** 4,
  GB: 1024 ** 3,
  MB: 1024 ** 2,
  KB: 1024,
  B: 1,
};

/** Milliseconds of `500ms`, `20s`, `5m`, `1h30m`, `2d`; undefined when it is not a positive duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[dhms])\s*)+$/.test(text.trim())) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)];
  const units = parts.map((part) => MS[part[2] ?? ""] ?? 0);
  if (units.some((unit, i) => i > 0 && unit >= (units[i - 1] ?? 0))) return undefined;
  const total = parts.reduce((sum, part, i) => sum + Number(part[1]) * (units[i] ?? 0), 0);
  return total >= 1 && Number.isSafeInteger(Math.round(total)) ? Math.round(total) : undefined;
}

/** Bytes of `2GB`, `512 MB`, `1.5GiB`, `64KB`; undefined when it is not a positive size. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT])?i?B$/i.exec(text.trim());
  if (!match) return undefined;
  const bytes = Math.round(Number(match[1]) * (BYTES[`${(match[2] ?? "").toUpperCase()}B`] ?? 0));
  return bytes >= 1 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest exact spelling that `parseDuration` reads back: 5400000 is `1h30m`. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  let text = "";
  for (const unit of ["h", "m", "s", "ms"]) {
    const size = MS[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text || "0ms";
}

/** The largest unit that divides exactly, for `parseSize` to read back: 2147483648 is `2GB`. */
export function formatSize(bytes: number): string {
  const unit = ["TB", "GB", "MB", "KB"].find((name) => bytes > 0 && bytes % (BYTES[name] ?? 1) === 0) ?? "B";
  return `${bytes / (BYTES[unit] ?? 1)}${unit}`;
}
