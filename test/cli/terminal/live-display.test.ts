// biome-ignore-all lint/suspicious/noControlCharactersInRegex: terminal codes are what is tested here
import { describe, expect, it } from "vitest";
import { LiveDisplay, lookFor } from "../../../src/cli/terminal/live-display.ts";

/** A clock that stands until told to move; delays resolve when their time has come. */
class HandClock {
  #nowMs = 1_000;
  #waiting: { atMs: number; resolve: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  delay(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ atMs: this.#nowMs + ms, resolve });
      signal.addEventListener("abort", () => resolve());
    });
  }

  async advance(ms: number): Promise<void> {
    this.#nowMs += ms;
    for (const { atMs, resolve } of this.#waiting) if (atMs <= this.#nowMs) resolve();
    this.#waiting = this.#waiting.filter(({ atMs }) => atMs > this.#nowMs);
    await new Promise(setImmediate);
  }
}

/** Understands the few codes the display uses and keeps the picture that a user would see. */
class FakeTerminal {
  columns = 40;
  rows = 10;
  readonly isTTY = true;
  written: string[] = [];
  lines: string[] = [""];
  isCursorShown = true;
  #row = 0;

  write(text: string): void {
    this.written.push(text);
    for (const [token] of text.matchAll(/\u001b\[\??\d*[A-Za-z]|\n|\r|[^\u001b\n\r]+/g)) this.#take(token);
  }

  #take(token: string): void {
    const up = /^\u001b\[(\d+)A$/.exec(token);
    if (up !== null) this.#row -= Number(up[1]);
    else if (token === "\u001b[0J") this.lines = [...this.lines.slice(0, this.#row), ""];
    else if (token === "\u001b[?25l") this.isCursorShown = false;
    else if (token === "\u001b[?25h") this.isCursorShown = true;
    else if (token === "\n") {
      this.#row += 1;
      this.lines[this.#row] ??= "";
    } else if (token !== "\r") this.lines[this.#row] = (this.lines[this.#row] ?? "") + token;
  }
}

function open() {
  const [clock, screen] = [new HandClock(), new FakeTerminal()];
  const exits: (() => void)[] = [];
  const onExit = (restore: () => void) => {
    exits.push(restore);
    return () => exits.splice(exits.indexOf(restore), 1);
  };
  return { clock, screen, exits, display: new LiveDisplay({ screen, clock, onExit }) };
}

describe("live display", () => {
  it("replaces its picture in place, also by a shorter one", () => {
    const { screen, display, clock } = open();
    display.update(() => ["one", "two", "three"]);
    void clock.advance(200);
    display.update(() => ["four"]);
    expect(screen.lines).toEqual(["four", ""]);
  });

  it("draws at most once in an interval, and the newest picture at its end", async () => {
    const { screen, display, clock } = open();
    for (const text of ["a", "b", "c"]) display.update(() => [text]);
    expect(screen.lines).toEqual(["a", ""]);
    expect(screen.written).toHaveLength(1);
    await clock.advance(100);
    expect(screen.lines).toEqual(["c", ""]);
    expect(screen.written).toHaveLength(2);
  });

  it("leaves printed lines above the picture", () => {
    const { screen, display } = open();
    display.update(() => ["picture"]);
    display.print("an event");
    expect(screen.lines).toEqual(["an event", "picture", ""]);
  });

  it("never draws more rows than scroll back into reach, nor wider than the screen", () => {
    const { screen, display } = open();
    screen.rows = 4;
    screen.columns = 6;
    display.update(() => ["0123456789", "b", "c", "d", "e"]);
    expect(screen.lines).toEqual(["01234…", "b", "c", ""]);
  });

  it("hides the cursor while it lives and gives it back on close, with the newest picture", () => {
    const { screen, display, exits } = open();
    display.update(() => ["first"]);
    display.update(() => ["last"]);
    expect(screen.isCursorShown).toBe(false);
    display.close();
    display.close();
    expect(screen.isCursorShown).toBe(true);
    expect(screen.lines).toEqual(["last", ""]);
    expect(exits).toEqual([]);
  });

  it("gives the cursor back when the process ends without a close, and when drawing fails", () => {
    const dying = open();
    dying.display.update(() => ["x"]);
    for (const restore of dying.exits) restore();
    expect(dying.screen.isCursorShown).toBe(true);
    const failing = open();
    failing.display.update(() => ["x"]);
    failing.display.update(() => {
      throw new Error("bug");
    });
    expect(() => failing.display.close()).toThrow("bug");
    expect(failing.screen.isCursorShown).toBe(true);
  });

  it("draws nothing after it was closed", async () => {
    const { screen, display, clock } = open();
    display.update(() => ["x"]);
    display.update(() => ["y"]);
    display.close();
    const drawn = screen.written.length;
    display.update(() => ["z"]);
    await clock.advance(1_000);
    expect(screen.written).toHaveLength(drawn);
  });
});

describe("look of a screen", () => {
  const terminal = { write: () => true, isTTY: true, columns: 120 };
  const pipe = { write: () => true };

  it("draws in place and in colour on a terminal only", () => {
    expect(lookFor(terminal, { LANG: "en_GB.UTF-8" })).toEqual({
      columns: 120,
      colour: true,
      ascii: false,
      isLive: true,
    });
    expect(lookFor(pipe, {})).toEqual({ columns: 80, colour: false, ascii: false, isLive: false });
  });

  it("respects NO_COLOR, FORCE_COLOR, dumb terminals and the C locale", () => {
    expect(lookFor(terminal, { NO_COLOR: "1" })).toMatchObject({ colour: false, isLive: true });
    expect(lookFor(terminal, { NO_COLOR: "" })).toMatchObject({ colour: true });
    expect(lookFor(pipe, { FORCE_COLOR: "1" })).toMatchObject({ colour: true, isLive: false });
    expect(lookFor(pipe, { FORCE_COLOR: "1", NO_COLOR: "1" })).toMatchObject({ colour: false });
    expect(lookFor(terminal, { TERM: "dumb" })).toMatchObject({ colour: false, ascii: true, isLive: false });
    expect(lookFor(terminal, { LC_ALL: "C" })).toMatchObject({ ascii: true });
  });
});
