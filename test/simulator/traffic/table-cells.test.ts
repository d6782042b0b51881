import assert from "node:assert/strict";
import test, { describe, it } from "node:test";
import { copyCells, csvCells, delimiterOf, isDump } from "../../../simulator/traffic/table-cells.ts";
import { readText } from "./read-trace.ts";

describe("cells of a line", () => {
  const place = { source: "f.csv", lineNumber: 4 };

  it("plain and quoted cells", () => {
    assert.deepEqual(csvCells("a,b,,d", place), ["a", "b", "", "d"]);
    assert.deepEqual(csvCells('1,"a, b","say ""hi"""', place), ["1", "a, b", 'say "hi"']);
  });

  it("open quotes and endless rows are refused with their line", () => {
    assert.throws(() => csvCells('1,"open', place), /TRACE_BAD_CSV {2}f\.csv:4/);
    assert.throws(() => csvCells(",".repeat(300), place), /TRACE_BAD_CSV.*301 fields/);
  });
});

test("tables of other countries and databases: semicolons and tabs where the header has no comma", () => {
  assert.deepEqual(["a,b;c", "a;b", "a\tb", "a"].map(delimiterOf), [",", ";", "\t", ","]);
  assert.deepEqual(csvCells('1;"a;b";2', { source: "x", lineNumber: 1 }, ";"), ["1", "a;b", "2"]);
});

const COLUMNS = '"startTime", prompt_tokens, completion_tokens, metadata, end_user, request_id';
const HEADER = COLUMNS.replaceAll('"', "").replaceAll(", ", "\t");
// As Postgres 15 wrote a request whose user is `O'Neil, "Q"` with a line break, and one without a user.
const ROWS = [
  String.raw`2026-09-03 14:00:09.311	162	247	{"status": "failure", "error_information": {"error_class": "ThrottlingException", "text": "a \\"b\\""}}	O'Neil, "Q"\nnext	a`,
  String.raw`2026-09-03 14:00:10	5	0	{"status": "success"}	\N	b`,
];

function read(text: string) {
  const { columns, reader } = readText(text, "spend");
  const { inputTokens, outputTokens, outcome, arrivalMs } = columns;
  assert.equal(reader.format, "litellm");
  assert.deepEqual(
    [[...inputTokens], [...outputTokens]],
    [
      [162, 5],
      [247, 0],
    ],
  );
  assert.deepEqual(
    [[...outcome!], [...arrivalMs]],
    [
      [1, 0],
      [0, 689],
    ],
  );
}

test("a dump of the whole database: its table of spend logs, and no other", () => {
  const other = 'COPY public."LiteLLM_TeamTable" (team_id, spend) FROM stdin;\nsearch\t1.5\n\\.\n';
  const own = `COPY public."LiteLLM_SpendLogs" (${COLUMNS}) FROM stdin;\n${ROWS.join("\n")}\n\\.\n`;
  const head = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET client_encoding = 'UTF8';\n\n";
  read(`${head}${other}${own}\n--\n-- PostgreSQL database dump complete\n--\n`);
  read(`${head}${own}${other}`);
});

test("a table copied as text, with the names of its columns", () => {
  read(`${HEADER}\n${ROWS.join("\n")}\n`);
  assert.throws(() => read(`${ROWS.join("\n")}\n`), /without the names of its columns[\s\S]*csv header/);
});

test("a dump that holds the table in another form, or not, says what to type", () => {
  const dump = '--\n-- PostgreSQL database dump\n--\n\nINSERT INTO public."LiteLLM_SpendLogs" VALUES (1);\n';
  assert.throws(() => read(dump), /no rows of LiteLLM_SpendLogs[\s\S]*psql -c "\\copy/);
});

test("JSON that was copied as text has its backslashes twice", () => {
  const row = { startTime: "2026-09-03T14:00:09.311", prompt_tokens: 162, completion_tokens: 247, end_user: '"Q"\n' };
  const { columns } = readText(`${JSON.stringify(row).replaceAll("\\", "\\\\")}\n`, "spend");
  assert.deepEqual([...columns.inputTokens], [162]);
});

test("cells are unescaped; a comment of another kind begins no dump", () => {
  assert.deepEqual(copyCells(String.raw`a\tb\\	\N	1`), ["a\tb\\", "", "1"]);
  assert.deepEqual(["--", "-- MySQL dump 10.13", "time_ms,input_tokens"].map(isDump), [true, false, false]);
});
