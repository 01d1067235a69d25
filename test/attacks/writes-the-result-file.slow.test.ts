import { attack, trainScript } from "./harness.ts";

const settings = { result_file: "result.json" };
const write = "echo '{\"error\": 0}' > part.json; mv -f part.json result.json";
const evaluate = "awk -f evaluate.awk model.txt data/validation.txt";
const json = `${evaluate} | sed 's/error: \\(.*\\)/{"error": \\1}/' > result.json`;

attack("a result file written by the candidate is not the one the evaluator writes", {
  settings: { ...settings, evaluate: json },
  edits: { "train.sh": trainScript(`${write}; chmod 444 result.json`) },
  ends: ["discarded"],
});

// Trust level `file`: the result must go to a descriptor that the candidate's process cannot name.
attack(
  "a result file written after that of the measuring script, which reads on what was appended to it, does not count",
  {
    victim: "stdout",
    settings,
    files: { "measure.sh": `sh train.sh\n${json}\n` },
    edits: { "train.sh": trainScript(`cat >> measure.sh <<'END'\n${write}\nEND`) },
    ends: ["discarded"],
    hole: "a result file in the workspace is anybody's who runs there",
  },
);
