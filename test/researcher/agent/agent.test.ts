import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RequestPermissionRequest } from "@agentclientprotocol/sdk/unstable";
import { describe, expect, it } from "vitest";
import type { ModelCall } from "../../../src/core/provider.ts";
import { causeOf, complaintOf } from "../../../src/researcher/agent/cause.ts";
import { answerPermission } from "../../../src/researcher/agent/permission.ts";
import { PROMPT } from "../../../src/researcher/agent/preset.ts";
import { PRESETS } from "../../../src/researcher/agent/presets.ts";
import { NO_USAGE, type Said } from "../../../src/researcher/agent/said.ts";
import { shellLine } from "../../../src/researcher/agent/shell-line.ts";
import { Watch } from "../../../src/researcher/agent/watch.ts";
import { readWorkspaceFile, writeWorkspaceFile } from "../../../src/researcher/agent/workspace-files.ts";
import { FakeClock } from "../../../src/testing/index.ts";

const SAID: Said = { text: "", calls: 0, usage: NO_USAGE };
const EXIT = {
  ending: { kind: "exited", code: 0 },
  resources: { wallSeconds: 1 },
  ...{ outputTail: "", stdoutTail: "", isOutputCut: false },
} as const;

function call(end: ModelCall["end"], more: Partial<ModelCall> = {}): ModelCall {
  return { wire: "anthropic", model: "m", end, usage: NO_USAGE, wallMs: 1, ...more };
}

describe("the cause of a failure", () => {
  const evidence = { stop: undefined, calls: [], said: SAID, exit: EXIT };

  it("is the last call's, unless the agent got over it or left it itself", () => {
    expect(
      causeOf({ ...evidence, calls: [call("ok"), call("rate_limited", { retryAfterMs: 9 })] }),
    ).toMatchObject({
      kind: "rate_limited",
      retryAfterMs: 9,
    });
    expect(
      causeOf({ ...evidence, calls: [call("rate_limited"), call("ok"), call("cancelled")] }),
    ).toBeUndefined();
  });

  it.each([
    ["401: invalid_api_key", "unauthorized", undefined],
    ["Not logged in. Please run /login", "unauthorized", undefined],
    ["You've hit your usage limit. Try again in 3 hours.", "quota", 10_800_000],
    ["exceeded retry limit, last status: 429 Too Many Requests", "rate_limited", undefined],
    ["Overloaded", "overloaded", undefined],
    ["unexpected status 500", "server_error", undefined],
    ["fetch failed", "unreachable", undefined],
  ])("is read from the words of an agent without a gateway: %s", (error, kind, retryAfterMs) => {
    const cause = causeOf({ ...evidence, said: { ...SAID, error } });
    expect(cause).toMatchObject({ kind });
    expect(cause?.retryAfterMs).toBe(retryAfterMs);
  });

  it("is none for an exit code alone: what was changed counts, and the code is a complaint", () => {
    const exit = { ...EXIT, ending: { kind: "exited", code: 3 } as const, outputTail: "a\nboom\n" };
    expect(causeOf({ ...evidence, exit })).toBeUndefined();
    expect(complaintOf({ ...evidence, exit })).toBe("exit code 3: boom");
  });
});

describe("the watch", () => {
  /** What ends an agent that works for ever, after so much time. */
  async function stopAfter(ms: number, calls: readonly ModelCall[], hears = false) {
    const clock = new FakeClock();
    const watch = new Watch(clock, { firstMs: 30_000, idleMs: 60_000, totalMs: 600_000 }, calls);
    const running = watch.over(
      (signal) => new Promise<void>((done) => signal.addEventListener("abort", () => done())),
      end.signal,
    );
    if (hears) watch.heard();
    await clock.advance(ms);
    return { running, stop: watch.stopped };
  }
  const end = new AbortController();

  it("ends who does not begin, falls silent, or never ends", async () => {
    expect((await stopAfter(29_000, [])).stop).toBeUndefined();
    expect((await stopAfter(31_000, [])).stop).toMatchObject({ kind: "no_start" });
    expect((await stopAfter(59_000, [], true)).stop).toBeUndefined();
    expect((await stopAfter(61_000, [], true)).stop).toMatchObject({ kind: "idle" });
  });

  it("counts calls that succeed as life, and calls that fail as none", async () => {
    expect((await stopAfter(59_000, [call("ok")])).stop).toBeUndefined();
    expect((await stopAfter(31_000, [call("rate_limited")])).stop).toMatchObject({ kind: "no_start" });
  });

  it.each([
    ["a spent budget", [call("over_budget")]],
    ["a used-up allowance", [call("ok"), call("quota")]],
    ["a key refused twice", [call("unauthorized"), call("unauthorized")]],
    ["a long wait", [call("rate_limited", { retryAfterMs: 61_000 })]],
  ])("ends at once on %s", async (_, calls) => {
    expect((await stopAfter(1000, calls)).stop).toMatchObject({ kind: "provider", call: calls.at(-1) });
  });

  it("lets an agent try again for a minute", async () => {
    const calls = [call("overloaded"), call("overloaded"), call("overloaded")];
    expect((await stopAfter(29_000, calls, true)).stop).toBeUndefined();
    expect((await stopAfter(60_500, calls, true)).stop).toMatchObject({ kind: "provider" });
  });
});

