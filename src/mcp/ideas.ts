/** The queue of ideas as shown: what waits, and what was taken up by which experiment. */

import { currentRun, type Study } from "../core/study.ts";

interface ShownIdea {
  readonly by: string;
  readonly title: string;
  readonly why?: string;
  readonly forecast?: { readonly gain?: number; readonly change?: number; readonly probability: number };
}

/** Ideas of program.md are those that stand there now; a file that cannot be read gives none and says why. */
export async function ideasOf(study: Study, programPath: string) {
  const run = currentRun(study);
  const written = await writtenIdeas(programPath);
  const added = (run?.queue ?? []).map(({ by, idea: { title, why, forecast } }): ShownIdea => {
    return { by, title, ...(why === "" ? {} : { why }), ...(forecast === undefined ? {} : { forecast }) };
  });
  const takenBy = new Map<string, string>();
  for (const { id, idea } of run?.records ?? []) {
    if (idea === undefined) continue;
    for (const title of [idea.title, idea.queued ?? idea.title]) takenBy.set(title, id);
  }
  const all = [...added, ...written.ideas];
  return {
    waiting: all.filter(({ title }) => !takenBy.has(title)),
    taken: all.flatMap(({ title }) =>
      takenBy.has(title) ? [{ title, experiment: takenBy.get(title) }] : [],
    ),
    ...(written.problem === undefined ? {} : { problem: written.problem }),
  };
}

async function writtenIdeas(path: string): Promise<{ ideas: ShownIdea[]; problem?: string }> {
  try {
    const { loadProgram } = await import("../program/load.ts");
    const open = loadProgram(path).ideas.filter(({ done }) => !done);
    return {
      ideas: open.map(({ text, forecast }) => {
        return { by: "program.md", title: text, ...(forecast === undefined ? {} : { forecast }) };
      }),
    };
  } catch (error) {
    return { ideas: [], problem: error instanceof Error ? error.message : String(error) };
  }
}
