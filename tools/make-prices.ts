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

/** Who sells by the token, over the wires that the gateway speaks. First come those who made the models. */
const PROVIDERS = [
  ...[
    "openai",
    "anthropic",
    "google",
    "deepseek",
    "xai",
    "moonshotai",
    "zai",
    "mistral",
    "meta",
    "minimax",
    "xiaomi",
  ],
  ...["groq", "cerebras", "together", "fireworks", "openrouter"],
];

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

function pricesIn(provider: string, folder: string): [string, unknown][] {
  const text = readFileSync(join(folder, "dist/providers/data", `${provider}.json`), "utf8");
  const models = Object.values(catalogueSchema.parse(JSON.parse(text))).flatMap((group) =>
    Object.values(group),
  );
  return models.flatMap(({ id, type, cost }): [string, unknown][] => {
    // A model given away is one whose price is not known: nobody sells at 0 for long.
    const isSold = cost !== undefined && cost.input > 0 && cost.output > 0;
    if (type !== "chat" || !isSold) return [];
    const tiers = cost.tiers.map((tier) => ({ inputTokensAbove: tier.inputTokensAbove, ...rates(tier) }));
    return [[`${provider}/${id}`, { ...rates(cost), ...(tiers.length > 0 ? { tiers } : {}) }]];
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
  const models = Object.fromEntries(PROVIDERS.flatMap((provider) => pricesIn(provider, unpacked)));
  const head = { source: `${PACKAGE} ${version}`, license, date: times[version]?.slice(0, 10) };
  const unit = "US dollars per million tokens";
  // A line a model: what changed between two snapshots is to be read.
  const lines = Object.entries(models).map(
    ([name, price]) => `    ${JSON.stringify(name)}: ${JSON.stringify(price)}`,
  );
  const top = JSON.stringify({ ...head, unit }, undefined, 2).replace(/\n}$/, "");
  writeFileSync(OUTPUT, `${top},\n  "models": {\n${lines.join(",\n")}\n  }\n}\n`);
  console.log(`${Object.keys(models).length} prices of ${head.date} in ${OUTPUT}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
