/** What the bubblewrap sandbox keeps a command from doing, in words for doctor and report. */

import type { Containment } from "../core/sandbox.ts";

const COVERED = [
  "files: system folders are read-only, home folders and given hidden paths are empty, only given paths are writable",
  "the .git of a writable folder can be neither changed nor replaced, where there is one",
  "scratch folders (/tmp, /var/tmp, /dev/shm, /run) are private and limited in size",
  "network: none, loopback of the machine included, unless limits.network is host; agents with a key reach the gateway alone",
  "processes of others can be neither seen nor signalled; 4096 processes at once",
  "processes left behind: the kernel kills all of them with the process namespace, also when nightlab itself is killed",
  "privileges: no capabilities, no new ones, never root",
  "environment: nothing is inherited; wall time; output size; no core dumps; no stdin",
  "sockets in the file system that somebody listens on when the command starts",
  "memory: looked at every 10 to 200 ms, more seldom beside many other commands, then killed; bounded by the kernel, scratch folders included, where we may make groups (cgroup v1, as root)",
  "each scratch folder: 1 GiB, or limits.memory where that is less",
  "disk space and number of files: half of what is free at its start, looked at every 50 ms, then killed",
];
const NOT_COVERED = [
  "descriptors above 15 that whoever started nightlab left open for it",
  "files outside home folders that everybody may read stay readable",
  "without such groups: memory taken faster than it is looked at, and memory of scratch folders",
  "CPU share, and disk filled faster than it is looked at",
  "graphics cards are shared: their memory and clocks are not limited",
  "with network host: everything this machine can reach, abstract sockets included",
];

const FILTERED =
  "system calls: no tracing of processes or taking of their descriptors, no namespaces or mounts of its own, no io_uring, BPF, key rings, clocks, kernel modules, rare kinds of sockets or calls of another architecture";
const REST_OF_KERNEL = "the kernel itself: a hole in a system call that ordinary programs need is a way out";
const UNFILTERED = "the kernel itself: system calls are not filtered, so a kernel hole is a way out";
const OWN_NAMESPACES =
  "user namespaces: the command may open some of its own, which widens that way through the kernel";
const MEMORY_IS_READ =
  "processes of one command can read each other's memory, as /proc/<pid>/mem, and signal each other";

const MEMORY_IS_WRITTEN =
  "processes of one command can read and write each other's memory, and signal each other";

/** `canNest`: nothing but the filter keeps the command from opening user namespaces. */
export function bubblewrapContainment(is: { isFiltered: boolean; canNest: boolean }): Containment {
  return {
    covered: [...COVERED, ...(is.isFiltered ? [FILTERED] : [])],
    notCovered: [
      is.isFiltered ? REST_OF_KERNEL : UNFILTERED,
      ...(is.canNest && !is.isFiltered ? [OWN_NAMESPACES] : []),
      is.isFiltered ? MEMORY_IS_READ : MEMORY_IS_WRITTEN,
      ...NOT_COVERED,
    ],
  };
}
