import { type CryptoFunctions, createSigner, type SignableRequest } from "./sigv4.ts";

/** Headers that let a call in. */
export type Authorize = (request: SignableRequest) => Readonly<Record<string, string>>;

/** What the environment says of credentials: an API key goes before a pair of keys, as in the AWS SDKs. */
export function authorizeFrom(env: Readonly<Record<string, string | undefined>>, crypto: CryptoFunctions): Authorize {
  const bearer = env.AWS_BEARER_TOKEN_BEDROCK;
  if (bearer) return () => ({ "content-type": "application/json", authorization: `Bearer ${bearer}` });
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (accessKeyId && secretAccessKey) {
    return createSigner(crypto, { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN || undefined });
  }
  return () => ({ "content-type": "application/json" });
}
