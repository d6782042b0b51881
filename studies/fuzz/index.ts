/** `npm run fuzz [-- --seconds 60 --seed 7 --target emulator]`: hostile scenarios, files and calls of the emulator; each must work or be refused clearly. */
import { parseArgs } from "node:util";
import { emulatorTarget } from "./emulator-targets.ts";
import { fuzz } from "./fuzz.ts";
import { TARGETS } from "./targets.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 1e6) },
    target: { type: "string", multiple: true },
  },
});
const seed = Number(values.seed);
const emulator = emulatorTarget();
const report = await fuzz({
  targets: [...TARGETS, emulator].filter(({ name }) => values.target?.includes(name) ?? true),
  seed,
  inputsMax: Number.POSITIVE_INFINITY,
  forMs: 1000 * Number(values.seconds),
  slowMs: 5000,
  clockMs: () => performance.now(),
});
await emulator.close();
for (const { target, input, what, text } of report.failures) {
  process.stdout.write(`\n${target}, input ${input} of seed ${seed}: ${what}\n${text.slice(0, 3000)}\n`);
}
const { inputs, refused, failures } = report;
process.stdout.write(
  `seed ${seed}: ${inputs} inputs, ${refused} refused with a problem, ${failures.length} failures\n`,
);
process.exitCode = failures.length > 0 ? 1 : 0;
