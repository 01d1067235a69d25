import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataOf, FrameCutter } from "../../src/gateway/frames.ts";

const frame = fc
  .tuple(
    fc.constantFrom("data: ", "event: x\ndata: ", ": comment ", "data:", ""),
    fc.string({ unit: "binary" }).map((text) => text.replaceAll(/[\r\n]/g, "")),
    fc.constantFrom("\n\n", "\r\n\r\n"),
  )
  .map((parts) => parts.join(""));

describe("the frames of a stream", () => {
  it("are the same whatever the packets, and lose no byte", () => {
    fc.assert(
      fc.property(fc.array(frame), fc.string(), fc.array(fc.nat({ max: 9 })), (frames, tail, sizes) => {
        const rest = tail.replaceAll(/[\r\n]/g, "");
        const bytes = Buffer.from(frames.join("") + rest);
        const cutter = new FrameCutter();
        const cut: Buffer[] = [];
        for (let at = 0, index = 0; at < bytes.length; index += 1) {
          const size = 1 + (sizes[index % Math.max(1, sizes.length)] ?? 0);
          cut.push(...cutter.cut(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(cut.map(String)).toEqual(frames.map((text) => Buffer.from(text).toString()));
        expect(cutter.rest().toString()).toBe(Buffer.from(rest).toString());
      }),
    );
  });

  it("end at any mix of line ends", () => {
    const cutter = new FrameCutter();
    const frames = cutter.cut(Buffer.from("a\r\n\nb\n\r\nc\n\n\nd"));
    expect(frames.map(String)).toEqual(["a\r\n\n", "b\n\r\n", "c\n\n"]);
    expect(cutter.rest().toString()).toBe("\nd");
  });

  it("are passed on unread where one does not end", () => {
    const cutter = new FrameCutter();
    const piece = Buffer.alloc(1024 * 1024, "x");
    let passed = 0;
    for (let count = 0; count < 40; count += 1) for (const cut of cutter.cut(piece)) passed += cut.length;
    expect(passed + cutter.rest().length).toBe(40 * 1024 * 1024);
    expect(passed).toBeGreaterThan(32 * 1024 * 1024);
  });

  it("hold their data behind one space, over several lines", () => {
    expect(dataOf(Buffer.from("event: a\ndata: {\ndata:  x}\r\n\r\n"))).toBe("{\n x}");
    expect(dataOf(Buffer.from(": ping\n\n"))).toBeUndefined();
    expect(dataOf(Buffer.from("data:[DONE]\n\n"))).toBe("[DONE]");
  });
});
