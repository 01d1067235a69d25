/** What the table of agents has in common. */

export { PROMPT } from "../preset.ts";

export const MIB = 1024 ** 2;

/** Calls to its model that an agent may take for one change, where it can be told. */
export const TURNS = "80";

/** The name under which an agent's settings know the gateway. */
export const GATEWAY = "nightlab";
