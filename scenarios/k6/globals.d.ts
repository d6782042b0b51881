/** What k6 gives every script without an import, as far as these scripts use it. */
declare const __ENV: Readonly<Record<string, string | undefined>>;
declare function open(path: string): string;
declare const console: { log(text: string): void };
