// PROXY headers, as a user writes and reads them.
import { type ConnectionInfo, connect, type EstablishStep, lines, serve } from "spillway";
import {
  isProxyError,
  type ProxyErrorCode,
  type ProxyHeader,
  parseProxyHeader,
  proxyHeader,
  proxyProtocol,
  sendProxyHeader,
} from "spillway/proxy-protocol";

export async function steps(): Promise<void> {
  const behind: EstablishStep = proxyProtocol({ from: "10.0.0.0/8", versions: [2] });
  const announcing: EstablishStep = sendProxyHeader(({ localAddress }) => ({ source: localAddress }));
  const server = await serve({ port: 0, codec: lines(), handler: (line) => line, establish: [behind] });
  await connect({ ...server.address, codec: lines(), establish: [announcing, sendProxyHeader()] });
  // @ts-expect-error: who may send a header has no default
  proxyProtocol({});
  // @ts-expect-error: there is no version 3
  proxyProtocol({ from: "::1", versions: [3] });
  // @ts-expect-error: a header is options, not bytes
  sendProxyHeader(proxyHeader({}));
}

export function headers(received: Uint8Array, { proxy }: ConnectionInfo): ProxyHeader | undefined {
  const { header, length } = parseProxyHeader(received, { maxHeaderBytes: 300 }) ?? {};
  const bytes: number | undefined = length;
  const name: string | undefined = proxy?.tls?.verified ? proxy.tls.commonName : proxy?.authority;
  // A header that was read can be written.
  const written: number =
    header === undefined ? 0 : proxyHeader({ ...header, uniqueId: received, crc32c: true }).length;
  // @ts-expect-error: the header does not say where the connection itself came from
  return bytes === written && name === header?.from ? undefined : header;
}

export function codes(error: unknown): ProxyErrorCode | undefined {
  return isProxyError(error) ? error.code : undefined;
}
