// @ts-check
// The CLI with its own arguments, and a control line beside it. The CLI itself prints where it listens.
import { answerControl } from "../../control_line.mjs";
import { COMMANDS } from "../control_server.mjs";

void answerControl(COMMANDS);
void import("../../../dist/main.js");
