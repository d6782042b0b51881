import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dataOf, documentTokens, meterImage } from "../../../emulator/model/media.ts";
import { PromptMeter } from "../../../emulator/model/prompt.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("documentTokens", () => {
  it("is a token for four bytes of a text", () => {
    for (const text of ["", "1234", "12345", "1234567"]) {
      assert.equal(documentTokens(base64(text), "md", "text"), Math.ceil(text.length / 4), text);
    }
  });
  it("is so much a page of a PDF, however large the page is", () => {
    const page = "<< /Type /Page /Parent 1 0 R >>";
    const pdf = base64(`%PDF-1.7 << /Type /Pages /Count 3 >> ${page.repeat(3)}${"x".repeat(200_000)}`);
    assert.equal(documentTokens(pdf, "pdf", "text"), 1000);
    assert.equal(documentTokens(pdf, "pdf", "pages"), 7000);
  });
  it("takes a page for 25 kB where pages are packed, and never none", () => {
    const bytes = (count: number) => Buffer.alloc(count).toString("base64");
    assert.equal(documentTokens(bytes(75_000), "docx", "text"), 1000);
    assert.equal(documentTokens(bytes(75_000), "pdf", "pages"), 7000);
    assert.equal(documentTokens(bytes(1), "xlsx", "text"), 334);
  });
});

it("dataOf reads the data: URLs in which OpenAI's clients send files", () => {
  assert.deepEqual(dataOf("data:application/pdf;base64,QUJD"), { base64: "QUJD", format: "pdf" });
  for (const other of ["https://example.com/a.png", undefined, 7, "QUJD"]) assert.equal(dataOf(other), undefined);
});

it("meterImage counts a picture the same whatever its bytes", () => {
  const meter = new PromptMeter();
  meterImage("A".repeat(100_000), meter);
  meterImage({ url: "https://example.com/a.png" }, meter);
  assert.equal(meter.tokens, 3200);
});
