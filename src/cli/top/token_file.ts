import { type FileHandle, open } from "node:fs/promises";
import path from "node:path";
import { type Failure, firstLine, usageFailure } from "../failure.ts";

const LEAST_CHARACTERS = 16;
const MOST_CHARACTERS = 1_024;
const MOST_BYTES = 4_096;

/** Reads the token of the endpoint, without the end of its line. @throws {Failure} there is none in the file */
export async function readTokenFile(file: string, cwd: string): Promise<string> {
  let text: string;
  try {
    text = (await readBeginning(path.resolve(cwd, file))).trim();
  } catch (cause) {
    throw refusal(`cannot be read: ${firstLine(cause)}`, cause);
  }
  if (text === "") throw refusal("names an empty file: write the token of --admin-token-file into it");
  if (text.length < LEAST_CHARACTERS || text.length > MOST_CHARACTERS || !/^[\x21-\x7e]+$/.test(text)) {
    throw refusal(
      `holds no token: a token has ${LEAST_CHARACTERS} to ${MOST_CHARACTERS} visible ASCII characters, in one line`,
    );
  }
  return text;
}

function refusal(why: string, cause?: unknown): Failure {
  return usageFailure(`option '--token-file' ${why}`, { cause });
}

/** Reads no more than can matter: the file may be a device without an end. */
async function readBeginning(file: string): Promise<string> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, "r");
    const bytes = new Uint8Array(MOST_BYTES);
    let length = 0;
    while (length < MOST_BYTES) {
      const { bytesRead } = await handle.read(bytes, length, MOST_BYTES - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return new TextDecoder().decode(bytes.subarray(0, length));
  } finally {
    await handle?.close();
  }
}
