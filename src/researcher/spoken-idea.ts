/** The idea that a command, an agent or a model says in its last line, as JSON. Shared by all that speak. */

import { z } from "zod";
import type { Idea } from "../core/experiment.ts";

export const forecastSchema = z.object({ gain: z.number(), probability: z.number().min(0).max(1) });

const spokenIdea = z.object({
  title: z.string().min(1).max(500),
  why: z.string().max(20_000).default(""),
  forecast: forecastSchema.exactOptional(),
});

/** What is asked of whoever answers in prose. */
export const SPOKEN_IDEA_CONTRACT = `Edit the files in your working directory, then end your answer with one line of JSON and nothing after it:
{"title": "what was changed, one line", "why": "why it should help", "forecast": {"gain": 0.01, "probability": 0.6}}
\`gain\` is the change of the metric that you expect, in its unit, positive for better; \`probability\` (0 to 1) is how sure you are that the change will be kept. Forecasts are scored.`;

/** The last line if it is such an object; if it is a sentence, that is the title and the lines before it are the reason. */
export function spokenIdeaIn(text: string, name: string): Idea {
  const lines = text.trimEnd().split("\n");
  const last = lines.at(-1)?.trim() ?? "";
  const parsed = spokenIdea.safeParse(jsonOf(last));
  if (parsed.success) return parsed.data;
  return {
    title: last.slice(0, 200) || `a change by ${name}`,
    why: lines.slice(-20).join("\n").slice(0, 2000),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a plain sentence: it becomes the title
  }
}
