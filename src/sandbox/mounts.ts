/** Decides what a command sees of the file system, as bubblewrap arguments. Knows nothing about processes. */

import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, sep } from "node:path";
import { SCRATCH_FOLDERS } from "./tool-chains.ts";

const MIB = 1024 * 1024;
/** Scratch room, in memory. A shared memory of this size is what data loaders of training code expect. */
const SCRATCH_BYTES = 1024 * MIB;
const RUN_BYTES = 16 * MIB;
const SYSTEM_FOLDERS = [
  "/",
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib64",
  "/etc",
  "/opt",
  "/var",
  "/proc",
  "/dev",
  "/sys",
];
const GPU_DEVICES = /^(nvidia.*|dri|kfd|dxg)$/;

export interface Paths {
  readonly cwd: string;
  readonly writable: readonly string[];
  readonly readable: readonly string[];
  readonly hidden: readonly string[];
  readonly sockets?: readonly string[];
}

export interface MountOptions {
  readonly network: "none" | "host";
  /** The command runs as another user, who may not pass folders closed to others. */
  readonly isOtherUser: boolean;
  /** Scratch room is memory: a command that may have little gets no more by writing there. */
  readonly memoryBytes?: number;
}

type Mount =
  | { readonly kind: "empty"; readonly path: string; readonly bytes: number; readonly isOpen: boolean }
  | { readonly kind: "masked"; readonly path: string }
  | { readonly kind: "readable"; readonly path: string }
  | { readonly kind: "writable"; readonly path: string };

/**
 * A read-only root; scratch and home folders replaced by empty ones; then the given paths, outer before inner.
 * Inside a hidden path only writable ones come back. Paths that don't exist are left out, symbolic links resolved:
 * a mount over a link would land where the link points outside the sandbox.
 */
export function mountArguments(paths: Paths, options: MountOptions): string[] {
  const given = givenMounts(paths, options);
  const scratchBytes = Math.min(SCRATCH_BYTES, options.memoryBytes ?? SCRATCH_BYTES);
  const base = withClosedFolders(baseMounts(scratchBytes), given, options);
  const mounts = [...base, ...given];
  const allowed = existing(paths.sockets ?? []);
  const sockets = openSockets().filter((path) => isVisible(path, mounts) && !allowed.includes(path));
  mounts.push(...sockets.map((path): Mount => ({ kind: "masked", path })));
  const sealed = mounts.filter((mount, index) => isSealed(mount, mounts, index));
  return [
    ...["--ro-bind", "/", "/", "--proc", "/proc"],
    ...deviceArguments(scratchBytes),
    ...mounts.flatMap((mount, index) => argumentsOf(mount, mounts.slice(0, index))),
    ...sealed.flatMap((mount) => ["--remount-ro", mount.path]),
    // Through /proc/<pid>/mem any process of a user writes the memory of any other.
    ...["--remount-ro", "/proc"],
  ];
}

/** Home folders of everybody, and ours wherever it is. */
export function homeFolders(): string[] {
  return existing(["/root", "/home", homedir()]).filter((path) => !SYSTEM_FOLDERS.includes(path));
}

function baseMounts(scratchBytes: number): Mount[] {
  const open = existing(SCRATCH_FOLDERS);
  const run = existing(["/run", "/var/run"]);
  const closed = outermost([...homeFolders(), ...run].filter((path) => !open.includes(path)));
  return [
    ...open.map((path): Mount => ({ kind: "empty", path, bytes: scratchBytes, isOpen: true })),
    ...closed.map((path): Mount => ({ kind: "empty", path, bytes: RUN_BYTES, isOpen: false })),
  ].sort(byDepth);
}

function givenMounts(paths: Paths, options: MountOptions): Mount[] {
  const hidden = existing(paths.hidden);
  const writable = existing(paths.writable).filter((path) => !hidden.includes(path));
  const resolver = options.network === "host" ? ["/etc/resolv.conf"] : [];
  // Whoever writes `.git` has our own git run his program outside (core.fsmonitor); a mount point can't be replaced.
  const gits = writable.map((path) => join(path, ".git"));
  const readable = existing([
    paths.cwd,
    ...paths.readable,
    ...(paths.sockets ?? []),
    ...resolver,
    ...gits,
  ]).filter(
    (path) =>
      path !== "/" &&
      !writable.includes(path) &&
      !hidden.includes(nearest(path, [...hidden, ...writable]) ?? ""),
  );
  return [
    ...readable.map((path): Mount => ({ kind: "readable", path })),
    ...writable.map((path): Mount => ({ kind: "writable", path })),
    ...hidden.map(maskOf),
  ].sort(byDepth);
}

function maskOf(path: string): Mount {
  if (!statSync(path).isDirectory()) return { kind: "masked", path };
  return { kind: "empty", path, bytes: RUN_BYTES, isOpen: false };
}

