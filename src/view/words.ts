/** How numbers are said: digits by noise, gains, percent, durations, sparklines. Knows no study. */

import type { Noise } from "../core/judge.ts";
import type { MetricSpec } from "../core/metric.ts";

/** More decimals than this read worse than an exponent. */
const MAX_DECIMALS = 9;

/**
 * Decimals worth printing: two significant digits of the noise of one run. A deterministic metric shows what its
 * `values` need, up to seven significant digits.
 */
export function decimalsFor(noise: Noise | undefined, values: readonly number[]): number {
  if (noise !== undefined && !noise.isDeterministic && noise.sdRun > 0)
    return clamp(1 - Math.floor(Math.log10(noise.sdRun)), 0, 12);
  return Math.max(0, ...values.map((value) => ownDecimals(value)));
}

function ownDecimals(value: number): number {
  const [mantissa = "", exponent = "0"] = value.toExponential(6).split("e");
  const digits = mantissa.replace(/^-?\d\.?/, "").replace(/0+$/, "").length;
  return clamp(digits - Number(exponent), 0, 12);
}

export function formatValue(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return "?";
  if (decimals > MAX_DECIMALS && value !== 0) return value.toExponential(3);
  return unsignedZero(value.toFixed(Math.min(decimals, MAX_DECIMALS)));
}

/** Signed; positive is better. */
export function formatGain(gain: number, decimals: number): string {
  const text = formatValue(gain, decimals);
  return gain > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** `0.0213 s`, `0.0213` without a unit. */
export function withUnit(text: string, metric: Pick<MetricSpec, "unit">): string {
  return metric.unit === undefined || metric.unit === "" ? text : `${text} ${metric.unit}`;
}

/** A fraction as percent with two or three significant digits: 0.0123 → `1.2 %`, signed when `signed`. */
export function formatPercent(fraction: number, signed = false): string {
  const percent = fraction * 100;
  if (!Number.isFinite(percent)) return "?";
  if (fraction === 0) return "0 %";
  const size = Math.abs(percent);
  const text = unsignedZero(percent.toFixed(size >= 10 ? 0 : size >= 0.1 ? 1 : 2));
  return `${signed && percent > 0 && /[1-9]/.test(text) ? "+" : ""}${text} %`;
}

/** `p = 0.0031`, `p < 0.0001`. */
export function formatP(p: number): string {
  if (p < 1e-4) return "p < 0.0001";
  return `p = ${p < 0.1 ? Number(p.toPrecision(2)) : p.toFixed(2)}`;
}

/** `42s`, `3m 05s`, `1h 03m`, `2d 04h`; under ten seconds with a tenth. */
export function formatDuration(ms: number): string {
  const safe = Math.max(0, ms);
  if (safe < 9_950) return `${(safe / 1000).toFixed(1)}s`;
  const seconds = Math.round(safe / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

/** `2026-03-07 21:04 UTC`. */
export function formatTime(atMs: number): string {
  const [date = "", time = ""] = new Date(atMs).toISOString().split("T");
  return `${date} ${time.slice(0, 5)} UTC`;
}

/** `1 experiment`, `2 experiments`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

const BLOCKS = [..."▁▂▃▄▅▆▇█"];
const ASCII_BLOCKS = [..."_.,-~=*#"];

/**
 * One character per value, the latest `width` of them; `undefined` (no number) is a middle dot. Values outside the
 * middle nine tenths share the lowest or highest mark, so that one outlier doesn't flatten the rest.
 */
export function sparkline(
  values: readonly (number | undefined)[],
  options: { readonly width?: number; readonly ascii?: boolean } = {},
): string {
  const marks = options.ascii === true ? ASCII_BLOCKS : BLOCKS;
  const shown = options.width === undefined ? values : values.slice(-Math.max(0, options.width));
  const sorted = shown.filter((value) => value !== undefined).sort((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) * 0.05)] ?? 0;
  const high = sorted[Math.ceil((sorted.length - 1) * 0.95)] ?? 0;
  const mark = (value: number | undefined) => {
    if (value === undefined) return options.ascii === true ? " " : "·";
    if (high <= low) return marks[3] ?? "";
    return marks[clamp(Math.floor(((value - low) / (high - low)) * 8), 0, 7)] ?? "";
  };
  return shown.map(mark).join("");
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

function unsignedZero(text: string): string {
  return /^-[0.]*$/.test(text) ? text.slice(1) : text;
}
