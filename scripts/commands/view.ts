/** `meridian view`: a local page over the saved runs. */
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";
import { RUNS_FOLDER, wholeNumber } from "./options.ts";

export const viewCommand: CommandDefinition = {
  examples: [
    ["meridian view", "opens a page on this machine; Ctrl-C ends it"],
    ["meridian view --port 0 --json", "on any free port, its address as JSON"],
  ],
  configure: (command) => {
    command
      .option("--port <n>", "port on loopback; 0 for any that is free", wholeNumber(0), 8060)
      .option("--out <dir>", "the runs folder", RUNS_FOLDER);
  },
  run: runView,
};

async function runView({ options, terminal, signal }: CommandInput): Promise<number> {
  const { startView } = await import("../view/server.ts");
  const server = await startView(String(options.out), options.port as number);
  terminal.out(options.json === true ? jsonDocument("view", { url: server.url }) : server.url);
  terminal.note("Ctrl-C ends it");
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
  return EXIT_CODES.ok;
}
