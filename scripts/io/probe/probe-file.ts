import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { MeridianError } from "../../../simulator/errors.ts";
import { type ProbeFile, probeFileSchema } from "../../../simulator/probe/probe-record.ts";
import { packageVersion } from "../package-info.ts";
import { environmentProblem, readTextFile } from "../read-text.ts";
import { stableJson } from "../stable-json.ts";

export function probeFileOf(facts: Pick<ProbeFile, "ended" | "harness" | "probes">): ProbeFile {
  const { ended, harness, probes } = facts;
  return { schemaVersion: 1, tool: "meridian probe", version: packageVersion(), ended, harness, probes };
}

/**
 * Refuses a place that cannot be written to, before anything is measured.
 * @throws MeridianError environment, PROBE_NOT_SAVED
 */
export async function checkProbePlace(path: string): Promise<void> {
  try {
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory()) throw new Error("this is a folder");
    await access(there === undefined ? dirname(path) : path, constants.W_OK);
  } catch (error) {
    throw notSaved(error, path);
  }
}

/** Writes the file whole or not at all. @throws MeridianError environment, PROBE_NOT_SAVED */
export async function writeProbeFile(path: string, file: ProbeFile): Promise<void> {
  try {
    await writeFileAtomic(path, stableJson(file));
  } catch (error) {
    throw notSaved(error, path);
  }
}

const BYTES_MAX = 64 * 2 ** 20;

/** Reads a file of `meridian probe`. @throws MeridianError data, PROBE_FILE_... */
export async function readProbeFile(path: string): Promise<ProbeFile> {
  const kind = { code: "PROBE_FILE", noun: "probe file", bytesMax: BYTES_MAX, kind: "data" } as const;
  const text = await readTextFile(path, kind);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = probeFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new MeridianError("data", {
    code: "PROBE_FILE_DAMAGED",
    what: `this is no probe file: ${z.prettifyError(parsed.error).split("\n").slice(0, 2).join(" ")}`,
    where: path,
    fix: "name a file that meridian probe --out wrote",
  });
}

function notSaved(error: unknown, path: string): MeridianError {
  const fix = "name another file with --out, in a folder that is there";
  return new MeridianError("environment", environmentProblem("PROBE_NOT_SAVED", error, path, fix), { cause: error });
}
