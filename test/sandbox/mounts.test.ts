import { homedir } from "node:os";
import { expect, it } from "vitest";
import { homeFolders, mountArguments } from "../../src/sandbox/mounts.ts";

const nothing = { cwd: "/", writable: [], readable: [], hidden: [] };
const options = { network: "none", isOtherUser: false } as const;

it.runIf(homeFolders().includes(homedir()))("leaves a home folder writable that is given whole", () => {
  const given = mountArguments({ ...nothing, writable: [homedir()] }, options).join(" ");
  expect(given).toContain(`--bind ${homedir()} ${homedir()}`);
  expect(given).not.toContain(`--remount-ro ${homedir()}`);
});

it("seals home folders after the paths in them were mounted", () => {
  const given = mountArguments(nothing, options);
  for (const home of homeFolders().filter((path) => !/^\/(var\/)?tmp\//.test(path)))
    expect(given.join(" ")).toMatch(new RegExp(`--tmpfs ${home} .*--remount-ro`));
});
