import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface AwsFiles {
  readonly config?: string;
  readonly credentials?: string;
}

/** Runs with no AWS settings but these: the SDK reads the process's environment, and files that it names. */
export async function withAwsEnv<T>(
  variables: Readonly<Record<string, string>>,
  run: () => Promise<T>,
  files: AwsFiles = {},
): Promise<T> {
  const before = { ...process.env };
  const folder = mkdtempSync(join(tmpdir(), "meridian-aws-"));
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  for (const name of ["config", "credentials"] as const) writeFileSync(join(folder, name), files[name] ?? "");
  Object.assign(process.env, {
    AWS_CONFIG_FILE: join(folder, "config"),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
    AWS_EC2_METADATA_DISABLED: "true",
    ...variables,
  });
  try {
    return await run();
  } finally {
    for (const name of Object.keys(process.env)) if (!Object.hasOwn(before, name)) delete process.env[name];
    Object.assign(process.env, before);
    rmSync(folder, { recursive: true, force: true });
  }
}
