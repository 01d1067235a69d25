/** What the ground under the lab gave way for, told from the codes and words of Node, SQLite and git. */

import { InfrastructureError } from "../core/errors.ts";

export interface Ground {
  readonly what: string;
  /** What to do about it; the run can go on afterwards. */
  readonly next: string;
}

const GROUNDS: readonly { readonly sign: RegExp; readonly ground: Ground }[] = [
  {
    sign: /\b(?:ENOSPC|EDQUOT)\b|No space left on device|quota exceeded|Out of diskspace|database or disk is full/i,
    ground: {
      what: "the disk is full",
      next: "free some space (df -h shows where), then: nightlab resume; nothing acknowledged is lost",
    },
  },
  {
    sign: /\bEROFS\b|Read-only file system|readonly database/i,
    ground: {
      what: "the file system is read-only",
      next: "make it writable (findmnt shows how it is mounted), then: nightlab resume",
    },
  },
  {
    // Node says ENOENT where it cannot make a folder with its parents on a read-only file system.
    sign: /\bENOENT mkdir\b/,
    ground: {
      what: "a folder cannot be made: its file system is read-only or gone",
      next: "make it writable (findmnt shows how it is mounted), then: nightlab resume",
    },
  },
  {
    sign: /\b(?:EACCES|EPERM)\b|Permission denied/i,
    ground: {
      what: "this user may not write there",
      next: "see who owns that path (ls -ld) and give it back to you, then: nightlab resume",
    },
  },
  {
    sign: /\b(?:EMFILE|ENFILE)\b|Too many open files/i,
    ground: {
      what: "too many files are open",
      next: "raise the limit (ulimit -n 4096) or lower --parallel, then: nightlab resume",
    },
  },
];

/** Undefined for what is not of the ground. A bug has no system code, so its words are not looked at. */
export function groundOf(error: unknown): Ground | undefined {
  const words: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at) words.push(`${at.code} ${"syscall" in at ? at.syscall : ""}`);
    if ("errcode" in at || at instanceof InfrastructureError) words.push(at.message);
  }
  const text = words.join(" ");
  return GROUNDS.find(({ sign }) => sign.test(text))?.ground;
}
