import { expect, it } from "vitest";
import { toolChainFolders } from "../../src/sandbox/tool-chains.ts";

const home = "/home/ada";

it.each([
  ["pyenv, whole", "/home/ada/.pyenv/shims:/home/ada/.pyenv/bin", ["/home/ada/.pyenv"]],
  [
    "cargo and the rustup it calls, not its credentials",
    "/home/ada/.cargo/bin",
    ["/home/ada/.cargo/bin", "/home/ada/.rustup"],
  ],
  ["nvm, whole", "/home/ada/.nvm/versions/node/v24.0.0/bin", ["/home/ada/.nvm"]],
  ["node_modules of a project", "/home/ada/code/x/node_modules/.bin", ["/home/ada/code/x/node_modules"]],
  ["an environment of Python", "/home/ada/code/x/.venv/bin", ["/home/ada/code/x/.venv"]],
  ["~/bin alone", "/home/ada/bin", ["/home/ada/bin"]],
  ["nothing outside the home", "/usr/bin:/opt/x/bin:/home/adam/bin", []],
  ["never the home itself", "/home/ada:/home/ada/:/home/ada/x/..", []],
  ["never keys", "/home/ada/.ssh/bin:/home/ada/.config/x/bin", []],
])("gives %s", (_, path, folders) => {
  expect(toolChainFolders(path, home)).toEqual(folders);
});

it.each([
  ["a project in a temporary folder", "/tmp/a/x/node_modules/.bin", ["/tmp/a/x/node_modules"]],
  ["the home before all", "/home/ada/.nvm/versions/node/v24.0.0/bin", ["/home/ada/.nvm"]],
  ["never a temporary folder itself", "/tmp:/tmp/a/..", []],
  ["never keys", "/home/ada/.ssh/bin", []],
])("below scratch folders too gives %s", (_, path, folders) => {
  expect(toolChainFolders(path, home)).toEqual(folders);
});

it("never gives what the home lies in", () => {
  expect(toolChainFolders("/tmp/a/x/bin:/tmp/a/x/home/bin", "/tmp/a/x/home")).toEqual([
    "/tmp/a/x/bin",
    "/tmp/a/x/home/bin",
  ]);
});
