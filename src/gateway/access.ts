/** One experiment's way to the models. */

import { randomBytes } from "node:crypto";
import type { ModelAccess, ModelCall, Wire } from "../core/provider.ts";

/** Whose calls these are; for the ledger. */
export interface Caller {
  readonly experiment: string;
  readonly researcher: string;
}

/** Its token is the only thing that opens it: nobody without it can guess the address. */
export class OpenAccess implements ModelAccess {
  readonly token = randomBytes(24).toString("base64url");
  readonly key = `sk-nightlab-${randomBytes(12).toString("hex")}`;
  readonly calls: ModelCall[] = [];
  readonly caller: Caller;
  /** Models whose calls were refused over budget; each is told to the ledger once. */
  readonly refusedModels = new Set<string>();
  readonly #origin: string;
  readonly #closing = new AbortController();

  constructor(origin: string, caller: Caller) {
    this.#origin = origin;
    this.caller = caller;
  }

  /** Aborted, with reason `closed`, when no more may be answered. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  baseUrl(wire: Wire): string {
    const root = `${this.#origin}/r/${this.token}`;
    return wire === "openai_chat" || wire === "openai_responses" ? `${root}/v1` : root;
  }

  close(): void {
    this.#closing.abort("closed");
  }
}
