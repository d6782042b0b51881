import assert from "node:assert/strict";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { Command } from "commander";
import { commands } from "../scripts/commands/index.ts";
import { prepareText } from "../scripts/io/experiment.ts";
import { loadEndpoints } from "../scripts/io/k6/endpoints-file.ts";
import { meridian } from "./scripts/run-meridian.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGES = [...globSync("*.md", { cwd: ROOT }), ...globSync("docs/**/*.md", { cwd: ROOT })]
  .map((page) => page.replaceAll("\\", "/"))
  .sort();

interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  /** The words after the language. */
  readonly marks: string;
  readonly text: string;
}

/**
 * Fenced blocks of a page. Marks: `sh runnable` is executed; `yaml <name>` is a scenario; `text output of <name>` is
 * what simulating that scenario prints (UPDATE_GOLDEN=1 writes it anew).
 */
function blocksOf(page: string, markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  const fence = /^```(\w*)([^\n]*)\n([\s\S]*?)^```/gm;
  for (const match of markdown.matchAll(fence)) {
    const line = markdown.slice(0, match.index).split("\n").length;
    blocks.push({ page, line, language: match[1]!, marks: match[2]!.trim(), text: match[3]! });
  }
  return blocks;
}

const texts = new Map(PAGES.map((page) => [page, readFileSync(join(ROOT, page), "utf8")]));
const blocks = PAGES.flatMap((page) => blocksOf(page, texts.get(page)!));

/** Commands of a shell block: one per line, comments and continued lines joined. */
function commandsOf(block: Block): readonly string[] {
  const joined = block.text.replaceAll("\\\n", " ");
  return joined
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Words of a simple command line, quotes removed; pipes and what follows are cut off. */
function wordsOf(command: string): readonly string[] {
  const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!);
  const pipe = words.indexOf("|");
  return pipe < 0 ? words : words.slice(0, pipe);
}

const scripts = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> })
  .scripts;

/** Why a command of the docs would not work; undefined when it is one we know. */
function fault(command: string): string | undefined {
  const words = wordsOf(command);
  if (words[0] === "npm") {
    const script = words[1] === "run" ? words[2] : words[1];
    const known = ["ci", "cit", "install"].includes(script ?? "") || Object.hasOwn(scripts, script ?? "");
    return known ? undefined : `package.json has no script "${script}"`;
  }
  if (words[0] !== "npx" || words[1] !== "meridian") return undefined;
  const definition = commands.find((each) => each.name === words[2]);
  if (definition === undefined) return words[2]?.startsWith("-") ? undefined : `there is no verb "${words[2]}"`;
  const verb = new Command();
  definition.configure(verb);
  const known = [
    ...verb.options.flatMap((option) => [option.long, option.short]),
    "--json",
    "--quiet",
    "-q",
    "--no-color",
    "--help",
  ];
  const strange = words.slice(3).find((word) => /^--?[a-z]/.test(word) && !known.includes(word.split("=")[0]));
  return strange === undefined ? undefined : `meridian ${definition.name} has no option ${strange}`;
}

describe("documents", () => {
  it("show only commands that exist", () => {
    const shell = blocks.filter((block) => ["sh", "bash"].includes(block.language));
    const faults = shell.flatMap((block) =>
      commandsOf(block).flatMap((command) => {
        const found = fault(command);
        return found === undefined ? [] : [`${block.page}:${block.line}  ${command}: ${found}`];
      }),
    );
    assert.deepEqual(faults, []);
    assert.ok(shell.length > 3, "the docs show commands");
  });

  for (const block of blocks.filter((each) => each.marks === "runnable")) {
    for (const command of commandsOf(block)) {
      it(`${block.page}:${block.line}  ${command}`, async () => {
        const [npx, name, ...args] = wordsOf(command);
        assert.deepEqual([npx, name], ["npx", "meridian"], "runnable commands are npx meridian ...");
        const { code, stderr } = await meridian(args);
        assert.equal(code, 0, stderr);
      });
    }
  }

  it("link to pages and places that exist", () => {
    const broken = [...texts].flatMap(([page, text]) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)]
        .map((match) => match[1]!)
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => !linkWorks(page, link))
        .map((link) => `${page}: ${link}`),
    );
    assert.deepEqual(broken, []);
  });

  for (const block of blocks.filter((each) => each.language === "yaml" && /^world:/m.test(each.text))) {
    it(`${block.page}:${block.line} is a valid scenario`, async () => {
      await prepareText(block.text, join(ROOT, "scenarios", "docs.yaml"));
    });
  }

  for (const block of blocks.filter((each) => each.language === "yaml" && /^endpoints:/m.test(each.text))) {
    it(`${block.page}:${block.line} is a valid endpoints file`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "meridian-"));
      const file = join(folder, "endpoints.yaml");
      writeFileSync(file, block.text);
      const allowedHosts = [...block.text.matchAll(/https?:\/\/([\w.-]+)/g)].map((match) => match[1]!);
      await loadEndpoints(file, { regions: [], allowedHosts, env: {}, resolve: async () => ["192.0.2.1"] });
      rmSync(folder, { recursive: true });
    });
  }

  for (const block of blocks.filter((each) => each.marks.startsWith("output of "))) {
    it(`${block.page}:${block.line} shows what ${block.marks.slice("output of ".length)} prints`, async () => {
      const name = block.marks.slice("output of ".length);
      const scenario = blocks.find(
        (each) => each.page === block.page && each.language === "yaml" && each.marks === name,
      );
      assert.ok(scenario, `the page has a yaml block named ${name}`);
      const folder = mkdtempSync(join(tmpdir(), "meridian-"));
      const file = join(folder, `${name}.yaml`);
      writeFileSync(file, scenario.text);
      const { code, stdout, stderr } = await meridian(["simulate", file, "--out", join(folder, "runs")]);
      assert.equal(code, 0, stderr);
      rmSync(folder, { recursive: true });
      if (process.env.UPDATE_GOLDEN === "1") {
        const page = join(ROOT, block.page);
        const fence = `\`\`\`${block.language} ${block.marks}\n`;
        writeFileSync(
          page,
          readFileSync(page, "utf8").replace(fence + block.text, () => `${fence}${stdout.trimEnd()}\n`),
        );
      } else assert.equal(`${stdout.trimEnd()}\n`, block.text, "run UPDATE_GOLDEN=1 npm run unit -- docs");
    });
  }
});

function linkWorks(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : join(dirname(page), path).replaceAll("\\", "/");
  if (!existsSync(join(ROOT, target))) return false;
  if (anchor === undefined || !target.endsWith(".md")) return true;
  const headings = [...readFileSync(join(ROOT, target), "utf8").matchAll(/^#+ (.+)$/gm)].map((match) =>
    slug(match[1]!),
  );
  return headings.includes(anchor);
}

/** A heading's anchor as GitHub makes it. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}
