/** `npm run fuzz [-- --seconds 60 --seed 7]`: hostile scenarios and files; each must work or be refused clearly. */
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";
import { TARGETS } from "./targets.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "10" }, seed: { type: "string", default: String(Date.now() % 1e6) } },
});
const seed = Number(values.seed);
const report = await fuzz({
  targets: TARGETS,
  seed,
  inputsMax: Number.POSITIVE_INFINITY,
  forMs: 1000 * Number(values.seconds),
  slowMs: 5000,
  clockMs: () => performance.now(),
});
for (const { target, input, what, text } of report.failures) {
  process.stdout.write(`\n${target}, input ${input} of seed ${seed}: ${what}\n${text.slice(0, 3000)}\n`);
}
const { inputs, refused, failures } = report;
process.stdout.write(
  `seed ${seed}: ${inputs} inputs, ${refused} refused with a problem, ${failures.length} failures\n`,
);
process.exitCode = failures.length > 0 ? 1 : 0;
