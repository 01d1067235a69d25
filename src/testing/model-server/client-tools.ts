/** Finds, among the tools a client offers, the one that writes, reads or runs a command, and fills its arguments. */

import { type JsonObject, type OfferedTool, objectIn, stringIn } from "./model-request.ts";
import type { ToolStep } from "./script.ts";

export interface ToolUse {
  readonly tool: OfferedTool;
  readonly args: JsonObject | string;
}

/** In order of preference; matched against the last part of a name (`developer__shell`, `functions.shell`). */
const WRITERS = [
  "write",
  "write_file",
  "create_file",
  "write_to_file",
  "create",
  "text_editor",
  "str_replace_editor",
];
const READERS = ["read", "read_file", "view", "read_many_files"];
const SHELLS = [
  ...["bash", "shell", "exec_command", "shell_command", "run_shell_command", "local_shell"],
  ...["run_terminal_cmd", "execute_command", "execute", "terminal", "container.exec"],
];

const PATH_KEYS = ["path", "file_path", "filePath", "absolute_path", "filename", "target_file", "paths"];
const CONTENT_KEYS = ["content", "contents", "file_text", "fileText", "text", "new_content"];
const COMMAND_KEYS = ["command", "cmd", "script"];

const bareName = (name: string): string => name.toLowerCase().replace(/^.*(?:__|\.|\/)/, "");

/** Undefined where the client has no tool for the step. */
export function chooseTool(step: ToolStep, tools: readonly OfferedTool[]): ToolUse | undefined {
  switch (step.op) {
    case "bash":
      return useShell(step.cmd, tools);
    case "read":
      return (
        useNamed(tools, READERS, { path: step.path, action: "view" }) ??
        useShell(`cat ${quote(step.path)}`, tools)
      );
    case "write":
      return useWriter(step, tools);
    case "mcp": {
      const tool = tools.find(({ name, namespace }) => `${namespace ?? ""}/${name}`.includes(step.match));
      return tool === undefined ? undefined : { tool, args: step.args };
    }
  }
}

function useWriter({ path, content }: { path: string; content: string }, tools: readonly OfferedTool[]) {
  // What the file holds is not known here, so a tool that only makes new files is no writer.
  const writers = tools.filter(({ description }) => !/path already exists|must not exist/i.test(description));
  const named = useNamed(writers, WRITERS, { path, content, action: "write" });
  if (named !== undefined) return named;
  // A patch always ends its lines, so only a text made of whole lines survives it.
  const patcher = tools.find(({ name }) => bareName(name) === "apply_patch");
  if (patcher !== undefined && content.endsWith("\n")) {
    const lines = content.slice(0, -1).split("\n");
    const patch = [
      "*** Begin Patch",
      `*** Add File: ${path}`,
      ...lines.map((line) => `+${line}`),
      "*** End Patch",
    ];
    const text = `${patch.join("\n")}\n`;
    const args = patcher.kind === "freeform" ? text : fill(patcher, { input: text, patch: text });
    return { tool: patcher, args };
  }
  const encoded = Buffer.from(content).toString("base64");
  return useShell(`printf %s ${quote(encoded)} | base64 -d > ${quote(path)}`, tools);
}

function useShell(command: string, tools: readonly OfferedTool[]): ToolUse | undefined {
  const tool = named(tools, SHELLS);
  if (tool === undefined) return undefined;
  const words = ["bash", "-lc", command];
  if (tool.kind === "local_shell") return { tool, args: { type: "exec", command: words, env: {} } };
  const properties = objectIn(tool.schema.properties);
  const key = COMMAND_KEYS.find((one) => one in properties) ?? "command";
  const isList = objectIn(properties[key]).type === "array";
  return { tool, args: fill(tool, { [key]: isList ? words : command }) };
}

interface FileUse {
  readonly path: string;
  readonly content?: string;
  /** For tools that do several things: the value of their `command`. */
  readonly action: string;
}

function useNamed(
  tools: readonly OfferedTool[],
  names: readonly string[],
  use: FileUse,
): ToolUse | undefined {
  const tool = named(tools, names);
  if (tool === undefined || tool.kind !== "function") return undefined;
  const properties = objectIn(tool.schema.properties);
  const pathKey = PATH_KEYS.find((key) => key in properties);
  const contentKey = CONTENT_KEYS.find((key) => key in properties);
  if (pathKey === undefined || (use.content !== undefined && contentKey === undefined)) return undefined;
  const args: Record<string, unknown> = {
    [pathKey]: objectIn(properties[pathKey]).type === "array" ? [use.path] : use.path,
  };
  if (use.content !== undefined && contentKey !== undefined) args[contentKey] = use.content;
  if ("command" in properties) args.command = actionOf(objectIn(properties.command), use.action);
  return { tool, args: fill(tool, args) };
}

function actionOf(schema: JsonObject, wanted: string): string {
  const allowed = Array.isArray(schema.enum) ? schema.enum.map(String) : [wanted];
  return allowed.includes(wanted) ? wanted : (allowed.find((one) => one === "create") ?? wanted);
}

function named(tools: readonly OfferedTool[], names: readonly string[]): OfferedTool | undefined {
  for (const name of names) {
    const tool = tools.find((one) => bareName(one.name) === name || one.name.toLowerCase() === name);
    if (tool !== undefined) return tool;
  }
  return undefined;
}

/** `known`, and something harmless for every other argument that the schema demands. */
function fill({ schema }: OfferedTool, known: JsonObject): JsonObject {
  const properties = objectIn(schema.properties);
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  const args: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(known)) {
    if (key in properties || Object.keys(properties).length === 0) args[key] = value;
  }
  for (const key of required) args[key] ??= harmless(objectIn(properties[key]));
  return args;
}

function harmless(schema: JsonObject): unknown {
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const type = Array.isArray(schema.type) ? stringIn(schema.type[0]) : stringIn(schema.type);
  switch (type.toLowerCase()) {
    case "boolean":
      return false;
    case "number":
    case "integer":
      return 1;
    case "array":
      return [];
    case "object":
      return {};
    default:
      return "scripted step";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
