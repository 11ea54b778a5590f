/** The Castagnoli polynomial of RFC 4960, its bits reversed. */
const POLYNOMIAL = 0x82f6_3b78;

let table: Uint32Array | undefined;

/** Returns the CRC-32C of bytes. To go on behind other bytes, give the checksum of those as `previous`. */
export function crc32c(bytes: Uint8Array, previous: number = 0): number {
  table ??= makeTable();
  let crc = ~previous;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
  return ~crc >>> 0;
}

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    return crc;
  });
}
