import { ServiceError } from "../errors.ts";
import { type AuthMode, sameSecret } from "./credentials.ts";
import { type SignedRequest, type SigningScope, verifySigV4 } from "./sigv4.ts";

/**
 * Lets a request in or refuses it as AWS does: SigV4, or a bearer API key.
 *
 * @throws ServiceError with status 403; its text never repeats what the caller sent
 */
export function authenticate(request: SignedRequest, mode: AuthMode, scope: SigningScope): void {
  if (mode.kind === "off") return;
  const authorization = request.headers.authorization;
  if (typeof authorization !== "string" || authorization === "") {
    throw new ServiceError("MissingAuthenticationTokenException");
  }
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(authorization);
  if (bearer === null) {
    verifySigV4(request, mode.credentials, scope);
  } else if (!sameSecret(bearer[1]!, mode.credentials.bearerToken)) {
    throw new ServiceError("AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.");
  }
}
