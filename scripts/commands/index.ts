import { benchCommand } from "./bench.ts";
import { calibrateCommand } from "./calibrate.ts";
import { checkCommand } from "./check.ts";
import type { CommandDefinition } from "./command.ts";
import { doctorCommand } from "./doctor.ts";
import { emulateCommand } from "./emulate.ts";
import { listCommand } from "./list.ts";
import { probeCommand } from "./probe.ts";
import { reportCommand } from "./report.ts";
import { schemaCommand } from "./schema.ts";
import { simulateCommand } from "./simulate.ts";
import { validateCommand } from "./validate.ts";

/** All verbs, in the order of `meridian --help`. */
export const commands: readonly CommandDefinition[] = [
  simulateCommand,
  benchCommand,
  validateCommand,
  calibrateCommand,
  checkCommand,
  reportCommand,
  emulateCommand,
  probeCommand,
  listCommand,
  schemaCommand,
  doctorCommand,
];
