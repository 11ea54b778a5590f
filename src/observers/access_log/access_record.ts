import {
  addressText,
  type ConnectionClosed,
  type ConnectionInfo,
  escapeText,
  type ServerEvent,
} from "../../core/mod.ts";

/** The events that end a connection. */
export type EndEvent = ConnectionClosed | Extract<ServerEvent, { type: "establish-failed" }>;

/** The fields of a line, in their order. */
export type AccessRecord = Readonly<Record<string, string | number | boolean>>;

/** The most characters of a name that a peer, or an establish step, has chosen. */
const NAME_CHARACTERS = 128;

const NOTHING = { framesIn: 0, framesOut: 0, framesDropped: 0, bytesIn: 0, bytesOut: 0 };

/** Returns the fields of the line of a connection. `at` is its end, in ms since 1970. */
export function accessRecord(event: EndEvent, at: number): AccessRecord {
  const { connection, durationMs, error } = event;
  const established = event.type === "connection-closed";
  return {
    time: new Date(at).toISOString(),
    id: connection.id,
    ...peerFields(connection),
    established,
    reason: established ? event.reason : name(event.error.code),
    ...(error !== undefined && { error: name(error.code) }),
    durationMs: Math.round(durationMs * 1_000) / 1_000,
    ...(established ? trafficFields(event) : NOTHING),
  };
}

/**
 * Returns the fields of the peer. The TLS session of a PROXY header counts where the connection itself has none: the proxy
 * has ended that session.
 */
function peerFields({ remoteAddress, localAddress, tls, proxy }: ConnectionInfo): AccessRecord {
  const version = tls?.protocol ?? proxy?.tls?.version;
  const alpn = tls?.alpn ?? proxy?.alpn;
  const serverName = tls?.serverName ?? proxy?.authority;
  return {
    remote: addressText(remoteAddress),
    local: addressText(localAddress),
    ...(proxy !== undefined && { proxy: addressText(proxy.from) }),
    ...(version !== undefined && { tls: name(version) }),
    ...(alpn !== undefined && { alpn: name(alpn) }),
    ...(serverName !== undefined && { serverName: name(serverName) }),
  };
}

function trafficFields(closed: ConnectionClosed): AccessRecord {
  const { framesIn, framesOut, framesDropped, bytesIn, bytesOut, bytesDiscarded, unconfirmed } = closed;
  return {
    framesIn,
    framesOut,
    framesDropped,
    bytesIn,
    bytesOut,
    ...(bytesDiscarded !== undefined && { bytesDiscarded }),
    ...(unconfirmed === true && { unconfirmed }),
  };
}

function name(text: string): string {
  return escapeText(text, NAME_CHARACTERS);
}
