import * as fs from "node:fs";
import process from "node:process";
import type { DescriptorFiles, SocketFiles } from "../../core/mod.ts";

/** The file system, in which Unix sockets have their paths. */
export const files: SocketFiles & DescriptorFiles = fs;

export { existsSync } from "node:fs";

/** The name of the operating system: `linux`, `darwin`, `win32`. */
export const platform: string = process.platform;
