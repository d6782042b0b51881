/** Simulates head and base, compares them, and comments on the pull request. Run by action.yml; needs git and Node. */
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const { env } = process;
/** Last line of a comment of ours, by which the next run for the same scenario finds it. */
const markOf = (scenario) => `<!-- meridian compare ${encodeURIComponent(scenario).replaceAll("-", "%2D")} -->`;
const COMMENTS_PER_PAGE = 100;
const COMMENT_PAGES_MAX = 30;
const FOLDER = ".meridian-compare";
const COMMENT_CHARACTERS_MAX = 65_000;
/** How the command is called: the repository's own installation. */
const COMMAND = (env.MERIDIAN_COMMAND ?? "npx meridian").split(" ");
const GATE_FAILED = 99;
const API_LIMIT_MS = 30_000;

process.exitCode = await main();

async function main() {
  const scenario = required("MERIDIAN_SCENARIO");
  mkdirSync(FOLDER, { recursive: true });
  const event = env.GITHUB_EVENT_PATH ? JSON.parse(readFileSync(env.GITHUB_EVENT_PATH, "utf8")) : {};
  const head = simulate(scenario, join(FOLDER, "head"), ".");
  if (head !== 0 && head !== GATE_FAILED) return head;
  const base = baseline(scenario, event);
  const text = join(FOLDER, "comment.md");
  const code = base === undefined ? head : compare(base, text);
  const body =
    base === undefined ? `The scenario \`${scenario}\` is new here: there is nothing to compare it with.` : read(text);
  if (body === undefined) return code || 1;
  output("verdict", body.split("\n", 1)[0]);
  const number = event.pull_request?.number;
  if (env.MERIDIAN_COMMENT === "true" && number !== undefined) await comment(number, body, markOf(scenario));
  return code === 0 ? head : code;
}

/** Simulates into a folder of runs. @returns the exit code */
function simulate(scenario, out, cwd) {
  const words = (env.MERIDIAN_ARGUMENTS ?? "").split(/\s+/).filter((word) => word !== "");
  return run([...COMMAND, "simulate", scenario, "--out", join(process.cwd(), out), "--quiet", ...words], cwd);
}

/** The run to compare with: the one that is named, or the scenario as the pull request's base has it. */
function baseline(scenario, event) {
  if (env.MERIDIAN_BASELINE) return env.MERIDIAN_BASELINE;
  const sha = event.pull_request?.base?.sha;
  if (!/^[0-9a-f]{40}$/.test(sha ?? "")) throw new Error("not a pull request: name a baseline");
  const tree = join(FOLDER, "base-tree");
  if (run(["git", "cat-file", "-e", `${sha}^{commit}`], ".") !== 0)
    run(["git", "fetch", "--depth=1", "origin", sha], ".");
  if (run(["git", "worktree", "add", "--detach", "--force", tree, sha], ".") !== 0)
    throw new Error("the base cannot be checked out");
  try {
    if (!existsSync(join(tree, scenario))) return undefined;
    const code = simulate(scenario, join(FOLDER, "base"), tree);
    if (code !== 0 && code !== GATE_FAILED) throw new Error(`the base could not be simulated (exit code ${code})`);
    return join(FOLDER, "base", "latest");
  } finally {
    run(["git", "worktree", "remove", "--force", tree], ".");
  }
}

function compare(base, text) {
  const gates = (env.MERIDIAN_FAIL_ON ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const failOn = gates.length > 0 ? ["--fail-on", ...gates] : [];
  const files = ["-o", text, "--junit", join(FOLDER, "junit.xml")];
  return run([...COMMAND, "compare", base, join(FOLDER, "head", "latest"), ...files, ...failOn], ".");
}

/** Writes the comment, or writes it anew where one of ours is there. */
async function comment(number, body, mark) {
  const root = `${env.GITHUB_API_URL}/repos/${env.GITHUB_REPOSITORY}/issues`;
  const whole = `${body}\n\n${mark}`;
  const text =
    whole.length <= COMMENT_CHARACTERS_MAX
      ? whole
      : `${body.slice(0, COMMENT_CHARACTERS_MAX - mark.length - 2)}\n\n${mark}`;
  const mine = await findComment(`${root}/${number}/comments`, mark);
  if (mine === undefined) await call("POST", `${root}/${number}/comments`, { body: text });
  else await call("PATCH", `${root}/comments/${mine.id}`, { body: text });
}

/** The comment that ends with a mark: one that only quotes it is someone else's. */
async function findComment(url, mark) {
  for (let page = 1; page <= COMMENT_PAGES_MAX; page++) {
    const all = (await call("GET", `${url}?per_page=${COMMENTS_PER_PAGE}&page=${page}`)) ?? [];
    const lastLine = ({ body }) =>
      String(body ?? "")
        .trimEnd()
        .split(/\r?\n/)
        .at(-1);
    const mine = all.find((each) => lastLine(each) === mark);
    if (mine !== undefined || all.length < COMMENTS_PER_PAGE) return mine;
  }
  return undefined;
}

/** A call of the API. A comment that cannot be written is a warning: the gates are what counts. */
async function call(method, url, content) {
  const headers = {
    authorization: `Bearer ${env.MERIDIAN_TOKEN}`,
    accept: "application/vnd.github+json",
    "content-type": "application/json",
  };
  const answer = await fetch(url, {
    method,
    headers,
    signal: AbortSignal.timeout(API_LIMIT_MS),
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
  }).catch((error) => ({ ok: false, status: error.cause?.code ?? error.name }));
  if (answer.ok) return answer.json();
  process.stderr.write(
    `::warning::the comment was not written: ${method} answered ${answer.status}; the job needs pull-requests: write\n`,
  );
  return undefined;
}

function run([program, ...args], cwd) {
  const { status } = spawnSync(program, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
  return status ?? 1;
}

function read(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function output(name, value) {
  if (env.GITHUB_OUTPUT) appendFileSync(env.GITHUB_OUTPUT, `${name}=${value}\n`);
}

function required(name) {
  const value = env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
