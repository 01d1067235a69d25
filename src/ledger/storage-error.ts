/** Turns what SQLite and the file system report into errors that say what to do. Knows no ledger content. */

import { InfrastructureError, UsageError } from "../core/errors.ts";

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html */
const SQLITE = {
  error: 1,
  busy: 5,
  readonly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  notADatabase: 26,
};

/** A file that ends in the middle of a page is damage and not a failing disk: SQLITE_IOERR_SHORT_READ. */
const SHORT_READ = 10 | (2 << 8);

/** The file holds something else than what was written. */
export class DamageError extends UsageError {
  override readonly name = "DamageError";
}

export function damage(path: string, what: string, cause?: unknown): DamageError {
  const next = "nightlab doctor --repair (keeps all that can be read, and the damaged file beside it)";
  return new DamageError(`${path} is damaged: ${what}`, { place: path, next, cause });
}

/** Runs `work`; failures of the storage come out as InfrastructureError or DamageError, all else unchanged. */
export async function guardStorage<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw storageError(path, error);
  }
}

/** The primary SQLite result code of an error, or undefined when SQLite did not raise it. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  return error.errcode === SHORT_READ ? SQLITE.corrupt : error.errcode & 0xff; // the upper bits tell variants apart
}

/** True when another process holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === SQLITE.busy;
}

/** The error that says what to do about a failure of the storage at `path`; any other error as it is. */
export function storageError(path: string, error: unknown): unknown {
  const advice = adviceFor(error);
  if (advice === undefined) return error;
  if (advice === "damaged") return damage(path, messageOf(error), error);
  return new InfrastructureError(`cannot use ${path}: ${messageOf(error)}. ${advice}`, { cause: error });
}

function adviceFor(error: unknown): string | undefined {
  const systemCode = error instanceof Error && "code" in error ? error.code : undefined;
  switch (sqliteCode(error) ?? systemCode) {
    case SQLITE.full:
    case "ENOSPC":
    case "EDQUOT":
      return "Free some disk space, then continue; nothing acknowledged is lost";
    case SQLITE.readonly:
    case SQLITE.cantOpen:
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "ENOTDIR":
      return "Check that the folder is there and that you may write in it";
    case SQLITE.io:
      return "Check the disk (full, quota, unplugged), then continue; nothing acknowledged is lost";
    case SQLITE.busy:
      return "Another program holds the file open; close it and try again";
    case SQLITE.corrupt:
    case SQLITE.notADatabase:
    case SQLITE.error: // our statements are fixed: what they name is no longer in the file
    case "ERR_OUT_OF_RANGE": // an integer that we never write
      return "damaged";
    default:
      return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
