import assert from "node:assert/strict";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, it } from "node:test";
import { loadEndpoints } from "../scripts/bench/endpoints-file.ts";
import { commands } from "../scripts/commands/index.ts";
import { prepareText } from "../scripts/io/experiment.ts";
import { meridianHere } from "./scripts/run-meridian.ts";

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
 * what simulating that scenario prints. A session is a page whose blocks belong together: `<language> file <name>` is
 * a file, `sh session` (or `sh session exit <code>`) is run where these files are, in the page's order, and the
 * `text session` that follows is what it prints. UPDATE_GOLDEN=1 writes outputs anew.
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

/** Starts no threads, which would take longer than the work and change no result. */
const simulate = ["simulate", "--workers", "1"];

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
async function fault(command: string): Promise<string | undefined> {
  const words = wordsOf(command);
  if (words[0] === "npm") {
    const script = words[1] === "run" ? words[2] : words[1];
    const known = ["ci", "cit", "install"].includes(script ?? "") || Object.hasOwn(scripts, script ?? "");
    return known ? undefined : `package.json has no script "${script}"`;
  }
  if (words[0] !== "npx" || words[1] !== "meridian") return undefined;
  const verb = words[2]!;
  if (verb.startsWith("-")) return undefined;
  const help = await helpOf(verb);
  if (help === undefined) return `there is no verb "${verb}"`;
  const known: readonly string[] = help.match(/--?[a-z][\w-]*/g) ?? [];
  const strange = words.slice(3).find((word) => /^--?[a-z]/.test(word) && !known.includes(word.split("=")[0]!));
  return strange === undefined ? undefined : `meridian ${verb} has no option ${strange}`;
}

const helps = new Map<string, string | undefined>();

/** What a verb says of its options; undefined where there is none of that name. */
async function helpOf(verb: string): Promise<string | undefined> {
  if (!helps.has(verb)) {
    const { code, stdout } = await meridianHere([verb, "--help"]);
    helps.set(verb, code === 0 ? stdout : undefined);
  }
  return helps.get(verb);
}

describe("documents", () => {
  it("show only commands that exist", async () => {
    const shell = blocks.filter((block) => ["sh", "bash"].includes(block.language));
    const faults: string[] = [];
    for (const block of shell) {
      for (const command of commandsOf(block)) {
        const found = await fault(command);
        if (found !== undefined) faults.push(`${block.page}:${block.line}  ${command}: ${found}`);
      }
    }
    assert.deepEqual(faults, []);
    assert.ok(shell.length > 3, "the docs show commands");
  });

  for (const block of blocks.filter((each) => each.marks === "runnable")) {
    for (const command of commandsOf(block)) {
      it(`${block.page}:${block.line}  ${command}`, async () => {
        const [npx, name, ...args] = wordsOf(command);
        assert.deepEqual([npx, name], ["npx", "meridian"], "runnable commands are npx meridian ...");
        const { code, stderr } = await meridianHere(args);
        assert.equal(code, 0, stderr);
      });
    }
  }

  it("link to pages and places that exist", () => {
    const broken = [...texts].flatMap(([page, text]) =>
      [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)]
        .map((match) => match[1]!)
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => !linkWorks(page, link))
        .map((link) => `${page}: ${link}`),
    );
    assert.deepEqual(broken, []);
  });

  for (const block of blocks.filter((each) => isScenario(each))) {
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
      const { code, stdout, stderr } = await meridianHere([...simulate, file, "--out", join(folder, "runs")]);
      assert.equal(code, 0, stderr);
      rmSync(folder, { recursive: true });
      expectOutput(block, stdout);
    });
  }

  for (const page of PAGES.filter((each) => sessionOf(each).some(({ marks }) => marks.startsWith("session")))) {
    it(`${page} prints what it shows, command by command`, async () => runSession(sessionOf(page)));
  }
});

