import { userGit } from "../workspace/playground.ts";
import { attack } from "./harness.ts";

attack("a repository inside the workspace, a submodule to be, is out of scope", {
  settings: { edit: ["**"] },
  propose(workspace) {
    userGit(workspace, "init", "--quiet", "src/inner");
    userGit(workspace, "-C", "src/inner", "commit", "--quiet", "--allow-empty", "--message=inner");
  },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});

attack("a .gitmodules file is out of scope", {
  settings: { edit: ["**"] },
  edits: { ".gitmodules": '[submodule "x"]\n\tpath = data\n\turl = -u./x\n' },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
