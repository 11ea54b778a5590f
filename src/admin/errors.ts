/**
 * The codes of the errors that the admin endpoint answers with, in `error.code` of the JSON.
 *
 * | code | meaning | what to do |
 * |---|---|---|
 * | `bad-request` | the request is malformed: its target (also one with a backslash, a `#`, or dot segments), a parameter, or its body | Read the message: it names the parameter and what it takes. |
 * | `host-not-allowed` | the `Host` names neither a loopback name, nor an address of the endpoint, nor one of `hosts` | Ask by the address that it listens on, or add the name of the proxy to `hosts`. |
 * | `origin-not-allowed` | the request comes from a page of another origin | Use the dashboard of the endpoint itself, or a program. |
 * | `no-token` | the endpoint has no token, so nothing can be changed | Start it with `token` (`--admin-token-file`). |
 * | `unauthorized` | the token is missing or wrong | Send `Authorization: Bearer TOKEN`. |
 * | `not-found` | there is no such route | docs/admin.md lists the routes. |
 * | `no-such-connection` | there is no open connection of that number | It may have ended: see `/closed`. |
 * | `method-not-allowed` | the route has other methods | See the header `Allow`. |
 * | `not-configured` | what the route needs was not given to `admin` | The message names the option. |
 * | `not-listening` | no server listens yet | Ask again; give `endpoint.observer` to `serve`. |
 * | `draining` | the server drains already | Wait, or send `{"force": true}` to abort what is left. |
 * | `reloading` | workers are being replaced already | Wait for `reload-finished` in `/events`, or ask `/workers`. |
 * | `not-reloaded` | a new worker did not start, or was not ready in time | The message says why. The old workers go on serving. |
 * | `worker-not-serving` | the worker starts, drains or has ended | See `/workers`: another one takes its place. |
 * | `worker-silent` | no worker could answer: it is stopped, or its event loop is blocked | It is replaced after `silenceTimeoutMs`; ask again. |
 * | `body-too-large` | the body has more than 4,096 bytes | Send less. |
 * | `body-not-json` | the body is not JSON, or its `Content-Type` is another | Send JSON with `Content-Type: application/json`. |
 * | `target-too-long` | the target has more than 2,048 characters | Ask for less at once. |
 * | `too-many-requests` | more than 100 requests came within a second | Ask less often; probes have a rate of their own. |
 * | `too-many-streams` | 8 streams of events are open | Close one of them. |
 * | `busy` | the answers that wait to be read take too much memory | Ask again later; read answers to their end. |
 * | `failed` | `metrics`, `config` or `onLogLevel` threw, or returned what cannot be shown | The message says which, and why: mend that function. |
 */
export type AdminErrorCode =
  | "bad-request"
  | "host-not-allowed"
  | "origin-not-allowed"
  | "no-token"
  | "unauthorized"
  | "not-found"
  | "no-such-connection"
  | "method-not-allowed"
  | "not-configured"
  | "not-listening"
  | "draining"
  | "reloading"
  | "not-reloaded"
  | "worker-not-serving"
  | "worker-silent"
  | "body-too-large"
  | "body-not-json"
  | "target-too-long"
  | "too-many-requests"
  | "too-many-streams"
  | "busy"
  | "failed";
