/** Tells the user, wherever they are, that a run is over, is stuck or needs them: web hooks, ntfy, Slack, mail, desktop. */

import { spawn } from "node:child_process";
import { UsageError } from "../core/errors.ts";

export interface News {
  readonly title: string;
  readonly text: string;
  /** `bad`: the run cannot go on by itself. */
  readonly mood: "good" | "bad";
}

/** Sends; rejects when the other side does not take it. */
export type Notifier = (news: News) => Promise<void>;

const TIMEOUT_MS = 20_000;

/**
 * `ntfy://ntfy.sh/topic`, `slack+https://hooks…` (any hook that takes `{ "text": … }`), `http(s)://…` (the news as JSON),
 * `smtp(s)://user:password@host/?from=…&to=…`, or `desktop:`. UsageError for anything else.
 */
export function notifierFor(target: string): Notifier {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  switch (url?.protocol) {
    case "ntfy:":
      return (news) => sendNtfy(target.replace(/^ntfy:/, "https:"), news);
    case "ntfy+http:":
      return (news) => sendNtfy(target.replace(/^ntfy\+/, ""), news);
    case "slack+https:":
    case "slack+http:":
      return ({ title, text }) => postJson(target.replace(/^slack\+/, ""), { text: `*${title}*\n${text}` });
    case "https:":
    case "http:":
      return (news) => postJson(target, news);
    case "smtp:":
    case "smtps:":
      return mailer(url);
    case "desktop:":
      return ({ title, text }) => runDesktop(["--app-name=nightlab", title, text]);
    default:
      throw new UsageError(`${target} is no place to send news to`, {
        next: "--notify ntfy://ntfy.sh/<topic>, slack+https://…, https://…, smtps://user:password@host/?to=… or desktop:",
      });
  }
}

async function sendNtfy(url: string, { title, text, mood }: News): Promise<void> {
  // A header holds Latin-1 alone.
  const headers = {
    Title: title.replaceAll(/[^\x20-\x7e]/g, "?"),
    Tags: mood === "good" ? "tada" : "warning",
  };
  await post(url, { headers, body: text });
}

function postJson(url: string, value: unknown): Promise<void> {
  return post(url, { headers: { "content-type": "application/json" }, body: JSON.stringify(value) });
}

async function post(url: string, request: { headers: Record<string, string>; body: string }): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await fetch(url, { method: "POST", ...request, signal, redirect: "error" });
  if (!answer.ok) throw new Error(`${new URL(url).host} answered ${answer.status}`);
}

function mailer(url: URL): Notifier {
  const to = url.searchParams.get("to");
  if (to === null) {
    throw new UsageError("mail needs somebody to go to", {
      next: "--notify 'smtps://user:password@host/?to=you@host'",
    });
  }
  const from = url.searchParams.get("from") ?? (decodeURIComponent(url.username) || to);
  const server = `${url.protocol}//${url.username === "" ? "" : `${url.username}:${url.password}@`}${url.host}`;
  return async ({ title, text }) => {
    const { createTransport } = await import("nodemailer");
    const transport = createTransport({
      url: server,
      connectionTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
    });
    await transport.sendMail({ from, to, subject: title, text }).finally(() => transport.close());
  };
}

function runDesktop(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("notify-send", args, { stdio: "ignore" });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`notify-send ended with ${code}`)),
    );
  });
}
