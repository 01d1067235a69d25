/** A gateway before a scripted model server, and what each of them counted. */

import { expect } from "vitest";
import type { ModelAccess, ModelCall, TokenUsage, Wire } from "../../src/core/provider.ts";
import { modelCallSchema, WIRES } from "../../src/core/provider.ts";
import type { Caller } from "../../src/gateway/access.ts";
import { type Gateway, type GatewayOptions, openGateway } from "../../src/gateway/gateway.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import {
  type ModelServer,
  type ModelServerOptions,
  openModelServer,
} from "../../src/testing/model-server/index.ts";
import { type Asking, askModel } from "../testing/ask-model.ts";

export const TRUE_KEY = "sk-true-0123456789";

export interface Setting {
  readonly server: ModelServer;
  readonly gateway: Gateway;
  readonly access: ModelAccess;
  readonly clock: FakeClock;
  /** What `onCall` was told. */
  readonly told: { call: ModelCall; caller: Caller }[];
  ask(asking: Asking): Promise<Response>;
}

const closers: (() => Promise<void>)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

export async function openSetting(
  options: { server?: ModelServerOptions; gateway?: Partial<GatewayOptions> } = {},
): Promise<Setting> {
  const server = await openModelServer({ requireKey: TRUE_KEY, keepsBodies: true, ...options.server });
  closers.push(() => server.close());
  const clock = new FakeClock();
  const told: Setting["told"] = [];
  const gateway = await openGateway({
    upstreams: WIRES.map((wire) => ({ wire, baseUrl: baseOf(server.origin, wire), apiKey: TRUE_KEY })),
    left: () => ({}),
    onCall: async (call, caller) => {
      // Exactly what the ledger takes.
      expect(modelCallSchema.parse(call)).toEqual(call);
      told.push({ call, caller });
    },
    clock,
    ...options.gateway,
  });
  closers.push(() => gateway.close());
  const access = gateway.access("e1", "agent");
  const ask = (asking: Asking) => askModel(access.baseUrl(asking.wire), { key: access.key, ...asking });
  return { server, gateway, access, clock, told, ask };
}

export function baseOf(origin: string, wire: Wire): string {
  return wire.startsWith("openai") ? `${origin}/v1` : origin;
}

export function sumOf(usages: readonly TokenUsage[]): TokenUsage {
  const sum = { freshTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 };
  for (const usage of usages) {
    for (const key of Object.keys(sum) as (keyof TokenUsage)[]) sum[key] += usage[key];
  }
  return sum;
}
