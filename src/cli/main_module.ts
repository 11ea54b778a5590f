/** The module that starts the command line, with the extension of this one: TypeScript in the sources, JavaScript in the build. */
export const MAIN_MODULE: URL = new URL(import.meta.url.endsWith(".ts") ? "../main.ts" : "../main.js", import.meta.url);
