/** `nightlab mcp`: the lab for agents, over stdin and stdout. */

import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { findStudy } from "../../compose/read-study.ts";
import { ownVersion } from "../../compose/surroundings.ts";
import { UsageError } from "../../core/errors.ts";
import { makeLabServer } from "../../mcp/server.ts";

interface McpOptions {
  readonly cwd: string;
  readonly steer?: boolean;
  readonly researcher?: boolean;
}

export async function mcp({ cwd, steer = false, researcher = false }: McpOptions): Promise<void> {
  if (process.stdin.isTTY) {
    throw new UsageError("this speaks with programs: a person has nightlab status", {
      next: "add it to an agent, e.g.: claude mcp add nightlab -- nightlab mcp",
    });
  }
  await findStudy(cwd); // a wrong folder is told at the start, not by every tool
  const version = await ownVersion();
  serveStdio(() => makeLabServer({ cwd, version, steer, isForResearcher: researcher }), {
    onerror: (error) => process.stderr.write(`mcp: ${error.message}\n`),
  });
}
