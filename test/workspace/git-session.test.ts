import { tmpdir } from "node:os";
import { afterEach, expect, it } from "vitest";
import { GitSession } from "../../src/workspace/git-session.ts";

const sessions: GitSession[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
});

function session(...args: string[]): GitSession {
  const made = new GitSession(args, { cwd: tmpdir(), env: {} });
  sessions.push(made);
  return made;
}

const lineLength = (text: Buffer) => (text.includes("\n") ? text.indexOf("\n") + 1 : undefined);

it("gives answers in the order of the questions, also when several come in one piece", async () => {
  // hash-object answers each path with the name of its content.
  const hashes = session("hash-object", "--stdin-paths", "--no-filters");
  const files = [import.meta.filename, `${import.meta.dirname}/playground.ts`];
  const ask = async (index: number) => (await hashes.ask(`${files[index % 2]}\n`, lineLength)).toString();
  const [first, second] = [await ask(0), await ask(1)];
  expect(first).not.toBe(second);
  const many = await Promise.all(Array.from({ length: 40 }, (_, index) => ask(index)));
  expect(many).toEqual(Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? first : second)));
});

it("rejects what was asked of a process that ended, with its last words, and starts another", async () => {
  const hashes = session("hash-object", "--stdin-paths", "--no-filters");
  const lost = [hashes.ask("/nowhere\n", lineLength), hashes.ask(`${import.meta.filename}\n`, lineLength)];
  for (const end of await Promise.allSettled(lost)) {
    expect(end).toMatchObject({
      status: "rejected",
      reason: { message: expect.stringContaining("/nowhere") },
    });
  }
  expect((await hashes.ask(`${import.meta.filename}\n`, lineLength)).length).toBe(41);
});
