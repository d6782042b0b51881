/** What the test command and the processes that run test files tell each other. */

/** Asks for one file. */
export interface FileRequest {
  /** Absolute path. */
  readonly path: string;
}

/** One test, or one suite that failed by itself. */
export interface TestOutcome {
  readonly kind: "test";
  readonly outcome: "passed" | "failed" | "skipped";
  readonly name: string;
  /** Absolute path of the file the test stands in: the test file or a helper. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** Why it failed, with the stack; why it was skipped. */
  readonly detail: string;
}

/** The file's tests are over, and nothing that they started is left in the process. */
export interface FileEnd {
  readonly kind: "end";
  readonly durationMs: number;
  /** What is wrong with the file apart from its tests. */
  readonly problems: readonly string[];
  /** Memory of the process, so that one that has grown can be replaced. */
  readonly residentBytes: number;
}

export type WorkerMessage = TestOutcome | FileEnd;
