// Writes replies.
import { OPT, type Query } from "./query.ts";
import { IN, type ResourceRecord } from "./zone.ts";

/** The codes of RFC 1035, and one code of EDNS, whose upper bits are in the OPT record. */
export const Rcode = { noError: 0, formErr: 1, nxDomain: 3, notImp: 4, refused: 5, badVers: 16 } as const;

/** The reply to a query. */
export interface Reply {
  readonly query: Query;
  readonly rcode: (typeof Rcode)[keyof typeof Rcode];
  readonly answers: readonly ResourceRecord[];
}

/** A pointer to the name of the question, which all answers share. */
const QUESTION_NAME = 0xc00c;
/** The size limit for replies over UDP. It has no meaning over TCP. */
const UDP_BYTES = 1_232;

export function encodeReply({ query, rcode, answers }: Reply): Uint8Array {
  const { question, edns } = query;
  return Uint8Array.from([
    ...uint16(query.id),
    ...uint16(flagsOf(query, rcode)),
    ...uint16(question === undefined ? 0 : 1),
    ...uint16(answers.length),
    ...uint16(0),
    ...uint16(edns === undefined ? 0 : 1),
    ...(question?.bytes ?? []),
    ...answers.flatMap(answerBytes),
    ...(edns === undefined
      ? []
      : [0, ...uint16(OPT), ...uint16(UDP_BYTES), rcode >> 4, 0, edns.dnssecOk ? 0x80 : 0, 0, 0, 0]),
  ]);
}

function flagsOf({ opcode, recursionDesired }: Query, rcode: number): number {
  const authoritative = rcode === Rcode.noError || rcode === Rcode.nxDomain;
  return 0x8000 | (opcode << 11) | (authoritative ? 0x400 : 0) | (recursionDesired ? 0x100 : 0) | (rcode & 0xf);
}

function answerBytes({ type, ttl, data }: ResourceRecord): number[] {
  const fields = [QUESTION_NAME, type, IN, ttl >>> 16, ttl & 0xffff, data.length];
  return [...fields.flatMap(uint16), ...data];
}

function uint16(number: number): [number, number] {
  return [number >> 8, number & 0xff];
}
