/** Tags of runs and names of baselines: what people say about runs, kept beside them in small files. */
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { MeridianError } from "../../simulator/base/errors.ts";
import { LATEST, runFolder } from "../io/run-store.ts";
import { environmentProblem, isFolder, makeFolder } from "../io/text-files.ts";

/** Tags of a run, in its own folder. */
const LABELS_FILE = "labels.json";
/** Baselines: a file a name, which holds the id of a run. */
const BASELINES_FOLDER = ".baselines";

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const labelsForm = z.object({ tags: z.array(z.string()).max(1000) });

/** @throws MeridianError usage RUN_LABEL for a name that is none */
function checkName(name: string): string {
  if (NAME.test(name)) return name;
  throw new MeridianError("usage", {
    code: "RUN_LABEL",
    what: `"${name.slice(0, 80)}" cannot be a tag or the name of a baseline`,
    fix: "use up to 64 of a-z 0-9 . _ - and begin with a letter or digit, for example main or before-quota",
  });
}

/** Tags of a run, in the order in which they were given; none where its labels cannot be read. */
export async function tagsOf(folder: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, LABELS_FILE), "utf8").catch(() => "");
  try {
    return labelsForm.parse(JSON.parse(text)).tags.filter((tag) => NAME.test(tag));
  } catch {
    return [];
  }
}

/** Adds and removes tags of a run. @returns its tags now */
export async function changeTags(
  folder: string,
  change: { readonly add: readonly string[]; readonly remove: readonly string[] },
): Promise<readonly string[]> {
  change.add.forEach(checkName);
  const tags = [...new Set([...(await tagsOf(folder)), ...change.add])].filter((tag) => !change.remove.includes(tag));
  await write(join(folder, LABELS_FILE), `${JSON.stringify({ schemaVersion: 1, tags }, null, 2)}\n`);
  return tags;
}

/** Baselines by name. Names whose run is gone are left out. */
export async function baselines(root: string): Promise<ReadonlyMap<string, string>> {
  const folder = join(root, BASELINES_FOLDER);
  const found = new Map<string, string>();
  for (const name of (await readdir(folder).catch(() => [])).filter((each) => NAME.test(each)).sort()) {
    const id = (await readFile(join(folder, name), "utf8").catch(() => "")).trim();
    if (NAME.test(id) && (await isFolder(runFolder(root, id)))) found.set(name, id);
  }
  return found;
}

/** Lets a name stand for a run from now on, whatever it stood for. */
export async function nameBaseline(root: string, name: string, id: string): Promise<void> {
  checkName(name);
  if (name === LATEST) {
    throw new MeridianError("usage", {
      code: "RUN_LABEL",
      what: `"${LATEST}" always is the last run`,
      fix: "choose another name, for example main",
    });
  }
  await makeFolder(join(root, BASELINES_FOLDER));
  await write(join(root, BASELINES_FOLDER, name), `${id}\n`);
}

/** Forgets a name. @returns whether there was one */
export async function forgetBaseline(root: string, name: string): Promise<boolean> {
  checkName(name);
  const path = join(root, BASELINES_FOLDER, name);
  const existed = await stat(path).then(
    () => true,
    () => false,
  );
  await rm(path, { force: true });
  return existed;
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(path, text);
  } catch (error) {
    const fix = "check permissions of the folder of runs";
    throw new MeridianError("environment", environmentProblem("RUN_LABEL_NOT_WRITTEN", error, path, fix), {
      cause: error,
    });
  }
}
