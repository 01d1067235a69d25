/** Plays runs in a thread of its own: `{ world, player, plays, budget }` in, what came of each out. */

import { parentPort } from "node:worker_threads";
import type { Played } from "./play.ts";
import { PLAYERS } from "./players.ts";
import { WORLDS } from "./worlds.ts";

export interface Task {
  readonly world: string;
  readonly player: string;
  readonly from: number;
  readonly plays: number;
  readonly budget: number;
  readonly series: number;
}

export async function playTask(task: Task): Promise<Played[]> {
  const world = WORLDS.find(({ name }) => name === task.world);
  const player = PLAYERS[task.player];
  if (world === undefined || player === undefined)
    throw new Error(`nobody plays ${task.player} in ${task.world}`);
  const played: Played[] = [];
  for (let index = task.from; index < task.from + task.plays; index += 1)
    played.push(
      await player(world, { play: `${task.world} ${index} of ${task.series}`, budget: task.budget }),
    );
  return played;
}

parentPort?.on("message", (task: Task) => {
  void playTask(task).then((played) => parentPort?.postMessage(played));
});
