/**
 * The coding agents nightlab knows: commands, settings and traps as found by running them (versions in
 * docs/decisions/0013-agents.md). Each is told to phone nobody and to update nothing.
 */

import type { Preset } from "./preset.ts";
import { claude } from "./presets/claude.ts";
import { codex } from "./presets/codex.ts";
import { copilot } from "./presets/copilot.ts";
import { gemini } from "./presets/gemini.ts";
import { goose } from "./presets/goose.ts";
import { opencode } from "./presets/opencode.ts";
import { pi } from "./presets/pi.ts";

export const PRESETS: readonly Preset[] = [claude, codex, gemini, opencode, copilot, goose, pi];