describe("permission", () => {
  const OPTIONS = [
    { optionId: "always", name: "", kind: "allow_always" },
    { optionId: "once", name: "", kind: "allow_once" },
    { optionId: "no", name: "", kind: "reject_once" },
  ] as const;
  const answer = (toolCall: Partial<RequestPermissionRequest["toolCall"]>, options = [...OPTIONS]) => {
    const { outcome } = answerPermission(
      { sessionId: "s", toolCall: { toolCallId: "t", ...toolCall }, options: [...options] },
      ["/w", "/home/a"],
    );
    return outcome.outcome === "selected" ? outcome.optionId : outcome.outcome;
  };

  it.each([
    [{ locations: [{ path: "/w/a.ts" }] }, "once"],
    [{ locations: [{ path: "a.ts" }], rawInput: { file_path: "/home/a/x" } }, "once"],
    [{ kind: "execute", rawInput: { command: "npm test" } }, "once"],
    [{ locations: [{ path: "/etc/passwd" }] }, "no"],
    [{ locations: [{ path: "/w/../x" }] }, "no"],
    [{ rawInput: { path: "/wider/a" } }, "no"],
    [{ content: [{ type: "diff", path: "/x", newText: "" }] }, "no"],
  ] as const)("of %j is %s", (toolCall, expected) => {
    expect(answer(toolCall as never)).toBe(expected);
  });

  it("is never waited for: who offers no refusal is cancelled", () => {
    expect(answer({ locations: [{ path: "/x" }] }, [OPTIONS[1]] as never)).toBe("cancelled");
  });
});

describe.runIf(process.platform === "linux")("files of a workspace", () => {
  it("are read and written inside only, and never through a link", async () => {
    const top = mkdtempSync(join(tmpdir(), "nightlab-files-"));
    const workspace = join(top, "w");
    mkdirSync(join(workspace, "a/.git"), { recursive: true });
    writeFileSync(join(top, "secret"), "gold");
    symlinkSync(top, join(workspace, "out"));
    symlinkSync(join(top, "secret"), join(workspace, "a/link"));
    await writeWorkspaceFile(workspace, join(workspace, "a/b.txt"), "one\ntwo\nthree");
    expect(readFileSync(join(workspace, "a/b.txt"), "utf8")).toBe("one\ntwo\nthree");
    expect(await readWorkspaceFile(workspace, "a/b.txt", { line: 2, limit: 1 })).toBe("two");
    const bad = ["out/secret", "a/link", "../secret", join(top, "secret"), "a/.git/config", "a", "."];
    for (const path of bad) {
      await expect(readWorkspaceFile(workspace, path), path).rejects.toThrow();
      await expect(writeWorkspaceFile(workspace, path, "x"), path).rejects.toThrow();
    }
    expect(readFileSync(join(top, "secret"), "utf8")).toBe("gold");
    rmSync(top, { recursive: true });
  });
});

it("quotes whatever is in a line, and takes the prompt from its file", () => {
  expect(shellLine("codex", ["-c", "a='b' $x", PROMPT])).toBe(
    `codex -c 'a='\\''b'\\'' $x' "$(cat "$HOME/prompt.md")"`,
  );
});

it("keeps a key out of every command line: all may read those", () => {
  for (const wire of ["openai_chat", "openai_responses", "anthropic", "gemini"] as const) {
    const access = {
      kind: "metered",
      wire,
      baseUrl: "http://127.0.0.1:1/v1",
      key: "sk-secret",
      baseUrls: {},
    } as const;
    const task = {
      access,
      home: "/h",
      workspace: "/w",
      isWalled: true,
      mcpServers: [],
      found: {},
      model: "m",
    };
    for (const preset of PRESETS.filter(({ wires }) => wires.includes(wire))) {
      for (const start of [preset.headless(task), preset.acp?.start(task)]) {
        expect(JSON.stringify(start?.args ?? []), preset.name).not.toContain("sk-secret");
      }
    }
  }
});
