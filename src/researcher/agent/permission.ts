/** Answers what an agent asks leave for, by policy and at once: nobody sits by at night. */

import { resolve, sep } from "node:path";
import type { RequestPermissionRequest, RequestPermissionResponse } from "@agentclientprotocol/sdk/unstable";
import { objectOf } from "./said.ts";

/** Where tools of different agents name a file. */
const PATH_KEYS = [
  "path",
  "file_path",
  "filePath",
  "abs_path",
  "absolute_path",
  "notebook_path",
  "cwd",
  "workdir",
];

/**
 * Allowed once, unless the tool names a path outside `folders` (the workspace and the home): then refused. What a command
 * does cannot be read from its words; the sandbox is there for that.
 */
export function answerPermission(
  { toolCall, options }: RequestPermissionRequest,
  folders: readonly string[],
): RequestPermissionResponse {
  const isAllowed = pathsOf(toolCall).every((path) => isInside(path, folders));
  const kinds = isAllowed ? ["allow_once", "allow_always"] : ["reject_once", "reject_always"];
  const option = kinds.flatMap((kind) => options.filter((one) => one.kind === kind))[0];
  if (option === undefined) return { outcome: { outcome: "cancelled" } };
  return { outcome: { outcome: "selected", optionId: option.optionId } };
}

function pathsOf({ locations, rawInput, content }: RequestPermissionRequest["toolCall"]): string[] {
  const input = objectOf(rawInput);
  return [
    ...(locations ?? []).map(({ path }) => path),
    ...(content ?? []).flatMap((one) => (one.type === "diff" ? [one.path] : [])),
    ...PATH_KEYS.flatMap((key) => (typeof input[key] === "string" ? [input[key]] : [])),
  ];
}

/** A relative path is one of the first folder. */
function isInside(path: string, folders: readonly string[]): boolean {
  const full = resolve(folders[0] ?? "/", path);
  return folders.some((folder) => full === folder || full.startsWith(folder + sep));
}
