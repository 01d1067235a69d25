/** The form in which a model proposes a change, as arguments of a tool or as JSON in its answer. */

import { z } from "zod";
import { forecastSchema } from "../spoken-idea.ts";

const MAX_EDITS = 40;

/** Either `search` and `replace`, or `content` for the whole file. */
const editSchema = z.object({
  path: z.string().min(1).describe("file, relative to the working directory"),
  search: z
    .string()
    .optional()
    .describe("lines of the file exactly as they are, enough of them to be found once"),
  replace: z.string().optional().describe("what stands in their place"),
  content: z.string().optional().describe("instead of search and replace: the whole text of the file"),
});

export const proposalSchema = z.object({
  title: z.string().min(1).max(500).describe("what is changed, one line"),
  why: z.string().max(20_000).default("").describe("why it should help, and what is held equal"),
  forecast: forecastSchema
    .optional()
    .describe("gain: expected change of the metric, positive is better; probability that it is kept, 0 to 1"),
  edits: z.array(editSchema).min(1).max(MAX_EDITS),
});

export type Edit = z.output<typeof editSchema>;
export type SpokenProposal = z.output<typeof proposalSchema>;
