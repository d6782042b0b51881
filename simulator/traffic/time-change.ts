import type { ArrivalProcess, OriginShare } from "./arrival-process.ts";
import { mixDays } from "./day-mixture.ts";
import { operationalClock, type RateProfile } from "./rate-profile.ts";
import type { DayShape } from "./recording.ts";

/** Plays a process in operational time, so that its rate follows the profile. */
export function timeChanged(process: ArrivalProcess, profile: RateProfile): ArrivalProcess {
  const toWall = operationalClock(profile);
  return {
    ...process,
    fill(arrivalMs, from, to, recordedRow) {
      const end = process.fill(arrivalMs, from, to, recordedRow);
      for (let i = from; i < end; i++) {
        const wallMs = toWall(arrivalMs[i]!);
        if (wallMs === Number.POSITIVE_INFINITY) return i;
        arrivalMs[i] = wallMs;
      }
      return end;
    },
  };
}

/** Gives a process the rise and fall of a day, mixed over origins that each have their own. */
export function shapedByDay(process: ArrivalProcess, shape: DayShape, origins: readonly OriginShare[]): ArrivalProcess {
  const mixture = mixDays(shape, origins);
  return { ...timeChanged(process, mixture.profile), originAt: mixture.originAt };
}
