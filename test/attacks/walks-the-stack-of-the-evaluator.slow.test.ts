import { attack, trainScript } from "./harness.ts";

const WALK = `import gc, sys
frame = sys._getframe()
while frame:
    for owner in [frame.f_globals, frame.f_locals, *gc.get_objects()]:
        if isinstance(owner, dict) and "answers" in owner:
            owner["answers"] = [3]
    frame = frame.f_back
`;
const SCORE = `answers = [float(line) for line in open("data/validation.txt")]
guess = float(open("model.txt").read())
`;
const PRINT = 'print("error:", sum(abs(one - guess) for one in answers) / len(answers))\n';
const edits = { "train.sh": trainScript("python3 src/model.py"), "src/model.py": WALK };

attack("the evaluator's frames and objects are in a process the candidate is not in", {
  files: { "evaluate.py": SCORE + PRINT, "src/model.py": "" },
  settings: { evaluate: "python3 evaluate.py", protect: ["evaluate.py", "data/**"] },
  edits,
  ends: ["discarded"],
});

// By design: whoever is imported by the evaluator is inside it. The channel is called weak.
attack("the frames and objects of a script that imports the candidate are out of reach", {
  victim: "stdout",
  files: {
    "measure.sh": "sh train.sh\nPYTHONPATH=src python3 evaluate.py\n",
    "evaluate.py": `${SCORE}import model\n${PRINT}`,
    "src/model.py": "",
  },
  settings: { protect: ["measure.sh", "evaluate.py", "data/**"] },
  edits,
  ends: ["discarded"],
  hole: "a candidate imported by the measuring script is in its process",
});
