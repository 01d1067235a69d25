/** The command line: parse, call, print. Each command is a file; errors and exit codes are decided here. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { UsageError } from "../core/errors.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { printError } from "./print.ts";

/** Runs one command line; the number is the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = commandLine();
  // Whoever reads us may go away (`nightlab log | head`, a closed terminal): no fault, and a run must write its last line.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  try {
    await program.parseAsync(argv, { from: "user" });
    return Number(process.exitCode ?? EXIT_CODES.ok);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_CODES.ok;
    const json = argv.includes("--json");
    if (isBareCall(error) && !json) return EXIT_CODES.usage; // the help has been printed: it says what to type
    return printError(usageErrorOf(error), { json });
  }
}

function isBareCall(error: unknown): boolean {
  return error instanceof CommanderError && error.code === "commander.help";
}

/** What commander complains about, in the form of every other mistake. */
function usageErrorOf(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  if (isBareCall(error)) return new UsageError("no command is given", { next: "nightlab --help" });
  return new UsageError(error.message.replace(/^error: /, ""), { next: "nightlab --help" });
}

function commandLine(): Command {
  const program = new Command("nightlab");
  program.description(
    "A research lab that works on your repository through the night and keeps only proven gains.",
  );
  // Complaints are thrown and printed where all errors are.
  program.exitOverride().configureOutput({ outputError: () => undefined });
  program.option("-C, --cwd <folder>", "work on the repository in this folder", process.cwd());
  program.option("--json", "print one JSON value instead of text");
  program.version(ownVersion(), "-v, --version");
  addRunCommands(program);
  addSteeringCommands(program);
  addReadCommands(program);
  return program;
}

/** From package.json: npm_package_version is that of whatever package npm was called in. */
function ownVersion(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8"),
  );
  return manifest.version;
}

function addRunCommands(program: Command): void {
  const limits = (command: Command) =>
    command
      .option("--program <file>", "program.md to follow (default: the one at the top of the repository)")
      .option("--experiments <count>", "at most this many experiments")
      .option("--for <duration>", "at most this long, e.g. 8h or 45m")
      .option("--until <HH:MM>", "end at this local time")
      .option("--parallel <count>", "experiments in flight")
      .option(
        "--notify <url>",
        "send word when it is over or stuck: ntfy://, slack+https://, https://, smtps://, desktop:",
      )
      .addOption(new Option("--sandbox <kind>").choices(["auto", "process", "bubblewrap"]))
      .option("--json", "print one JSON value per event");
  program
    .command("init")
    .description("propose a program.md for this repository, try it twice, write it on consent")
    .option("--measure <command>", "the command that prints the metric")
    .option("--metric <name>", "its name, e.g. val_bpb, or wall_seconds")
    .option("--goal <goal>", "minimize or maximize")
    .option("--edit <globs...>", "files that may be changed")
    .option("--yes", "write without asking")
    .option("--json", "print the proposal as JSON")
    .action(async (_options, command: Command) =>
      (await import("./commands/init.ts")).init(command.optsWithGlobals()),
    );
  limits(program.command("run").description("start a run and work until the budget is spent"))
    .option("--tag <tag>", "name of the run and of its branch nightlab/<tag>")
    .option("--new", "end an unfinished run and start another")
    .option("--seed <number>", "secret number from which the seeds of the run are derived")
    .action(async (_options, command: Command) =>
      (await import("./commands/run.ts")).run(command.optsWithGlobals()),
    );
  limits(program.command("resume").description("continue a run that was paused or killed")).action(
    async (_options, command: Command) =>
      (await import("./commands/run.ts")).resume(command.optsWithGlobals()),
  );
  limits(
    program.command("up").description("start or resume a run in the background; it outlives the terminal"),
  )
    .option("--tag <tag>", "name of the run and of its branch nightlab/<tag>")
    .option("--systemd", "write a unit for your own systemd instead of starting")
    .addOption(new Option("--foreground").hideHelp())
    .action(async (_options, command: Command) =>
      (await import("./commands/up.ts")).up(command.optsWithGlobals()),
    );
  program
    .command("demo")
    .description("research the bundled microgpt target for about a minute, without any key")
    .option("--seconds <count>", "time budget", "60")
    .option("--seed <number>", "secret number from which the seeds of the run are derived")
    .option("--keep <folder>", "where to put the demo repository (default: a new temporary folder)")
    .option("--json", "print JSON")
    .action(async (_options, command: Command) =>
      (await import("./commands/demo.ts")).demo(command.optsWithGlobals()),
    );
}

