// Does the committed kernels.wasm come from its source? Slow, because compiling takes seconds.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const TEMPLATE = fileURLToPath(new URL("../../targets/microgpt/", import.meta.url));
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
