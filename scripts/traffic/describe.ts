/** `meridian traffic describe`: what recorded requests are like, as text, as JSON and as a page. */
import writeFileAtomic from "write-file-atomic";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { describeTraffic } from "../../simulator/traffic/describe.ts";
import { type CommandInput, jsonDocument } from "../commands/command.ts";
import { environmentProblem } from "../io/text-files.ts";
import { readTraffic } from "./read.ts";

/** @throws MeridianError data TRACE_*; environment TRAFFIC_NOT_SAVED */
export async function describe({ args, options, terminal }: CommandInput): Promise<number> {
  const read = await readTraffic(args, options);
  const traffic = describeTraffic(read.columns, read.notes);
  const origin = { name: read.name, format: read.format, files: read.files, sha256: read.sha256 };
  const { renderTrafficHtml, trafficText } = await import("../../reports/index.ts");
  const out = String(options.out ?? "traffic.html");
  if (options.json !== true || options.out !== undefined) {
    await writeFileAtomic(out, await renderTrafficHtml(traffic, origin)).catch((error: unknown) => {
      const fix = "name a place that can be written to with --out";
      throw new MeridianError("environment", environmentProblem("TRAFFIC_NOT_SAVED", error, out, fix));
    });
  }
  if (options.json === true) terminal.out(jsonDocument("traffic", { ...origin, traffic }));
  else {
    terminal.out(trafficText(traffic, origin));
    terminal.note(`page: ${out}`);
  }
  return EXIT_CODES.ok;
}
