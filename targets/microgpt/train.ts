// A small GPT that learns to spell first names. Everything in this file may be changed: the model, the optimiser,
// the schedule, how names are drawn. The compute budget, the data and the score are not its business.
import { writeFileSync } from "node:fs";
import { save } from "./artifact.ts";
import { budget } from "./budget.ts";
import { BLOCK, encode, letter, SYMBOLS, trainingNames } from "./data.ts";
import type { Tensor } from "./kernels.ts";
import { Model, type Node } from "./model.ts";
import { normal, shuffled, uniform } from "./random.ts";

// --- Hyper-parameters ---------------------------------------------------------------------------------------

const WIDTH = 32; // tune: 16..96 step 8
const LAYERS = 1; // tune: 1..3 step 1
const HEADS = 4; // tune: 1 | 2 | 4 | 8
const MLP_RATIO = 4; // tune: 1..6 step 1
const ACTIVATION = "relu"; // tune: relu | gelu | silu | relu2
const INIT_DEVIATION = 0.08; // tune: 0.01..0.5 log

const BATCH_NAMES = 32; // tune: 4..64 step 4
const LEARNING_RATE = 1e-3; // tune: 3e-4..1e-1 log
const WARMUP_FRACTION = 0.1; // tune: 0..0.4
const SCHEDULE = "cosine"; // tune: constant | linear | cosine
const FINAL_LR_FRACTION = 0.1; // tune: 0..0.5
const BETA1 = 0.9; // tune: 0.5..0.98
const BETA2 = 0.99; // tune: 0.8..0.999
const WEIGHT_DECAY = 0.01; // tune: 1e-4..1 log
const GRADIENT_LIMIT = 1; // tune: 0.1..10 log

// --- Model --------------------------------------------------------------------------------------------------

const random = uniform(Number(process.env.NIGHTLAB_SEED ?? 1));

function buildModel(): Model {
  const model = new Model();
  const matrix = (rows: number, width: number) =>
    model.parameter(rows, width, () => INIT_DEVIATION * normal(random));
  const layer = (x: Node, width: number) => model.linear(x, matrix(x.width, width));

  let x = model.add(model.embedding(matrix(SYMBOLS, WIDTH)), model.position(matrix(BLOCK, WIDTH)));
  for (let i = 0; i < LAYERS; i++) {
    const seen = model.rmsnorm(x);
    const mixed = model.attention(layer(seen, WIDTH), layer(seen, WIDTH), layer(seen, WIDTH), HEADS);
    x = model.add(x, layer(mixed, WIDTH));
    const hidden = model.activate(ACTIVATION, layer(model.rmsnorm(x), MLP_RATIO * WIDTH));
    x = model.add(x, layer(hidden, WIDTH));
  }
  layer(model.rmsnorm(x), SYMBOLS);
  return model;
}

// --- Optimiser: Adam with decoupled weight decay ------------------------------------------------------------

const scheduleShapes: Record<string, (done: number) => number> = {
  constant: () => 1,
  linear: (done) => 1 - done,
  cosine: (done) => (1 + Math.cos(Math.PI * done)) / 2,
};

/** The learning rate after this fraction of the compute. */
function learningRate(progress: number): number {
  if (progress < WARMUP_FRACTION) return (LEARNING_RATE * (progress + 0.001)) / (WARMUP_FRACTION + 0.001);
  const shape = scheduleShapes[SCHEDULE]?.((progress - WARMUP_FRACTION) / (1 - WARMUP_FRACTION)) ?? 1;
  return LEARNING_RATE * (FINAL_LR_FRACTION + (1 - FINAL_LR_FRACTION) * shape);
}

/** Factor that brings the norm of all gradients together down to GRADIENT_LIMIT. */
function clipFactor(parameters: readonly Tensor[]): number {
  let squares = 0;
  for (const { gradient } of parameters) for (const g of gradient) squares += g * g;
  return Math.min(1, GRADIENT_LIMIT / (Math.sqrt(squares) + 1e-8));
}

class Adam {
  readonly moments: { parameter: Tensor; mean: Float32Array; square: Float32Array }[];
  steps = 0;

  constructor(parameters: readonly Tensor[]) {
    this.moments = parameters.map((parameter) => ({
      parameter,
      mean: new Float32Array(parameter.data.length),
      square: new Float32Array(parameter.data.length),
    }));
  }

  step(rate: number, clip: number): void {
    this.steps++;
    const meanRate = rate / (1 - BETA1 ** this.steps);
    const unbias = 1 / (1 - BETA2 ** this.steps);
    const keep = 1 - rate * WEIGHT_DECAY;
    for (const { parameter, mean, square } of this.moments) {
      const { data, gradient } = parameter;
      for (let i = 0; i < data.length; i++) {
        const g = clip * (gradient[i] as number);
        const m = BETA1 * (mean[i] as number) + (1 - BETA1) * g;
        const s = BETA2 * (square[i] as number) + (1 - BETA2) * g * g;
        mean[i] = m;
        square[i] = s;
        data[i] = keep * (data[i] as number) - (meanRate * m) / (Math.sqrt(unbias * s) + 1e-8);
      }
    }
  }
}

// --- Training -----------------------------------------------------------------------------------------------

/** Names in random order, for ever; every pass over them in a new order. */
function* endlessNames(): Generator<string, never> {
  const names = trainingNames();
  while (true) yield* shuffled(names, random);
}

function train(model: Model): void {
  const optimiser = new Adam(model.parameters);
  const names = endlessNames();
  let recent = 0;
  let reported = 0;
  for (let step = 1; budget.nextStep(); step++) {
    const batch = encode(Array.from({ length: BATCH_NAMES }, () => names.next().value));
    const rate = learningRate(budget.progress());
    model.forward(batch);
    const bits = model.crossEntropy() / Math.LN2;
    model.backward();
    optimiser.step(rate, clipFactor(model.parameters));
    recent = step === 1 ? bits : 0.95 * recent + 0.05 * bits;
    if (budget.progress() >= reported + 0.1) {
      reported += 0.1;
      console.log(`step=${step} train_bpb=${recent.toFixed(4)}`);
    }
  }
}

// --- Samples ------------------------------------------------------------------------------------------------

function drawSymbol(scores: Float32Array): number {
  const weights = Array.from(scores, Math.exp);
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [symbol, weight] of weights.entries()) {
    left -= weight;
    if (left <= 0) return symbol;
  }
  return 0;
}

function sample(model: Model): string {
  let name = "";
  for (let length = 0; length < BLOCK - 1; length++) {
    const batch = encode([name]);
    model.forward(batch);
    const symbol = drawSymbol(model.result().data.subarray(length * SYMBOLS, (length + 1) * SYMBOLS));
    if (symbol === 0) break;
    name += letter(symbol);
  }
  return name;
}

const model = buildModel();
train(model);
writeFileSync("model.json", save(model));
console.log(budget.summary());
console.log(`samples: ${Array.from({ length: 5 }, () => sample(model)).join(", ")}`);