/** Folders on the way that the other user may not enter are replaced by empty ones that he may. */
function withClosedFolders(base: Mount[], given: readonly Mount[], options: MountOptions): Mount[] {
  if (!options.isOtherUser) return base;
  const ways = given.flatMap((mount) => ancestorsOf(mount.path)).filter((path) => path !== "/");
  const empty = base.map((mount) => mount.path);
  const closed = existing(ways).filter(
    (path) => nearest(path, empty) === undefined && (statSync(path).mode & 0o001) === 0,
  );
  const added = outermost(closed).map(
    (path): Mount => ({ kind: "empty", path, bytes: RUN_BYTES, isOpen: false }),
  );
  return [...base, ...added].sort(byDepth);
}

function argumentsOf(mount: Mount, earlier: readonly Mount[]): string[] {
  const under = nearest(
    mount.path,
    earlier.map((other) => other.path),
  );
  const isUnderEmpty = earlier.findLast((other) => other.path === under)?.kind === "empty";
  if (isUnderEmpty && (mount.kind === "masked" || mount.kind === "empty") && mount.path !== under) return [];
  // Folders that bubblewrap makes by itself on the way are closed to other users.
  const missing = isUnderEmpty ? ancestorsOf(mount.path).filter((path) => isInside(path, under ?? "/")) : [];
  return [...missing.flatMap((path) => ["--perms", "0755", "--dir", path]), ...ownArguments(mount)];
}

/** Read-only in the end, since inner folders must be made first; unless it was never made or is covered by now. */
function isSealed(mount: Mount, mounts: readonly Mount[], index: number): boolean {
  if (mount.kind !== "empty" || mount.isOpen) return false;
  const isCovered = mounts.slice(index + 1).some((later) => nearest(mount.path, [later.path]) !== undefined);
  return !isCovered && argumentsOf(mount, mounts.slice(0, index)).length > 0;
}

function ownArguments(mount: Mount): string[] {
  switch (mount.kind) {
    case "empty":
      return [
        "--perms",
        mount.isOpen ? "1777" : "0755",
        "--size",
        String(mount.bytes),
        "--tmpfs",
        mount.path,
      ];
    case "masked":
      return ["--ro-bind", "/dev/null", mount.path];
    case "readable":
      return ["--ro-bind", mount.path, mount.path];
    case "writable":
      return ["--bind", mount.path, mount.path];
  }
}

/** A minimal /dev, with graphics cards where there are some: training code is what nightlab measures. */
function deviceArguments(scratchBytes: number): string[] {
  const devices = readdirSync("/dev").filter((name) => GPU_DEVICES.test(name));
  return [
    ...["--dev", "/dev"],
    ...["--perms", "1777", "--size", String(scratchBytes), "--tmpfs", "/dev/shm"],
    ...devices.flatMap((name) => ["--dev-bind-try", join("/dev", name), join("/dev", name)]),
    ...["--remount-ro", "/dev"],
  ];
}

/** Sockets somebody listens on: a read-only mount does not keep anyone from connecting. Format: proc_net_unix(5). */
function openSockets(): string[] {
  if (!existsSync("/proc/net/unix")) return [];
  const rows = readFileSync("/proc/net/unix", "utf8").split("\n");
  return existing(rows.flatMap((row) => /^\S+ \S+ \S+ 00010000 \S+ \S+ +\d+ (\/.*)$/.exec(row)?.[1] ?? []));
}

function isVisible(path: string, mounts: readonly Mount[]): boolean {
  const under = nearest(path, ["/dev", "/proc", ...mounts.map((mount) => mount.path)]);
  if (under === "/dev" || under === "/proc") return false;
  const mount = mounts.findLast((other) => other.path === under);
  return mount === undefined || mount.kind === "readable" || mount.kind === "writable";
}

function existing(paths: readonly string[]): string[] {
  const real = paths.flatMap((path) => {
    try {
      return realpathSync(path);
    } catch {
      return []; // Missing, or out of our own reach and so out of the command's.
    }
  });
  return [...new Set(real)];
}

function outermost(paths: readonly string[]): string[] {
  return paths.filter((path) => !paths.some((other) => isInside(path, other)));
}

/** The deepest of `folders` that is `path` or contains it. */
function nearest(path: string, folders: readonly string[]): string | undefined {
  const around = folders.filter((folder) => folder === path || isInside(path, folder));
  return around.toSorted((a, b) => b.length - a.length)[0];
}

function isInside(path: string, folder: string): boolean {
  return path !== folder && path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** From the outermost, without the path itself. */
function ancestorsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...ancestorsOf(parent), parent];
}

function byDepth(a: Mount, b: Mount): number {
  return ancestorsOf(a.path).length - ancestorsOf(b.path).length;
}
