/** A small seedable random number generator (sfc32 by Chris Doty-Humphrey), so that a search can be repeated. */

export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Normal with mean 0 and standard deviation 1. */
  normal(): number;
}

export function seededRandom(seed: string): Random {
  const uniform = sfc32(hash(seed));
  return {
    uniform,
    // Box-Muller; one of the two numbers is thrown away to keep no state beside the generator's own.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

function sfc32(state: [number, number, number, number]): () => number {
  let [a, b, c, counter] = state;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 15; round++) next();
  return next;
}

/** FNV-1a, four times with different starts. */
function hash(text: string): [number, number, number, number] {
  const lane = (start: number) => {
    let value = start;
    for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 16777619);
    return value | 0;
  };
  return [lane(0x811c9dc5), lane(0x9e3779b9), lane(0x243f6a88), lane(0xb7e15162)];
}
