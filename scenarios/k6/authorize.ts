import type { ReplayAuth } from "../../simulator/replay/replay-plan.ts";
import { type CryptoFunctions, createSigner, type SignableRequest } from "./sigv4.ts";

/** Headers that let a call in. */
export type Authorize = (auth: ReplayAuth, request: SignableRequest) => Readonly<Record<string, string>>;

/** Calls are let in by what the environment holds; a way whose credentials are not there lets in with nothing. */
export function authorizeFrom(env: Readonly<Record<string, string | undefined>>, crypto: CryptoFunctions): Authorize {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  const sign =
    accessKeyId && secretAccessKey
      ? createSigner(crypto, { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN || undefined })
      : open;
  const bearer = (variable: string) => {
    const key = env[variable];
    return key ? { ...open(), authorization: `Bearer ${key}` } : undefined;
  };
  return (auth, request) => {
    switch (auth.kind) {
      case "none":
        return open();
      case "sigv4":
        return sign(request);
      case "api-key":
        return bearer(auth.variable) ?? open();
      case "aws":
        return bearer("AWS_BEARER_TOKEN_BEDROCK") ?? sign(request);
    }
  };
}

function open(): Readonly<Record<string, string>> {
  return { "content-type": "application/json" };
}
