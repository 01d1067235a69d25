// A model as text and back: the graph and the weights, nothing that runs. Reading believes nothing.
import { type Line, Model } from "./model.ts";
import { isOperation } from "./operations.ts";

const FORMAT = "microgpt-graph-1";
const LARGEST_BYTES = 4_000_000;

/** The text of model.json. */
export function save(model: Model): string {
  const parameters = model.parameters.map(({ rows, width, data }) => {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return { rows, width, data: bytes.toString("base64") };
  });
  return `${JSON.stringify({ format: FORMAT, lines: model.lines, parameters })}\n`;
}

type Fields = Record<string, unknown>;

function fields(value: unknown, names: string[]): Fields {
  if (
    typeof value !== "object" ||
    value === null ||
    Object.keys(value).sort().join() !== names.sort().join()
  ) {
    throw new Error(`expected an object with exactly ${names.join(", ")}`);
  }
  return value as Fields;
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error("expected a list");
  return value;
}

/** A whole number within bounds. */
function whole(value: unknown, [from, to]: [number, number]): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= from && value <= to) return value;
  throw new Error(`expected a whole number from ${from} to ${to}, found ${JSON.stringify(value)}`);
}

function readLine(value: unknown, id: number, parameters: number): Line {
  const line = fields(value, ["op", "inputs", "parameter", "value"]);
  if (!isOperation(line.op)) throw new Error(`unknown operation ${JSON.stringify(line.op)}`);
  if (typeof line.value !== "number") throw new Error("the value of a line must be a number");
  const inputs = list(line.inputs).map((input) => whole(input, [0, id - 1]));
  return { op: line.op, inputs, parameter: whole(line.parameter, [-1, parameters - 1]), value: line.value };
}

function readParameter(value: unknown, model: Model): void {
  const { rows, width, data } = fields(value, ["rows", "width", "data"]);
  const made = model.parameter(whole(rows, [1, 1e6]), whole(width, [1, 1e6]));
  const bytes = Buffer.from(typeof data === "string" ? data : "", "base64");
  if (bytes.length !== made.data.byteLength) {
    throw new Error(`${bytes.length} bytes of weights for ${made.rows} x ${made.width}`);
  }
  made.data.set(new Float32Array(Uint8Array.from(bytes).buffer));
  if (!made.data.every(Number.isFinite)) throw new Error("a weight is not a finite number");
}

/** The model an artifact describes. Throws, with the reason, for anything that `save` would not write. */
export function load(text: string): Model {
  if (text.length > LARGEST_BYTES) throw new Error(`larger than ${LARGEST_BYTES} bytes`);
  const { format, lines, parameters } = fields(JSON.parse(text), ["format", "lines", "parameters"]);
  if (format !== FORMAT) throw new Error(`the format must be ${FORMAT}`);
  const model = new Model();
  for (const parameter of list(parameters)) readParameter(parameter, model);
  for (const [id, line] of list(lines).entries()) model.append(readLine(line, id, model.parameters.length));
  return model;
}
