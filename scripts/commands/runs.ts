/** `meridian runs`: lists, filters, tags and names saved runs, and removes those that are not needed any more. */

import { rm } from "node:fs/promises";
import { Option } from "commander";
import { terminalTable } from "../../reports/text/terminal.ts";
import { EXIT_CODES, formatProblem, MeridianError, printable } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import type { Terminal } from "../io/terminal.ts";
import { environmentProblem } from "../io/text-files.ts";
import { findRuns, idsByAge } from "../store/find-runs.ts";
import { baselines, changeTags, forgetBaseline, nameBaseline, tagsOf } from "../store/labels.ts";
import { openRunStore } from "../store/runs.ts";
import { type CommandDefinition, type CommandInput, type CommonOptions, jsonDocument } from "./command.ts";
import { RUNS_FOLDER, wholeNumber } from "./options.ts";

export const runsCommand: CommandDefinition = {
  examples: [
    ["meridian runs", "lists all runs, the newest first"],
    ["meridian runs list --scenario acme --tag quota", "only those of a scenario with a tag"],
    ["meridian runs tag latest quota before", "gives the last run two tags"],
    ["meridian runs name main latest", "lets main stand for the last run, for compare --baseline main"],
    ["meridian runs remove 'acme-*'", "says which runs it would remove; with --yes it removes them"],
    ["meridian runs prune --keep 20 --yes", "removes all but the newest 20, and those with a tag or a name"],
  ],
  configure: (command) => {
    command
      .argument("[action]", `${Object.keys(ACTIONS).join(", ")}; list unless given`)
      .argument("[words...]", "runs, tags, names: as the action wants them")
      .option("--scenario <name>", "list: only runs of this scenario")
      .option("--tag <tag>", "list: only runs with this tag")
      .addOption(new Option("--kind <kind>", "list: only runs of this kind").choices(["simulated", "measured"]))
      .option("--limit <n>", "list: at most so many", wholeNumber(1))
      .option("--keep <n>", "prune: how many of the newest runs stay", wholeNumber(0))
      .option("--yes", "remove, prune: do it; without it they only say what they would do")
      .option("--out <dir>", "the runs folder", RUNS_FOLDER);
  },
  run: runRuns,
};

interface ActionInput {
  readonly root: string;
  readonly words: readonly string[];
  readonly options: CommonOptions;
  readonly terminal: Terminal;
}

/** What can be done with runs, by its word on the command line. */
const ACTIONS: Readonly<Record<string, (input: ActionInput) => Promise<void>>> = {
  list: listRuns,
  tag: (input) => changeRunTags(input, "add"),
  untag: (input) => changeRunTags(input, "remove"),
  name: nameRun,
  unname: forgetName,
  remove: removeNamed,
  prune: pruneRuns,
};

async function runRuns({ args, options, terminal }: CommandInput): Promise<number> {
  const [action = "list", ...words] = args;
  const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (act === undefined) {
    throw new MeridianError("usage", {
      code: "RUNS_ACTION",
      what: `runs cannot "${action}"`,
      fix: suggestOneOf(action, Object.keys(ACTIONS)),
    });
  }
  await act({ root: String(options.out), words, options, terminal });
  return EXIT_CODES.ok;
}

interface ListedRun {
  readonly run: string;
  readonly scenario: string;
  readonly kind: string;
  readonly savedAt: string | null;
  readonly seed: number;
  readonly replications: number;
  readonly strategies: number;
  readonly assertionsFailed: number;
  readonly tags: readonly string[];
  readonly baselines: readonly string[];
  readonly verdict: string;
}

const LIST_SQL = `SELECT run, scenario, kind, saved_at, seed, replications, strategies, assertions_failed, tags, baselines, verdict FROM runs`;

async function listRuns({ root, words, options, terminal }: ActionInput): Promise<void> {
  if (words.length > 0) throw wants("list", "options, not words: --scenario, --tag, --kind, --limit");
  const store = await openRunStore(root);
  try {
    const age = await idsByAge(root);
    const { rows } = await store.query(LIST_SQL);
    const found = rows
      .map(listed)
      .filter((run) => isWanted(run, options))
      .sort((a, b) => age.indexOf(b.run) - age.indexOf(a.run))
      .slice(0, (options.limit as number | undefined) ?? rows.length);
    if (options.json === true) terminal.out(jsonDocument("runs", { runs: found, problems: store.problems }));
    else if (rows.length === 0) terminal.note(`no run has been saved in ${root} yet`);
    else await printRuns(found, terminal, root);
    if (options.json !== true) for (const problem of store.problems) terminal.problem(formatProblem(problem));
  } finally {
    store.close();
  }
}

function listed(row: readonly unknown[]): ListedRun {
  const [run, scenario, kind, savedAt, seed, replications, strategies, assertionsFailed, tags, names, verdict] = row;
  const list = (text: unknown) =>
    String(text ?? "")
      .split(",")
      .filter((part) => part !== "");
  return {
    run: String(run),
    scenario: String(scenario),
    kind: String(kind),
    savedAt: savedAt === null ? null : `${String(savedAt).replace(" ", "T")}Z`,
    seed: Number(seed),
    replications: Number(replications),
    strategies: Number(strategies),
    assertionsFailed: Number(assertionsFailed),
    tags: list(tags),
    baselines: list(names),
    verdict: String(verdict),
  };
}

