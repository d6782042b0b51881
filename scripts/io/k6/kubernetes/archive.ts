import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeridianError } from "../../../../simulator/errors.ts";
import { encodeReplayPlan, type ReplayPlan } from "../../../../simulator/replay/replay-plan.ts";
import { encodeSchedule, type ScheduleRow } from "../../../../simulator/replay/schedule.ts";
import { PACKAGE_ROOT } from "../../package-info.ts";
import { interrupted } from "../../worker-pool.ts";
import { runChild } from "../child.ts";
import type { K6Program } from "../find-k6.ts";
import { readTar, writeTar } from "./tar.ts";

export interface ArchiveOrder {
  readonly k6: K6Program;
  readonly plan: ReplayPlan;
  readonly schedule: readonly ScheduleRow[];
  /** Whose rows these will be: every instance says it. */
  readonly run: string;
  readonly signal: AbortSignal;
}

/** What k6 loads: the script, everything that it imports, and its two inputs beside them. */
const SCRIPT = "scenarios/k6/replay.ts";
const SOURCES = ["scenarios/k6", "simulator"];
/** Where the archive says that its files were. */
const HOME = "/meridian";
const LIMIT_MS = 120_000;

/**
 * Makes a k6 archive of one strategy's replay: script, plan and schedule in one tar file that `k6 run` takes. It holds
 * no credentials, no environment and no path of this machine, and the same inputs give the same bytes.
 *
 * @throws MeridianError environment K6_ARCHIVE; INTERRUPTED
 */
export async function makeArchive({ k6, plan, schedule, run, signal }: ArchiveOrder): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "meridian-archive-"));
  try {
    for (const source of SOURCES) {
      const isSource = (path: string): boolean => !/\.(json|md)$/.test(path);
      await cp(join(PACKAGE_ROOT, source), join(folder, source), { recursive: true, filter: isSource });
    }
    await writeFile(join(folder, "plan.json"), encodeReplayPlan(plan));
    await writeFile(join(folder, "schedule.json"), encodeSchedule(schedule));
    const variables = { MERIDIAN_PLAN: "../../plan.json", MERIDIAN_SCHEDULE: "../../schedule.json", MERIDIAN_RUN: run };
    const given = Object.entries(variables).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const end = await runChild(k6.path, ["archive", "--quiet", ...given, "-O", "archive.tar", SCRIPT], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        K6_NO_USAGE_REPORT: "true",
        K6_AUTO_EXTENSION_RESOLUTION: "false",
      },
      limitMs: LIMIT_MS,
      signal,
    });
    if (end.why === "aborted") throw interrupted();
    if (end.why !== "ended" || end.code !== 0) throw failed(end.tail.at(-1) ?? "it said nothing");
    return neutral(await readFile(join(folder, "archive.tar")));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Puts the archive's own name for its folder in place of the folder in which it was made. */
function neutral(tar: Uint8Array): Uint8Array {
  const entries = readTar(tar);
  const metadata = entries.find(({ name }) => name === "metadata.json");
  const text = metadata === undefined ? "{}" : Buffer.from(metadata.bytes).toString("utf8");
  const { filename = "" } = JSON.parse(text) as { readonly filename?: string };
  // k6 writes file:///folder/script, and the folder's files as file/folder/...
  if (!filename.endsWith(`/${SCRIPT}`)) throw failed(`its archive names the script "${filename}"`);
  const url = filename.slice(0, -SCRIPT.length - 1);
  const folder = `file${decodeURI(url.replace(/^file:\/\//, ""))}/`;
  return writeTar(
    entries.map(({ name, bytes }) => {
      if (name === "metadata.json") return { name, bytes: Buffer.from(text.replaceAll(url, `file://${HOME}`)) };
      if (name === "data") return { name, bytes };
      if (!name.startsWith(folder)) throw failed(`its archive holds "${name}", from outside of ${folder}`);
      return { name: `file${HOME}/${name.slice(folder.length)}`, bytes };
    }),
  );
}

function failed(said: string): MeridianError {
  return new MeridianError("environment", {
    code: "K6_ARCHIVE",
    what: `k6 made no archive that could be used: ${said}`,
    fix: "meridian doctor shows which k6 is used; 1.8 is tested",
  });
}
