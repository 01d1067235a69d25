import { attack, trainScript, writeFiles } from "./harness.ts";

const HOOKS = ["post-checkout", "pre-commit", "post-index-change", "reference-transaction", "post-commit"];
const config = (outside: string) =>
  `[core]\n\thooksPath = .git/hooks\n\tfsmonitor = touch ${outside}/fsmonitor\n`;

attack("hooks and a file monitor planted in the .git of a workspace are never run", {
  edits: ({ outside }) => ({
    "train.sh": trainScript(
      `( mkdir -p .git/hooks; cp src/hook .git/hooks/post-checkout; cat src/config >> .git/config ) 2>/dev/null`,
    ),
    "src/hook": `#!/bin/sh\ntouch ${outside}/hook\n`,
    "src/config": config(outside),
  }),
  async propose(workspace, { outside }) {
    for (const name of HOOKS)
      await writeFiles(workspace, { [`.git/hooks/${name}`]: `#!/bin/sh\ntouch ${outside}/${name}\n` });
    await writeFiles(workspace, { ".git/config": config(outside) });
  },
  ends: ["discarded"],
});
