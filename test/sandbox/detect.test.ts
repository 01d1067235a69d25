import { expect, it } from "vitest";
import { detectSandbox } from "../../src/sandbox/detect.ts";

const uid = process.getuid?.() ?? -1;

it("takes the process sandbox when asked for, without looking further", async () => {
  expect((await detectSandbox("process", uid)).sandbox.name).toBe("process");
});

it("falls back to the process sandbox and says what to install", async () => {
  const { sandbox, reason } = await detectSandbox("auto", uid, { searchPath: "" });
  expect(sandbox.name).toBe("process");
  if (process.platform === "linux") expect(reason).toMatch(/bwrap is not installed.*apt install bubblewrap/);
});

it("refuses to go without the walls that were asked for", async () => {
  await expect(detectSandbox("bubblewrap", uid, { searchPath: "" })).rejects.toMatchObject({
    name: "UsageError",
  });
});
