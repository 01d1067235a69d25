/** The lab as an MCP server: a few tools over the one view and the one inbox. Decides nothing. */

import { McpServer } from "@modelcontextprotocol/server";
import { addReadTools } from "./read-tools.ts";
import { addSteerTools } from "./steer-tools.ts";

export interface LabServerOptions {
  /** Folder of the study, or one inside its repository. */
  readonly cwd: string;
  readonly version: string;
  /** Offers the tools that give orders, too. */
  readonly steer?: boolean;
  /** Of a run at work: it is not told what was measured on held-out data, to which it could fit its changes. */
  readonly isForResearcher?: boolean;
}

const INSTRUCTIONS = `nightlab turns a repository with a measurable goal into a research lab. Begin with \`status\`.
Gains are in units of the metric, positive is better. Only what is verified is proven; everything else is an estimate.`;

/** One for each connection. */
export function makeLabServer(options: LabServerOptions): McpServer {
  const { cwd, version, steer = false, isForResearcher = false } = options;
  const server = new McpServer({ name: "nightlab", version }, { instructions: INSTRUCTIONS });
  addReadTools(server, { cwd, isForResearcher });
  if (steer) addSteerTools(server, cwd);
  return server;
}
