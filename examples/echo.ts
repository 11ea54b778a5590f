// Echoes lines.
//   node dist/main.js serve ./examples/echo.ts --port 8080
import { defineService, lines } from "spillway";

export default defineService({
  codec: lines(),
  handler: (line) => line,
});
