// Echo: every line comes back.
//   node dist/main.js serve ./examples/echo.ts --port 8080
import { lines, type Service } from "spillway";

export default {
  codec: lines(),
  handler: (line) => line,
} satisfies Service;
