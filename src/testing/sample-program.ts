/** A program for scripted parts: the metric `loss` of the command `measure`, and every other setting at its plainest. */

import type { Program } from "../core/program.ts";

export const SAMPLE_PROGRAM: Program = {
  path: "program.md",
  source: "",
  metric: { name: "loss", goal: "minimize", seeded: true, timing: false },
  constraints: [],
  measure: "measure",
  artifact: [],
  edit: ["*.txt"],
  protect: ["data.txt"],
  steering: [],
  holdoutFiles: [],
  link: [],
  copy: [],
  env: {},
  passEnv: [],
  limits: { timeMs: 1000, network: "none", outputBytes: 1 << 20 },
  sandbox: "auto",
  budget: {},
  risk: "balanced",
  parallel: 1,
  researchers: [],
  prices: {},
  sections: [],
  roles: [],
  ideas: [],
  inferred: [],
};
