// @ts-check
// Stands in for `nc -N HOST PORT` (OpenBSD's) where that is not installed: stdin out, half-close, print until the end.
import net from "node:net";

const [host, port] = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
const socket = net.connect({ host: host ?? "127.0.0.1", port: Number(port), allowHalfOpen: true });
socket.on("error", (error) => {
  console.error(`nc: ${error.message}`);
  process.exitCode = 1;
});
process.stdin.pipe(socket).pipe(process.stdout);
