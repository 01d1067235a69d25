/** A brief for researchers under test: the first experiment of a study, told nothing yet. */

import type { Brief } from "../core/brief.ts";
import { experimentId } from "../core/experiment.ts";
import { SAMPLE_PROGRAM } from "./sample-program.ts";

export const SAMPLE_BRIEF: Brief = {
  experiment: experimentId(1),
  program: SAMPLE_PROGRAM,
  history: [],
  inFlight: [],
  openIdeas: [],
  queue: [],
  isGiven: false,
  guidance: [],
  notebook: "",
  headGain: 0,
  headDiff: "",
  noiseSd: 0.01,
  isDeterministic: false,
  randomSeed: 7,
  budgetLeft: 1,
};
