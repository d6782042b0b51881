/** Signals and exits, as `process` has them. */
export interface SignalSource {
  on(signal: "SIGTERM" | "SIGINT", listener: () => void): unknown;
  off(signal: "SIGTERM" | "SIGINT", listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * The first SIGTERM or SIGINT drains, the second stops at once with exit code 130.
 *
 * @returns resolves when a signal's drain is complete
 */
export function drainOnSignal(fleet: { close(): Promise<void> }, source: SignalSource): Promise<void> {
  return new Promise((resolve, reject) => {
    let draining = false;
    const onSignal = (): void => {
      if (draining) {
        source.exit(130);
        return;
      }
      draining = true;
      fleet.close().then(() => {
        source.off("SIGTERM", onSignal);
        source.off("SIGINT", onSignal);
        resolve();
      }, reject);
    };
    source.on("SIGTERM", onSignal);
    source.on("SIGINT", onSignal);
  });
}
