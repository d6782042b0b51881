/** The forge's files: workflows run what exists with no more rights than they need, and forms are valid forms. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  copyFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";

const ROOT = join(import.meta.dirname, "..");
const scripts = (JSON.parse(text("package.json")) as { scripts: Record<string, string> }).scripts;

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> };
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: unknown;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

function text(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

const workflows = globSync(".github/workflows/*.yml", { cwd: ROOT })
  .sort()
  .map((path) => ({ path, workflow: parse(text(path)) as Workflow }));

/** Command lines of a job, with each value of its matrix filled in. */
function commandsOf(job: Job): readonly string[] {
  const lines = job.steps.flatMap(({ run }) => (run ?? "").split("\n")).filter((line) => line !== "");
  return lines.flatMap((line) => {
    const key = /\$\{\{ matrix\.(\w+) \}\}/.exec(line);
    if (key === null) return [line];
    return (job.strategy?.matrix[key[1]!] ?? []).map((value) => line.replace(key[0], value));
  });
}

/** Why a workflow's command would fail before it did anything; undefined when what it starts is there. */
function fault(command: string): string | undefined {
  const script = /^npm run (\S+)/.exec(command)?.[1];
  if (script !== undefined) return Object.hasOwn(scripts, script) ? undefined : `package.json has no script ${script}`;
  if (/^(npm ci|npm publish |gh release create )/.test(`${command} `)) return undefined;
  const program = command.split(" ", 1)[0]!;
  if (!program.startsWith(".ci/")) return `${command}: not a command that this test knows`;
  try {
    accessSync(join(ROOT, program), constants.X_OK);
    return undefined;
  } catch {
    return `${program} is not there, or not executable`;
  }
}

describe("workflows", () => {
  it("are the three that are wanted", () => {
    const names = workflows.map(({ path }) => path.split("/").at(-1));
    assert.deepEqual(names, ["ci.yml", "nightly.yml", "release.yml"]);
  });

  for (const { path, workflow } of workflows) {
    const jobs = Object.entries(workflow.jobs);

    it(`${path} runs commands that exist`, () => {
      const commands = jobs.flatMap(([, job]) => commandsOf(job));
      assert.ok(commands.length > 0, "it runs something");
      assert.deepEqual(
        commands.flatMap((command) => fault(command) ?? []),
        [],
      );
    });

    it(`${path} may read, and write only where a job says why`, () => {
      assert.deepEqual(workflow.permissions, { contents: "read" });
      for (const [name, job] of jobs) {
        const writes = Object.entries(job.permissions ?? {}).filter(([, right]) => right === "write");
        for (const [right] of writes)
          assert.match(text(path), new RegExp(`${right}: write # \\w`), `${name}: ${right}`);
      }
    });

    it(`${path} pins majors of actions, limits time and takes Node from .nvmrc`, () => {
      for (const [name, job] of jobs) {
        assert.ok((job["timeout-minutes"] ?? 0) > 0, `${name} has a time limit`);
        for (const { uses, with: inputs } of job.steps) {
          if (uses === undefined) continue;
          assert.match(uses, /^actions\/[\w-]+@v\d+$/, `${name}: ${uses}`);
          if (uses.startsWith("actions/setup-node@")) assert.equal(inputs?.["node-version-file"], ".nvmrc", name);
          if (uses.startsWith("actions/checkout@")) assert.equal(inputs?.["persist-credentials"], false, name);
        }
      }
    });
  }

  it("check the same thing as a person: ci and release call .ci/run", () => {
    for (const name of ["ci", "release"]) {
      const { workflow } = workflows.find(({ path }) => path.endsWith(`/${name}.yml`))!;
      assert.ok(commandsOf(workflow.jobs.test!).includes(".ci/run"), name);
    }
  });

  it("know the Node that a checkout brings", () => {
    const { devDependencies } = JSON.parse(text("package.json")) as { devDependencies: Record<string, string> };
    assert.match(devDependencies.node!, new RegExp(`^\\^${text(".nvmrc").trim()}\\.`));
  });
});

