/** How far a number can be trusted, by the way it reached nightlab, and how to get a stronger one. */

import type { Channel } from "../core/metric.ts";

interface ChannelWords {
  readonly trust: "strong" | "medium" | "weak";
  readonly how: string;
  /** What a candidate that cheats would have to do. */
  readonly limit: string;
}

const WORDS: Readonly<Record<Channel, ChannelWords>> = {
  artifact: {
    trust: "strong",
    how: "scored by the evaluator of the base commit on what the candidate left behind",
    limit: "the candidate's code never runs where the number is made",
  },
  harness: {
    trust: "strong",
    how: "measured by nightlab itself",
    limit: "a candidate can do less work than it should, but not change the number",
  },
  descriptor: {
    trust: "medium",
    how: "written by the metric command to a descriptor that its child processes do not hold",
    limit: "as good as the command: it must be protected, and run the candidate as another process",
  },
  file: {
    trust: "weak",
    how: "read from a result file of the workspace",
    limit: "anything the candidate runs can write this file",
  },
  stdout: {
    trust: "weak",
    how: "read from the output of the metric command",
    limit: "anything the candidate runs can print this line",
  },
};

export function trustOf(channel: Channel): ChannelWords["trust"] {
  return WORDS[channel].trust;
}

/** `Channel: stdout (weak): read from …; anything …`. */
export function channelSentence(channel: Channel): string {
  const { trust, how, limit } = WORDS[channel];
  return `Channel: ${channel} (${trust}): ${how}; ${limit}.`;
}

/** Sentences on how to get a stronger channel; none where there is none. */
export function strongerChannel(channel: Channel): string[] {
  if (channel === "artifact" || channel === "harness") return [];
  const artifact =
    "have `measure` leave an `artifact` and name a protected command that scores it in `evaluate`";
  if (channel === "descriptor") return [`Stronger: ${artifact}.`];
  const descriptor =
    'set `result_fd: 3` and have a protected command run the candidate as a child process and write `{"name": number}` to descriptor 3';
  return [`Stronger: ${artifact}; or, where there is nothing to leave behind, ${descriptor}.`];
}
