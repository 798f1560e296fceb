import { open } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";

export interface FollowOptions {
  /** Milliseconds between two looks at the file. */
  interval?: number;
  signal?: AbortSignal;
}

const CHUNK = 64 * 1024;

/** The lines that are appended to a file from now on. Ends when the signal is aborted. */
export async function* follow(path: string, { interval = 250, signal }: FollowOptions = {}): AsyncGenerator<string> {
  const handle = await open(path);
  const decoder = new StringDecoder("utf8");
  const chunk = Buffer.alloc(CHUNK);
  let position = (await handle.stat()).size;
  let rest = "";
  try {
    while (!signal?.aborted) {
      const { bytesRead } = await handle.read(chunk, 0, CHUNK, position);
      if (bytesRead === 0) {
        await sleep(interval, undefined, { signal }).catch(() => undefined);
        continue;
      }
      position += bytesRead;
      const lines = (rest + decoder.write(chunk.subarray(0, bytesRead))).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    await handle.close();
  }
}
