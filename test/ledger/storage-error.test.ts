import { describe, expect, it } from "vitest";
import { InfrastructureError } from "../../src/core/errors.ts";
import { DamageError, damage, guardStorage, isBusy } from "../../src/ledger/storage-error.ts";

/** An error as node:sqlite raises it: a result code, with the variant in the upper bits. */
const sqliteError = (errcode: number) =>
  Object.assign(new Error("from sqlite"), { code: "ERR_SQLITE_ERROR", errcode });
const systemError = (code: string) => Object.assign(new Error("from the system"), { code });

const failureOf = async (error: unknown): Promise<unknown> =>
  guardStorage("/x/ledger.db", () => Promise.reject(error)).catch((failure: unknown) => failure);

const SPACE = "Free some disk space, then continue; nothing acknowledged is lost";
const RIGHTS = "Check that the folder is there and that you may write in it";
const DISK = "Check the disk (full, quota, unplugged), then continue; nothing acknowledged is lost";
const BUSY = "Another program holds the file open; close it and try again";

describe("a failure of the storage", () => {
  it.each([
    ["SQLITE_FULL", sqliteError(13), SPACE],
    ["ENOSPC", systemError("ENOSPC"), SPACE],
    ["EDQUOT", systemError("EDQUOT"), SPACE],
    ["SQLITE_READONLY", sqliteError(8), RIGHTS],
    ["SQLITE_READONLY_DIRECTORY", sqliteError(8 + 6 * 256), RIGHTS],
    ["SQLITE_CANTOPEN", sqliteError(14), RIGHTS],
    ["EACCES", systemError("EACCES"), RIGHTS],
    ["EPERM", systemError("EPERM"), RIGHTS],
    ["EROFS", systemError("EROFS"), RIGHTS],
    ["ENOTDIR", systemError("ENOTDIR"), RIGHTS],
    ["SQLITE_IOERR_WRITE", sqliteError(10 + 3 * 256), DISK],
    ["SQLITE_BUSY", sqliteError(5), BUSY],
  ])("%s says what to do", async (_, error, advice) => {
    const failure = await failureOf(error);
    expect(failure).toBeInstanceOf(InfrastructureError);
    expect((failure as Error).message).toBe(`cannot use /x/ledger.db: ${error.message}. ${advice}`);
    expect((failure as Error).cause).toBe(error);
  });

  it.each([
    ["SQLITE_CORRUPT", sqliteError(11)],
    ["SQLITE_CORRUPT_INDEX", sqliteError(11 + 3 * 256)],
    ["SQLITE_NOTADB", sqliteError(26)],
    ["SQLITE_ERROR", sqliteError(1)],
    ["SQLITE_IOERR_SHORT_READ", sqliteError(10 + 2 * 256)],
    ["an integer out of range", systemError("ERR_OUT_OF_RANGE")],
  ])("%s is damage", async (_, error) => {
    const failure = await failureOf(error);
    expect(failure).toBeInstanceOf(DamageError);
    expect((failure as Error).message).toBe(`/x/ledger.db is damaged: ${error.message}`);
    expect((failure as Error).cause).toBe(error);
    expect((failure as DamageError).next).toMatch(/^nightlab doctor --repair/);
  });

  it.each([
    ["another code of SQLite", sqliteError(19)],
    ["another code of the system", systemError("ENOENT")],
    ["a bug", new TypeError("undefined is not a function")],
    ["a code that is no number", Object.assign(new Error("odd"), { errcode: "13" })],
    ["something thrown that is no error", "ENOSPC"],
    ["an object with a code that is no error", { code: "ENOSPC", errcode: 13 }],
    ["nothing", undefined],
  ])("%s comes through unchanged", async (_, error) => {
    expect(await failureOf(error)).toBe(error);
  });

  it("is none where the work succeeds", async () => {
    expect(await guardStorage("/x", async () => 7)).toBe(7);
  });

  it("keeps the cause of damage that has one", () => {
    const cause = new Error("why");
    expect(damage("/x", "line 3 is missing", cause)).toMatchObject({
      message: "/x is damaged: line 3 is missing",
      cause,
    });
  });
});

describe("a lock held by another", () => {
  it("is told from every other failure", () => {
    expect(isBusy(sqliteError(5))).toBe(true);
    expect(isBusy(sqliteError(5 + 2 * 256))).toBe(true);
    for (const other of [sqliteError(6), systemError("EBUSY"), { errcode: 5 }, undefined, "busy"])
      expect(isBusy(other)).toBe(false);
  });
});
