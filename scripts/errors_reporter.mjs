// @ts-check
// A vitest reporter that prints nothing and keeps the errors outside the tests, which vitest's JSON report leaves out.
import { writeFileSync } from "node:fs";
import process from "node:process";

/**
 * The environment variable that names the file to which the errors go, as a JSON array of texts. The tests' processes
 * inherit it, and `spillway` refuses a variable that begins with its name and that it does not know.
 */
export const ERRORS_FILE = "ERRORS_REPORTER_FILE";

export default class ErrorsReporter {
  /**
   * @param {unknown} _modules
   * @param {readonly { name?: string, message?: string, stack?: string, VITEST_TEST_PATH?: string, VITEST_TEST_NAME?: string }[]} errors
   */
  onTestRunEnd(_modules, errors) {
    const file = process.env[ERRORS_FILE];
    if (file === undefined) return;
    const texts = errors.map(({ name, message, stack, VITEST_TEST_PATH: in_, VITEST_TEST_NAME: test }) => {
      const where = [in_, test].filter((part) => part !== undefined).join(" > ");
      return `${where === "" ? "" : `${where}: `}${stack ?? `${name}: ${message}`}`;
    });
    writeFileSync(file, JSON.stringify(texts));
  }
}
