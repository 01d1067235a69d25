/** Numbers of lines as people write them: `line 3`, `lines 3, 7–12`. */
export function lineRanges(numbers: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const range = ranges.at(-1);
    if (range?.last === number - 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  const texts = ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}–${last}`));
  return `${numbers.length === 1 ? "line" : "lines"} ${texts.join(", ")}`;
}