/** What one says to a run at work. */
function addSteeringCommands(program: Command): void {
  program
    .command("stop")
    .description("pause the run that is at work here; resume continues it")
    .option("--finish", "end the search and prove what was found instead")
    .option("--json", "print JSON")
    .action(async (_options, command: Command) =>
      (await import("./commands/stop.ts")).stop(command.optsWithGlobals()),
    );
  program
    .command("tell <text>")
    .description("guidance that every later brief carries, for the run at work or the next one")
    .option("--json", "print JSON")
    .action(async (text: string, _options, command: Command) =>
      (await import("./commands/tell.ts")).tell(text, command.optsWithGlobals()),
    );
  program
    .command("idea <title>")
    .description("put an idea into the queue of the run")
    .option("--why <text>", "what is behind it")
    .option("--json", "print JSON")
    .action(async (title: string, _options, command: Command) =>
      (await import("./commands/tell.ts")).idea(title, command.optsWithGlobals()),
    );
}

function addReadCommands(program: Command): void {
  program
    .command("status")
    .description("what the run is doing, what it has found, what is left")
    .option("--json", "print JSON")
    .action(async (_options, command: Command) =>
      (await import("./commands/status.ts")).status(command.optsWithGlobals()),
    );
  program
    .command("log")
    .description("the experiments, one per line")
    .option("--status <status>", "only these, e.g. kept, discarded, crashed")
    .option("--tsv", "as results.tsv")
    .option("--json", "print JSON")
    .action(async (_options, command: Command) =>
      (await import("./commands/status.ts")).log(command.optsWithGlobals()),
    );
  program
    .command("show <experiment>")
    .description("one experiment: idea, diff, measurements, reasons")
    .option("--json", "print JSON")
    .action(async (id: string, _options, command: Command) =>
      (await import("./commands/status.ts")).show(id, command.optsWithGlobals()),
    );
  program
    .command("verdict")
    .description("why a verdict is what it is")
    .command("explain <id>")
    .description("the numbers behind the verdict on e12, promotion-2 (or p2) or final, and a small plot")
    .option("--run <tag>", "promotion or final test of this run instead of the last one")
    .option("--json", "print JSON")
    .action(async (id: string, _options, command: Command) =>
      (await import("./commands/verdict.ts")).explain(id, command.optsWithGlobals()),
    );
  program
    .command("report")
    .description("write report.md, report.html and results.tsv, print the first")
    .option("--run <tag>", "of this run instead of the last one")
    .option("--json", "print JSON")
    .action(async (_options, command: Command) =>
      (await import("./commands/report.ts")).report(command.optsWithGlobals()),
    );
  program
    .command("mcp")
    .description("the lab as tools for an agent, by MCP over stdin and stdout")
    .option("--steer", "offer tools that give orders, too: tell, add_idea, pause, finish")
    .addOption(new Option("--researcher", "leave out what a researcher may not know").hideHelp())
    .action(async (_options, command: Command) =>
      (await import("./commands/mcp.ts")).mcp(command.optsWithGlobals()),
    );
  program
    .command("doctor")
    .description("what this machine offers: Node, git, sandbox, what is and is not contained")
    .option("--repair", "make a damaged ledger whole: keeps all that can be read, says what it dropped")
    .option("--json", "print JSON")
    .action(async (_options, command: Command) =>
      (await import("./commands/doctor.ts")).doctor(command.optsWithGlobals()),
    );
}
