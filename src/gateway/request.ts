/** A client's request: its body, what it asks for, and the most it can use. */

import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";
import type { Wire } from "../core/provider.ts";
import type { WorstCase } from "./admission.ts";
import { countIn, type JsonObject, objectIn, objectsIn, parsed, plainText, stringIn } from "./json.ts";
import { priceOf, type Seller, worstCostOf } from "./prices.ts";

/** Larger requests are refused. */
export const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Assumed where a request names no limit for its answer. */
const DEFAULT_OUTPUT_TOKENS = 32_000;
/** Assumed for what a request only points at: an earlier answer, a file, a cache at the provider. */
const REMOTE_INPUT_TOKENS = 200_000;
/** A call that asks for more answers at once could overrun any budget by itself. */
const MAX_ANSWERS = 8;
/** Fewer bytes than a token has in any usual text, so that an estimate errs on the safe side. */
const BYTES_PER_TOKEN = 3;

const DECODERS: Readonly<
  Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/** Undefined: too large. What is left of a large one is thrown away as it comes. */
export async function readBody(
  request: IncomingMessage,
  maxBytes = MAX_BODY_BYTES,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length <= maxBytes) chunks.push(chunk as Buffer);
    else chunks.length = 0;
  }
  return length <= maxBytes ? Buffer.concat(chunks) : undefined;
}

/** The body as it was before it was packed; undefined where that cannot be told, or is too large. */
export async function unpacked(body: Buffer, encoding: string | undefined): Promise<Buffer | undefined> {
  if (encoding === undefined || encoding === "identity") return body;
  try {
    return await DECODERS[encoding]?.(body, { maxOutputLength: MAX_BODY_BYTES });
  } catch {
    return undefined;
  }
}

/** Undefined: no JSON object. */
export function jsonOf(plain: Buffer): JsonObject | undefined {
  const value = parsed(plain.toString("utf8"));
  return typeof value === "object" && value !== null && !Array.isArray(value) ? objectIn(value) : undefined;
}

export interface AskedCall {
  readonly wire: Wire;
  readonly model: string;
  readonly isStreaming: boolean;
  /** The body, unpacked. */
  readonly plain: Buffer;
  readonly json: JsonObject;
}

export function tokensInBytes(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

/** Why a call cannot be metered whatever the budget is; undefined: it can. */
export function unmeterable({ json }: AskedCall): string | undefined {
  if (json.background === true) return "background answers are billed after the call has ended";
  return answersOf(json) > MAX_ANSWERS ? `more than ${MAX_ANSWERS} answers to one question` : undefined;
}

/** Tools that the provider itself runs and bills by the use. */
const BILLED_TOOL =
  /^(?:web_?search|file_?search|code_?interpreter|image_?generation|google_?(?:search|maps))/i;

/** Why a call costs more, or other, than its tokens at the list's price; undefined: it does not. */
export function offList({ json }: AskedCall): string | undefined {
  const listed = [undefined, null, "auto", "default", "standard", "standard_only", "flex"];
  const isFast = json.speed !== undefined && json.speed !== "standard";
  const isOtherTier = !listed.includes(json.service_tier as string | undefined | null);
  if (isFast || isOtherTier) return "it asks for a faster service";
  // OpenAI and Anthropic name such a tool by its type, Gemini by the key of an entry.
  const tools = objectsIn(json.tools).flatMap((tool) => [stringIn(tool.type) ?? "", ...Object.keys(tool)]);
  const options = Object.keys(json).filter((key) => key === "web_search_options" || key === "plugins");
  const billed = [...tools.filter((name) => BILLED_TOOL.test(name)), ...options][0];
  return billed === undefined ? undefined : `it offers ${billed}, which is billed by the use`;
}

const REMOTE = [
  /"(?:previous_response_id|conversation|file_id|file_url|cachedContent|cached_content)"\s*:\s*["{]/,
  /"(?:fileUri|file_uri|image_url|container)"\s*:\s*"https?:/,
];

export function worstCaseOf(asked: AskedCall, seller: Seller): WorstCase {
  const { json, plain, model } = asked;
  const text = plain.toString("utf8");
  const remote = REMOTE.some((pattern) => pattern.test(text)) ? REMOTE_INPUT_TOKENS : 0;
  const inputTokens = tokensInBytes(plain.length) + remote;
  const outputTokens = answersOf(json) * (outputLimitOf(json) ?? DEFAULT_OUTPUT_TOKENS);
  const price = offList(asked) !== undefined ? undefined : priceOf(model, seller);
  const tokens = inputTokens + outputTokens;
  return price === undefined ? { tokens } : { tokens, usd: worstCostOf(inputTokens, outputTokens, price) };
}

function outputLimitOf(json: JsonObject): number | undefined {
  const generation = objectIn(json.generationConfig ?? json.generation_config);
  return (
    countIn(json.max_completion_tokens) ??
    countIn(json.max_output_tokens) ??
    countIn(json.max_tokens) ??
    countIn(generation.maxOutputTokens ?? generation.max_output_tokens)
  );
}

function answersOf(json: JsonObject): number {
  const count = countIn(json.n) ?? countIn(objectIn(json.generationConfig).candidateCount) ?? 1;
  return Math.max(1, count);
}

/** The price of what was asked, as for `worstCaseOf`: undefined where it is not known. */
export function listPriceOf(asked: AskedCall, answeredBy: string | undefined, seller: Seller) {
  if (offList(asked) !== undefined) return undefined;
  return priceOf(asked.model, seller) ?? (answeredBy === undefined ? undefined : priceOf(answeredBy, seller));
}

/** Whether the client itself asked for the usage of a stream. */
export function asksForUsage({ json }: AskedCall): boolean {
  return objectIn(json.stream_options).include_usage === true;
}

/** The unpacked body with `include_usage`, its other bytes untouched where nothing stood there before. */
export function withUsageAsked({ json, plain }: AskedCall): Buffer {
  if (json.stream_options !== undefined) {
    const options = { ...objectIn(json.stream_options), include_usage: true };
    return Buffer.from(JSON.stringify({ ...json, stream_options: options }));
  }
  const end = plain.lastIndexOf("}");
  const comma = Object.keys(json).length > 0 ? "," : "";
  const insert = Buffer.from(`${comma}"stream_options":{"include_usage":true}`);
  return Buffer.concat([plain.subarray(0, end), insert, plain.subarray(end)]);
}

const MAX_MODEL_LENGTH = 200;

export function modelIn(json: JsonObject): string {
  return plainText(stringIn(json.model) ?? "", MAX_MODEL_LENGTH);
}
