import { attack, trainScript, writeFiles } from "./harness.ts";

const places = "$PWD $PWD/node_modules/.bin $HOME/bin $HOME/.local/bin $TMPDIR";

attack("a git, node or sh put where a PATH may look is never started by nightlab", {
  edits: ({ outside }) => ({
    "train.sh": trainScript(
      `for folder in ${places}; do mkdir -p $folder; for name in git node sh awk chown; do
  printf '#!/bin/sh\\ntouch ${outside}/$0' > $folder/$name; chmod 755 $folder/$name; done; done`,
    ),
  }),
  propose: (workspace, { outside }) =>
    writeFiles(workspace, { "node_modules/.bin/git": `#!/bin/sh\ntouch ${outside}/git\n` }),
  files: { ".gitignore": "node_modules\n" },
  ends: ["discarded"],
});
