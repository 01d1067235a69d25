/** A metering reverse proxy on loopback: between the agents and the models, one address for each experiment. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../core/clock.ts";
import { InfrastructureError } from "../core/errors.ts";
import type { ModelAccess, ModelCall } from "../core/provider.ts";
import { type Caller, OpenAccess } from "./access.ts";
import { Gate, type Left } from "./admission.ts";
import { type House, handle } from "./exchange.ts";
import type { Prices } from "./prices.ts";
import { sendText } from "./relay.ts";
import { MAX_BODY_BYTES } from "./request.ts";
import { type Throughput, ThroughputMeter } from "./throughput.ts";
import { type Upstream, Upstreams } from "./upstream.ts";
import { errorBody } from "./wires.ts";

export interface GatewayOptions {
  readonly upstreams: readonly Upstream[];
  /** The user's own; they win over the snapshot. */
  readonly prices?: Prices;
  /** What the study may still spend; must know of a call as soon as `onCall` has resolved. */
  readonly left: () => Left;
  /** Writes a call down. The client waits for the end of its answer until this has resolved. */
  readonly onCall: (call: ModelCall, caller: Caller) => Promise<void>;
  readonly clock: Clock;
  /** A provider silent for so long is given up. Ten minutes, for models that think long. */
  readonly idleMs?: number;
  readonly maxBodyBytes?: number;
}

export interface Gateway {
  /** Opens an address for one experiment's researcher. */
  access(experiment: string, researcher: string): ModelAccess;
  throughput(): Throughput;
  /** Why `onCall` rejected; from then on nothing is let through, since nothing could be written down. */
  readonly failure: Error | undefined;
  /** Resolves when every call under way now has ended and is written down. */
  settled(): Promise<void>;
  /** Ends every access and what is under way, and resolves when all of it is written down. */
  close(): Promise<void>;
}

const DEFAULT_IDLE_MS = 10 * 60_000;

export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const gateway = new RunningGateway(options);
  await gateway.listen();
  return gateway;
}

class RunningGateway implements Gateway {
  failure: Error | undefined;
  readonly #options: GatewayOptions;
  readonly #server: Server;
  readonly #house: House;
  readonly #meter: ThroughputMeter;
  readonly #connections = new Upstreams();
  readonly #accesses = new Map<string, OpenAccess>();
  readonly #underWay = new Set<Promise<void>>();
  #host = "";

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#meter = new ThroughputMeter(options.clock);
    this.#house = {
      upstreams: options.upstreams,
      prices: options.prices,
      connections: this.#connections,
      gate: new Gate(options.left),
      clock: options.clock,
      idleMs: options.idleMs ?? DEFAULT_IDLE_MS,
      maxBodyBytes: options.maxBodyBytes ?? MAX_BODY_BYTES,
      record: (call, access) => this.#record(call, access),
    };
    this.#server = createServer((request, response) => this.#serve(request, response));
    this.#server.on("upgrade", refuseUpgrade);
    // A long answer is a request that is not over yet.
    this.#server.requestTimeout = 0;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.#host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  access(experiment: string, researcher: string): ModelAccess {
    const access = new OpenAccess(`http://${this.#host}`, { experiment, researcher });
    this.#accesses.set(access.token, access);
    return access;
  }

  throughput(): Throughput {
    return this.#meter.read();
  }

  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async close(): Promise<void> {
    for (const access of this.#accesses.values()) access.close();
    await this.settled();
    this.#connections.close();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #record(call: ModelCall, access: OpenAccess): Promise<void> {
    try {
      await this.#options.onCall(call, access.caller);
    } catch (error) {
      this.failure ??= new InfrastructureError("a call to a model could not be written down", {
        cause: error,
      });
      throw this.failure;
    }
    access.calls.push(call);
    this.#meter.add(call.usage);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    // A client that has gone is seen by its closing; writing to it is no error of ours.
    response.on("error", () => undefined);
    const work = this.#answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendText(response, 403, errorBody(undefined, 403, `nightlab: ${(error as Error).message}`));
    });
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (status: number, message: string): void => {
      request.resume();
      sendText(response, status, errorBody(undefined, status, `nightlab: ${message}`));
    };
    // A page in a browser can make its own name point here; it cannot change the name it asks for.
    if (request.headers.host !== this.#host) return refuse(403, "this host is not served here");
    const [, token = "", rest = ""] = /^\/r\/([\w-]+)(\/.*|\?.*)?$/.exec(request.url ?? "") ?? [];
    const access = this.#accesses.get(token);
    if (access === undefined) return refuse(404, "no experiment has this address");
    if (access.signal.aborted) return refuse(403, "the experiment of this address has ended");
    if (this.failure !== undefined) return refuse(403, this.failure.message);
    await handle(this.#house, { request, response, access, url: new URL(`http://${this.#host}${rest}`) });
  }
}

/** Clients that try WebSockets first take this as the word to go on with HTTP. */
function refuseUpgrade(_request: IncomingMessage, socket: Duplex): void {
  socket.end("HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
}