describe(".ci/release-notes", () => {
  /** Runs it in a folder that holds this changelog and version 1.2.3. */
  function notes(changelog: string, tag: string): { readonly status: number | null; readonly stdout: string } {
    const folder = mkdtempSync(join(tmpdir(), "meridian-"));
    mkdirSync(join(folder, ".ci"));
    copyFileSync(join(ROOT, ".ci", "release-notes"), join(folder, ".ci", "release-notes"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ version: "1.2.3" }));
    writeFileSync(join(folder, "CHANGELOG.md"), changelog);
    const { status, stdout } = spawnSync(join(folder, ".ci", "release-notes"), [tag], { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    return { status, stdout };
  }

  const CHANGELOG = "# Changelog\n\n## 1.2.3 (2026-01-02)\n\n- NEW this\n\n## 1.2.2 (2026-01-01)\n\n- NEW that\n";

  it("prints the section of the tag and nothing else", () => {
    const { status, stdout } = notes(CHANGELOG, "v1.2.3");
    assert.deepEqual([status, stdout.trim()], [0, "- NEW this"]);
  });

  it("refuses a tag of another version, and a section that is missing, empty or unreleased", () => {
    assert.equal(notes(CHANGELOG, "v1.2.2").status, 2);
    assert.equal(notes("## 1.2.2 (2026-01-01)\n\n- NEW that\n", "v1.2.3").status, 3);
    assert.equal(notes("## 1.2.3 (unreleased)\n\n- NEW this\n", "v1.2.3").status, 3);
    assert.equal(notes("## 1.2.3 (2026-01-02)\n\n## 1.2.2\n\n- NEW that\n", "v1.2.3").status, 3);
  });
});

interface FormItem {
  readonly type: string;
  readonly id?: string;
  readonly attributes: {
    readonly label?: string;
    readonly value?: string;
    readonly options?: readonly unknown[];
  };
}

interface Form {
  readonly name?: string;
  readonly description?: string;
  readonly labels?: readonly string[];
  readonly body?: readonly FormItem[];
}

describe("issue forms", () => {
  const paths = globSync(".github/ISSUE_TEMPLATE/!(config).yml", { cwd: ROOT }).sort();

  it("are there for a bug, a wrong answer and a wish, and nothing goes around them", () => {
    assert.deepEqual(
      paths.map((path) => path.split("/").at(-1)),
      ["bug.yml", "feature.yml", "wrong-answer.yml"],
    );
    assert.deepEqual(parse(text(".github/ISSUE_TEMPLATE/config.yml")), { blank_issues_enabled: false });
  });

  for (const path of paths) {
    it(`${path} is a valid form`, () => {
      const form = parse(text(path)) as Form;
      assert.ok(form.name && form.description && form.labels?.length, "name, description and labels");
      const body = form.body ?? [];
      const ids = body.flatMap(({ id }) => id ?? []);
      assert.equal(new Set(ids).size, ids.length, "ids are unique");
      assert.ok(
        body.some(({ type }) => type !== "markdown"),
        "it asks something",
      );
      for (const { type, attributes, id } of body) {
        assert.ok(["markdown", "textarea", "input", "dropdown", "checkboxes"].includes(type), type);
        if (type === "markdown") assert.ok(attributes.value, "markdown has a value");
        else assert.ok(attributes.label && /^[\w-]+$/.test(id ?? ""), `${id} has a label`);
        if (type === "dropdown" || type === "checkboxes") assert.ok(attributes.options?.length, `${id} has options`);
      }
    });
  }

  it("ask for the output of doctor where an answer depends on the machine", () => {
    for (const name of ["bug", "wrong-answer"]) {
      assert.match(text(`.github/ISSUE_TEMPLATE/${name}.yml`), /npx meridian doctor/, name);
    }
  });
});

describe("other files of the forge", () => {
  it("dependabot watches npm and the workflows' actions", () => {
    const { version, updates } = parse(text(".github/dependabot.yml")) as {
      version: number;
      updates: readonly { "package-ecosystem": string }[];
    };
    assert.equal(version, 2);
    assert.deepEqual(updates.map((each) => each["package-ecosystem"]).sort(), ["github-actions", "npm"]);
  });

  it("the pull request template names scripts that exist", () => {
    const named = [...text(".github/pull_request_template.md").matchAll(/`npm run ([\w:]+)`/g)].map(
      (match) => match[1]!,
    );
    assert.ok(named.length > 0);
    assert.deepEqual(
      named.filter((name) => !Object.hasOwn(scripts, name)),
      [],
    );
  });
});
