/**
 * What these scripts use of k6 1.8, as far as they use it. The published types describe k6 2 and pull in more than
 * there is.
 */
declare module "k6/http" {
  export interface Timings {
    readonly blocked: number;
    readonly connecting: number;
    readonly tls_handshaking: number;
    readonly sending: number;
    readonly waiting: number;
    readonly receiving: number;
    readonly duration: number;
  }
  export interface Response {
    readonly status: number;
    readonly error: string;
    readonly error_code: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | ArrayBuffer | null;
    readonly timings: Timings;
  }
  export interface Params {
    readonly headers: Readonly<Record<string, string>>;
    readonly timeout: number;
    readonly responseType: "text" | "binary";
    readonly redirects: number;
    readonly tags: Readonly<Record<string, string>>;
    readonly responseCallback: null;
  }
  export function asyncRequest(method: "POST", url: string, body: string, params: Params): Promise<Response>;
}

declare module "k6/crypto" {
  type CryptoFunctions = import("./sigv4.ts").CryptoFunctions;
  export const sha256: CryptoFunctions["sha256"];
  export const hmac: CryptoFunctions["hmac"];
}

declare module "k6/data" {
  export const SharedArray: new <T>(name: string, make: () => T[]) => readonly T[];
}

declare module "k6/execution" {
  export const vu: { readonly idInTest: number };
  export const scenario: { readonly iterationInTest: number };
  export const test: {
    readonly options: {
      readonly tags?: Readonly<Record<string, string>> | null;
      readonly executionSegmentSequence?: string | null;
    };
  };
}

declare module "k6/metrics" {
  export class Counter {
    constructor(name: string);
    add(value: number): void;
  }
}

declare module "k6/timers" {
  export function setTimeout(callback: () => void, delayMs: number): number;
  export function clearTimeout(id: number): void;
}
