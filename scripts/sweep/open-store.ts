/** Stores by their address. A new kind of store is one file and one line here. */
import { createFolderStore, type JobStore } from "./job-store.ts";

/** @param place a folder */
export function openStore(place: string): JobStore {
  return createFolderStore(place);
}
