/** Stores by their address. A new kind of store is one file and one line here. */
import { createFolderStore, type JobStore } from "./job-store.ts";
import { createS3Store } from "./s3-store.ts";

/** @param place a folder, or `s3://bucket/prefix` */
export function openStore(place: string): JobStore {
  return place.startsWith("s3://") ? createS3Store(place) : createFolderStore(place);
}
