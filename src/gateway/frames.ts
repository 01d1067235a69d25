/** Server-sent events, cut into whole frames without touching a byte. */

/** A frame that does not end within so much is passed on unread. */
const MAX_FRAME_BYTES = 32 * 1024 * 1024;

const NEWLINE = 10;
const RETURN = 13;

/** Holds back the beginning of a frame until its blank line has come. */
export class FrameCutter {
  #rest: Buffer = Buffer.alloc(0);
  /** Up to here `#rest` was searched for a blank line. */
  #searched = 0;

  /** Whole frames, their blank lines included. Joined in order, with `rest` at the end, they are what came. */
  cut(chunk: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    let start = 0;
    let from = this.#searched;
    for (let end = frameEnd(bytes, from); end !== undefined; end = frameEnd(bytes, from)) {
      frames.push(bytes.subarray(start, end));
      start = end;
      from = end;
    }
    this.#rest = bytes.subarray(start);
    if (this.#rest.length > MAX_FRAME_BYTES) frames.push(this.rest());
    // A blank line may have begun in the last three bytes.
    this.#searched = Math.max(0, this.#rest.length - 3);
    return frames;
  }

  /** What came after the last whole frame; afterwards nothing is held. */
  rest(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    this.#searched = 0;
    return rest;
  }
}

/** Where the first frame ends: behind two line ends in a row, each \n or \r\n. */
function frameEnd(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(NEWLINE, from); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
    if (bytes[at + 1] === NEWLINE) return at + 2;
    if (bytes[at + 1] === RETURN && bytes[at + 2] === NEWLINE) return at + 3;
  }
  return undefined;
}

/** The text behind `data:` of a frame, several lines joined; undefined for comments and the like. */
export function dataOf(frame: Buffer): string | undefined {
  const lines = frame
    .toString("utf8")
    .split(/\r?\n/)
    .filter((line) => line.startsWith("data:"));
  return lines.length === 0 ? undefined : lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
}
