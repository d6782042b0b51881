import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type K6Program, runChild } from "../../../../scripts/bench/k6-program.ts";

export interface RunnerOrder {
  readonly k6: K6Program;
  readonly tar: string;
  /** Which of how many, from 1. */
  readonly instance: number;
  readonly of: number;
  /** The instant that was given, ms since 1970. */
  readonly startMs: number;
  readonly credentials: Readonly<Record<string, string>>;
  /** Folder for a folder of its own. */
  readonly folder: string;
}

/** Runs an archive as k6-operator starts a runner, but for the pause. @returns the file with what it said */
export async function runLikeOperator(order: RunnerOrder): Promise<string> {
  const { k6, tar, instance, of, startMs, credentials, folder } = order;
  const cwd = join(folder, `runner-${instance}-of-${of}`);
  await mkdir(cwd, { recursive: true });
  const cut = (i: number) => (i === 0 || i === of ? String(i / of) : `${i}/${of}`);
  const cuts = Array.from({ length: of + 1 }, (_, i) => cut(i));
  const lines: string[] = [];
  const args = [
    "run",
    "--quiet",
    `--execution-segment=${cut(instance - 1)}:${cut(instance)}`,
    `--execution-segment-sequence=${cuts.join(",")}`,
    "--log-format=raw",
    "--no-usage-report",
    tar,
    "--address=",
    "--tag",
    `instance_id=${instance}`,
  ];
  const env = { ...credentials, MERIDIAN_START_MS: String(startMs), K6_AUTO_EXTENSION_RESOLUTION: "false" };
  const { signal } = new AbortController();
  const end = await runChild(k6.path, args, { cwd, env, limitMs: 90_000, signal, onLine: (line) => lines.push(line) });
  assert.deepEqual([end.code, end.why], [0, "ended"], end.tail.join("\n"));
  const file = join(cwd, "log.jsonl");
  await writeFile(file, `${lines.join("\n")}\n`);
  return file;
}
