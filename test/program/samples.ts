import type { Program } from "../../src/core/program.ts";
import { parseProgram } from "../../src/program/parse.ts";
import { describeProblem } from "../../src/program/problem.ts";

export const full = `---
metric: { name: val_bpb, goal: minimize, min_effect: 0.002, seeded: true }
measure: node train.ts                # prints \`val_bpb: 2.31\`
evaluate: node evaluate.ts            # harness-owned
artifact: model.json
checks: npm test
edit: [train.ts]
protect: [data.ts, evaluate.ts]
constraints: [memory <= 1.1x, peak_memory_bytes <= 2GB, size_kb <= 120, time <= 90s]
limits: { time: 20s, memory: 2GB, network: none }
budget: { experiments: 100, until: "07:30", usd: 12, time: 1h30m }
env: { OMP_NUM_THREADS: 1 }
parallel: 2
researchers: [tuner, { agent: claude, role: architect }, { model: openai/gpt-5, share: 0.3 }]
---
# Mission
Say *why*.
## Roles
### architect
You build.

#### Habits
Small steps.
## Ideas
- [ ] RMSNorm before attention (expect -0.01, 60 %)
- [x] Tied embeddings [patch](ideas/tie.patch)
* [ ] A longer idea
  over two lines
- no box
`;

/** The program, or the problems as the test's failure. */
export function parsed(source: string): Program {
  const { program, problems } = parseProgram(source, "program.md");
  if (!program) throw new Error(problems.map(describeProblem).join("\n"));
  return program;
}

/** A front matter that works, with lines replaced or added by key; an empty text removes the key. */
export function withLines(changes: Record<string, string>): string {
  const lines: Record<string, string> = {
    metric: "metric: { name: val_loss, goal: minimize }",
    measure: "measure: node train.ts",
    edit: "edit: [train.ts]",
    ...changes,
  };
  return `---\n${Object.values(lines)
    .filter((line) => line)
    .join("\n")}\n---\n# Mission\n`;
}
