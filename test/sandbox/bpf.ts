/** Runs a classic BPF program of seccomp, as linux/Documentation/userspace-api/seccomp_filter.rst tells: for the filters of machines we are not on. */

export interface Call {
  readonly architecture: number;
  readonly number: number;
  /** 64 bits each. */
  readonly arguments: readonly bigint[];
}

/** The value that the program returns. Throws for what the kernel would refuse: an unknown instruction, a way out of the program. */
export function answerOf(program: Buffer, call: Call): number {
  const data = Buffer.alloc(64);
  data.writeInt32LE(call.number | 0, 0);
  data.writeUInt32LE(call.architecture, 4);
  for (const [index, value] of call.arguments.entries())
    data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + 8 * index);
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 8) {
    const code = program.readUInt16LE(at);
    const value = program.readUInt32LE(at + 4);
    const jump = (holds: boolean): void => {
      at += 8 * program.readUInt8(holds ? at + 2 : at + 3);
    };
    if (code === 0x06) return value;
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x15) jump(accumulator === value);
    else if (code === 0x35) jump(accumulator >= value);
    else if (code === 0x45) jump((accumulator & value) !== 0);
    else throw new Error(`unknown instruction 0x${code.toString(16)}`);
  }
  throw new Error("the program ends without an answer");
}
