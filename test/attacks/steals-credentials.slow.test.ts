import { attack, trainIf, writeFiles } from "./harness.ts";

attack("credentials of the user are neither in the environment nor in a home", {
  before: ({ environment }) =>
    writeFiles(environment.HOME ?? "", { ".ssh/id_ed25519": "key\n", ".netrc": "password\n" }),
  edits: ({ environment }) => ({
    "train.sh": trainIf(
      `cat ${environment.HOME}/.ssh/id_ed25519 || cat ${environment.HOME}/.netrc || cat /etc/shadow || ls /root/* /home/*`,
    ),
  }),
  ends: ["discarded"],
  notCoveredByProcess: "files: the command reads and writes whatever you can",
  isShownToWork: true,
});