function isWanted(run: ListedRun, { scenario, tag, kind }: CommonOptions): boolean {
  return (
    (scenario === undefined || run.scenario === scenario) &&
    (tag === undefined || run.tags.includes(String(tag))) &&
    (kind === undefined || run.kind === kind)
  );
}

async function printRuns(runs: readonly ListedRun[], terminal: Terminal, root: string): Promise<void> {
  if (runs.length === 0) {
    terminal.note(`no such run in ${root}`);
    return;
  }
  const lines = terminalTable(
    [
      ["Run", "Saved (UTC)", "Kind", "Repl.", "Labels"],
      ...runs.map((run) => [
        printable(run.run),
        run.savedAt === null ? "" : run.savedAt.slice(0, 16).replace("T", " "),
        run.kind,
        String(run.replications),
        [
          ...run.baselines.map((name) => `=${name}`),
          ...run.tags,
          ...(run.assertionsFailed > 0 ? [`${run.assertionsFailed} FAILED`] : []),
        ].join(" "),
      ]),
    ],
    { aligns: ["left", "left", "left", "right", "left"], gap: 2 },
  );
  for (const line of lines) terminal.out(line);
}

async function changeRunTags({ root, words, options, terminal }: ActionInput, way: "add" | "remove"): Promise<void> {
  const [name, ...tags] = words;
  if (name === undefined || tags.length === 0)
    throw wants(way === "add" ? "tag" : "untag", "a run and one tag or more");
  const changed = [];
  for (const run of await findRuns([name], root)) {
    const change = { add: way === "add" ? tags : [], remove: way === "remove" ? tags : [] };
    changed.push({ run: run.id, tags: await changeTags(run.folder, change) });
  }
  if (options.json === true) terminal.out(jsonDocument("tags", { runs: changed }));
  else for (const { run, tags: now } of changed) terminal.out(`${run}: ${now.join(" ") || "no tags"}`);
}

async function nameRun({ root, words, options, terminal }: ActionInput): Promise<void> {
  const [name, place] = words;
  if (name === undefined || place === undefined || words.length > 2)
    throw wants("name", "a name and a run: meridian runs name main latest");
  const [run] = await findRuns([place], root);
  if (!(await idsByAge(root)).includes(run!.id)) {
    throw new MeridianError("usage", {
      code: "RUNS_ELSEWHERE",
      what: `${run!.folder} is not in ${root}`,
      fix: "name a run of the runs folder, or give the folder with --out",
    });
  }
  await nameBaseline(root, name, run!.id);
  if (options.json === true) terminal.out(jsonDocument("baseline", { name, run: run!.id }));
  else terminal.out(`${name} is ${run!.id}`);
}

async function forgetName({ root, words, options, terminal }: ActionInput): Promise<void> {
  const [name] = words;
  if (name === undefined || words.length > 1) throw wants("unname", "the name of a baseline");
  if (!(await forgetBaseline(root, name))) {
    const known = [...(await baselines(root)).keys()];
    throw new MeridianError("data", {
      code: "RUN_NOT_FOUND",
      what: "there is no such baseline",
      where: name,
      fix: known.length > 0 ? `there are ${known.join(", ")}` : "meridian runs name gives names",
    });
  }
  if (options.json === true) terminal.out(jsonDocument("baseline", { name, run: null }));
}

async function removeNamed({ root, words, options, terminal }: ActionInput): Promise<void> {
  if (words.length === 0) throw wants("remove", "runs");
  const ids = (await findRuns(words, root)).map(({ id }) => id);
  await removeRuns({ root, words: ids, options, terminal });
}

/** The newest stay, and whatever has a tag or a name. */
async function pruneRuns({ root, words, options, terminal }: ActionInput): Promise<void> {
  if (words.length > 0 || typeof options.keep !== "number") throw wants("prune", "--keep <n>, and no words");
  const named = new Set((await baselines(root)).values());
  const ids = await idsByAge(root);
  const old = ids.slice(0, Math.max(0, ids.length - options.keep));
  const tags = await Promise.all(old.map((id) => tagsOf(`${root}/${id}`)));
  await removeRuns({ root, words: old.filter((id, i) => !named.has(id) && tags[i]!.length === 0), options, terminal });
}

async function removeRuns({ root, words, options, terminal }: ActionInput): Promise<void> {
  const own = await idsByAge(root);
  const ids = words.filter((id) => own.includes(id));
  const isDone = options.yes === true;
  if (isDone) {
    for (const id of ids) {
      try {
        await rm(`${root}/${id}`, { recursive: true });
      } catch (error) {
        const fix = "check permissions of the folder of runs";
        throw new MeridianError("environment", environmentProblem("RUN_NOT_REMOVED", error, id, fix), { cause: error });
      }
    }
  }
  if (options.json === true) terminal.out(jsonDocument("removed", { done: isDone, runs: ids }));
  else for (const id of ids) terminal.out(`${isDone ? "removed" : "would remove"} ${id}`);
  if (ids.length === 0) terminal.note("there is nothing to remove");
  else if (!isDone) terminal.note("add --yes to do it");
}

function wants(action: string, what: string): MeridianError {
  return new MeridianError("usage", {
    code: "RUNS_WORDS",
    what: `${action} wants ${what}`,
    fix: "see meridian runs --help",
  });
}
