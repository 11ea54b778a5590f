/**
 * Admission of connections, before there is a session: {@link admission} judges a connection by its address, and {@link
 * byteRate} limits the rate at which its bytes are read. Both are establish steps.
 *
 * @module
 */
export { addressKey } from "./address_key.ts";
export type { AdmissionRules } from "./address_rules.ts";
export { type AdmissionOptions, type AdmissionStats, type AdmissionStep, admission } from "./admission.ts";
export { type ByteRateOptions, byteRate } from "./byte_rate.ts";
export type { AdmissionErrorCode } from "./errors.ts";
