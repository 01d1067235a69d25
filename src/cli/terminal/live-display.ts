/** Draws lines in place at the bottom of a terminal. Knows the terminal's codes and a clock, nothing of what is drawn. */

import type { Clock } from "../../core/clock.ts";
import { cut, type Look, widthOf } from "./cells.ts";

/** What a display writes to: a TTY stream fits. */
export interface Screen {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
  readonly isTTY?: boolean;
}

export interface LiveOptions {
  readonly screen: Screen;
  readonly clock: Clock;
  /** At most one redraw in this time; 100 ms by default. */
  readonly minIntervalMs?: number;
  /** Calls `restore` when the process ends, and gives a function that forgets it. */
  readonly onExit?: (restore: () => void) => () => void;
}

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const CLEAR_DOWN = "\u001b[0J";
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** Draws at once, or as soon as the interval since the last drawing has passed. `close` leaves the last picture. */
export class LiveDisplay {
  readonly #screen: Screen;
  readonly #clock: Clock;
  readonly #minIntervalMs: number;
  readonly #forgetExit: () => void;
  readonly #closed = new AbortController();
  #render: (columns: number) => readonly string[] = () => [];
  #drawn: readonly string[] = [];
  #drawnAtMs = Number.NEGATIVE_INFINITY;
  #isWaiting = false;
  #isCursorHidden = false;

  constructor({ screen, clock, minIntervalMs = 100, onExit = onProcessExit }: LiveOptions) {
    this.#screen = screen;
    this.#clock = clock;
    this.#minIntervalMs = minIntervalMs;
    this.#forgetExit = onExit(() => this.#showCursor());
  }

  /** `render` is called with the columns at hand when it is time to draw. */
  update(render: (columns: number) => readonly string[]): void {
    if (this.#closed.signal.aborted) return;
    this.#render = render;
    const waitMs = this.#drawnAtMs + this.#minIntervalMs - this.#clock.now();
    if (waitMs <= 0) this.#draw();
    else if (!this.#isWaiting) void this.#drawAfter(waitMs);
  }

  /** A line that stays, above the picture. */
  print(line: string): void {
    this.#screen.write(`${this.#erase()}${line}\n`);
    this.#drawn = [];
    if (!this.#closed.signal.aborted) this.#draw();
  }

  /** Draws what is newest, then gives the cursor back. */
  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    try {
      this.#draw();
    } finally {
      this.#showCursor();
      this.#forgetExit();
    }
  }

  async #drawAfter(waitMs: number): Promise<void> {
    this.#isWaiting = true;
    await this.#clock.delay(waitMs, this.#closed.signal);
    this.#isWaiting = false;
    if (!this.#closed.signal.aborted) this.#draw();
  }

  #draw(): void {
    const columns = this.#screen.columns ?? DEFAULT_COLUMNS;
    // A picture as high as the screen would scroll, and what scrolled away cannot be redrawn.
    const rows = Math.max(1, (this.#screen.rows ?? DEFAULT_ROWS) - 1);
    const lines = this.#render(columns)
      .slice(0, rows)
      .map((line) => cut(line, columns));
    const hide = this.#isCursorHidden || this.#closed.signal.aborted ? "" : HIDE_CURSOR;
    if (hide !== "") this.#isCursorHidden = true;
    this.#drawnAtMs = this.#clock.now();
    this.#screen.write(`${hide}${this.#erase()}${lines.map((line) => `${line}\n`).join("")}`);
    this.#drawn = lines;
  }

  /** Back to the first row of the last picture; a terminal made narrower has wrapped its lines meanwhile. */
  #erase(): string {
    const columns = Math.max(1, this.#screen.columns ?? DEFAULT_COLUMNS);
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    return rows === 0 ? "" : `\u001b[${rows}A\r${CLEAR_DOWN}`;
  }

  #showCursor(): void {
    if (this.#isCursorHidden) this.#screen.write(SHOW_CURSOR);
    this.#isCursorHidden = false;
  }
}

function onProcessExit(restore: () => void): () => void {
  process.once("exit", restore);
  return () => process.off("exit", restore);
}

/** How to show on this screen: in place only on a real terminal; colour by https://no-color.org and FORCE_COLOR. */
export function lookFor(
  screen: Screen,
  env: Readonly<Record<string, string | undefined>>,
): Look & { readonly isLive: boolean } {
  const isTerminal = screen.isTTY === true && env.TERM !== "dumb";
  const isForced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "" && env.FORCE_COLOR !== "0";
  const isRefused = env.NO_COLOR !== undefined && env.NO_COLOR !== "";
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
  return {
    columns: screen.columns ?? DEFAULT_COLUMNS,
    colour: !isRefused && (isTerminal || isForced),
    ascii: env.TERM === "dumb" || env.TERM === "linux" || /^(C|POSIX)$/.test(locale),
    isLive: isTerminal,
  };
}
