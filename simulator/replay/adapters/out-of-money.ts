/**
 * Names under which a service says, by the status of a rate limit, that an account has no money left: no wait helps.
 * Source: OpenAI, "Error codes"; `error.code` names the limit, and `error.type` may still be insufficient_quota.
 */
export function isOutOfMoney(name: string): boolean {
  return OUT_OF_MONEY.test(name);
}

const OUT_OF_MONEY =
  /^(insufficient_quota|credit_balance_exhausted|billing_\w+|(organization|project)_(spend|usage)_limit_exceeded)$/;