describe("the index of the documents", () => {
  it("leads to every page", () => {
    const reached = new Set<string>();
    const visit = (page: string): void => {
      if (reached.has(page) || !texts.has(page)) return;
      reached.add(page);
      for (const link of linksOf(page)) visit(link);
    };
    visit("docs/README.md");
    // The summary of a saved run is data of the page that speaks of the run.
    const pages = PAGES.filter((page) => page.startsWith("docs/") && !page.endsWith("/summary.md"));
    const lost = pages.filter((page) => !reached.has(page));
    assert.deepEqual(lost, [], "link to these from docs/README.md");
  });

  it("has each page once", () => {
    const links = linksOf("docs/README.md");
    assert.deepEqual(
      links.filter((link, i) => links.indexOf(link) !== i),
      [],
    );
  });

  it("and the guide's table names each command once", () => {
    const [table = ""] = texts.get("docs/guide.md")!.split("```", 1);
    const named = [...table.matchAll(/^\|[^|]*\|([^|]+)\|/gm)]
      .flatMap(([, cell]) => [...cell!.matchAll(/`([a-z]+)[^`]*`/g)].map(([, command]) => command!))
      .sort();
    assert.deepEqual(named, commands.map(({ name }) => name).sort());
  });

  it("and the glossary is in alphabetical order, a term once, and explains the field's words", () => {
    const terms = [...texts.get("docs/reference/glossary.md")!.matchAll(/^### (.+)$/gm)].map((match) => match[1]!);
    const inOrder = [...new Set(terms)].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
    assert.deepEqual(terms, inOrder);
    const wanted =
      "Draw Noise Seed Replication Run Attempt Request Target Class Goodput TTFT TPOT ITL E2E Throttle Admission Hedge";
    assert.deepEqual(
      wanted.split(" ").filter((term) => !terms.includes(term)),
      [],
    );
  });

  it("has every decision that is in force, with its date and status", () => {
    const rows = [
      ...texts.get("docs/decisions/README.md")!.matchAll(/^\| ([\d-]{10}) \| \[[^\]]+\]\(([^)]+)\) .* (\w+) \|$/gm),
    ];
    const listed = rows.map(([, date, page, status]) => `${page}: ${date}, ${status}`).sort();
    const dated = [...texts].flatMap(([page, text]) => {
      const found = /^Date: ([\d-]{10}) · Status: (\w+)/m.exec(text);
      return page.startsWith("docs/decisions/") && found ? [`${basename(page)}: ${found[1]}, ${found[2]}`] : [];
    });
    assert.ok(dated.length > 0);
    assert.deepEqual(listed, dated.sort());
  });
});

/** Pages and folders' pages that a page links to, by path from the project's root, in its order. */
function linksOf(page: string): readonly string[] {
  return [...proseOf(texts.get(page)!).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
    .map((match) => match[1]!)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => join(dirname(page), link).replaceAll("\\", "/"));
}

/** A page without its fenced blocks: what looks like a link in code is none. */
function proseOf(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, "");
}

/** A whole scenario that stands by itself; one of a session is checked there. */
function isScenario({ language, marks, text }: Block): boolean {
  return language === "yaml" && /^world:/m.test(text) && !marks.startsWith("file ");
}

function sessionOf(page: string): readonly Block[] {
  return blocks.filter((block) => block.page === page && /^(session|file )/.test(block.marks));
}

/** Runs the blocks of a session in a folder of its own. */
async function runSession(session: readonly Block[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "meridian-"));
  let printed: string | undefined;
  for (const block of session) {
    const file = /^file (\S+)$/.exec(block.marks)?.[1];
    if (file !== undefined) writeFileSync(join(folder, file), block.text);
    else if (block.language === "sh") {
      const expected = Number(/exit (\d+)$/.exec(block.marks)?.[1] ?? 0);
      printed = "";
      for (const command of commandsOf(block)) {
        const [npx, name, ...args] = wordsOf(command);
        assert.deepEqual([npx, name], ["npx", "meridian"], `${command}: a session runs npx meridian ...`);
        const { code, stdout, stderr } = await meridianHere(
          args[0] === "simulate" ? [...simulate, ...args.slice(1)] : args,
          {},
          folder,
        );
        assert.equal(code, expected, `${block.page}:${block.line}  ${stderr}`);
        printed += stdout;
      }
    } else {
      assert.ok(printed !== undefined, `${block.page}:${block.line} follows a command`);
      expectOutput(block, printed);
      printed = undefined;
    }
  }
  rmSync(folder, { recursive: true });
}

/** Holds a block to what a command printed, or writes it into the page. */
function expectOutput(block: Block, stdout: string): void {
  const text = `${stdout.trimEnd()}\n`;
  if (process.env.UPDATE_GOLDEN !== "1") {
    assert.equal(text, block.text, `${block.page}:${block.line}: run UPDATE_GOLDEN=1 npm run unit -- docs`);
    return;
  }
  const page = join(ROOT, block.page);
  const lines = readFileSync(page, "utf8").split("\n");
  // Blocks above may have grown: the fence is sought by its text and what stands in it.
  const shown = block.text === "" ? [] : block.text.trimEnd().split("\n");
  const fence = `\`\`\`${block.language} ${block.marks}`;
  const at = lines.findIndex(
    (line, i) => line === fence && [...shown, "```"].every((each, j) => lines[i + 1 + j] === each),
  );
  lines.splice(at + 1, shown.length, ...text.trimEnd().split("\n"));
  writeFileSync(page, lines.join("\n"));
}

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
