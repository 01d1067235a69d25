// Scores model.json on names it was not trained on: bits per character, the end symbol included.
// Runs the recorded graph only, never the code that trained it. `--split hidden` takes the last tenth.
import { readFileSync } from "node:fs";
import { load } from "./artifact.ts";
import { encode, readNames } from "./data.ts";
import type { Model } from "./model.ts";

const NAMES_AT_ONCE = 64;

function splitFrom(args: readonly string[]): "validation" | "hidden" {
  const at = args.indexOf("--split");
  const name = at < 0 ? "validation" : args[at + 1];
  if (name !== "validation" && name !== "hidden")
    throw new Error(`--split ${name}: use validation or hidden`);
  return name;
}

/** Mean bits per character over all characters of the names. */
function bitsPerCharacter(model: Model, names: readonly string[]): number {
  let nats = 0;
  let characters = 0;
  for (let at = 0; at < names.length; at += NAMES_AT_ONCE) {
    const batch = encode(names.slice(at, at + NAMES_AT_ONCE));
    model.forward(batch);
    nats += model.crossEntropy() * batch.targets.length;
    characters += batch.targets.length;
  }
  const bits = nats / characters / Math.LN2;
  if (!Number.isFinite(bits)) throw new Error("the model's output is not finite");
  return bits;
}

try {
  const names = readNames(new URL(`./data/${splitFrom(process.argv)}.txt`, import.meta.url));
  const model = load(readFileSync("model.json", "utf8"));
  console.log(`val_bpb: ${bitsPerCharacter(model, names).toFixed(6)}`);
} catch (error) {
  console.error(`model.json refused: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
