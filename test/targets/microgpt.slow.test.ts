// What takes seconds: training over and again, and compiling the kernels from their source.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { copyOfTemplate, node, removeCopies, TEMPLATE, trainTiny } from "./template-copy.ts";

const COMPILER = fileURLToPath(new URL("../../node_modules/assemblyscript/bin/asc.js", import.meta.url));

it("rebuilds kernels.wasm to the same bytes", (context) => {
  if (!existsSync(COMPILER)) {
    console.warn(
      "NOT CHECKED: AssemblyScript is not installed, so kernels.wasm was not compared to its source",
    );
    context.skip();
  }
  const folder = mkdtempSync(join(tmpdir(), "microgpt-kernels-"));
  const rebuilt = join(folder, "kernels.wasm");
  const options = ["--config", "assembly/asconfig.json", "--outFile", rebuilt];
  const { stderr } = spawnSync(process.execPath, [COMPILER, "assembly/kernels.ts", ...options], {
    cwd: TEMPLATE,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(readFileSync(rebuilt).equals(readFileSync(join(TEMPLATE, "kernels.wasm")))).toBe(true);
  rmSync(folder, { recursive: true });
});

afterEach(removeCopies);

it("training leaves bit-identical artifacts and scores for the same seed, and others for another seed", () => {
  const [first, again, other] = ["1", "1", "2"].map((seed) => {
    const folder = copyOfTemplate();
    const training = trainTiny(folder, seed);
    expect(training.stdout).toMatch(/^step=\d+ train_bpb=\d\.\d+$/m);
    expect(training.stdout).toMatch(/^outside_seconds: \d/m);
    const score = node(folder, ["evaluate.ts"]).stdout;
    expect(score).toMatch(/^val_bpb: \d\.\d{6}\n$/);
    return { artifact: readFileSync(join(folder, "model.json"), "utf8"), score };
  });
  expect(again).toEqual(first);
  expect(other?.artifact).not.toBe(first?.artifact);
});

it("the budget stops a training loop that does not stop itself", () => {
  const folder = copyOfTemplate((source) => source.replace("budget.nextStep()", "true"));
  const { status, stderr } = trainTiny(folder);
  expect(status).not.toBe(0);
  expect(stderr).toContain("BudgetSpent");
  expect(existsSync(join(folder, "model.json"))).toBe(false);
});
