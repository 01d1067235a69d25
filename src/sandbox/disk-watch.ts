/** Tells when a command takes more than its part of a disk. Free room is asked often, since that is cheap; sizes seldom. */

import { lstatSync, opendirSync, statfsSync } from "node:fs";
import { join } from "node:path";

/** A command may take this part of what is free when it starts: the ledger, and others, must find room. */
const PART = 0.5;
/** Below this much nothing is counted: it is less than what others write meanwhile. */
const MIN_BYTES = 16 * 1024 ** 2;
const MIN_ENTRIES = 10_000;
const BLOCK_BYTES = 512;
/** From one count of folders to the next: as long as the count took, times this. */
const PAUSE_TIMES_COST = 20;

/** Bytes and entries (inodes). */
interface Room {
  readonly bytes: number;
  readonly entries: number;
}

interface Disk {
  readonly folders: string[];
  readonly free: Room;
  readonly limit: Room;
}

export class DiskWatch {
  readonly #disks: readonly Disk[];
  #nextCountMs = 0;

  /** `folders` are those the command may write. */
  constructor(folders: readonly string[]) {
    const byDevice = new Map<number, string[]>();
    for (const folder of folders) {
      const device = lstatSync(folder, { throwIfNoEntry: false })?.dev;
      if (device !== undefined) byDevice.set(device, [...(byDevice.get(device) ?? []), folder]);
    }
    this.#disks = [...byDevice.values()].map((own) => {
      const free = freeOn(own[0] ?? "/");
      const limit = {
        bytes: Math.max(MIN_BYTES, free.bytes * PART),
        entries: Math.max(MIN_ENTRIES, free.entries * PART),
      };
      return { folders: own, free, limit };
    });
  }

  /** True when the folders hold more than their part; others who fill the disk are not taken for the command. */
  isOver(): boolean {
    return this.#disks.some((disk) => this.#isOver(disk));
  }

  #isOver({ folders, free, limit }: Disk): boolean {
    const now = freeOn(folders[0] ?? "/");
    const isDwindling =
      free.bytes - now.bytes > limit.bytes ||
      (free.entries > 0 && free.entries - now.entries > limit.entries);
    const startMs = performance.now();
    if (!isDwindling || startMs < this.#nextCountMs) return false;
    const held: Mutable<Room> = { bytes: 0, entries: 0 };
    const isOver = folders.some((folder) => countUntil(folder, held, limit));
    this.#nextCountMs = performance.now() + PAUSE_TIMES_COST * (performance.now() - startMs);
    return isOver;
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Some file systems make entries as they need them, and say that none are left. */
function freeOn(folder: string): Room {
  try {
    const { bavail, bsize, ffree } = statfsSync(folder);
    return { bytes: bavail * bsize, entries: ffree };
  } catch {
    return { bytes: 0, entries: 0 }; // the command removed its own folder
  }
}

/** Adds what lies below `folder`, links not followed; true as soon as it is more than `limit`. */
function countUntil(folder: string, held: Mutable<Room>, limit: Room): boolean {
  try {
    const open = opendirSync(folder);
    try {
      for (let child = open.readSync(); child !== null; child = open.readSync()) {
        const path = join(folder, child.name);
        held.entries += 1;
        held.bytes += (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * BLOCK_BYTES;
        if (held.bytes > limit.bytes || held.entries > limit.entries) return true;
        if (child.isDirectory() && countUntil(path, held, limit)) return true;
      }
    } finally {
      open.closeSync();
    }
  } catch {
    // Closed to us, gone, or named beyond all limits: what cannot be counted is not held against anybody.
  }
  return false;
}
