import { attack, trainScript, writeFiles } from "./harness.ts";

const CACHE = "$HOME/.cache/answers $TMPDIR/answers";

attack("what a measurement leaves in HOME, TMPDIR or an ignored folder does not reach the next one", {
  files: { ".gitignore": "node_modules\ndata/cache\n" },
  edits: {
    "train.sh": trainScript(
      `guess=3; for cache in ${CACHE} node_modules/.cache/x data/cache/x src/__pycache__/x; do
  test -e $cache && guess=10; mkdir -p $(dirname $cache); touch $cache; done`,
      "$guess",
    ),
  },
  propose: (workspace) => writeFiles(workspace, { "node_modules/.cache/x": "x", "data/cache/x": "x" }),
  ends: ["discarded"],
});
