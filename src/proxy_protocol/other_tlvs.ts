import { hexadecimal, type Tlv } from "./tlv.ts";
import { bytesTlv } from "./tlv_text.ts";

/**
 * Checks vectors of types that have no option of their own.
 *
 * @throws {TypeError | RangeError} a type that has an option, or that is not a byte; a value that is too long
 */
export function otherTlvs(name: string, others: readonly Tlv[], known: readonly number[]): Tlv[] {
  if (!Array.isArray(others)) throw new TypeError(`${name} must be an array of { type, value }`);
  return others.map(({ type, value }: Tlv, at) => {
    if (!Number.isInteger(type) || type < 0 || type > 0xff) {
      throw new RangeError(`${name}[${at}].type must be a whole number from 0 to 255, not ${String(type)}`);
    }
    if (known.includes(type)) throw new TypeError(`${name}[${at}].type ${hexadecimal(type)} has an option of its own`);
    return bytesTlv(`${name}[${at}].value`, type, value);
  });
}
