import { mkdir, mkdtemp, readdir, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { locateStudy } from "../../../src/compose/read-study.ts";
import { openRun, readStudy } from "../../../src/compose.ts";
import { tokensOf } from "../../../src/core/provider.ts";
import { currentRun, replay } from "../../../src/core/study.ts";
import { detectSandbox } from "../../../src/sandbox/detect.ts";
import { openModelServer, scriptText } from "../../../src/testing/index.ts";
import { makeRepository, programText } from "../../stories/repositories.ts";
import { installClients, wantsAll } from "./clients.ts";

const installed = await installClients();
const { sandbox } = await detectSandbox("auto", process.getuid?.() ?? -1);
const sandboxes = sandbox.name === "bubblewrap" ? ["bubblewrap", "process"] : ["process"];

/** An agent, the way it is spoken to, its model, and what must be installed. */
const WAYS = [
  { agent: "codex", mode: "headless", model: "gpt-5", needs: ["codex"] },
  { agent: "goose", mode: "headless", model: "openai/fake-model", needs: ["goose"] },
  { agent: "pi", mode: "headless", model: "openai/fake-model", needs: ["pi"] },
  { agent: "codex", mode: "acp", model: "gpt-5", needs: ["codex", "codex-acp"] },
  { agent: "goose", mode: "acp", model: "anthropic/claude-sonnet-4-5", needs: ["goose"] },
  { agent: "claude", mode: "headless", model: "claude-sonnet-4-5", needs: ["claude"] },
  { agent: "gemini", mode: "headless", model: "gemini-2.5-flash", needs: ["gemini"] },
  { agent: "copilot", mode: "headless", model: "openai/fake-model", needs: ["copilot"] },
  { agent: "opencode", mode: "headless", model: "openai/fake-model", needs: ["opencode"] },
  { agent: "claude", mode: "acp", model: "claude-sonnet-4-5", needs: ["claude", "claude-agent-acp"] },
  { agent: "gemini", mode: "acp", model: "gemini-2.5-flash", needs: ["gemini"] },
  { agent: "copilot", mode: "acp", model: "openai/fake-model", needs: ["copilot"] },
  { agent: "opencode", mode: "acp", model: "openai/fake-model", needs: ["opencode"] },
] as const;

const folder = await realpath(await mkdtemp(join(tmpdir(), "nightlab-clients-")));
afterAll(() => rm(folder, { recursive: true, force: true }));

const cases = WAYS.flatMap((way) => sandboxes.map((walls) => ({ ...way, walls })));
for (const [agent, why] of installed.missing) console.warn(`\n*** ${agent} is NOT TESTED: ${why} ***\n`);

describe.concurrent.each(cases)("$agent, $mode, in $walls", ({ agent, mode, model, needs, walls }) => {
  const isThere = needs.every((name) => installed.agents.includes(name));
  // Without walls only the three that are always there: the difference is the sandbox's.
  const isWanted =
    walls === "bubblewrap" ||
    sandboxes.length === 1 ||
    (wantsAll && mode === "headless") ||
    agent === "codex";

  it.runIf(isThere && isWanted)(
    "edits a file; its tokens are counted to the last; nothing of it is left",
    async () => {
      const home = join(folder, `${agent}-${mode}-${walls}`);
      await mkdir(home);
      const server = await openModelServer({ requireKey: "true-key" });
      const script = scriptText({
        id: `${agent}-${mode}-${walls}`,
        steps: [{ op: "bash", cmd: "printf '0.5\\n' > loss.txt" }],
        final: 'Done.\n{"title": "half the loss", "why": "it is less"}',
      });
      const settings = {
        metric: { name: "loss", goal: "minimize", seeded: false },
        measure: "sed 's/^/loss: /' loss.txt",
        edit: ["loss.txt"],
        sandbox: walls,
        budget: { experiments: 1 },
        researchers: [{ agent, mode, model, time: "2m" }],
      };
      const cwd = await makeRepository(join(home, "repository"), {
        "loss.txt": "1.0\n",
        "program.md": programText(settings, `# Mission\n\nLower the loss. ${script}\n`),
      });
      const run = await openRun({
        cwd,
        mode: { kind: "start", tag: "t" },
        environment: {
          PATH: installed.path,
          HOME: home,
          XDG_STATE_HOME: join(home, "state"),
          ...{ OPENAI_API_KEY: "true-key", ANTHROPIC_API_KEY: "true-key", GEMINI_API_KEY: "true-key" },
          OPENAI_BASE_URL: `${server.origin}/v1`,
          ANTHROPIC_BASE_URL: server.origin,
          GOOGLE_GEMINI_BASE_URL: server.origin,
        },
      });
      const never = new AbortController().signal;
      try {
        await run.work({ pause: never, finish: never, stop: never });
      } finally {
        await run.close();
      }
      const { lines } = await readStudy(await locateStudy(cwd));
      const study = replay(lines);
      const [experiment] = currentRun(study)?.records ?? [];
      const log = await readFile(join(cwd, ".nightlab/logs/e1/proposal.log"), "utf8").catch(() => "");
      expect(experiment?.status, `${experiment?.reasons.join("; ")}\n${log.slice(-2000)}`).toBe("kept");
      expect(experiment?.idea).toMatchObject({ title: "half the loss", why: "it is less" });
      const served = server.calls.filter(({ end }) => end === "whole");
      expect(experiment?.tokens).toBe(served.reduce((sum, { usage }) => sum + tokensOf(usage), 0));
      expect(experiment?.tokens).toBeGreaterThan(1000);
      expect(server.calls.every(({ key }) => key === "true-key")).toBe(true);
      expect(await processesWith(home)).toEqual([]);
      expect(
        (await readdir(join(home, "state"), { recursive: true })).filter((path) => path.includes("agent-")),
      ).toEqual([]);
      await server.close();
    },
  );
});

/** Command lines of processes whose environment names the folder. */
async function processesWith(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const environ = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    if (environ.includes(text)) found.push(await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => ""));
  }
  return found;
}
