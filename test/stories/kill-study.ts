/** A small study that does everything a night does, in a second or two: the ground of the kill storms. */

import { makeRepository, programText, type Settings } from "./repositories.ts";

/** On the command line of what measurements leave behind, out of their session. */
export const HELPER = "sleep 600";

/** Sum of three numbers and some luck. Leaves a helper behind that left its session, as careless programs do. */
const MEASURE = `#!/bin/sh
setsid sh -c '${HELPER}; :' </dev/null >/dev/null 2>&1 &
awk -v seed="$NIGHTLAB_SEED" '
  { sum += $1 }
  END { srand(seed + sum * 1000); for (i = 0; i < 12; i++) luck += rand(); printf "loss: %.6f\\n", sum + 0.02 * (luck - 6) }
' a.txt b.txt c.txt
`;

/** By the number of the experiment: gains in different files (they meet and are re-applied), a loss, nothing, giving up. */
const PROPOSE = `#!/bin/sh
number=$(sed -n 's/^ *"experiment": "e\\([0-9]*\\)",*$/\\1/p' "$NIGHTLAB_BRIEF" | head -n 1)
change() { awk -v f="$2" '{ printf "%.4f\\n", $1 * f }' "$1" > new && cat new > "$1" && rm new && echo "$1 times $2"; }
case $((number % 8)) in
  1 | 7) change a.txt 0.8 ;;
  2) change b.txt 0.8 ;;
  3 | 0) change c.txt 0.8 ;;
  4) change b.txt 1.5 ;;
  5) echo "nothing at all" ;;
  6) echo "no idea" >&2; exit 1 ;;
esac
`;

export async function killStudy(folder: string, settings: Settings = {}): Promise<string> {
  const program = {
    metric: { name: "loss", goal: "minimize", seeded: true },
    measure: "sh measure.sh",
    checks: "test -s a.txt",
    edit: ["*.txt"],
    protect: ["*.sh"],
    limits: { time: "30s" },
    parallel: 3,
    budget: { experiments: 10 },
    researchers: [{ command: "sh propose.sh" }],
    ...settings,
  };
  return await makeRepository(folder, {
    "a.txt": "4\n",
    "b.txt": "5\n",
    "c.txt": "6\n",
    "measure.sh": MEASURE,
    "propose.sh": PROPOSE,
    "program.md": programText(program),
  });
}
