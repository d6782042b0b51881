/** `meridian view`: a local page over the saved runs, with a playground. */
import { stat } from "node:fs/promises";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { startView } from "../view/server.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";
import { RUNS_FOLDER, wholeNumber } from "./options.ts";

const PORT_MAX = 65_535;

export const viewCommand: CommandDefinition = {
  examples: [
    ["meridian view", "opens a page on this machine; Ctrl-C ends it"],
    ["meridian view my.yaml", "the playground with this scenario"],
    ["meridian view --port 0 --json", "on any free port, its address as JSON"],
  ],
  configure: (command) => {
    command
      .argument("[scenario]", "a scenario file for the playground")
      .option("--port <n>", "port on loopback; 0 for any that is free", wholeNumber(0, PORT_MAX), 8060)
      .option("--out <dir>", "the runs folder", RUNS_FOLDER);
  },
  run: runView,
};

async function runView({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const [file] = args;
  if (file !== undefined) await stat(file).catch(() => notThere(file));
  const server = await startView(String(options.out), options.port as number, file);
  const url = file === undefined ? server.url : `${server.url}playground`;
  terminal.out(options.json === true ? jsonDocument("view", { url }) : url);
  terminal.note("Ctrl-C ends it");
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
  return EXIT_CODES.ok;
}

function notThere(file: string): never {
  const what = "there is no such scenario file";
  throw new MeridianError("usage", { code: "SCENARIO_NOT_FOUND", what, where: file, fix: "check the path" });
}
