/**
 * What the gateway costs: the same calls straight to a scripted model and through the gateway, in turns within one run.
 * `npm run bench:gateway [rounds]`
 */

import { availableParallelism } from "node:os";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { WIRES, type Wire } from "../src/core/provider.ts";
import { openGateway } from "../src/gateway/gateway.ts";
import { openModelServer } from "../src/testing/model-server/index.ts";
import { askModel } from "../test/testing/ask-model.ts";

const ROUNDS = Number(process.argv[2] ?? 200);
const STREAM_BYTES = 4 * 1024 * 1024;
const PARALLEL = 16;

const clock = {
  now: () => Date.now(),
  delay: (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined),
};

let text = "Done, in a sentence of a usual length, as the last words of an answer are.";
const server = await openModelServer({ answer: () => ({ text }) });
const originOf = (wire: Wire): string => (wire.startsWith("openai") ? `${server.origin}/v1` : server.origin);
const gateway = await openGateway({
  upstreams: WIRES.map((wire) => ({ wire, baseUrl: originOf(wire), apiKey: "true" })),
  left: () => ({ usd: 1e6, tokens: 1e12 }),
  onCall: async () => {},
  clock,
});
const access = gateway.access("bench", "bench");

/** Milliseconds until the first byte of the body, and until the last; and how many bytes there were. */
async function call(base: string, wire: Wire): Promise<{ firstMs: number; wholeMs: number; bytes: number }> {
  const startMs = performance.now();
  const response = await askModel(base, { wire, isStreaming: true, prompt: "hello", model: "gpt-5" });
  let firstMs: number | undefined;
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    firstMs ??= performance.now() - startMs;
    bytes += chunk.length;
  }
  return { firstMs: firstMs ?? 0, wholeMs: performance.now() - startMs, bytes };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

async function latencies(wire: Wire): Promise<void> {
  const direct: number[] = [];
  const through: number[] = [];
  const firsts: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    direct.push((await call(originOf(wire), wire)).wholeMs);
    const { wholeMs, firstMs } = await call(access.baseUrl(wire), wire);
    through.push(wholeMs);
    firsts.push(firstMs);
  }
  const [d50, t50, f50] = [quantile(direct, 0.5), quantile(through, 0.5), quantile(firsts, 0.5)];
  const [d99, t99] = [quantile(direct, 0.99), quantile(through, 0.99)];
  const cells = [d50, t50, t50 - d50, f50, d99, t99].map((ms) => ms.toFixed(2).padStart(9));
  console.log(`${wire.padEnd(17)}${cells.join(" ")}`);
}

/** MB per second of one long stream. */
async function streamRate(base: string, wire: Wire): Promise<number> {
  const { wholeMs, bytes } = await call(base, wire);
  return bytes / 1e6 / (wholeMs / 1000);
}

async function callsPerSecond(baseOf: (wire: Wire) => string): Promise<number> {
  const startMs = performance.now();
  const each = Math.ceil(ROUNDS / 4);
  const one = async (): Promise<void> => {
    for (let done = 0; done < each; done += 1) await call(baseOf("openai_chat"), "openai_chat");
  };
  await Promise.all(Array.from({ length: PARALLEL }, one));
  return (PARALLEL * each) / ((performance.now() - startMs) / 1000);
}

console.log(`gateway: ${ROUNDS} rounds, ${availableParallelism()} cores, Node ${process.versions.node}`);
console.log(
  "client, gateway and model server share one process, so the gateway alone costs less than this says\n",
);
for (const wire of WIRES) for (let warm = 0; warm < 30; warm += 1) await call(access.baseUrl(wire), wire);
console.log("short answers, ms   direct   through     added  to first  direct99 through99");
for (const wire of WIRES) await latencies(wire);

const direct = await callsPerSecond(originOf);
const through = await callsPerSecond((wire) => access.baseUrl(wire));
const ratio = ((100 * through) / direct).toFixed(0);
console.log(
  `\n${PARALLEL} at once, calls/s: direct ${direct.toFixed(0)}, through ${through.toFixed(0)} (${ratio} %)`,
);

text = "x".repeat(STREAM_BYTES / 10);
console.log("\none long stream, MB/s   direct   through");
for (const wire of WIRES) {
  const rates = [await streamRate(originOf(wire), wire), await streamRate(access.baseUrl(wire), wire)];
  console.log(`${wire.padEnd(22)}${rates.map((rate) => rate.toFixed(1).padStart(9)).join(" ")}`);
}

const counted = access.calls.length;
const wrong = access.calls.filter(({ end, isEstimated }) => end !== "ok" || isEstimated === true).length;
console.log(`\n${counted} calls metered, ${wrong} of them not exactly`);
await gateway.close();
await server.close();
process.exitCode = wrong === 0 ? 0 : 1;
